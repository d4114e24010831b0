//! Reading attributes: doc comments, `#[cfg]`, and lists such as `(response = Greeting, transient)`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Token, Type};

use crate::errors::{Code, Errors};
use crate::suggest;

/// One `key` or `key = value`.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(crate) value: Option<TokenStream>,
}

/// Reads a list of arguments. What cannot be read is reported and left out.
pub(crate) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Vec<Argument> {
    let mut found = Vec::new();
    let parser = |input: ParseStream| {
        while !input.is_empty() {
            match argument(input) {
                Ok(argument) => found.push(argument),
                Err(error) => {
                    errors.syntax(error);
                    skip_to_comma(input)?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.syntax(error);
    }
    found
}

fn argument(input: ParseStream) -> syn::Result<Argument> {
    let key = input.call(Ident::parse_any)?;
    let value = if input.parse::<Option<Token![=]>>()?.is_some() { Some(value(input)?) } else { None };
    if input.peek(Token![:]) {
        return Err(input.error(format!("a value stands behind `=`\n\nhelp: write `{key} = …`")));
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error("expected `,`"));
    }
    Ok(Argument { key, value })
}

/// A type or an expression. The type is tried first, because only it knows that `A<B, C>` is one value.
fn value(input: ParseStream) -> syn::Result<TokenStream> {
    if input.peek(syn::token::Bracket) {
        // A list; syn takes its beginning for a slice.
        return input.parse::<Expr>().map(ToTokens::into_token_stream);
    }
    let fork = input.fork();
    if fork.parse::<Type>().is_ok() && (fork.is_empty() || fork.peek(Token![,])) {
        return input.parse::<Type>().map(ToTokens::into_token_stream);
    }
    input.parse::<Expr>().map(ToTokens::into_token_stream)
}

fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The arguments of `#[name(…)]`; none for `#[name]`.
pub(crate) fn arguments_of(attribute: &Attribute, errors: &mut Errors) -> Vec<Argument> {
    match &attribute.meta {
        Meta::Path(_) => Vec::new(),
        Meta::List(list) => arguments(list.tokens.clone(), errors),
        Meta::NameValue(pair) => {
            let name = path_name(attribute);
            errors.report(
                &pair.value,
                Code::E12,
                format!("`#[{name}]` takes no value"),
                format!("write `#[{name}(…)]`"),
            );
            Vec::new()
        }
    }
}

impl Argument {
    /// The text of `key = "text"`.
    pub(crate) fn text(&self, errors: &mut Errors) -> Option<LitStr> {
        let key = &self.key;
        match self.value.clone().map(syn::parse2::<LitStr>) {
            Some(Ok(text)) if !text.value().is_empty() => return Some(text),
            Some(_) => {
                let word = self.value.clone().and_then(|value| syn::parse2::<Ident>(value).ok());
                let text = word.map_or_else(|| "…".to_owned(), |word| word.to_string());
                let help = format!("write `{key} = \"{text}\"`");
                errors.report(&self.value, Code::E12, format!("`{key}` takes a text"), help);
            }
            None => self.without_value(errors),
        }
        None
    }

    /// The type of `key = Type`.
    pub(crate) fn ty(&self, errors: &mut Errors) -> Option<Type> {
        let key = &self.key;
        match self.value.clone().map(syn::parse2::<Type>) {
            Some(Ok(ty)) => return Some(ty),
            Some(Err(_)) => errors.report(
                &self.value,
                Code::E12,
                format!("`{key}` takes a type"),
                format!("write `{key} = TypeName`"),
            ),
            None => self.without_value(errors),
        }
        None
    }

    /// `true`, and a report where the flag has a value.
    pub(crate) fn flag(&self, errors: &mut Errors) -> bool {
        if let Some(value) = &self.value {
            let key = &self.key;
            errors.report(value, Code::E12, format!("`{key}` takes no value"), format!("write `{key}` alone"));
        }
        true
    }

    fn without_value(&self, errors: &mut Errors) {
        let key = &self.key;
        errors.report(key, Code::E12, format!("`{key}` has no value"), format!("write `{key} = …`"));
    }

    /// Reports a key that `attribute` does not know.
    pub(crate) fn unknown(&self, attribute: &str, known: &[&str], errors: &mut Errors) {
        let key = self.key.to_string();
        let help = match suggest::closest(&key, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None if known.is_empty() => format!("write `#[{attribute}]` alone"),
            None => format!("it knows {}", suggest::list(known.iter().copied())),
        };
        errors.report(&self.key, Code::E12, format!("`#[{attribute}]` has no argument `{key}`"), help);
    }
}

/// The name of an attribute of one segment; empty for any other.
pub(crate) fn path_name(attribute: &Attribute) -> String {
    attribute.path().get_ident().map(ToString::to_string).unwrap_or_default()
}

/// The doc comment: its lines without the first space, ends trimmed.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    if !pair.path.is_ident("doc") {
        return None;
    }
    let text = text.value();
    Some(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned())
}

/// The `#[cfg]` attributes, which what is generated for the same thing carries too.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// Takes the attributes out that are named, or were probably meant to be named, by one of `names`.
pub(crate) fn take(attributes: &mut Vec<Attribute>, names: &[&str]) -> Vec<Attribute> {
    let ours = |attribute: &Attribute| suggest::closest(&path_name(attribute), names.iter().copied()).is_some();
    let (taken, left) = std::mem::take(attributes).into_iter().partition(ours);
    *attributes = left;
    taken
}

/// Which of `names` a taken attribute is. A misspelt one is reported here, since rustc would only say that it does not
/// exist.
pub(crate) fn meant<'a>(attribute: &Attribute, names: &[&'a str], errors: &mut Errors) -> Option<&'a str> {
    let written = path_name(attribute);
    let name = suggest::closest(&written, names.iter().copied())?;
    if written != name {
        let help = format!("did you mean `#[{name}]`?");
        errors.report(attribute.path(), Code::E12, format!("there is no attribute `{written}`"), help);
    }
    Some(name)
}
