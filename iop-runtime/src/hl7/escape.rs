//! Texts as they are written between separators, and back.

use std::borrow::Cow;

use super::separators::Separators;

/// The text that is written. Sequences that stand for no text (highlighting, character sets, what a site invented) and
/// those that are cut off stay as they are.
pub(super) fn decode<'a>(written: &'a str, separators: &Separators) -> Cow<'a, str> {
    let Some(escape) = separators.escape.map(char::from) else { return Cow::Borrowed(written) };
    if !written.contains(escape) {
        return Cow::Borrowed(written);
    }
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, behind)) = rest.split_once(escape) {
        text.push_str(before);
        let Some((sequence, after)) = behind.split_once(escape) else {
            text.push(escape);
            rest = behind;
            continue;
        };
        match meaning(sequence, separators) {
            Some(meaning) => {
                text.push_str(&meaning);
                rest = after;
            }
            // What looks like its end may begin the next one.
            None => {
                text.push(escape);
                text.push_str(sequence);
                let known = sequence.starts_with(['H', 'N', 'C', 'M', 'Z', '.', 'P']) && !sequence.contains(' ');
                if known {
                    text.push(escape);
                    rest = after;
                } else {
                    rest = behind.get(sequence.len()..).unwrap_or_default();
                }
            }
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

fn meaning(sequence: &str, separators: &Separators) -> Option<String> {
    let one = |byte: u8| Some(char::from(byte).to_string());
    match sequence {
        "F" => one(separators.field),
        "S" => one(separators.component),
        "R" => one(separators.repetition?),
        "E" => one(separators.escape?),
        "T" => one(separators.subcomponent?),
        ".br" => Some("\n".to_owned()),
        _ => hexadecimal(sequence.strip_prefix('X')?),
    }
}

/// Bytes that are text. Others cannot be one, and stay written.
fn hexadecimal(digits: &str) -> Option<String> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let bytes = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        pair.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(pair, 16).ok())?
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// What is written for a text, so that [`decode`] gives it again. `None` where it needs a sequence, and the message names no
/// character for one.
pub(super) fn encode(text: &str, separators: &Separators) -> Option<String> {
    // Written as it is, this text would mean that there is none.
    if text == "\"\"" {
        let escape = char::from(separators.escape?);
        return Some(format!("{escape}X2222{escape}"));
    }
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        let byte = u8::try_from(character).unwrap_or(0);
        let sequence = match byte {
            b'\r' => "X0D",
            // Where a dot divides, the sequence of a line break would be divided.
            b'\n' if separators.uses(b'.') => "X0A",
            b'\n' => ".br",
            0 if character == '\0' => "X00",
            _ if byte == separators.field => "F",
            _ if byte == separators.component => "S",
            _ if separators.repetition == Some(byte) => "R",
            _ if separators.escape == Some(byte) => "E",
            _ if separators.subcomponent == Some(byte) => "T",
            // The two bytes that frame messages on the wire.
            0x0b => "X0B",
            0x1c => "X1C",
            _ => "",
        };
        if sequence.is_empty() {
            written.push(character);
        } else {
            let escape = char::from(separators.escape?);
            written.push(escape);
            written.push_str(sequence);
            written.push(escape);
        }
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(written: &str) -> String {
        decode(written, &Separators::STANDARD).into_owned()
    }

    #[test]
    fn sequences_stand_for_what_they_name() {
        assert_eq!(decoded("A\\F\\B\\S\\C\\T\\D\\R\\E\\E\\F"), "A|B^C&D~E\\F");
        assert_eq!(decoded("one\\.br\\two\\X0D\\\\X0D0A\\"), "one\ntwo\r\r\n");
        assert_eq!(decoded("\\XC3A4\\"), "ä");
    }

    #[test]
    fn what_stands_for_no_text_stays_as_it_is() {
        for written in
            ["\\H\\bold\\N\\", "\\.sp2\\", "\\Zabc\\", "\\XFF\\", "\\X0\\", "\\X+1\\", "\\Q\\", "C:\\temp", "\\", "a\\"]
        {
            assert_eq!(decoded(written), written);
        }
        // A lone backslash does not swallow the sequence behind it.
        assert_eq!(decoded("C:\\temp \\T\\ more"), "C:\\temp & more");
    }

    #[test]
    fn without_a_character_for_sequences_none_is_read_and_what_needs_one_is_not_written() {
        let bare = Separators { escape: None, subcomponent: None, ..Separators::STANDARD };
        assert_eq!(decode("\\F\\", &bare), "\\F\\");
        assert_eq!(encode("a\\b & c", &bare).as_deref(), Some("a\\b & c"));
        assert_eq!(encode("a|b", &bare), None);
    }

    #[test]
    fn a_text_of_two_quotes_is_not_written_as_none() {
        assert_eq!(decoded(&encode("\"\"", &Separators::STANDARD).expect("it has an escape")), "\"\"");
    }
}
