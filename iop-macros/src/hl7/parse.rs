//! From tokens to [`ast`](super::ast).

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::token::Bracket;
use syn::{Error, Ident, Lit, LitInt, Result, Token, bracketed};

use super::ast::{Number, Path, Step};
use crate::errors::Errors;

const FORM: &str = "a path is written like `PID-3[2].4`, `PID.patient_name.family_name` or `ZPI-3 in SITE`";

/// `None` where it cannot be read.
pub(super) fn path(tokens: TokenStream, errors: &mut Errors) -> Option<Path> {
    read.parse2(tokens).map_err(|error| errors.syntax(error)).ok()
}

fn read(input: ParseStream<'_>) -> Result<Path> {
    let segment = input.call(Ident::parse_any).map_err(|error| Error::new(error.span(), FORM))?;
    let occurrence = index(input)?;
    let mut steps = Vec::new();
    // `PID:5.1` is how IRIS writes it, and what rustfmt does not take for a subtraction.
    if input.peek(Token![-]) || input.peek(Token![:]) {
        input.parse::<TokenTree>()?;
        numbers(input, &mut steps)?;
        steps.extend(index(input)?.map(Step::Repetition));
    } else if let Some(occurrence) = occurrence
        && !input.peek(Token![.])
    {
        return Err(Error::new(occurrence.span, format!("a number behind a segment needs a field; {FORM}")));
    }
    while input.parse::<Option<Token![.]>>()?.is_some() {
        if input.peek(Lit) {
            numbers(input, &mut steps)?;
        } else {
            let name = input.call(Ident::parse_any).map_err(|error| Error::new(error.span(), FORM))?;
            steps.push(Step::Named(name));
        }
        steps.extend(index(input)?.map(Step::Repetition));
    }
    let dictionary = if input.parse::<Option<Token![in]>>()?.is_some() { Some(input.parse()?) } else { None };
    if input.is_empty() {
        Ok(Path { segment, occurrence, steps, dictionary })
    } else {
        Err(Error::new(input.span(), FORM))
    }
}

/// `[2]`, where it stands there.
fn index(input: ParseStream<'_>) -> Result<Option<Number>> {
    if !input.peek(Bracket) {
        return Ok(None);
    }
    let content;
    bracketed!(content in input);
    let number: LitInt = content.parse().map_err(|error| {
        Error::new(error.span(), "a constant path has a number here; write `path.repetition(n)` or `path.occurrence(n)` for one that is not known while compiling")
    })?;
    if !content.is_empty() {
        return Err(content.error(FORM));
    }
    Ok(Some(self::number(number.base10_digits(), number.suffix(), number.span())?))
}

/// One number, or two: to Rust, `5.1` is one literal.
fn numbers(input: ParseStream<'_>, steps: &mut Vec<Step>) -> Result<()> {
    let (digits, suffix, span) = match input.parse::<Lit>() {
        Ok(Lit::Int(literal)) => (literal.to_string(), literal.suffix().to_owned(), literal.span()),
        Ok(Lit::Float(literal)) => (literal.to_string(), literal.suffix().to_owned(), literal.span()),
        Ok(other) => return Err(Error::new(other.span(), FORM)),
        Err(error) => return Err(Error::new(error.span(), FORM)),
    };
    for part in digits.split('.') {
        steps.push(Step::Numbered(number(part, &suffix, span)?));
    }
    Ok(())
}

fn number(digits: &str, suffix: &str, span: Span) -> Result<Number> {
    match digits.parse() {
        Ok(value) if suffix.is_empty() => Ok(Number { value, span }),
        _ => Err(Error::new(span, FORM)),
    }
}
