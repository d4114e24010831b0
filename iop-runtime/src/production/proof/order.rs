//! Whether an order is kept on every way from one item to another: `require order … from … to …;`.

use super::routes::{End, Way, chain, count, way};
use super::text::{Text, same};
use super::{Mistake, NONE};
use crate::component::ComponentKind;
use crate::production::{Failing, Graph, Item, Order, Requirement};

/// What an item has to do with a requirement.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnPath {
    /// A way leads here from where the requirement begins.
    from: bool,
    /// A way leads from here to where it ends.
    to: bool,
    /// An item from which the path comes here.
    before: usize,
    /// Another one.
    also_before: usize,
}

impl OnPath {
    const NO: Self = Self { from: false, to: false, before: NONE, also_before: NONE };

    const fn is_on(self) -> bool {
        self.from && self.to
    }
}

/// Every way that a requirement speaks of, by item.
#[derive(Debug)]
pub struct Path<const ITEMS: usize> {
    requirement: usize,
    on: [OnPath; ITEMS],
}

impl<const ITEMS: usize> Path<ITEMS> {
    /// Walks them all.
    #[must_use]
    pub const fn of<const ROUTES: usize>(graph: &Graph, requirement: usize) -> Self {
        let mut on = [OnPath::NO; ITEMS];
        let scratch = Scratch { first: &mut [0; ITEMS], next: &mut [0; ROUTES], stack: &mut [0; ITEMS] };
        walk(graph, &graph.requirements[requirement], &mut on, scratch);
        Self { requirement, on }
    }

    /// The error where no way leads from the one item to the other.
    pub(crate) const fn missing(&self, graph: &Graph) -> Option<Text> {
        missing(graph, &graph.requirements[self.requirement], &self.on)
    }

    /// The error of an item that does not keep the order.
    pub(crate) const fn broken_by(&self, graph: &Graph, item: usize) -> Option<Text> {
        let workers = workers(&graph.items[item]);
        broken_by(graph, &graph.requirements[self.requirement], &self.on, item, workers)
    }
}

/// What `production!` writes.
const fn workers(item: &Item) -> u32 {
    match item.policy.pool_size {
        Some(workers) => workers,
        None => 1,
    }
}

/// Where a requirement does not hold with so many workers of each item.
pub(super) fn mistakes(graph: &Graph, requirement: &Requirement, workers: &dyn Fn(usize) -> u32) -> Vec<Mistake> {
    let items = graph.items.len();
    let mut on = vec![OnPath::NO; items];
    let scratch = Scratch { first: &mut vec![0; items], next: &mut vec![0; count(graph)], stack: &mut vec![0; items] };
    walk(graph, requirement, &mut on, scratch);
    let missing = missing(graph, requirement, &on).map(|text| Mistake::new(None, &text));
    let broken = (0..items).filter_map(|item| {
        let text = broken_by(graph, requirement, &on, item, workers(item))?;
        Some(Mistake::new(Some(item), &text))
    });
    missing.into_iter().chain(broken).collect()
}

/// `fifo` and several workers, which the macro refuses where it sees them, and the start where settings say so.
pub(super) fn overtaking(graph: &Graph, workers: &dyn Fn(usize) -> u32) -> Vec<Mistake> {
    let overtaken =
        graph.items.iter().enumerate().filter(|(index, item)| item.policy.order == Order::Fifo && workers(*index) > 1);
    overtaken
        .map(|(index, item)| {
            let text = Text::new().name(item.name).add(" has ").number(workers(index));
            let text =
                text.add(" workers, which overtake each other, and its order is `fifo`; one is enough, or write ");
            let text = text.add("`order = key(field)`, which keeps the order of each key at any pool size [iop E10]");
            Mistake::new(Some(index), &text)
        })
        .collect()
}

/// Room to work in: by item, but for `next`, which is by route.
struct Scratch<'a> {
    first: &'a mut [usize],
    next: &'a mut [usize],
    stack: &'a mut [usize],
}

const fn walk(graph: &Graph, requirement: &Requirement, on: &mut [OnPath], mut scratch: Scratch) {
    spread(graph, requirement, End::From, on, &mut scratch);
    spread(graph, requirement, End::To, on, &mut scratch);
    let mut index = 0;
    while index < count(graph) {
        let route = &way(graph, index);
        if counts(requirement, route) && on[route.from].is_on() && on[route.to].is_on() {
            let to = &mut on[route.to];
            if to.before == NONE {
                to.before = route.from;
            } else if to.before != route.from && to.also_before == NONE {
                to.also_before = route.from;
            }
        }
        index += 1;
    }
}

/// A way ends where the requirement does, and does not come back to where it begins.
const fn counts(requirement: &Requirement, route: &Way) -> bool {
    route.from != requirement.to && route.to != requirement.from
}

/// Marks what is reached from one end of the requirement.
const fn spread(graph: &Graph, requirement: &Requirement, end: End, on: &mut [OnPath], scratch: &mut Scratch) {
    chain(graph, end, scratch.first, scratch.next);
    scratch.stack[0] = match end {
        End::From => requirement.from,
        End::To => requirement.to,
    };
    mark(&mut on[scratch.stack[0]], end);
    let mut waiting = 1;
    while waiting > 0 {
        waiting -= 1;
        let mut index = scratch.first[scratch.stack[waiting]];
        while index != NONE {
            let route = &way(graph, index);
            let next = end.other(route);
            if counts(requirement, route) && mark(&mut on[next], end) {
                scratch.stack[waiting] = next;
                waiting += 1;
            }
            index = scratch.next[index];
        }
    }
}

/// `false` where it was marked already.
const fn mark(item: &mut OnPath, end: End) -> bool {
    let mark = match end {
        End::From => &mut item.from,
        End::To => &mut item.to,
    };
    let is_new = !*mark;
    *mark = true;
    is_new
}

const fn missing(graph: &Graph, requirement: &Requirement, on: &[OnPath]) -> Option<Text> {
    if on[requirement.from].is_on() {
        return None;
    }
    let text = Text::new().add("no route leads from ").name(graph.items[requirement.from].name).add(" to ");
    let text = text.name(graph.items[requirement.to].name).add(", so ").name(said(graph, requirement).as_str());
    Some(text.add(" says nothing; wire a way from the one to the other, or remove the line [iop E10]"))
}

/// `require order key(mrn) from admit to lab`.
const fn said(graph: &Graph, Requirement { order, from, to }: &Requirement) -> Text {
    let text = add_order(Text::new().add("require order "), order);
    text.add(" from ").add(graph.items[*from].name).add(" to ").add(graph.items[*to].name)
}

const fn add_order(text: Text, order: &Order) -> Text {
    match order {
        Order::Key(field) => text.add("key(").add(field).add(")"),
        Order::Fifo => text.add("fifo"),
        Order::None | Order::Unsaid => text.add("none"),
    }
}

const fn broken_by(
    graph: &Graph,
    requirement: &Requirement,
    on: &[OnPath],
    index: usize,
    workers: u32,
) -> Option<Text> {
    // Where no way is there, that is the mistake.
    if !on[index].is_on() || !on[requirement.from].is_on() {
        return None;
    }
    let item = &graph.items[index];
    let Some(reason) = reason(graph, requirement, on[index], index, workers) else { return None };
    let text = Text::new().name(item.name).add(" breaks ").name(said(graph, requirement).as_str()).add(": ");
    let text = match reason {
        Reason::Joins(one, other) => text
            .add("it is reached from ")
            .name(graph.items[one].name)
            .add(" and from ")
            .name(graph.items[other].name)
            .add(", and messages on two ways overtake each other; leave one way, or require the order up to where they part"),
        Reason::SideBySide(workers) => {
            text.add("its ").number(workers).add(" workers take input side by side; write `pool_size = 1`")
        }
        Reason::Unsaid(None) => add_policy(
            text.add("it declares no order, so a message that keeps failing is overtaken; write `#[item("),
            &requirement.order,
        ),
        Reason::Unsaid(Some(workers)) => add_policy(
            text.add("it declares no order, so its ").number(workers).add(" workers overtake each other; write `#[item("),
            &requirement.order,
        ),
        Reason::NoOrder => add_policy(text.add("its order is `none`; write `#[item("), &requirement.order),
        Reason::OtherOrder => {
            let text = add_order(text.add("its order is `"), &item.policy.order).add("`; write `#[item(");
            add_policy(text, &requirement.order)
        }
        Reason::Overtaken(word) => {
            let text = text.add("a message that keeps failing is overtaken (`failing = ").add(word);
            text.add("`); write `failing = block`").add(match requirement.order {
                Order::Key(_) => " or `failing = park_key`",
                _ => "",
            })
        }
        Reason::Gathers => text.add(
            "it gathers, and what it sends goes out when a group is complete; require the order up to it, and another one \
             from there on",
        ),
        Reason::CallsBack(hook) if same(hook, "on_timer") => text.add(
            "what it sends from `on_timer` goes out when the timer does; wait in the handler, with `cx.sleep(…)`, or require \
             the order up to it",
        ),
        Reason::CallsBack(hook) => text.add("what it sends from ").name(hook).add(
            " goes out in the order in which responses come; await them in the handler, with `cx.send_request_sync(…)`",
        ),
    };
    Some(text.add(" [iop E10]"))
}

const fn add_policy(text: Text, order: &Order) -> Text {
    let text = add_order(text.add("order = "), order);
    match order {
        Order::Key(_) => text.add(", failing = park_key)]` in front of it"),
        _ => text.add(", failing = block)]` in front of it"),
    }
}

/// Why an item on the path does not keep the order.
enum Reason {
    /// Two ways end here.
    Joins(usize, usize),
    /// A service whose workers take input at the same time.
    SideBySide(u32),
    /// With several workers.
    Unsaid(Option<u32>),
    NoOrder,
    OtherOrder,
    /// `failing = …` lets others pass.
    Overtaken(&'static str),
    /// A process that sends in this hook, when something else comes than its messages.
    CallsBack(&'static str),
    /// A process that sends when a group is complete.
    Gathers,
}

const fn reason(graph: &Graph, requirement: &Requirement, on: OnPath, index: usize, workers: u32) -> Option<Reason> {
    let item = &graph.items[index];
    if on.also_before != NONE {
        return Some(Reason::Joins(on.before, on.also_before));
    }
    if matches!(item.component.kind, ComponentKind::Service) {
        return if workers > 1 { Some(Reason::SideBySide(workers)) } else { None };
    }
    if let Some(reason) = policy(item, &requirement.order, workers) {
        return Some(reason);
    }
    if item.component.correlate.is_some() && index != requirement.to {
        return Some(Reason::Gathers);
    }
    match item.component.calls_back {
        Some(hook) if index != requirement.to => Some(Reason::CallsBack(hook)),
        _ => None,
    }
}

const fn policy(item: &Item, required: &Order, workers: u32) -> Option<Reason> {
    match (&item.policy.order, required) {
        (Order::Unsaid, _) => return Some(Reason::Unsaid(if workers > 1 { Some(workers) } else { None })),
        (Order::None, _) => return Some(Reason::NoOrder),
        (Order::Key(field), Order::Key(wanted)) if same(field, wanted) => {}
        (Order::Key(_), _) => return Some(Reason::OtherOrder),
        // The order of the whole queue is that of each key.
        (Order::Fifo, _) => {}
    }
    match (&item.policy.failing, required) {
        (Some(Failing::Suspend), _) => Some(Reason::Overtaken("suspend")),
        (Some(Failing::ParkKey), Order::Fifo) => Some(Reason::Overtaken("park_key")),
        _ => None,
    }
}
