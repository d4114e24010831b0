//! Statements of a production, which stand between items and end with `;`: `require order … from … to …;`, `alerts to …;`.
//!
//! A half-written one is one error, and takes nothing away from the item behind it.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::ast::Statement;
use super::name::one_form;
use super::tokens::Tokens;
use crate::errors::Errors;

pub(super) const REQUIRE: &str = "write `require order key(field) from item to item;`";
pub(super) const ALERTS: &str = "write `alerts to item;`, or `alerts none;`";

/// Reads a statement where one begins: at `require` or `alerts` without the `:` of an item.
pub(super) fn statement(tokens: &mut Tokens, complete: &mut bool, errors: &mut Errors) -> Option<Statement> {
    if !tokens.at_statement() {
        return None;
    }
    let word = tokens.next_ident()?;
    let mut reader = Reader { tokens, errors, last: word.clone().into(), broken: false };
    let (statement, help) =
        if word == "alerts" { (alerts(word, &mut reader), ALERTS) } else { (require(&mut reader), REQUIRE) };
    reader.end(help);
    *complete &= !reader.broken;
    Some(statement)
}

fn require(reader: &mut Reader) -> Statement {
    reader.word("order", REQUIRE);
    let order = reader.order();
    reader.word("from", REQUIRE);
    let from = reader.name(REQUIRE);
    reader.word("to", REQUIRE);
    let to = reader.name(REQUIRE);
    Statement::Require { order, from, to }
}

fn alerts(word: Ident, reader: &mut Reader) -> Statement {
    if reader.next_is("none") {
        reader.pass();
        return Statement::Alerts { word, to: None };
    }
    reader.word("to", ALERTS);
    let to = reader.name(ALERTS);
    Statement::Alerts { word, to }
}

/// Reads on until something is missing, which is reported once, and reads nothing from then on.
struct Reader<'a> {
    tokens: &'a mut Tokens,
    errors: &'a mut Errors,
    /// Where something is missing, it is missing behind this.
    last: TokenTree,
    broken: bool,
}

impl Reader<'_> {
    /// A word or name of the statement comes next, and not the item behind it.
    fn at_ident(&self) -> bool {
        !self.broken && self.tokens.peek_ident(0) && !self.tokens.peek_colon(1)
    }

    fn next_is(&self, word: &str) -> bool {
        self.at_ident() && matches!(self.tokens.peek(0), Some(TokenTree::Ident(ident)) if ident == word)
    }

    fn pass(&mut self) -> Option<TokenTree> {
        let token = self.tokens.next()?;
        self.last = token.clone();
        Some(token)
    }

    fn word(&mut self, word: &str, help: &str) {
        if self.next_is(word) {
            self.pass();
        } else {
            self.missing(&format!("`{word}`"), help);
        }
    }

    fn name(&mut self, help: &str) -> Option<Ident> {
        if !self.at_ident() {
            self.missing("the name of an item", help);
            return None;
        }
        match self.pass() {
            Some(TokenTree::Ident(name)) => Some(one_form(&name)),
            _ => None,
        }
    }

    /// `key(mrn)` or one word; whether it is an order is asked later.
    fn order(&mut self) -> Option<TokenStream> {
        if !self.at_ident() || self.next_is("from") {
            self.missing("an order", REQUIRE);
            return None;
        }
        let word = self.pass()?;
        let field = if matches!(self.tokens.peek(0), Some(TokenTree::Group(_))) { self.pass() } else { None };
        Some(std::iter::once(word).chain(field).collect())
    }

    fn missing(&mut self, what: &str, help: &str) {
        if !std::mem::replace(&mut self.broken, true) {
            let next = self.tokens.peek(0).filter(|_| !self.tokens.at_start() && !self.tokens.peek_punct(0, ';'));
            let at = next.cloned().unwrap_or_else(|| self.last.clone());
            let place = if next.is_some() { "instead of this" } else { "behind this" };
            self.errors.grammar(at, format!("expected {what} {place}"), help);
        }
    }

    fn end(&mut self, help: &str) {
        if self.tokens.next_punct(';').is_some() {
            return;
        }
        if !self.broken {
            self.missing("`;`", help);
        }
        self.tokens.skip_broken();
    }
}
