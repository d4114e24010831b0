//! A query as text: the one form that a query has, whatever it was written like. Reading it gives the same query.

use std::fmt;

use super::field::{KINDS, MARKS, reason_words, status_words, word};
use super::lex::needs_quotes;
use super::{Lanes, Pattern, Query, Term, Test};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("-")?;
        }
        match &self.test {
            Test::Status(values) => list(f, "status", values, |value| word(status_words(), value).to_owned()),
            Test::Reason(values) => list(f, "reason", values, |value| word(reason_words(), value).to_owned()),
            Test::Kind(values) => list(f, "kind", values, |value| word(KINDS, value).to_owned()),
            Test::Is(values) => list(f, "is", values, |value| word(MARKS, value).to_owned()),
            Test::Item(values) => list(f, "item", values, pattern),
            Test::From(values) => list(f, "from", values, pattern),
            Test::To(values) => list(f, "to", values, pattern),
            Test::Type(values) => list(f, "type", values, pattern),
            Test::Key(name, values) => list(f, &format!("key.{name}"), values, pattern),
            Test::Session(values) => list(f, "session", values, ToString::to_string),
            Test::Id(values) => list(f, "id", values, ToString::to_string),
            Test::Error(values) => list(f, "error", values, |value| quoted(value)),
            Test::Text(values) => list(f, "text", values, |value| quoted(value)),
            Test::Since(when) => write!(f, "since:{when}"),
            Test::Until(when) => write!(f, "until:{when}"),
            Test::Priority(values) => {
                list(
                    f,
                    "priority",
                    values,
                    |Lanes { low, high }| {
                        if low == high { low.to_string() } else { format!("{low}..{high}") }
                    },
                )
            }
        }
    }
}

fn list<T>(f: &mut fmt::Formatter<'_>, name: &str, values: &[T], text: impl Fn(&T) -> String) -> fmt::Result {
    let values: Vec<String> = values.iter().map(text).collect();
    write!(f, "{name}:{}", values.join(","))
}

fn pattern(pattern: &Pattern) -> String {
    match pattern.prefix {
        // A beginning with letters that need quotes cannot be written: a star behind quotes is a star. Such names do not exist.
        true => format!("{}*", pattern.text),
        false => quoted(&pattern.text),
    }
}

pub(super) fn quoted(text: &str) -> String {
    if !text.is_empty() && !text.contains(needs_quotes) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
