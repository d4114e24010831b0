//! Text in a picture: how wide it is about, shortened to a width, and escaped for XML.

/// How wide a text is, in units of its font size. Which font shows it is not known: this is for a wide one.
pub(super) fn width(text: &str, bold: bool) -> f64 {
    text.chars().map(|letter| width_of(letter) * if bold { 1.1 } else { 1.0 }).sum()
}

fn width_of(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '\'' | '|' => 0.29,
        'f' | 't' | 'r' | 'I' | ' ' | '.' | ',' | ':' | ';' | '!' | '-' | '(' | ')' | '[' | ']' | '·' => 0.39,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '&' | '…' => 0.97,
        '_' => 0.5,
        'A'..='Z' => 0.72,
        '0'..='9' | 'a'..='z' => 0.61,
        '\0'..='\u{7f}' => 0.75,
        '\u{80}'..='\u{10ff}' => 0.75,
        _ => 1.05,
    }
}

/// A text that is at most so wide, in units of its font size; its end gives way to an ellipsis.
pub(super) fn shortened(text: &str, limit: f64, bold: bool) -> String {
    if width(text, bold) <= limit {
        return text.to_owned();
    }
    let mut left = limit - width("…", bold);
    let fits = |letter: &char| {
        left -= width(letter.encode_utf8(&mut [0; 4]), bold);
        left >= 0.0
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

/// A text between tags or in a quoted attribute. What XML cannot hold, and what would turn the direction of the text
/// behind it, is shown as a replacement character.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push_str("&#10;"),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ if letter.is_control() => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_left_alone_and_another_is_cut_to_fit() {
        assert_eq!(shortened("router", 10.0, false), "router");
        let short = shortened("a_router_with_a_long_name", 10.0, true);
        assert_eq!(short, "a_router_with_a…");
        assert!(width(&short, true) <= 10.0, "{}", width(&short, true));
    }

    #[test]
    fn nothing_in_a_text_can_end_it_or_is_no_xml() {
        let hostile = "</text><script>&\"'\0\u{1b}\u{202e}\u{ffff}\n";
        assert_eq!(
            escaped(hostile),
            "&lt;/text&gt;&lt;script&gt;&amp;&quot;&#39;\u{fffd}\u{fffd}\u{fffd}\u{fffd}&#10;"
        );
    }
}
