//! Circles of routes. In one where every route may be awaited, each handler may wait for the next one, and nothing moves
//! on any more. So it is where a process does not wait itself, but answers in `on_complete` what it is asked: who waits for
//! it waits for what it has sent. In any other, messages may go round for ever, unless an item of it bounds how often.

use super::routes::{End, Way, chain, count, may_be_awaited, way};
use super::text::Text;
use super::{Mistake, NONE};
use crate::production::Graph;

/// What an item has to do with a circle. Circles that are reported together share no item: one mistake is one error.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnCircle {
    /// The route by which the circle goes on from the item.
    onward: usize,
    /// The circle was noticed by a route that leads here, which is where the error stands.
    closed: bool,
    /// Handlers may wait for each other in it.
    waiting: bool,
}

impl OnCircle {
    const NO: Self = Self { onward: NONE, closed: false, waiting: false };
}

/// The circles of a graph, by item.
#[derive(Debug)]
pub struct Circles<const ITEMS: usize>([OnCircle; ITEMS]);

impl<const ITEMS: usize> Circles<ITEMS> {
    /// Finds them.
    #[must_use]
    pub const fn of<const ROUTES: usize>(graph: &Graph) -> Self {
        let mut on = [OnCircle::NO; ITEMS];
        let mut items = [[0; ITEMS]; 4];
        let [first, entered, cursor, mark] = &mut items;
        find(graph, &mut on, Scratch { first, next: &mut [0; ROUTES], entered, cursor, mark });
        Self(on)
    }

    /// The error of a circle that this route closes.
    pub(crate) const fn closed_by(&self, graph: &Graph, route: usize) -> Option<Text> {
        closed_by(graph, &self.0, route)
    }
}

pub(super) fn mistakes(graph: &Graph) -> Vec<Mistake> {
    let items = graph.items.len();
    let mut on = vec![OnCircle::NO; items];
    let scratch = Scratch {
        first: &mut vec![0; items],
        next: &mut vec![0; count(graph)],
        entered: &mut vec![0; items],
        cursor: &mut vec![0; items],
        mark: &mut vec![0; items],
    };
    find(graph, &mut on, scratch);
    let closed = (0..count(graph)).map(|index| (index, way(graph, index).from));
    closed.filter_map(|(index, item)| Some(Mistake::new(Some(item), &closed_by(graph, &on, index)?))).collect()
}

/// Room to work in: by item, but for `next`, which is by route.
struct Scratch<'a> {
    first: &'a mut [usize],
    next: &'a mut [usize],
    /// The route by which the search came to an item.
    entered: &'a mut [usize],
    /// The route that the search looks at next.
    cursor: &'a mut [usize],
    mark: &'a mut [usize],
}

/// Not seen yet.
const NEW: usize = 0;
/// On the way from where the search began to where it is.
const OPEN: usize = 1;
/// Everything behind it has been seen.
const DONE: usize = 2;

const fn find(graph: &Graph, on: &mut [OnCircle], mut scratch: Scratch) {
    chain(graph, End::From, scratch.first, scratch.next);
    search(graph, Sought::Waiting, on, &mut scratch);
    if some_complete(graph) {
        search(graph, Sought::Answering, on, &mut scratch);
    }
    // What is left goes round, but waits nowhere on the way.
    search(graph, Sought::Round, on, &mut scratch);
}

/// Which circles are looked for.
#[derive(Clone, Copy)]
enum Sought {
    /// Those where every route may be awaited.
    Waiting,
    /// Those that begin with a route that may be awaited, and go on by such routes or out of processes that answer in
    /// `on_complete`. Only the item where they begin is sure to be held up, so each item is looked at by itself; that takes
    /// longer, and is done only where there is such a process.
    Answering,
    /// All, but for those through an item that is bounded.
    Round,
}

const fn some_complete(graph: &Graph) -> bool {
    let mut item = 0;
    while item < graph.items.len() {
        if graph.items[item].component.completes {
            return true;
        }
        item += 1;
    }
    false
}

/// Depth first.
const fn search(graph: &Graph, sought: Sought, on: &mut [OnCircle], scratch: &mut Scratch) {
    clear(scratch.mark);
    let mut start = 0;
    while start < graph.items.len() {
        if matches!(sought, Sought::Answering) {
            clear(scratch.mark);
        }
        if scratch.mark[start] == NEW && on[start].onward == NONE && passable(graph, sought, start) {
            scratch.entered[start] = NONE;
            search_from(graph, sought, start, on, scratch);
        }
        start += 1;
    }
}

const fn clear(mark: &mut [usize]) {
    let mut item = 0;
    while item < mark.len() {
        mark[item] = NEW;
        item += 1;
    }
}

/// Whether a circle may go on by the route. What goes round through a tap is found by the macro, which sees all of it: a
/// copy is not copied again.
const fn leads_on(graph: &Graph, sought: Sought, start: usize, route: &Way) -> bool {
    match sought {
        _ if route.tap => false,
        Sought::Round => true,
        Sought::Answering if route.from != start && graph.items[route.from].component.completes => true,
        Sought::Waiting | Sought::Answering => may_be_awaited(graph, route),
    }
}

const fn search_from(graph: &Graph, sought: Sought, start: usize, on: &mut [OnCircle], scratch: &mut Scratch) {
    let mut at = start;
    scratch.mark[at] = OPEN;
    scratch.cursor[at] = scratch.first[at];
    loop {
        let index = scratch.cursor[at];
        if index == NONE {
            scratch.mark[at] = DONE;
            let back = scratch.entered[at];
            if back == NONE {
                return;
            }
            at = way(graph, back).from;
            continue;
        }
        scratch.cursor[at] = scratch.next[index];
        let route = &way(graph, index);
        let is_open = leads_on(graph, sought, start, route) && passable(graph, sought, route.to);
        if !is_open || on[route.to].onward != NONE {
            continue;
        }
        match scratch.mark[route.to] {
            NEW => {
                at = route.to;
                scratch.mark[at] = OPEN;
                scratch.entered[at] = index;
                scratch.cursor[at] = scratch.first[at];
            }
            OPEN if matches!(sought, Sought::Answering) && route.to == start => {
                close(graph, sought, index, on, scratch.entered);
                return;
            }
            OPEN if matches!(sought, Sought::Answering) => {}
            OPEN if is_apart(graph, index, on, scratch.entered) => close(graph, sought, index, on, scratch.entered),
            _ => {}
        }
    }
}

/// Whether the circle that the route `closing` closes shares no item with one that is noted.
const fn is_apart(graph: &Graph, closing: usize, on: &[OnCircle], entered: &[usize]) -> bool {
    let end = way(graph, closing).to;
    let mut step = closing;
    loop {
        let item = way(graph, step).from;
        if on[item].onward != NONE {
            return false;
        }
        if item == end {
            return true;
        }
        step = entered[item];
    }
}

/// Notes the circle that the route `closing` closes: back along the way that the search came.
const fn close(graph: &Graph, sought: Sought, closing: usize, on: &mut [OnCircle], entered: &[usize]) {
    let end = way(graph, closing).to;
    let waiting = !matches!(sought, Sought::Round);
    let mut step = closing;
    loop {
        let item = way(graph, step).from;
        on[item] = OnCircle { onward: step, closed: item == end, waiting };
        if item == end {
            if matches!(sought, Sought::Answering) {
                // The error stands on the route that is known to be awaited.
                on[end].closed = false;
                on[way(graph, step).to].closed = true;
            }
            return;
        }
        step = entered[item];
    }
}

const fn passable(graph: &Graph, sought: Sought, item: usize) -> bool {
    !matches!(sought, Sought::Round) || graph.items[item].policy.max_hops.is_none()
}

const fn closed_by(graph: &Graph, on: &[OnCircle], route: usize) -> Option<Text> {
    let Way { from, to, target, .. } = way(graph, route);
    if on[from].onward != route || !on[to].closed {
        return None;
    }
    let named = named(graph, on, to);
    let text = if on[to].waiting {
        let component = graph.items[from].component.name;
        let text = Text::new()
            .add("handlers may wait for each other in a circle, where nothing moves on any more: ")
            .name(named.as_str());
        let text = match completing(graph, on, to) {
            Some(item) => text
                .add(", where ")
                .name(graph.items[item].name)
                .add(" answers in `on_complete`, when what it has sent is answered"),
            None => text,
        };
        text.add("; write `#[target(async)]` on ")
            .name(target)
            .add(" of ")
            .name(component)
            .add(", or on another target of the circle, and send without waiting [iop E08]")
    } else {
        Text::new()
            .add("messages may go round in a circle for ever: ")
            .name(named.as_str())
            .add("; write `#[item(max_hops = 10)]` in front of ")
            .name(graph.items[to].name)
            .add(", or of another item of the circle: what has come there more often is suspended [iop E09]")
    };
    Some(text)
}

/// An item of the circle that does not wait, and answers when what it has sent is answered.
const fn completing(graph: &Graph, on: &[OnCircle], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let route = &way(graph, on[at].onward);
        if !may_be_awaited(graph, route) {
            return Some(at);
        }
        at = route.to;
        if at == start {
            return None;
        }
    }
}

/// `router.ask -> enricher.back -> router`. Of a long circle, its beginning and its end.
const fn named(graph: &Graph, on: &[OnCircle], start: usize) -> Text {
    let mut length = 0;
    let mut at = start;
    loop {
        at = way(graph, on[at].onward).to;
        length += 1;
        if at == start {
            break;
        }
    }
    let mut text = Text::new();
    let mut step = 0;
    loop {
        let route = &way(graph, on[at].onward);
        if step < 8 || step + 8 >= length {
            text = text.add(graph.items[at].name).add(".").add(route.target).add(" -> ");
        } else if step == 8 {
            text = text.add("… -> ");
        }
        at = route.to;
        step += 1;
        if at == start {
            return text.add(graph.items[start].name);
        }
    }
}

/// How many calls may wait for one another at most: the longest way over routes that may be awaited. 0 where none is.
pub(crate) fn depth(graph: &Graph) -> usize {
    // Without circles, the longest way to an item is known once all routes to it were seen.
    let ways = (0..count(graph)).map(|index| way(graph, index));
    let awaited: Vec<Way> = ways.filter(|way| may_be_awaited(graph, way)).collect();
    let mut open = vec![0_usize; graph.items.len()];
    for route in &awaited {
        open[route.to] += 1;
    }
    let mut by_item = vec![Vec::new(); graph.items.len()];
    for route in &awaited {
        by_item[route.from].push(route.to);
    }
    let mut ready: Vec<usize> = (0..graph.items.len()).filter(|item| open[*item] == 0).collect();
    let mut depths = vec![0; graph.items.len()];
    while let Some(item) = ready.pop() {
        for &to in &by_item[item] {
            depths[to] = depths[to].max(depths[item] + 1);
            open[to] -= 1;
            if open[to] == 0 {
                ready.push(to);
            }
        }
    }
    depths.into_iter().max().unwrap_or_default()
}
