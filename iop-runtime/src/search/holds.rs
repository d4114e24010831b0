//! Whether a query holds for a message. Every store answers by this one rule, however it came by the message.

use super::{Mark, Pattern, Query, Test};
use crate::clock::Timestamp;
use crate::message::{Header, SuspendReason};

/// What is to be known of a message; a header first, the rest only where it is asked for.
pub trait Facts {
    /// Why something cannot be read.
    type Error;

    /// The header.
    fn header(&self) -> &Header;

    /// Whether a key of this name has such a value, in the clear or hashed.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn has_key(&mut self, name: &str, value: &Pattern) -> Result<bool, Self::Error>;

    /// Whether it was sent once more from another one.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn is_resent(&mut self) -> Result<bool, Self::Error>;

    /// Whether the body contains a text.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn body_contains(&mut self, text: &str) -> Result<bool, Self::Error>;
}

impl Query {
    /// Whether it holds. What needs the header alone is asked first. Times are absolute: see [`at`](Self::at).
    ///
    /// # Errors
    /// Where something cannot be read.
    pub fn holds<F: Facts>(&self, facts: &mut F) -> Result<bool, F::Error> {
        if !self.terms.iter().all(|term| of_header(&term.test, facts.header()) != Some(term.negated)) {
            return Ok(false);
        }
        for term in &self.terms {
            if of_header(&term.test, facts.header()).is_none() && of_all(&term.test, facts)? == term.negated {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What the header says; `None` where it does not say enough.
fn of_header(test: &Test, header: &Header) -> Option<bool> {
    let any = |patterns: &[Pattern], text: &str| patterns.iter().any(|pattern| pattern.matches(text));
    let from = |patterns| any(patterns, header.source.as_deref().unwrap_or("outside"));
    let to = |patterns| any(patterns, header.target.as_deref().unwrap_or("outside"));
    Some(match test {
        Test::Status(words) => words.iter().any(|word| word.covers(header.status)),
        Test::Reason(reasons) => header.reason.is_some_and(|reason| reasons.contains(&reason)),
        Test::Item(items) => from(items) || to(items),
        Test::From(items) => from(items),
        Test::To(items) => to(items),
        Test::Type(types) => any(types, &header.type_name),
        Test::Kind(kinds) => kinds.contains(&header.kind),
        Test::Session(sessions) => sessions.contains(&header.session),
        Test::Id(ids) => ids.contains(&header.id),
        Test::Since(when) => header.created >= when.moment(Timestamp(i64::MAX)),
        Test::Until(when) => header.created < when.moment(Timestamp(i64::MAX)),
        Test::Error(texts) => {
            let error = header.error.as_deref().unwrap_or_default();
            texts.iter().any(|text| contains(error.as_bytes(), text.as_bytes()))
        }
        Test::Priority(lanes) => lanes.iter().any(|lanes| (lanes.low..=lanes.high).contains(&header.priority.0)),
        Test::Is(marks) if !marks.contains(&Mark::Resent) => marks.iter().any(|mark| is(*mark, header)),
        Test::Is(_) | Test::Key(..) | Test::Text(_) => return None,
    })
}

fn is(mark: Mark, header: &Header) -> bool {
    match mark {
        Mark::Late => header.late,
        Mark::Orphaned => header.reason == Some(SuspendReason::Orphaned),
        Mark::Resent => false,
    }
}

fn of_all<F: Facts>(test: &Test, facts: &mut F) -> Result<bool, F::Error> {
    let mut found = false;
    match test {
        Test::Key(name, values) => {
            for value in values {
                found = found || facts.has_key(name, value)?;
            }
        }
        Test::Text(texts) => {
            for text in texts {
                found = found || facts.body_contains(text)?;
            }
        }
        Test::Is(marks) => {
            found = marks.iter().any(|mark| is(*mark, facts.header())) || facts.is_resent()?;
        }
        _ => {}
    }
    Ok(found)
}

/// Whether a text is in another, whatever the case of its ASCII letters.
#[must_use]
pub fn contains(text: &[u8], wanted: &[u8]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let ends = text.len().saturating_sub(rest.len());
    text.get(..ends).unwrap_or_default().iter().enumerate().any(|(at, letter)| {
        (*letter == lower || *letter == upper)
            && text.get(at + 1..at + 1 + rest.len()).is_some_and(|found| found.eq_ignore_ascii_case(rest))
    })
}
