//! Whether two message types that the items of a graph handle, answer or send have one name. The start asks the same of
//! everything that is linked; here are those that a production is sure to need.

use super::text::{Text, same};
use crate::component::{ComponentType, Entrance};
use crate::message::MessageType;
use crate::production::Graph;

/// So many pairs are named; more than that are found when these are mended.
const MOST: usize = 4;

/// How many slots [`namesakes`] needs: two for each time that a message type is mentioned, so that few collide.
#[must_use]
pub const fn slots(graph: &Graph) -> usize {
    let mut mentions = 0;
    let mut index = 0;
    while index < graph.items.len() {
        let ComponentType { handled, targets, .. } = graph.items[index].component;
        // Each with its response; and what a service is called with.
        mentions += 2 * handled.len() + 1;
        let mut target = 0;
        while target < targets.len() {
            mentions += targets[target].messages.len();
            target += 1;
        }
        index += 1;
    }
    2 * mentions + 1
}

/// The error of message types of one name, where there are any.
pub(crate) const fn namesakes<const SLOTS: usize>(graph: &Graph) -> Option<Text> {
    let mut names = Names::<SLOTS> { slots: [None; SLOTS], pairs: [None; MOST], found: 0 };
    let mut index = 0;
    while index < graph.items.len() {
        names.item(graph.items[index].component);
        index += 1;
    }
    if names.found == 0 { None } else { Some(names.told()) }
}

/// Message types by their names, each once.
struct Names<const SLOTS: usize> {
    slots: [Option<&'static MessageType>; SLOTS],
    pairs: [Option<(&'static MessageType, &'static MessageType)>; MOST],
    found: usize,
}

impl<const SLOTS: usize> Names<SLOTS> {
    const fn item(&mut self, component: &ComponentType) {
        let mut index = 0;
        while index < component.handled.len() {
            self.message(component.handled[index].message);
            if let Some(response) = component.handled[index].response {
                self.message(response);
            }
            index += 1;
        }
        if let Entrance::Director { message } = component.entrance {
            self.message(message);
        }
        let mut target = 0;
        while target < component.targets.len() {
            let messages = component.targets[target].messages;
            let mut index = 0;
            while index < messages.len() {
                self.message(messages[index]);
                index += 1;
            }
            target += 1;
        }
    }

    /// The first one of a name has its slot; others of that name are found on the way to a free one.
    const fn message(&mut self, message: &'static MessageType) {
        // What was refused has no name of its own, and was told so.
        if message.version == 0 {
            return;
        }
        let mut at = (message.digest.name % SLOTS as u64) as usize;
        let mut namesake = None;
        while let Some(other) = self.slots[at] {
            if other.digest.itself == message.digest.itself {
                return;
            }
            if other.digest.name == message.digest.name && same(other.name, message.name) {
                namesake = Some(other);
            }
            at = (at + 1) % SLOTS;
        }
        self.slots[at] = Some(message);
        if let Some(other) = namesake
            && self.found < MOST
        {
            self.pairs[self.found] = Some((other, message));
            self.found += 1;
        }
    }

    const fn told(&self) -> Text {
        let mut text = Text::new();
        let mut index = 0;
        while index < self.found {
            if let Some((one, other)) = self.pairs[index] {
                text = text.add(if index == 0 { "two message types are named " } else { ", two are named " });
                let (path, other_path) = shortened(one.rust_path, other.rust_path);
                text = text.name(one.name).add(": ").name(path).add(" in line ").number(one.location.line);
                text = text.add(" and ").name(other_path).add(" in line ").number(other.location.line);
            }
            index += 1;
        }
        text.add(
            "; a stored message is read as the type of its name: write `#[message(name = \"…\")]` on one [iop E14]",
        )
    }
}

/// Two Rust paths without their crate, where that is the same.
const fn shortened<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let (length, length_of_other) = (crate_name(one), crate_name(other));
    let (name, name_of_other) = (one.split_at(length).0, other.split_at(length_of_other).0);
    if !same(name, name_of_other) {
        return (one, other);
    }
    (one.split_at(length).1, other.split_at(length_of_other).1)
}

/// How long the name of the crate in a path is, with the `::` behind it.
const fn crate_name(path: &str) -> usize {
    let bytes = path.as_bytes();
    let mut index = 0;
    while index + 1 < bytes.len() {
        if bytes[index] == b':' && bytes[index + 1] == b':' {
            return index + 2;
        }
        index += 1;
    }
    0
}
