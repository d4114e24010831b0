//! A query as words: `-qualifier:value,"another value"`. What the words mean is not asked here.

use std::ops::Range;

use super::error::Mistake;

/// One word of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// All of it.
    pub(super) span: Range<usize>,
    pub(super) negated: bool,
    /// What stands before the colon, and where; `None` where there is no colon.
    pub(super) qualifier: Option<(String, Range<usize>)>,
    /// What stands behind it, parted by commas; at least one.
    pub(super) values: Vec<Value>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    /// Some of it was in quotes: a `*` in it is a star.
    pub(super) quoted: bool,
}

/// The letters that a value cannot have outside of quotes.
pub(super) fn needs_quotes(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || matches!(letter, ',' | '"' | '*' | '\\')
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    mistakes: Vec<Mistake>,
}

/// The words of a text, and what is wrong with its quotes.
pub(super) fn words(text: &str) -> (Vec<Word>, Vec<Mistake>) {
    let mut lexer = Lexer { text, at: 0, mistakes: Vec::new() };
    let mut words = Vec::new();
    loop {
        lexer.skip_space();
        if lexer.peek().is_none() {
            return (words, lexer.mistakes);
        }
        words.push(lexer.word());
    }
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    fn word(&mut self) -> Word {
        let start = self.at;
        let negated = self.peek() == Some('-');
        if negated {
            self.next();
        }
        let qualifier = self.qualifier();
        let mut values = vec![self.value(qualifier.is_some())];
        while qualifier.is_some() && self.peek() == Some(',') {
            self.next();
            values.push(self.value(true));
        }
        Word { span: start..self.at, negated, qualifier, values }
    }

    /// A name and its colon, where they come next.
    fn qualifier(&mut self) -> Option<(String, Range<usize>)> {
        let rest = self.text.get(self.at..)?;
        let end =
            rest.find(|letter: char| letter == ':' || letter == '"' || letter == ',' || letter.is_whitespace())?;
        let name = rest.get(..end).filter(|name| !name.is_empty())?;
        if !rest.get(end..)?.starts_with(':') {
            return None;
        }
        let span = self.at..self.at + end;
        self.at += end + 1;
        Some((name.to_owned(), span))
    }

    /// A value; only behind a qualifier does a comma end it.
    fn value(&mut self, ends_at_comma: bool) -> Value {
        let start = self.at;
        let (mut text, mut quoted) = (String::new(), false);
        while let Some(letter) = self.peek() {
            if letter.is_whitespace() || (ends_at_comma && letter == ',') {
                break;
            }
            self.next();
            if letter == '"' {
                quoted = true;
                self.quoted(&mut text);
            } else {
                text.push(letter);
            }
        }
        Value { text, span: start..self.at, quoted }
    }

    /// The rest of a text in quotes: `\"` is a quote and `\\` a backslash.
    fn quoted(&mut self, text: &mut String) {
        let start = self.at.saturating_sub(1);
        while let Some(letter) = self.next() {
            match letter {
                '"' => return,
                '\\' if matches!(self.peek(), Some('"' | '\\')) => text.extend(self.next()),
                letter => text.push(letter),
            }
        }
        let problem = "the quotes are not closed".to_owned();
        self.mistakes.push(Mistake { span: start..self.at, problem, suggestion: None });
    }
}
