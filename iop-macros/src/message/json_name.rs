//! What serde does with names: `#[serde(rename = "…")]` and `rename_all` are followed, because a key is searched in the
//! stored JSON, and aliases and what refuses fields are read, because stored messages depend on them.

use proc_macro2::TokenStream;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token};

/// How the fields around are renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Unchanged,
    Lower,
    Upper,
    Pascal,
    Camel,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// The case that `#[serde(key = "…")]` asks for, where `key` is `rename_all` or `rename_all_fields`.
pub(crate) fn case(attributes: &[Attribute], key: &str) -> Option<Case> {
    Some(match serde_argument(attributes, key)?.as_str() {
        "lowercase" => Case::Lower,
        "UPPERCASE" => Case::Upper,
        "PascalCase" => Case::Pascal,
        "camelCase" => Case::Camel,
        "SCREAMING_SNAKE_CASE" => Case::ScreamingSnake,
        "kebab-case" => Case::Kebab,
        "SCREAMING-KEBAB-CASE" => Case::ScreamingKebab,
        _ => Case::Unchanged,
    })
}

/// The name of a field with these attributes.
pub(crate) fn field(ident: &str, attributes: &[Attribute], case: Case) -> String {
    let ident = ident.strip_prefix("r#").unwrap_or(ident);
    serde_argument(attributes, "rename").unwrap_or_else(|| case.apply(ident))
}

/// The other names that a field or variant is read under.
pub(crate) fn aliases(attributes: &[Attribute]) -> Vec<String> {
    let mut found = Vec::new();
    each_argument(attributes, |name, value| {
        if name.is_ident("alias")
            && let Some(text) = value
        {
            found.push(text.value());
        }
    });
    found
}

/// The `#[serde(…)]` argument of this name, where it stands alone.
pub(crate) fn flag(attributes: &[Attribute], key: &str) -> Option<Path> {
    let mut found = None;
    each_argument(attributes, |name, _| {
        if name.is_ident(key) {
            found = Some(name.clone());
        }
    });
    found
}

/// The names of all `#[serde(…)]` arguments.
pub(crate) fn words(attributes: &[Attribute]) -> Vec<String> {
    let mut found = Vec::new();
    each_argument(attributes, |name, _| found.push(name.get_ident().map(ToString::to_string).unwrap_or_default()));
    found
}

/// Every argument in `#[serde(…)]`, with its text where it has one.
fn each_argument(attributes: &[Attribute], mut seen: impl FnMut(&Path, Option<&LitStr>)) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let Meta::List(_) = &attribute.meta else { continue };
        // What serde cannot read, serde reports.
        let _ = attribute.parse_nested_meta(|meta| {
            let mut text = None;
            if meta.input.peek(Token![=]) {
                if let Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) = meta.value()?.parse::<Expr>()? {
                    text = Some(value);
                }
            } else if meta.input.peek(syn::token::Paren) {
                let inside;
                syn::parenthesized!(inside in meta.input);
                inside.parse::<TokenStream>()?;
            }
            seen(&meta.path, text.as_ref());
            Ok(())
        });
    }
}

impl Case {
    /// As serde does it: letters that ASCII does not have stay as they are.
    fn apply(self, snake: &str) -> String {
        match self {
            Self::Unchanged | Self::Lower => snake.to_owned(),
            Self::Upper | Self::ScreamingSnake => snake.to_ascii_uppercase(),
            Self::Pascal => snake.split('_').map(|word| first_letter(word, char::to_ascii_uppercase)).collect(),
            Self::Camel => first_letter(&Self::Pascal.apply(snake), char::to_ascii_lowercase),
            Self::Kebab => snake.replace('_', "-"),
            Self::ScreamingKebab => snake.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn first_letter(word: &str, change: fn(&char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| std::iter::once(change(&first)).chain(letters).collect()).unwrap_or_default()
}

/// `key = "value"` or `key(serialize = "value")` in a `#[serde(…)]` attribute.
fn serde_argument(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let Meta::List(_) = &attribute.meta else { continue };
        // What serde cannot read, serde reports.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident(key) && meta.input.peek(Token![=]) {
                found = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident(key) {
                meta.parse_nested_meta(|meta| {
                    let text = meta.value()?.parse::<LitStr>()?.value();
                    if meta.path.is_ident("serialize") {
                        found = Some(text);
                    }
                    Ok(())
                })?;
            } else if meta.input.peek(Token![=]) {
                meta.value()?.parse::<Expr>()?;
            } else if meta.input.peek(syn::token::Paren) {
                meta.parse_nested_meta(|meta| {
                    if meta.input.peek(Token![=]) {
                        meta.value()?.parse::<Expr>()?;
                    }
                    Ok(())
                })?;
            }
            Ok(())
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_field_is_called_as_serde_writes_it() {
        assert_eq!(field("birth_date", &[], Case::Unchanged), "birth_date");
        assert_eq!(field("birth_date", &[], Case::Camel), "birthDate");
        assert_eq!(field("birth_date", &[], Case::Pascal), "BirthDate");
        assert_eq!(field("birth_date", &[], Case::Kebab), "birth-date");
        assert_eq!(field("birth_date", &[], Case::ScreamingSnake), "BIRTH_DATE");
        assert_eq!(field("r#type", &[], Case::Unchanged), "type");
        let attributes = [parse_quote!(#[serde(default, skip_serializing_if = "Option::is_none", rename = "dob")])];
        assert_eq!(field("birth_date", &attributes, Case::Camel), "dob");
        let attributes = [parse_quote!(#[serde(rename(serialize = "out", deserialize = "in"))])];
        assert_eq!(field("birth_date", &attributes, Case::Unchanged), "out");
    }

    #[test]
    fn letters_that_ascii_does_not_have_stay_as_they_are_as_serde_leaves_them() {
        assert_eq!(field("größe", &[], Case::Upper), "GRößE");
        assert_eq!(field("größe", &[], Case::ScreamingKebab), "GRößE");
        assert_eq!(field("alte_übung", &[], Case::Pascal), "Alteübung");
        assert_eq!(field("alte_übung", &[], Case::Camel), "alteübung");
    }

    #[test]
    fn aliases_and_flags_are_found_among_other_arguments() {
        let attributes = [
            parse_quote!(#[serde(rename(serialize = "a"), alias = "old", default = "zero")]),
            parse_quote!(#[serde(alias = "older", deny_unknown_fields)]),
        ];
        assert_eq!(aliases(&attributes), ["old", "older"]);
        assert!(flag(&attributes, "deny_unknown_fields").is_some());
        assert!(flag(&attributes, "flatten").is_none());
    }

    #[test]
    fn the_case_of_the_fields_is_read_from_serde() {
        let attributes = [parse_quote!(#[serde(tag = "kind", rename_all = "camelCase")])];
        assert_eq!(case(&attributes, "rename_all"), Some(Case::Camel));
        assert_eq!(case(&attributes, "rename_all_fields"), None);
    }
}
