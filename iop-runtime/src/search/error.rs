//! Mistakes in a query, each at its place.

use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mistake {
    /// Where it is, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to write there instead.
    pub suggestion: Option<String>,
}

/// Why a text is no query: all of its mistakes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct SearchError {
    /// The text.
    pub text: String,
    /// The mistakes, in the order of the text.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for SearchError {
    /// For each mistake a sentence, the text, and a mark below the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", mistake.problem)?;
            if let Some(suggestion) = &mistake.suggestion {
                write!(f, "; did you mean `{suggestion}`?")?;
            }
            let columns = |end: usize| self.text.get(..end).unwrap_or(&self.text).chars().count();
            let (start, end) = (columns(mistake.span.start), columns(mistake.span.end));
            let marks = "^".repeat(end.saturating_sub(start).max(1));
            // A line break in the text would put the mark below another line.
            let line = self.text.replace(['\n', '\r', '\t'], " ");
            write!(f, "\n  {line}\n  {}{marks}", " ".repeat(start))?;
        }
        Ok(())
    }
}
