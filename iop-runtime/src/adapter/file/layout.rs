//! How the lines of a file are told apart: where one ends, and what its key is.

use std::io::{self, BufRead};

/// Finds the key in a line; `None` for a line that has none, such as a comment.
pub(super) type KeyOf = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The layout of a file of lines.
pub(super) enum Layout {
    /// A line ends at its line break; the function finds its key.
    Lines(KeyOf),
    /// Comma-separated values (RFC 4180): a line break inside quotes belongs to the field. The key is made of columns.
    Csv {
        /// The names in the first line.
        columns: Vec<String>,
        /// Indices of the columns that make the key.
        key: Vec<usize>,
    },
}

impl Layout {
    /// The key of a line without its line break.
    pub(super) fn key(&self, line: &str) -> Option<String> {
        match self {
            Self::Lines(key) => key(line),
            Self::Csv { columns, key } => {
                let fields = split(line);
                if fields.len() != columns.len() {
                    return None;
                }
                let parts: Vec<&str> = key.iter().filter_map(|&index| fields.get(index).map(String::as_str)).collect();
                // A separator that no text has, so that `ab, c` and `a, bc` differ.
                Some(parts.join("\u{1f}"))
            }
        }
    }

    /// The first line of every file, without its line break.
    pub(super) fn header(&self) -> Option<String> {
        match self {
            Self::Lines(_) => None,
            Self::Csv { columns, .. } => Some(join(columns.iter().map(|name| Some(name.as_str())))),
        }
    }

    /// Whether `bytes` end where a line ends.
    fn is_whole(&self, bytes: &[u8]) -> bool {
        bytes.ends_with(b"\n")
            && match self {
                Self::Lines(_) => true,
                // A quote inside quotes is doubled, so that an even number of them means that all are closed.
                Self::Csv { .. } => bytes.iter().filter(|&&byte| byte == b'"').count() % 2 == 0,
            }
    }

    /// Reads the next line with its line break into `line`; `false` where what is left is not a whole line.
    pub(super) fn read(&self, from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        while from.read_until(b'\n', line)? > 0 {
            if self.is_whole(line) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether `line`, with its line break, is one line and no more.
    pub(super) fn is_one(&self, mut line: &[u8]) -> bool {
        let mut first = Vec::new();
        // Reading from memory does not fail.
        self.read(&mut line, &mut first).unwrap_or(false) && line.is_empty()
    }
}

/// Writes fields as a line of comma-separated values, without its line break. Quotes stand where they must; `None` is an
/// empty field, and an empty text is a quoted one, so that the two can be told apart.
pub(super) fn join<'a>(fields: impl Iterator<Item = Option<&'a str>>) -> String {
    let mut line = String::new();
    for (index, field) in fields.enumerate() {
        if index > 0 {
            line.push(',');
        }
        match field {
            None => {}
            Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) || text.trim() != text => {
                line.push('"');
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            }
            Some(text) => line.push_str(text),
        }
    }
    line
}

/// The fields of a line of comma-separated values.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(field) = fields.last_mut() else { break };
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => field.push(character),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_read_back() {
        let fields = ["plain", "a, b", "say \"so\"", "two\nlines", " spaced ", "naïve"];
        let line = join(fields.iter().map(|field| Some(*field)));
        assert_eq!(line, "plain,\"a, b\",\"say \"\"so\"\"\",\"two\nlines\",\" spaced \",naïve");
        assert_eq!(split(&line), fields);
    }

    #[test]
    fn no_value_and_an_empty_text_are_written_apart() {
        assert_eq!(join([Some("a"), None, Some("")].into_iter()), "a,,\"\"");
    }

    #[test]
    fn a_key_of_several_columns_keeps_them_apart() {
        let layout = Layout::Csv { columns: vec!["a".into(), "b".into(), "c".into()], key: vec![0, 1] };
        assert_ne!(layout.key("ab,c,x"), layout.key("a,bc,x"));
        assert_eq!(layout.key("ab,c,x"), layout.key("ab,\"c\",y"));
        assert_eq!(layout.key("ab,c"), None, "a line with a column too few has no key");
    }

    #[test]
    fn a_line_break_in_quotes_does_not_end_a_line_of_csv() {
        let layout = Layout::Csv { columns: vec!["a".into(), "b".into()], key: vec![0] };
        let mut text: &[u8] = b"1,\"x\ny\"\n2,z\n3,\"torn\n";
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        while layout.read(&mut text, &mut line).unwrap() {
            lines.push(String::from_utf8(line.clone()).unwrap());
        }
        assert_eq!(lines, ["1,\"x\ny\"\n", "2,z\n"]);
        assert_eq!(line, b"3,\"torn\n");
        assert!(!layout.is_one(b"1,x\n2,y\n"));
    }
}
