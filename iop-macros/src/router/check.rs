//! From [`ast`](super::ast) to [`model`](super::model): what stands behind the arrows.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ExprMatch, Ident, Pat, PatGuard};

use super::ast;
use super::model::{Arm, Choice, Router, Target, To};
use crate::errors::{Code, Errors};

const HELP: &str = "write the name of a target, `[a, b]` for several, `suspend` where the message shall wait for a person, or \
                    `discard` where it shall go nowhere";

pub(crate) fn router(ast: ast::Router, errors: &mut Errors) -> Router {
    let ast::Router { attributes, visibility, ident, message, ty, response, choice } = ast;
    let mut targets = Vec::new();
    let choice = choice.map(|choice| self::choice(choice, response.is_some(), &mut targets, errors));
    Router { attributes, visibility, ident, message, ty, response, targets, choice }
}

fn choice(choice: ExprMatch, one: bool, targets: &mut Vec<Target>, errors: &mut Errors) -> Choice {
    let ExprMatch { match_token, expr, arms, .. } = choice;
    let arms = arms.into_iter().map(|arm| {
        let (pattern, guard) = match arm.pat {
            Pat::Guard(PatGuard { pat, if_token, guard, .. }) => (*pat, Some(quote!(#if_token #guard))),
            pattern => (pattern, None),
        };
        let pattern = if is_otherwise(&pattern) { None } else { Some(pattern) };
        let when = words(pattern.as_ref(), guard.as_ref());
        let to = to(&arm.body, &when, one, errors);
        if let To::Targets(idents) = &to {
            for ident in idents {
                match targets.iter_mut().find(|target| target.ident == *ident) {
                    Some(target) => target.when.push(when.clone()),
                    None => targets.push(Target { ident: ident.clone(), when: vec![when.clone()] }),
                }
            }
        }
        Arm { attributes: arm.attrs, pattern, guard, to }
    });
    Choice { keyword: match_token.to_token_stream(), arms: arms.collect(), of: *expr }
}

fn is_otherwise(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(pattern) => pattern.ident == "otherwise" && pattern.subpat.is_none() && pattern.by_ref.is_none(),
        _ => false,
    }
}

/// The arm in words, for the graph.
fn words(pattern: Option<&Pat>, guard: Option<&TokenStream>) -> String {
    let mut words = pattern.map_or_else(|| "otherwise".to_owned(), |pattern| plain(&pattern.to_token_stream()));
    if let Some(guard) = guard {
        words = format!("{words} {}", plain(guard));
    }
    words
}

/// Tokens as people write them: `Class::Quake`, not `Class :: Quake`.
fn plain(tokens: &TokenStream) -> String {
    let mut text = tokens.to_string();
    let tight = [(" :: ", "::"), (":: ", "::"), (" . ", "."), (" (", "("), ("( ", "("), (" )", ")"), (" ,", ",")];
    for (spaced, close) in tight {
        text = text.replace(spaced, close);
    }
    text
}

fn to(body: &Expr, when: &str, one: bool, errors: &mut Errors) -> To {
    match body {
        Expr::Array(list) if list.elems.is_empty() => {
            errors.report(list, Code::E12, "an arm leads nowhere", HELP);
            To::Nowhere
        }
        Expr::Array(list) if one && list.elems.len() > 1 => {
            errors.report(
                list,
                Code::E12,
                "one response is wanted, and several items would answer",
                "name one target, or leave the response of the router out",
            );
            To::Nowhere
        }
        Expr::Array(list) => {
            let idents: Vec<Option<Ident>> = list.elems.iter().map(|element| target(element, errors)).collect();
            idents.into_iter().collect::<Option<_>>().map_or(To::Nowhere, To::Targets)
        }
        body => match target(body, errors) {
            Some(word) if word == "suspend" => To::Suspend(when.to_owned()),
            Some(word) if word == "discard" && one => {
                errors.report(word, Code::E12, "a response is wanted, and nobody would give it", "write `suspend`");
                To::Nowhere
            }
            Some(word) if word == "discard" => To::Discard(when.to_owned()),
            Some(ident) => To::Targets(vec![ident]),
            None => To::Nowhere,
        },
    }
}

fn target(body: &Expr, errors: &mut Errors) -> Option<Ident> {
    let ident = match body {
        Expr::Path(path) if path.attrs.is_empty() => path.path.get_ident().cloned(),
        _ => None,
    };
    if ident.is_none() {
        errors.report(body, Code::E12, "this is no target", HELP);
    }
    ident
}
