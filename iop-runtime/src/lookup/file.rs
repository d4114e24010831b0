//! Tables as files: comma-separated values and TOML.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use toml::de::{DeTable, DeValue};

/// How a table is written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Two columns with the names `key` and `value` (RFC 4180).
    Csv,
    /// `key = "value"`.
    Toml,
}

impl Form {
    /// By the ending of a file's name.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// The rows in a text.
///
/// # Errors
/// Every mistake, with its line.
pub fn read(form: Form, text: &str) -> Result<BTreeMap<String, String>, Vec<String>> {
    match form {
        Form::Csv => from_csv(text),
        Form::Toml => from_toml(text),
    }
}

/// Rows as a text that [`read`] reads.
#[must_use]
pub fn write(form: Form, rows: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    if form == Form::Csv {
        text.push_str("key,value\n");
    }
    for (key, value) in rows {
        // Writing to a `String` cannot fail.
        let _ = match form {
            Form::Csv => writeln!(text, "{},{}", quoted(key), quoted(value)),
            Form::Toml if is_bare(key) => writeln!(text, "{key} = {}", basic(value)),
            Form::Toml => writeln!(text, "{} = {}", basic(key), basic(value)),
        };
    }
    text
}

fn quoted(field: &str) -> String {
    let plain = !field.is_empty() && !field.contains(['"', ',', '\n', '\r']) && field.trim() == field;
    if plain { field.to_owned() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
}

/// TOML needs no quotes around it.
fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A TOML text in quotes, on one line: as a key may not be on several.
fn basic(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // Writing to a `String` cannot fail.
            control if control.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn from_toml(text: &str) -> Result<BTreeMap<String, String>, Vec<String>> {
    let line = |offset: usize| 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<String> = errors
        .iter()
        .map(|error| format!("line {}: {}", error.span().map_or(0, |span| line(span.start)), error.message()))
        .collect();
    let mut rows = BTreeMap::new();
    for (key, value) in document.get_ref() {
        let value = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            DeValue::Array(_) | DeValue::Table(_) => {
                problems.push(format!("line {}: a value is one text, number or word", line(key.span().start)));
                continue;
            }
        };
        rows.insert(key.get_ref().to_string(), value);
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn from_csv(text: &str) -> Result<BTreeMap<String, String>, Vec<String>> {
    let mut rows = BTreeMap::new();
    let mut problems = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, (line, fields)) in records(text)?.into_iter().enumerate() {
        let [key, value] = fields.as_slice() else {
            problems.push(format!("line {line}: {} fields, and a row has two, key and value", fields.len()));
            continue;
        };
        if number == 0 && key == "key" && value == "value" {
            continue;
        }
        if rows.insert(key.clone(), value.clone()).is_some() {
            problems.push(format!("line {line}: the key `{key}` stands twice"));
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// Records with the lines on which they begin. Empty lines are none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Vec<String>> {
    let mut records = Vec::new();
    let mut letters = text.chars().peekable();
    let (mut line, mut begins) = (1, 1);
    let (mut fields, mut field, mut was_quoted) = (Vec::new(), String::new(), false);
    loop {
        match letters.next() {
            Some('"') if field.is_empty() && !was_quoted => {
                was_quoted = true;
                loop {
                    match letters.next() {
                        Some('"') if letters.peek() == Some(&'"') => field.extend(letters.next()),
                        Some('"') => break,
                        Some(letter) => {
                            line += usize::from(letter == '\n');
                            field.push(letter);
                        }
                        None => return Err(vec![format!("line {begins}: a quote is not closed")]),
                    }
                }
            }
            Some(',') => {
                fields.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            Some('\r') if letters.peek() == Some(&'\n') => {}
            end @ (Some('\n') | None) => {
                if !(fields.is_empty() && field.is_empty() && !was_quoted) {
                    fields.push(std::mem::take(&mut field));
                    records.push((begins, std::mem::take(&mut fields)));
                }
                was_quoted = false;
                line += 1;
                begins = line;
                if end.is_none() {
                    return Ok(records);
                }
            }
            Some(letter) => field.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
        rows.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_written_is_read_back_whatever_is_in_it() {
        let rows =
            rows(&[("A1", "17"), ("a,b", "say \"hi\""), ("line\nbreak", ""), (" edge ", "ä'\\"), ("key", "value")]);
        for form in [Form::Csv, Form::Toml] {
            assert_eq!(read(form, &write(form, &rows)).as_ref(), Ok(&rows), "{}", write(form, &rows));
        }
    }

    #[test]
    fn csv_has_a_head_or_none_and_ends_of_lines_of_either_kind() {
        let expected = rows(&[("A", "1"), ("B", "2")]);
        for text in ["key,value\r\nA,1\r\nB,2\r\n", "A,1\nB,2", "\u{feff}key,value\n\nA,1\n\nB,\"2\"\n"] {
            assert_eq!(read(Form::Csv, text).as_ref(), Ok(&expected), "{text:?}");
        }
    }

    #[test]
    fn every_mistake_in_a_file_has_its_line() {
        let problems = read(Form::Csv, "key,value\nA,1\nB\nA,2\nC,3,4\n").unwrap_err();
        assert_eq!(
            problems,
            [
                "line 3: 1 fields, and a row has two, key and value",
                "line 4: the key `A` stands twice",
                "line 5: 3 fields, and a row has two, key and value",
            ]
        );
        assert_eq!(read(Form::Csv, "A,\"1\nB,2\n").unwrap_err(), ["line 1: a quote is not closed"]);
        let problems = read(Form::Toml, "A = 1\nB = [2]\nC = = 3\n").unwrap_err();
        assert!(problems.contains(&"line 2: a value is one text, number or word".to_owned()), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.starts_with("line 3: ")), "{problems:?}");
    }
}
