//! A text becomes a query. All mistakes are found, not the first alone.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::error::{Mistake, SearchError};
use super::field::{KINDS, MARKS, QUALIFIERS, Qualifier, reason_words, status_words};
use super::lex::{Value, Word, words};
use super::{Lanes, Pattern, Query, Term, Test, When};
use crate::message::{MessageId, Priority};
use crate::settings::closest::closest;

/// Reads a query. Times without a zone are in UTC.
///
/// # Errors
/// [`SearchError`] with every mistake at its place.
pub fn parse(text: &str) -> Result<Query, SearchError> {
    parse_in(text, &TimeZone::UTC)
}

impl FromStr for Query {
    type Err = SearchError;

    fn from_str(text: &str) -> Result<Self, SearchError> {
        parse(text)
    }
}

/// As [`parse`], with times that name no zone in `zone`.
fn parse_in(text: &str, zone: &TimeZone) -> Result<Query, SearchError> {
    let (words, mistakes) = words(text);
    let mut parser = Parser { zone, mistakes };
    // A word that is wrong does not hide what is wrong with the next one.
    let terms: Vec<Term> = words.iter().filter_map(|word| parser.term(word)).collect();
    let mut mistakes = parser.mistakes;
    if mistakes.is_empty() {
        return Ok(Query { terms });
    }
    mistakes.sort_by_key(|mistake| mistake.span.start);
    Err(SearchError { text: text.to_owned(), mistakes })
}

struct Parser<'z> {
    zone: &'z TimeZone,
    mistakes: Vec<Mistake>,
}

impl Parser<'_> {
    fn mistake(&mut self, span: Range<usize>, problem: impl Into<String>, suggestion: Option<String>) {
        self.mistakes.push(Mistake { span, problem: problem.into(), suggestion });
    }

    fn term(&mut self, word: &Word) -> Option<Term> {
        let negated = word.negated;
        let test = match &word.qualifier {
            Some((name, span)) => self.qualified(word, name, span.clone())?,
            None => self.bare(word)?,
        };
        Some(Term { negated, test })
    }

    /// A word alone: an id is one, everything else is looked for in bodies.
    fn bare(&mut self, word: &Word) -> Option<Test> {
        let value = word.values.first()?;
        if value.text.is_empty() {
            self.mistake(word.span.clone(), "there is nothing to look for", None);
            return None;
        }
        match value.text.parse::<MessageId>() {
            Ok(id) if !value.quoted => Some(Test::Id(vec![id])),
            _ => Some(Test::Text(vec![value.text.as_str().into()])),
        }
    }

    fn qualified(&mut self, word: &Word, name: &str, span: Range<usize>) -> Option<Test> {
        let before = self.mistakes.len();
        for value in word.values.iter().filter(|value| value.text.is_empty()) {
            self.mistake(span.start..value.span.end.max(span.end + 1), format!("`{name}:` has no value"), None);
        }
        if self.mistakes.len() > before {
            return None;
        }
        if let Some(key) = name.strip_prefix("key.").filter(|key| !key.is_empty()) {
            return Some(Test::Key(key.into(), patterns(&word.values)));
        }
        let Some((_, qualifier, _)) = QUALIFIERS.iter().find(|(known, ..)| *known == name) else {
            self.unknown(name, span);
            return None;
        };
        let test = self.test(*qualifier, name, word);
        // Of several values, one that is wrong makes the whole test wrong.
        test.filter(|_| self.mistakes.len() == before)
    }

    fn unknown(&mut self, name: &str, span: Range<usize>) {
        let known: Vec<&str> = QUALIFIERS.iter().map(|(known, ..)| *known).collect();
        let nearest = match name {
            "key" => Some("key.NAME".to_owned()),
            "component" => Some("item".to_owned()),
            "state" => Some("status".to_owned()),
            "body" => Some("text".to_owned()),
            "source" => Some("from".to_owned()),
            "target" => Some("to".to_owned()),
            _ => closest(name, known.iter().copied()).map(str::to_owned),
        };
        let problem = format!("there is no qualifier `{name}:`; there are {} and key.NAME", known.join(", "));
        self.mistake(span, problem, nearest.map(|nearest| format!("{nearest}:")));
    }

    fn test(&mut self, qualifier: Qualifier, name: &str, word: &Word) -> Option<Test> {
        let values = &word.values;
        let texts = || values.iter().map(|value| Arc::from(value.text.as_str())).collect();
        Some(match qualifier {
            Qualifier::Status => Test::Status(self.words(name, values, status_words())),
            Qualifier::Reason => Test::Reason(self.words(name, values, reason_words())),
            Qualifier::Kind => Test::Kind(self.words(name, values, KINDS)),
            Qualifier::Is => Test::Is(self.words(name, values, MARKS)),
            Qualifier::Item => Test::Item(patterns(values)),
            Qualifier::From => Test::From(patterns(values)),
            Qualifier::To => Test::To(patterns(values)),
            Qualifier::Type => Test::Type(patterns(values)),
            Qualifier::Session => Test::Session(self.read(values, "is no id of a session", |text| text.parse().ok())),
            Qualifier::Id => Test::Id(self.read(values, "is no id of a message", |text| text.parse().ok())),
            Qualifier::Priority => Test::Priority(self.read(
                values,
                "is no priority: a number to 255, `100..200`, low, normal or high",
                lanes,
            )),
            Qualifier::Error => Test::Error(texts()),
            Qualifier::Text => Test::Text(texts()),
            Qualifier::Since => Test::Since(self.moment(name, word)?),
            Qualifier::Until => Test::Until(self.moment(name, word)?),
        })
    }

    fn moment(&mut self, name: &str, word: &Word) -> Option<When> {
        if word.values.len() > 1 {
            self.mistake(word.span.clone(), format!("`{name}:` takes one moment"), None);
            return None;
        }
        let zone = self.zone;
        let wrong = "is no moment: `90s`, `1h`, `2d` ago, `2026-11-24`, `2026-11-24T09:00`, `2026-11-24T09:00+01:00`";
        self.read(&word.values, wrong, |text| When::read(text, zone)).pop()
    }

    fn words<T: Copy>(
        &mut self,
        name: &str,
        values: &[Value],
        words: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Vec<T> {
        let words: Vec<(&str, T)> = words.into_iter().collect();
        let mut found = Vec::new();
        for value in values {
            match words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&value.text)) {
                Some((_, of)) => found.push(*of),
                None => {
                    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    let nearest = closest(&value.text, known.iter().copied()).map(str::to_owned);
                    let problem = format!("`{name}:` is one of {}; not `{}`", known.join(", "), value.text);
                    self.mistake(value.span.clone(), problem, nearest);
                }
            }
        }
        found
    }

    fn read<T>(&mut self, values: &[Value], wrong: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for value in values {
            match read(&value.text) {
                Some(read) => found.push(read),
                None => self.mistake(value.span.clone(), format!("`{}` {wrong}", value.text), None),
            }
        }
        found
    }
}

/// A star at the end is for all that begin so, unless some of it was in quotes.
fn patterns(values: &[Value]) -> Vec<Pattern> {
    let pattern = |value: &Value| match value.text.strip_suffix('*').filter(|_| !value.quoted) {
        Some(beginning) => Pattern { text: beginning.into(), prefix: true },
        None => Pattern::exactly(value.text.as_str()),
    };
    values.iter().map(pattern).collect()
}

fn lanes(text: &str) -> Option<Lanes> {
    let one = |text: &str| match text {
        "low" => Some(Priority::LOW.0),
        "normal" => Some(Priority::NORMAL.0),
        "high" => Some(Priority::HIGH.0),
        number => number.parse().ok(),
    };
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let lanes = Lanes { low: one(low)?, high: one(high)? };
    (lanes.low <= lanes.high).then_some(lanes)
}
