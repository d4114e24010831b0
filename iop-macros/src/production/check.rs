//! From [`ast`](super::ast) to [`model`](super::model): names of items, and attributes.
//!
//! Whether a field exists, a setting's type fits and a route's end handles what its target carries is asked by rustc, in
//! what is expanded: those facts lie in other types.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;

use super::ast::{self, Production, Statement};
use super::model::{self, Alerts, Destination, Field, Requirement, Route, Value};
use super::policy::{self, Options};
use super::reach;
use crate::attributes;
use crate::errors::{Code, Errors};
use crate::suggest;

pub(crate) fn production(ast: &Production, errors: &mut Errors) -> model::Production {
    item_names(ast, errors);
    // An item without a component is in no graph; a route to it is no mistake of its own.
    let placed: Vec<&ast::Item> = ast.items.iter().filter(|item| item.ty.is_some()).collect();
    let mut names = Names {
        all: &ast.items,
        placed: &placed,
        reached: vec![false; placed.len()],
        unknown: false,
        no_items: Vec::new(),
    };
    // What else is wrong with an item without a component is reported all the same.
    let mut items: Vec<model::Item> =
        ast.items.iter().filter_map(|item| self::item(item, &mut names, errors)).collect();
    let (mut requirements, alerts) = statements(ast, &mut names, errors);
    let complete = ast.complete && ast.items.iter().all(|item| item.complete) && !names.unknown;
    for (item, reached) in items.iter_mut().zip(&names.reached) {
        item.ask_reached = complete && !reached && !item.standalone && !twice(ast, &item.ident);
    }
    let words = words(&items);
    for item in items.iter_mut().filter(|item| item.ask_reached) {
        let name = item.ident.unraw().to_string();
        let mentions = words.iter().filter(|(.., word)| *word == name);
        item.mentioned = mentions.map(|(of, field, _)| (*of, field.clone())).collect();
    }
    let mut routes: Vec<Route> = items.iter().enumerate().flat_map(|(from, item)| routes(from, item)).collect();
    let mut ways: Vec<(usize, usize)> = routes.iter().map(|route| (route.from, route.to)).collect();
    let in_circles = reach::in_circles(items.len(), &ways);
    let copies = items.iter().enumerate().flat_map(|(of, item)| item.taps.iter().map(move |tap| (of, tap.to.index)));
    ways.extend(copies);
    for (route, in_circle) in routes.iter_mut().zip(in_circles) {
        route.in_circle = in_circle;
    }
    taps(&items, &routes, errors);
    if complete && names.no_items.is_empty() {
        let entered: Vec<bool> =
            items.iter().enumerate().map(|(index, item)| is_entered(index, item, &alerts)).collect();
        for island in reach::islands(&entered, &ways) {
            if let Some(item) = island.first().and_then(|first| items.get_mut(*first)) {
                item.ask_entered = island;
            }
        }
    }
    for Requirement { from, to, between, .. } in &mut requirements {
        *between = reach::between(items.len(), &ways, from.index, to.index);
    }
    for attribute in ast.attributes.iter().filter(|attribute| !attribute.path().is_ident("doc")) {
        errors.report(
            attribute,
            Code::E12,
            "a production takes doc comments only",
            "what the engine needs to know of an item stands in front of the item, `#[item(…)]`",
        );
    }
    model::Production {
        docs: ast.attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect(),
        doc: attributes::docs(&ast.attributes),
        visibility: ast.visibility.clone(),
        ident: ast.ident.clone(),
        items,
        routes,
        requirements,
        alerts,
        no_items: names.no_items,
        ask_order: complete,
    }
}

/// Messages come to it that no route brings.
fn is_entered(index: usize, item: &model::Item, alerts: &Alerts) -> bool {
    item.standalone || matches!(alerts, Alerts::To(to) if to.index == index)
}

/// A tap is a route too: what goes round through it goes round for ever.
fn taps(items: &[model::Item], routes: &[Route], errors: &mut Errors) {
    let bounded: Vec<bool> = items.iter().map(|item| item.policy.max_hops.is_some()).collect();
    let taps = items.iter().enumerate().flat_map(|(of, item)| item.taps.iter().map(move |tap| (of, item, &tap.to)));
    let ends: Vec<(usize, usize)> = taps.clone().map(|(of, _, to)| (of, to.index)).collect();
    for (_, item, to) in taps.filter(|(of, _, to)| reach::comes_back(*of, to.index, routes, &ends, &bounded)) {
        let (ident, written) = (&item.ident, &to.written);
        errors.report(
            written,
            Code::E09,
            format!("messages may go round in a circle for ever: what `{written}` sends leads back to `{ident}`, which it taps"),
            format!("write `#[item(max_hops = 10)]` in front of `{ident}`, or tap it with an item that sends nothing there"),
        );
    }
}

fn statements(ast: &Production, names: &mut Names, errors: &mut Errors) -> (Vec<Requirement>, Alerts) {
    let mut requirements = Vec::new();
    let mut alerts = Alerts::Unsaid;
    for statement in &ast.statements {
        match statement {
            Statement::Require { order, from, to } => {
                // All three are looked at before leaving, so that all are reported.
                let order = order.as_ref().and_then(|order| required(order, errors));
                let from = from.as_ref().and_then(|item| names.mention(item, errors));
                let to = to.as_ref().and_then(|item| names.mention(item, errors));
                let (Some(order), Some(from), Some(to)) = (order, from, to) else { continue };
                if from.index == to.index {
                    let fact = format!("the way from `{0}` to `{0}` is none", to.written);
                    errors.report(&to.written, Code::E10, fact, "name the item where the order must still hold");
                    continue;
                }
                requirements.push(Requirement { order, from, to, between: Vec::new() });
            }
            Statement::Alerts { word, .. } if !matches!(alerts, Alerts::Unsaid) => {
                errors.report(word, Code::E12, "it is said twice where alerts go", "remove one");
            }
            Statement::Alerts { to: Some(to), .. } => {
                alerts = names.find(to, errors).map_or(Alerts::Nowhere, Alerts::To);
            }
            Statement::Alerts { .. } => alerts = Alerts::Nowhere,
        }
    }
    (requirements, alerts)
}

fn required(order: &TokenStream, errors: &mut Errors) -> Option<model::Order> {
    match policy::order(order, errors)? {
        model::Order::None(word) => {
            errors.report(word, Code::E12, "no order is required", "write `fifo` or `key(field)`, or remove the line");
            None
        }
        order => Some(order),
    }
}

fn item_names(ast: &Production, errors: &mut Errors) {
    for (index, item) in ast.items.iter().enumerate() {
        let name = &item.ident;
        if let Some(first) = ast.items.iter().take(index).find(|earlier| earlier.ident == *name) {
            let help = format!("rename one of them{}", place(&first.ident));
            errors.report(name, Code::E01, format!("two items are named `{name}`"), help);
        }
        if name.to_string().starts_with(char::is_uppercase) {
            errors.report(
                name,
                Code::E01,
                format!("the name of the item `{name}` begins with an upper-case letter"),
                "begin it with a lower-case one: in a route, that is what tells an item from a value",
            );
        }
    }
}

/// Where a name stands, for an error that stands somewhere else. Only a macro that the compiler runs knows the line.
fn place(ident: &Ident) -> String {
    if !proc_macro::is_available() {
        return String::new();
    }
    format!("; the first stands in line {}", ident.span().unwrap().line())
}

/// Routes lead to the first of two items of one name; that none leads to the second is the same mistake.
fn twice(ast: &Production, ident: &Ident) -> bool {
    ast.items.iter().filter(|item| item.ident == *ident).count() > 1
}

/// What a route may name.
struct Names<'a> {
    all: &'a [ast::Item],
    placed: &'a [&'a ast::Item],
    reached: Vec<bool>,
    /// A route led nowhere, so nobody knows what is reached.
    unknown: bool,
    /// See [`model::Production::no_items`].
    no_items: Vec<Ident>,
}

impl Names<'_> {
    /// The item that a route leads to.
    fn find(&mut self, written: &Ident, errors: &mut Errors) -> Option<Destination> {
        let found = self.mention(written, errors)?;
        self.reach(found.index);
        Some(found)
    }

    /// The item of a name.
    fn mention(&mut self, written: &Ident, errors: &mut Errors) -> Option<Destination> {
        if let Some(index) = self.placed.iter().position(|item| item.ident == *written) {
            return Some(Destination { index, written: written.clone() });
        }
        if self.all.iter().any(|item| item.ident == *written) {
            return None;
        }
        let name = written.to_string();
        let names: Vec<String> = self.all.iter().map(|item| item.ident.to_string()).collect();
        let meant = suggest::closest(&name, names.iter().map(String::as_str));
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "the items are {}; the value of a setting that is not a literal stands in braces, `{{ {name} }}`",
                suggest::list(names.iter().map(String::as_str))
            ),
        };
        errors.report(written, Code::E01, format!("there is no item `{name}`"), help);
        self.no_items.push(written.clone());
        // What was probably meant counts as reached: that nothing leads there would be the same mistake again.
        match meant.and_then(|meant| self.placed.iter().position(|item| item.ident == meant)) {
            Some(index) => self.reach(index),
            None => self.unknown = true,
        }
        None
    }

    fn reach(&mut self, index: usize) {
        if let Some(reached) = self.reached.get_mut(index) {
            *reached = true;
        }
    }
}

fn item(item: &ast::Item, names: &mut Names, errors: &mut Errors) -> Option<model::Item> {
    let Options { standalone, policy, refused, unread, settings, half_written, room, tap, tap_responses } =
        policy::options(item, errors);
    let mut taps = Vec::new();
    for (to, responses) in [(tap, false), (tap_responses, true)] {
        match to {
            Some(to) if to == item.ident => errors.report(
                to,
                Code::E06,
                format!("`{}` taps itself", item.ident),
                "name the item that gets the copies",
            ),
            Some(to) => taps.extend(names.find(&to, errors).map(|to| model::Tap { to, responses })),
            None => {}
        }
    }
    let fields = item.fields.iter().enumerate().filter_map(|(index, field)| {
        if item.fields.iter().take(index).any(|earlier| earlier.ident == field.ident) {
            let name = &field.ident;
            errors.grammar(name, format!("`{name}` is set twice"), "remove one");
            return None;
        }
        Some(self::field(field, names, errors))
    });
    Some(model::Item {
        ident: item.ident.clone(),
        fields: fields.collect(),
        ty: item.ty.clone()?,
        doc: attributes::docs(&item.attributes),
        standalone: standalone || unread,
        policy,
        refused,
        taps,
        options: settings,
        half_written,
        room,
        ask_wired: item.complete,
        ask_reached: false,
        ask_entered: Vec::new(),
        mentioned: Vec::new(),
    })
}

/// The names and texts in the values of fields, with the field and the index of its item.
fn words(items: &[model::Item]) -> Vec<(usize, Ident, String)> {
    let mut words = Vec::new();
    for (of, item) in items.iter().enumerate() {
        for Field { ident, value } in &item.fields {
            let Value::Setting(value) = value else { continue };
            each_word(value.to_token_stream(), &mut |word| words.push((of, ident.clone(), word)));
        }
    }
    words
}

/// Names and texts, also those in brackets: `Some(greeter)`.
fn each_word(tokens: TokenStream, seen: &mut impl FnMut(String)) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => seen(name.unraw().to_string()),
            TokenTree::Literal(text) => seen(text.to_string().trim_matches('"').to_owned()),
            TokenTree::Group(group) => each_word(group.stream(), seen),
            TokenTree::Punct(_) => {}
        }
    }
}

fn field(field: &ast::Field, names: &mut Names, errors: &mut Errors) -> Field {
    let value = match &field.value {
        Some(ast::Value::Item(item)) => names.find(item, errors).map(Value::Item),
        Some(ast::Value::Items(items)) => {
            for (index, item) in items.iter().enumerate() {
                if items.iter().take(index).any(|earlier| earlier == item) {
                    errors.report(item, Code::E01, format!("the item `{item}` stands twice in a list"), "remove one");
                }
            }
            Some(Value::Items(items.iter().filter_map(|item| names.find(item, errors)).collect()))
        }
        Some(ast::Value::Nothing) => Some(Value::Nothing),
        Some(ast::Value::Setting(expression)) => Some(Value::Setting(expression.clone())),
        None => None,
    };
    Field { ident: field.ident.clone(), value: value.unwrap_or(Value::Unknown) }
}

fn routes(from: usize, item: &model::Item) -> Vec<Route> {
    let mut routes = Vec::new();
    for field in &item.fields {
        let destinations: &[Destination] = match &field.value {
            Value::Item(destination) => std::slice::from_ref(destination),
            Value::Items(destinations) => destinations,
            Value::Nothing | Value::Setting(_) | Value::Unknown => &[],
        };
        let target = field.ident.to_string();
        let target = target.strip_prefix("r#").unwrap_or(&target);
        routes.extend(destinations.iter().map(|Destination { index, written }| Route {
            from,
            target: target.to_owned(),
            to: *index,
            written: written.clone(),
            in_circle: false,
        }));
    }
    routes
}
