//! What stands in `#[item(…)]`: words that the compiler itself understands, and settings of the engine, which are left to
//! rustc.

use std::fmt::Display;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, LitInt, Meta};

use super::ast;
use super::model::{Failing, Order, Policy};
use super::name::one_form;
use crate::attributes::{self, Argument};
use crate::errors::{Code, Errors};
use crate::suggest;

/// The words that are no settings: what is proved of them is proved at compile time.
const WORDS: [&str; 7] = ["standalone", "order", "failing", "max_hops", "tap", "tap_responses", "renamed_from"];

/// What `#[item(…)]` says of an item.
#[derive(Default)]
pub(super) struct Options {
    pub(super) standalone: bool,
    pub(super) policy: Policy,
    /// Something is wrong with its order, and that was said.
    pub(super) refused: bool,
    /// An attribute says nothing that could be read: perhaps that no route is needed.
    pub(super) unread: bool,
    /// Names of items that get copies: of what the item receives, and of what it answers.
    pub(super) tap: Option<Ident>,
    pub(super) tap_responses: Option<Ident>,
    /// Settings of the engine, which rustc knows.
    pub(super) settings: Vec<(Ident, TokenStream)>,
    /// Names without a value.
    pub(super) half_written: Vec<Ident>,
    /// See [`model::Item::room`](super::model::Item::room).
    pub(super) room: bool,
}

pub(super) fn options(item: &ast::Item, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let mut seen: Vec<Ident> = Vec::new();
    for attribute in &item.attributes {
        if attribute.path().is_ident("doc") {
            continue;
        }
        if !attribute.path().is_ident("item") {
            options.unread = true;
            let help = match attributes::path_name(attribute).as_str() {
                "cfg" => "an item is there or not; to leave it out at run time, write `#[item(enabled = false)]`",
                name if suggest::closest(name, ["item"]).is_some() => "did you mean `#[item(…)]`?",
                _ => "an item takes doc comments and `#[item(…)]`",
            };
            errors.report(attribute, Code::E12, "an attribute that means nothing on an item", help);
            continue;
        }
        options.room |= has_room(attribute);
        let before = errors.count();
        let arguments = attributes::arguments_of(attribute, errors);
        options.unread |= errors.count() > before;
        for argument in arguments {
            if seen.contains(&argument.key) {
                let key = &argument.key;
                errors.report(key, Code::E12, format!("`{key}` is given twice"), "remove one");
                continue;
            }
            seen.push(argument.key.clone());
            options.take(argument, errors);
        }
    }
    let said = |word: &str| seen.iter().any(|key| key == word);
    options.refused = (said("order") && options.policy.order.is_none())
        || (said("failing") && options.policy.failing.is_none())
        || options.together(&item.ident, said("failing"), errors);
    options
}

/// `#[item()]` or `#[item(pool_size = 2,)]`.
fn has_room(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let last = list.tokens.clone().into_iter().last();
    last.is_none_or(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
}

impl Options {
    fn take(&mut self, argument: Argument, errors: &mut Errors) {
        match argument.key.to_string().as_str() {
            "standalone" => self.standalone = argument.flag(errors),
            "order" => self.policy.order = value(&argument, errors).and_then(|value| order(value, errors)),
            "failing" => self.policy.failing = value(&argument, errors).and_then(|value| failing(value, errors)),
            "max_hops" => self.policy.max_hops = value(&argument, errors).and_then(|value| count(value, errors)),
            "renamed_from" => self.policy.renamed_from = argument.text(errors),
            "tap" => self.tap = value(&argument, errors).and_then(|value| tap("tap", value, errors)),
            "tap_responses" => {
                self.tap_responses = value(&argument, errors).and_then(|value| tap("tap_responses", value, errors));
            }
            _ => self.setting(argument, errors),
        }
    }

    /// What one argument says of another; `true` where they do not go together.
    fn together(&self, item: &Ident, says_failing: bool, errors: &mut Errors) -> bool {
        let mut refused = false;
        let Policy { order, failing, .. } = &self.policy;
        if let Some(Order::Fifo(word) | Order::Key(word)) = order
            && !says_failing
        {
            refused = true;
            let of_a_key = matches!(order, Some(Order::Key(_)));
            let park_key = if of_a_key { PARK_KEY } else { "" };
            errors.report(
                word,
                Code::E11,
                format!("`{item}` keeps an order, and does not say what a message that keeps failing does to it"),
                format!(
                    "add `failing = block` (it is tried again for ever, and what is behind it waits),{park_key} or \
                     `failing = suspend` (it is suspended, and what is behind it overtakes it)"
                ),
            );
        }
        if let Some(Failing::ParkKey(word)) = failing
            && !matches!(order, Some(Order::Key(_)))
        {
            refused = true;
            errors.report(
                word,
                Code::E11,
                format!("`{item}` has no key to park: its order is not `key(field)`"),
                "write `order = key(field)` beside it, or `failing = block` or `failing = suspend`",
            );
        }
        let several = self.policy.pool_size.filter(|size| *size > 1);
        if let (Some(Order::Fifo(_)), Some(size)) = (order, several)
            && let Some((_, value)) = self.settings.iter().find(|(key, _)| key == "pool_size")
        {
            refused = true;
            errors.report(
                value,
                Code::E10,
                format!("`{item}` has {size} workers, which overtake each other, and its order is `fifo`"),
                "write `pool_size = 1`, or `order = key(field)`, which keeps the order of each key at any pool size",
            );
        }
        refused
    }

    fn setting(&mut self, Argument { key, value }: Argument, errors: &mut Errors) {
        let Some(value) = value else {
            errors.report(&key, Code::E12, format!("`{key}` has no value"), format!("write `{key} = …`"));
            self.half_written.push(key);
            return;
        };
        let name = key.to_string();
        if let Some(meant) = suggest::closest(&name, WORDS).filter(|_| !crate::component::RESERVED.contains(&&*name)) {
            let fact = format!("`#[item(…)]` has no argument `{name}`");
            errors.report(&key, Code::E12, fact, format!("did you mean `{meant}`?"));
            return;
        }
        if name == "pool_size" {
            self.policy.pool_size =
                syn::parse2::<LitInt>(value.clone()).ok().and_then(|literal| literal.base10_parse().ok());
            // What is no literal is left to rustc.
            let is_literal = value.clone().into_iter().last().is_some_and(|last| matches!(last, TokenTree::Literal(_)));
            let fact = match self.policy.pool_size {
                Some(0) => "an item has at least one worker",
                None if is_literal => "a number of workers is a whole number, as an `u32` holds it",
                _ => return self.settings.push((key, value)),
            };
            let help = "write `pool_size = 1` or more; an item that shall do nothing is `enabled = false`";
            return errors.report(&value, Code::E12, fact, help);
        }
        self.settings.push((key, value));
    }
}

fn value<'a>(argument: &'a Argument, errors: &mut Errors) -> Option<&'a TokenStream> {
    if argument.value.is_none() {
        let key = &argument.key;
        errors.report(key, Code::E12, format!("`{key}` has no value"), format!("write `{key} = …`"));
    }
    argument.value.as_ref()
}

const PARK_KEY: &str = " `failing = park_key` (it is suspended, and so is what is behind it with the same key, until \
                        a person has decided),";
const ORDERS: &str = "write `fifo`, `key(field)` or `none`";
const KEY: &str = "write `key(field)` with a `#[key]` field of the messages";

/// `fifo`, `key(field)` or `none`.
pub(super) fn order(tokens: &TokenStream, errors: &mut Errors) -> Option<Order> {
    let mut rest = tokens.clone().into_iter();
    let (word, field) = match (rest.next(), rest.next(), rest.next()) {
        (Some(TokenTree::Ident(word)), None, _) => (word, None),
        (Some(TokenTree::Ident(word)), Some(TokenTree::Group(group)), None)
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            (word, Some(group.stream()))
        }
        _ => return refuse(tokens, "this is not an order", ORDERS, errors),
    };
    match (word.to_string().as_str(), field) {
        ("fifo", None) => Some(Order::Fifo(word)),
        ("none", None) => Some(Order::None(word)),
        ("key", Some(field)) => match syn::parse2::<Ident>(field.clone()) {
            Ok(field) => Some(Order::Key(field)),
            Err(_) if field.is_empty() => refuse(word, "`key` names no field", KEY, errors),
            Err(_) => refuse(field, "`key` takes the name of one field", KEY, errors),
        },
        ("key", None) => refuse(word, "`key` names no field", KEY, errors),
        (name @ ("fifo" | "none"), Some(field)) => {
            refuse(field, format!("`{name}` takes no field"), format!("write `{name}` alone"), errors)
        }
        _ => unknown(&word, "order", &["fifo", "key", "none"], ORDERS, errors),
    }
}

/// `block`, `park_key` or `suspend`.
fn failing(tokens: &TokenStream, errors: &mut Errors) -> Option<Failing> {
    let help = "write `block`, `park_key` or `suspend`";
    let Ok(word) = syn::parse2::<Ident>(tokens.clone()) else {
        return refuse(tokens, "`failing` takes one word", help, errors);
    };
    match word.to_string().as_str() {
        "block" => Some(Failing::Block(word)),
        "park_key" => Some(Failing::ParkKey(word)),
        "suspend" => Some(Failing::Suspend(word)),
        _ => unknown(&word, "failing", &["block", "park_key", "suspend"], help, errors),
    }
}

/// The name of an item.
fn tap(key: &str, tokens: &TokenStream, errors: &mut Errors) -> Option<Ident> {
    match syn::parse2::<Ident>(tokens.clone()) {
        Ok(item) => Some(one_form(&item)),
        Err(_) => {
            refuse(tokens, format!("`{key}` takes the name of an item"), format!("write `{key} = audit`"), errors)
        }
    }
}

fn count(tokens: &TokenStream, errors: &mut Errors) -> Option<u32> {
    match syn::parse2::<LitInt>(tokens.clone()).map(|literal| literal.base10_parse()) {
        Ok(Ok(count)) if count > 0 => Some(count),
        _ => refuse(tokens, "`max_hops` takes a whole number from 1", "write `max_hops = 10`", errors),
    }
}

fn refuse<T>(at: impl ToTokens, fact: impl Display, help: impl Display, errors: &mut Errors) -> Option<T> {
    errors.report(at, Code::E12, fact, help);
    None
}

fn unknown<T>(word: &Ident, of: &str, known: &[&str], all: &str, errors: &mut Errors) -> Option<T> {
    let help = match suggest::closest(&word.to_string(), known.iter().copied()) {
        Some("key") => "did you mean `key(field)`?".to_owned(),
        Some(meant) => format!("did you mean `{meant}`?"),
        None => all.to_owned(),
    };
    refuse(word, format!("`{of}` cannot be `{word}`"), help, errors)
}
