//! From tokens to [`ast`](super::ast). Reads item by item and field by field: what is broken is reported and passed, and
//! what is half-written is kept as far as it goes.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Lit, Stmt};

use super::ast::{Field, Item, Production, Value};
use super::name::{NO_NAMES, is_keyword, named, one_form};
use super::statement;
use super::tokens::Tokens;
use crate::errors::Errors;

const ITEM: &str = "write `name: Component { setting: value, target: item },`";

/// `None` where there is not even a name.
pub(crate) fn production(tokens: TokenStream, errors: &mut Errors) -> Option<Production> {
    let mut tokens = Tokens::new(tokens);
    let attributes = attributes(&mut tokens, errors);
    let visibility = visibility(&mut tokens);
    if let Some(TokenTree::Ident(word)) = tokens.peek(0)
        && is_keyword(&word.to_string())
    {
        errors.grammar(word, format!("`{word}` is no name"), "write `production! { pub Name { … } }`");
        tokens.take(1);
        if !tokens.peek_ident(0) {
            return None;
        }
    }
    let Some(ident) = tokens.next_ident() else {
        errors.grammar(next_or_all(&tokens), "a production has no name", "write `production! { pub Name { … } }`");
        return None;
    };
    let mut production =
        Production { attributes, visibility, ident, items: Vec::new(), statements: Vec::new(), complete: true };
    match tokens.next_group(Delimiter::Brace) {
        Some(body) => items(Tokens::new(body.stream()), &mut production, errors),
        None => {
            let ident = &production.ident;
            errors.grammar(
                ident,
                format!("the production `{ident}` has no items"),
                format!("write `{ident} {{ name: Component {{ … }}, … }}`"),
            );
            return Some(production);
        }
    }
    if let Some(token) = tokens.next() {
        errors.grammar(token, "more than one production", "write one `production!` for each");
    }
    Some(production)
}

fn next_or_all(tokens: &Tokens) -> TokenStream {
    tokens.peek(0).cloned().into_iter().collect()
}

fn attributes(tokens: &mut Tokens, errors: &mut Errors) -> Vec<Attribute> {
    let mut found = Vec::new();
    while tokens.peek_punct(0, '#') {
        let attribute = tokens.take(2);
        match Attribute::parse_outer.parse2(attribute) {
            Ok(attributes) => found.extend(attributes),
            Err(error) => errors.syntax(error),
        }
    }
    found
}

fn visibility(tokens: &mut Tokens) -> TokenStream {
    match tokens.peek(0) {
        Some(TokenTree::Ident(ident)) if ident == "pub" => {
            let restricted =
                matches!(tokens.peek(1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
            tokens.take(if restricted { 2 } else { 1 })
        }
        _ => TokenStream::new(),
    }
}

fn items(mut tokens: Tokens, production: &mut Production, errors: &mut Errors) {
    while !tokens.is_empty() {
        let attributes = attributes(&mut tokens, errors);
        if let Some(statement) = statement::statement(&mut tokens, &mut production.complete, errors) {
            for attribute in attributes.iter().filter(|attribute| !attribute.path().is_ident("doc")) {
                errors.grammar(
                    attribute,
                    "an attribute stands on a statement",
                    "`#[item(…)]` stands in front of an item",
                );
            }
            production.statements.push(statement);
            continue;
        }
        let Some(ident) = tokens.next_ident() else {
            if let Some(token) = tokens.next() {
                // Nobody knows where it would have led.
                production.complete = false;
                errors.grammar(token, "expected an item", ITEM);
            } else if let Some(attribute) = attributes.last() {
                errors.grammar(attribute, "an attribute without an item behind it", ITEM);
            }
            tokens.skip_broken();
            continue;
        };
        let ident = named(&ident, errors);
        production.items.push(item(attributes, ident, &mut tokens, errors));
    }
}

fn item(attributes: Vec<Attribute>, ident: Ident, tokens: &mut Tokens, errors: &mut Errors) -> Item {
    let mut item = Item { attributes, ident, ty: None, fields: Vec::new(), complete: true };
    let colon = tokens.peek_colon(0) && tokens.next().is_some();
    if colon {
        item.ty = path(tokens);
    }
    let name = &item.ident;
    if item.ty.is_none() {
        errors.grammar(
            name,
            format!("the item `{name}` has no component"),
            format!("write `{name}: Component {{ … }},`"),
        );
        item.complete = false;
    }
    if let Some(body) = tokens.next_group(Delimiter::Brace) {
        item.fields = fields(Tokens::new(body.stream()), &mut item.complete, errors);
    }
    if !tokens.is_empty() && tokens.next_punct(',').is_none() {
        if item.ty.is_some()
            && let Some(token) = tokens.peek(0)
        {
            item.complete &= tokens.at_start();
            errors.grammar(token.clone(), format!("expected `,` behind the item `{}`", item.ident), ITEM);
        }
        tokens.skip_broken();
    }
    item
}

/// A path, without the name of the next item where the path is half-written: `clock: plug::` before `greeter: …`.
fn path(tokens: &mut Tokens) -> Option<TokenStream> {
    // A fragment of `macro_rules!`: `$component:ty` or `$component:path`.
    if let Some(fragment) = tokens.next_group(Delimiter::None) {
        return Some(fragment.stream());
    }
    let mut length = if tokens.peek_path_separator(0) { 2 } else { 0 };
    loop {
        if !tokens.peek_ident(length) || tokens.peek_colon(length + 1) {
            // A separator without a name behind it is passed, but is no path that could be emitted.
            tokens.take(length);
            return None;
        }
        length += 1;
        if !tokens.peek_path_separator(length) {
            break;
        }
        length += 2;
    }
    length += generic_arguments(tokens, length);
    Some(tokens.take(length))
}

/// How many tokens `<…>` takes.
fn generic_arguments(tokens: &Tokens, start: usize) -> usize {
    if !tokens.peek_punct(start, '<') {
        return 0;
    }
    let mut depth = 0_usize;
    let mut length = 0;
    while tokens.peek(start + length).is_some() {
        if tokens.peek_punct(start + length, '<') {
            depth += 1;
        } else if tokens.peek_punct(start + length, '>') {
            depth -= 1;
        }
        length += 1;
        if depth == 0 {
            return length;
        }
    }
    0
}

fn fields(mut tokens: Tokens, complete: &mut bool, errors: &mut Errors) -> Vec<Field> {
    let mut fields = Vec::new();
    while !tokens.is_empty() {
        for attribute in attributes(&mut tokens, errors) {
            if !attribute.path().is_ident("doc") {
                errors.grammar(attribute, "an attribute stands on a field", "write `#[item(…)]` in front of the item");
            }
        }
        match tokens.next_ident() {
            Some(ident) => fields.push(field(named(&ident, errors), &mut tokens, complete, errors)),
            None => {
                if let Some(token) = tokens.next() {
                    *complete = false;
                    errors.grammar(token, "expected a setting or a target", "write `name: value,`");
                }
                tokens.skip_broken();
            }
        }
    }
    fields
}

fn field(ident: Ident, tokens: &mut Tokens, complete: &mut bool, errors: &mut Errors) -> Field {
    let colon = tokens.peek_colon(0) && tokens.next().is_some();
    let value = if colon { value(&ident, tokens, errors) } else { None };
    if !colon || value.is_none() {
        *complete = false;
    }
    if !colon {
        errors.grammar(
            &ident,
            format!("`{ident}` has no value"),
            format!("write `{ident}: value,` or `{ident}: item,`"),
        );
    }
    if !tokens.is_empty() && tokens.next_punct(',').is_none() {
        if value.is_some()
            && let Some(token) = tokens.peek(0)
        {
            errors.grammar(
                token.clone(),
                format!("expected `,` behind the value of `{ident}`"),
                "write `name: value,`",
            );
        }
        tokens.skip_broken();
    }
    Field { ident, value }
}

/// `None`, reported, where there is none that rustc could read either.
fn value(ident: &Ident, tokens: &mut Tokens, errors: &mut Errors) -> Option<Value> {
    if tokens.is_empty() || tokens.peek_punct(0, ',') {
        errors.grammar(
            ident,
            format!("`{ident}` has no value"),
            format!("write `{ident}: value,` or `{ident}: item,`"),
        );
        return None;
    }
    if let Some(TokenTree::Ident(item)) = tokens.peek(0)
        && (tokens.left() == 1 || tokens.peek_punct(1, ','))
        && !NO_NAMES.contains(&item.to_string().as_str())
        && is_keyword(&item.to_string())
    {
        let item = one_form(item);
        tokens.take(1);
        return Some(Value::Item(item));
    }
    let mut left = 0;
    let expression = |input: ParseStream| {
        let expression = input.parse::<Expr>()?;
        left = input.parse::<TokenStream>()?.into_iter().count();
        Ok(expression)
    };
    match expression.parse2(tokens.rest()) {
        Ok(Expr::Lit(literal)) if of_no_type(&literal.lit) => {
            tokens.take(tokens.left() - left);
            let fact = format!("`{}` is not a value of Rust", literal.to_token_stream());
            errors.grammar(
                &literal,
                fact,
                format!("write a duration as a text, `{ident}: \"{}\"`", literal.to_token_stream()),
            );
            None
        }
        Ok(expression) => {
            tokens.take(tokens.left() - left);
            Some(classify(expression))
        }
        Err(error) => {
            errors.syntax(error);
            None
        }
    }
}

/// `5s`, a number with the unit of a duration.
fn of_no_type(literal: &Lit) -> bool {
    let suffix = match literal {
        Lit::Int(number) => number.suffix(),
        Lit::Float(number) => number.suffix(),
        _ => return false,
    };
    ["ns", "us", "ms", "s", "sec", "m", "min", "h", "d"].contains(&suffix)
}

fn classify(expression: Expr) -> Value {
    if let Expr::Block(block) = &expression
        && let [Stmt::Expr(value, None)] = block.block.stmts.as_slice()
    {
        // The braces say that this is no item; rustc would call them unnecessary.
        return Value::Setting(value.clone());
    }
    if let Some(item) = item_name(&expression) {
        return Value::Item(item);
    }
    if let Expr::Array(array) = &expression {
        if array.elems.is_empty() {
            return Value::Nothing;
        }
        let items: Vec<Ident> = array.elems.iter().filter_map(item_name).collect();
        if items.len() == array.elems.len() {
            return Value::Items(items);
        }
    }
    Value::Setting(expression)
}

/// A bare name that is not in upper case: scripts without cases have names too.
fn item_name(expression: &Expr) -> Option<Ident> {
    let Expr::Path(path) = expression else { return None };
    let ident = path.path.get_ident().filter(|_| path.qself.is_none() && path.attrs.is_empty())?;
    (!ident.unraw().to_string().starts_with(char::is_uppercase)).then(|| one_form(ident))
}
