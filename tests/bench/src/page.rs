//! The page with the last figures: what was measured replaces what stands between two marks, so that nobody copies figures.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Puts what a part has found between its marks in `page`. What stands around them is left as it is.
pub(crate) fn replace(page: &Path, part: &str, measured: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", page.display());
    let text = std::fs::read_to_string(page).map_err(failed)?;
    let text = replaced(&text, part, measured).map_err(|error| format!("{}: {error}", page.display()))?;
    // Beside it first: a page that is half written is none.
    let draft = page.with_extension("md.new");
    std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, page)).map_err(failed)
}

fn replaced(text: &str, part: &str, measured: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- measured: {part} -->\n"), format!("<!-- end of {part} -->"));
    let missing = || format!("it has no lines `{}` and `{end}` to write between", begin.trim_end());
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", measured.trim()))
}

/// When and where it was measured: the day, the compiler, the system, the cores and the memory.
pub(crate) fn place() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let mut place = format!("{}, {}, {}, {cores} cores", today(), env!("BENCH_RUSTC"), std::env::consts::OS);
    let memory = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix(" kB")?.parse::<f64>().ok()
    });
    if let Some(memory) = memory {
        place.push_str(&format!(", {:.0} GiB of memory", memory / f64::from(1 << 20)));
    }
    place
}

/// The day in UTC.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    format!("{year}-{month:02}-{day:02}")
}

/// Year, month and day of a day since 1970-01-01, counted in years that begin in March: then the leap day is the last one.
fn date(days: u64) -> (u64, u64, u64) {
    let since_0000_03_01 = days + 719_468;
    let era = since_0000_03_01 / 146_097;
    let of_era = since_0000_03_01 % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_based = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_stands_between_its_marks_and_nothing_else_changes() {
        let page =
            "# Page\n<!-- measured: a -->\nold\n<!-- end of a -->\nkept\n<!-- measured: b -->\n<!-- end of b -->\n";
        let once = replaced(page, "a", "new\n").unwrap();
        let expected =
            "# Page\n<!-- measured: a -->\n\nnew\n\n<!-- end of a -->\nkept\n<!-- measured: b -->\n<!-- end of b -->\n";
        assert_eq!(once, expected);
        assert_eq!(replaced(&once, "a", "new").unwrap(), once);
        assert!(replaced(page, "c", "new").unwrap_err().contains("`<!-- measured: c -->`"));
    }

    #[test]
    fn days_have_their_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_784), (2026, 11, 27));
        assert_eq!(date(20_818), (2026, 12, 31));
    }
}
