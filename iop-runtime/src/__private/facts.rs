//! Facts that lie in constants of several types, asked while the user's crate is compiled. A `panic!` in here is a
//! compile error in the user's source; its text is ours.

use crate::component::{ComponentKind, ComponentType, Entrance, Handlers};
use crate::message::{MessageType, Tapped};
use crate::production::proof::{Circles, Path, Text, contains, namesakes, repeated, same};
use crate::production::{Graph, Route};
use crate::settings::{is_no_duration, measure_of};

/// Every required target of the item is wired.
///
/// # Panics
/// Where one is not. `set` are the fields that `production!` sets; where one of them does not exist, rustc says so, and
/// what it was meant to be is not asked for a second time.
#[track_caller]
pub const fn assert_wired(item: &str, component: &ComponentType, set: &[&str]) {
    let mut names = Text::new();
    let mut edits = Text::new();
    let mut missing = 0;
    let mut index = 0;
    while index < component.targets.len() {
        let target = &component.targets[index];
        if target.required && !contains(set, target.name) {
            let (name, edit) = if missing == 0 { ("`", "`") } else { ("`, `", ", ") };
            names = names.add(name).add(target.name);
            edits = edits.add(edit).add(target.name).add(": item");
            missing += 1;
        }
        index += 1;
    }
    if missing > 0 && all_exist(set, component) {
        let plural = if missing == 1 { "target " } else { "targets " };
        let leaves = Text::new().add("item `").add(item).add("` leaves the ").add(plural).add(names.as_str());
        panic!("{}", leaves.add("` unwired; write ").add(edits.as_str()).add("` in it [iop E05]").as_str());
    }
}

/// A literal lies in the range of the setting that it is for. `owner` is the component or the item that says it.
///
/// # Panics
/// Where it does not.
#[track_caller]
pub const fn assert_within(owner: &str, component: &ComponentType, setting: &str, known: Option<i128>) {
    let mut group = 0;
    while group < component.settings.len() {
        let mut index = 0;
        while index < component.settings[group].len() {
            let decl = &component.settings[group][index];
            if same(decl.name, setting) {
                if let Some(misses) = decl.misses(known) {
                    let text = Text::new().add("the value of `").add(setting).add("` in `").add(owner).add("` is ");
                    let text = text.add(misses).add("; write one in the range that `").add(component.name);
                    panic!("{}", text.add("` declares [iop E05]").as_str());
                }
                return;
            }
            index += 1;
        }
        group += 1;
    }
}

/// A text fits the setting that it is for: it lies in its range, is a duration where that is one, and is no secret.
///
/// # Panics
/// Where it does not fit.
#[track_caller]
pub const fn assert_text(owner: &str, component: &ComponentType, setting: &str, text: &str) {
    assert_no_secret(owner, component, setting);
    if is_no_duration(text) && is_duration(component, setting) {
        assert_duration(owner, setting, text);
    }
    assert_within(owner, component, setting, measure_of(text));
}

/// A text is a duration, as far as that is seen without reading it all.
///
/// # Panics
/// Where it is none.
#[track_caller]
pub const fn assert_duration(owner: &str, setting: &str, text: &str) {
    if is_no_duration(text) {
        let fact = Text::new().name(setting).add(" of ").name(owner).add(" is a duration, and \"").add(text);
        panic!("{}", fact.add("\" is none; write \"500ms\", \"5s\", \"10m\" or \"1h30m\" [iop E05]").as_str());
    }
}

const fn is_duration(component: &ComponentType, setting: &str) -> bool {
    let mut group = 0;
    while group < component.settings.len() {
        let mut index = 0;
        while index < component.settings[group].len() {
            let decl = &component.settings[group][index];
            if same(decl.name, setting) {
                // The type, for people, says how one is written: `duration (500ms, …)`.
                return matches!(decl.type_name.as_bytes(), [b'd', b'u', b'r', b'a', b't', b'i', b'o', b'n', ..]);
            }
            index += 1;
        }
        group += 1;
    }
    false
}

#[track_caller]
const fn assert_no_secret(owner: &str, component: &ComponentType, setting: &str) {
    let mut group = 0;
    while group < component.settings.len() {
        let mut index = 0;
        while index < component.settings[group].len() {
            let decl = &component.settings[group][index];
            if decl.secret && same(decl.name, setting) {
                let text =
                    Text::new().name(setting).add(" of ").name(owner).add(" is a secret, and stands in the source");
                let text = text.add("; write `env:NAME` or `file:/path`, which is read when the production starts");
                panic!("{}", text.add(" [iop E15]").as_str());
            }
            index += 1;
        }
        group += 1;
    }
}

/// Whether the component has a target of this name.
#[must_use]
pub const fn has_target(component: &ComponentType, name: &str) -> bool {
    let mut index = 0;
    while index < component.targets.len() {
        if same(component.targets[index].name, name) {
            return true;
        }
        index += 1;
    }
    false
}

/// A process or operation is reached by a route.
///
/// # Panics
/// Where it is not; only called for items that no route reaches.
#[track_caller]
pub const fn assert_reached(graph: &Graph, index: usize) {
    let item = &graph.items[index];
    let kind = match item.component.kind {
        ComponentKind::Service => return,
        ComponentKind::Process => "process",
        ComponentKind::Operation => "operation",
    };
    if meant_elsewhere(graph, index) {
        return;
    }
    let text = Text::new().add("no route reaches the ").add(kind).add(" `").add(item.name);
    panic!("{}", text.add("`; wire a target to it, or write `#[item(standalone)]` in front of it [iop E07]").as_str());
}

/// Items that reach each other are reached by another.
///
/// # Panics
/// Where they are not; only called for items that none but each other reaches.
#[track_caller]
pub const fn assert_entered(graph: &Graph, items: &[usize]) {
    let mut names = Text::new();
    let mut index = 0;
    while index < items.len() {
        let item = &graph.items[items[index]];
        // That a route leads to a service is a mistake of its own.
        if matches!(item.component.kind, ComponentKind::Service) || meant_elsewhere(graph, items[index]) {
            return;
        }
        names = names.add(if index == 0 { "" } else { ", " }).name(item.name);
        index += 1;
    }
    let text = Text::new().add("no route leads from elsewhere to ").add(names.as_str());
    let text =
        text.add(if items.len() == 1 { ", which only sends to itself" } else { ", which only reach each other" });
    let text =
        text.add("; wire a target of another item to one of them, or write `#[item(standalone)]` in front of it");
    panic!("{}", text.add(" [iop E07]").as_str());
}

/// Whether a route leads to an item that does not handle what its target carries, and this one would: then no route is
/// missing, but one has the wrong end, and that is said there.
const fn meant_elsewhere(graph: &Graph, item: usize) -> bool {
    let mut index = 0;
    while index < graph.routes.len() {
        let Route { from, target, to } = graph.routes[index];
        let carried = carried(graph.items[from].component, target);
        if !handles_all(graph.items[to].component, carried) && handles_all(graph.items[item].component, carried) {
            return true;
        }
        index += 1;
    }
    false
}

const fn carried(component: &ComponentType, target: &str) -> &'static [&'static MessageType] {
    let mut index = 0;
    while index < component.targets.len() {
        if same(component.targets[index].name, target) {
            return component.targets[index].messages;
        }
        index += 1;
    }
    &[]
}

const fn handles_all(component: &ComponentType, messages: &[&MessageType]) -> bool {
    let mut index = 0;
    while index < messages.len() {
        let mut handler = 0;
        while handler < component.handled.len() && !same(component.handled[handler].message.name, messages[index].name)
        {
            handler += 1;
        }
        if handler == component.handled.len() {
            return false;
        }
        index += 1;
    }
    true
}

/// No two message types that the items handle, answer or send have one name. `SLOTS` is what
/// [`slots`](crate::production::proof::slots) says of the graph.
///
/// # Panics
/// Where two have.
#[track_caller]
pub const fn assert_names<const SLOTS: usize>(graph: &Graph) {
    if let Some(text) = namesakes::<SLOTS>(graph) {
        panic!("{}", text.as_str());
    }
}

/// A process or operation handles something.
///
/// # Panics
/// Where it does not.
#[track_caller]
pub const fn assert_handles(name: &str, component: &ComponentType) {
    if !component.handles_something {
        let text = Text::new().add("`").add(name).add("` handles no message");
        let text = text.add("; add `async fn name(&mut self, message: M) -> Result<…>` to its `#[handlers]` [iop E06]");
        panic!("{}", text.as_str());
    }
}

/// The item `tap` takes copies of what `item` receives, or with `responses` of what it answers.
///
/// # Panics
/// Where it does not handle one of them, or there is nothing to copy.
#[track_caller]
pub const fn assert_taps<C: Handlers, T: Handlers>(item: &str, tap: &str, responses: bool) {
    if matches!(C::TYPE.entrance, Entrance::Poll | Entrance::Adapter(_)) {
        let text =
            Text::new().add("`").add(item).add("` brings messages in and receives none, so there is nothing to copy");
        panic!("{}", text.add("; tap the item that it sends to [iop E06]").as_str());
    }
    if matches!(T::TYPE.kind, ComponentKind::Service) {
        let text = Text::new().add("no tap may end at the business service `").add(tap);
        panic!("{}", text.add("`; name a process or an operation [iop E06]").as_str());
    }
    if let Entrance::Director { message } = C::TYPE.entrance {
        if responses {
            let text = Text::new().add("what the business service `").add(item).add("` answers goes outside");
            panic!("{}", text.add("; tap the responses of the item that it asks [iop E06]").as_str());
        }
        return assert_takes::<T>(item, tap, Some(message));
    }
    let mut index = 0;
    while index < C::TABLE.messages.len() {
        let handler = &C::TABLE.messages[index];
        assert_takes::<T>(item, tap, if responses { handler.response } else { Some(handler.message) });
        index += 1;
    }
}

#[track_caller]
const fn assert_takes<T: Handlers>(item: &str, tap: &str, copied: Option<&MessageType>) {
    let Some(copied) = copied else { return };
    let mut index = 0;
    while index < T::TABLE.messages.len() {
        let name = T::TABLE.messages[index].message.name;
        if same(name, copied.name) || same(name, Tapped::NAME) {
            return;
        }
        index += 1;
    }
    if !T::TABLE.incomplete {
        let text = Text::new().add("the tap `").add(tap).add("` does not handle `").add(copied.name);
        let text = text
            .add("`, of which `")
            .add(item)
            .add("` would give it copies; add a handler for it, or one for `Tapped`");
        panic!("{}", text.add(", which takes copies of any type [iop E02]").as_str());
    }
}

/// What a process gathers by is a `#[key]` of every message that it handles.
///
/// # Panics
/// Where it is not.
#[track_caller]
pub const fn assert_correlates<C: Handlers>(name: &str) {
    let Some(key) = C::TYPE.correlate else { return };
    let mut index = 0;
    while index < C::TABLE.messages.len() {
        let message = C::TABLE.messages[index].message;
        if !contains(message.keys, key) {
            let text =
                Text::new().add("`").add(name).add("` gathers by `").add(key).add("`, which is no `#[key]` of `");
            let text = text.add(message.name).add("`; put `#[key]` on such a field of every message that it handles");
            panic!("{}", text.add(" [iop E12]").as_str());
        }
        index += 1;
    }
}

/// No circle is closed by a route.
///
/// # Panics
/// Where one is.
#[track_caller]
pub const fn assert_no_circle<const ITEMS: usize>(graph: &Graph, circles: &Circles<ITEMS>, route: usize) {
    refuse(circles.closed_by(graph, route));
}

/// A way leads from where a requirement begins to where it ends.
///
/// # Panics
/// Where none does.
#[track_caller]
pub const fn assert_way<const ITEMS: usize>(graph: &Graph, path: &Path<ITEMS>) {
    refuse(path.missing(graph));
}

/// An item keeps the orders that are required of it.
///
/// # Panics
/// At the first that it does not keep.
#[track_caller]
pub const fn assert_order<const ITEMS: usize>(graph: &Graph, paths: &[&Path<ITEMS>], item: usize) {
    let mut index = 0;
    while index < paths.len() {
        refuse(paths[index].broken_by(graph, item));
        index += 1;
    }
}

#[track_caller]
const fn refuse(mistake: Option<Text>) {
    if let Some(text) = mistake {
        panic!("{}", text.as_str());
    }
}

/// An operation that must not act twice is not tried for ever.
///
/// # Panics
/// Where it would be.
#[track_caller]
pub const fn assert_effect(graph: &Graph, item: usize) {
    refuse(repeated(&graph.items[item]));
}

/// What comes to an item that counts can be counted: the messages on the way are stored.
///
/// # Panics
/// Where one of them is not.
#[track_caller]
pub const fn assert_counted<C: Handlers>(item: &str) {
    let mut index = 0;
    while index < C::TABLE.messages.len() {
        let message = C::TABLE.messages[index].message;
        if message.transient {
            let text = Text::new().name(item).add(" cannot count how often ").name(message.name).add(" comes: it is ");
            let text =
                text.add("`#[message(transient)]`, and leaves no trace; write `#[message]` on it, or another bound");
            panic!("{}", text.add(" [iop E09]").as_str());
        }
        index += 1;
    }
}

/// Every message type that the component handles has the `#[key]` field by which its order goes.
///
/// # Panics
/// Where one has not.
#[track_caller]
pub const fn assert_keyed<C: Handlers>(item: &str, field: &str) {
    let mut index = 0;
    while index < C::TABLE.messages.len() {
        let message = C::TABLE.messages[index].message;
        // A message that was refused has no keys, and its own error.
        if message.version > 0 && !contains(message.keys, field) {
            let text = Text::new().name(item).add(" handles ").name(message.name).add(", which has no `#[key]` field ");
            let text = text.name(field).add("; put `#[key]` on that field of ").name(message.name);
            let text = add_keys(text, message.keys);
            panic!("{}", text.add(" [iop E10]").as_str());
        }
        index += 1;
    }
}

const fn add_keys(text: Text, keys: &[&str]) -> Text {
    if keys.is_empty() {
        return text;
    }
    let mut text = text.add(", or order by ");
    let mut index = 0;
    while index < keys.len() {
        text = text.add(if index == 0 { "" } else { ", " }).name(keys[index]);
        index += 1;
    }
    text
}

/// When a function of a `#[handlers]` block is called.
#[derive(Debug, Clone, Copy)]
pub enum Role {
    /// `on_process_input`.
    Input,
    /// A handler.
    Message,
    /// `on_response`.
    Response,
    /// `on_complete`.
    Complete,
    /// `on_timer`.
    Timer,
}

/// A component of this kind calls such a function.
///
/// # Panics
/// Where nothing ever would.
#[track_caller]
pub const fn assert_called<C: Handlers>(name: &str, role: Role) {
    let (why, edit) = match (role, C::TYPE.kind) {
        (Role::Complete, ComponentKind::Process) if C::TYPE.correlate.is_some() => (
            "` stands in a process that gathers, and what it completes is a group and no request",
            "call `cx.end_group()?` in the turn that completes the group",
        ),
        (Role::Input, ComponentKind::Process | ComponentKind::Operation) => (
            "` stands in a component that has a queue, and only a service takes input from outside",
            "give it another name and the message that it handles",
        ),
        (Role::Message, ComponentKind::Service) => (
            "` handles a message, and no route leads to a service",
            "call it `on_process_input`, or move it to a process or an operation",
        ),
        (Role::Response | Role::Complete, ComponentKind::Service | ComponentKind::Operation) => (
            "` stands in what is not a process, and only a process waits for responses without holding a worker",
            "await the response, or write `#[business_process]`",
        ),
        (Role::Timer, ComponentKind::Service | ComponentKind::Operation) => (
            "` stands in what is not a process, and only a process has timers",
            "wait with `cx.sleep(…)`, poll, or write `#[business_process]`",
        ),
        _ => return,
    };
    let text = Text::new().add("`").add(name).add(why).add("; ").add(edit).add(" [iop E06]");
    panic!("{}", text.as_str());
}

/// What stands in for a component in a test handles every message that the component handles.
///
/// # Panics
/// Where it does not.
#[cfg(feature = "testing")]
#[track_caller]
pub const fn assert_stands_in<Original: Handlers, Mock: Handlers>() {
    let (original, mock) = (Original::TABLE.messages, Mock::TABLE.messages);
    let mut index = 0;
    while index < original.len() {
        let wanted = original[index].message.name;
        let mut at = 0;
        while at < mock.len() && !same(mock[at].message.name, wanted) {
            at += 1;
        }
        if at == mock.len() {
            let text =
                Text::new().add("`").add(Mock::TYPE.name).add("` cannot stand in for `").add(Original::TYPE.name);
            let text = text.add("`: it does not handle `").add(wanted).add("`");
            panic!("{}", text.as_str());
        }
        index += 1;
    }
    let waits =
        matches!(Mock::TYPE.kind, ComponentKind::Process) && !matches!(Original::TYPE.kind, ComponentKind::Process);
    if waits {
        let text = Text::new().add("the process `").add(Mock::TYPE.name).add("` cannot stand in for the operation `");
        panic!("{}", text.add(Original::TYPE.name).add("`").as_str());
    }
}

/// Whether every name is a target or a setting.
const fn all_exist(names: &[&str], component: &ComponentType) -> bool {
    let mut index = 0;
    while index < names.len() {
        if !exists(names[index], component) {
            return false;
        }
        index += 1;
    }
    true
}

const fn exists(name: &str, component: &ComponentType) -> bool {
    // The engine has these itself where a service is called in intervals.
    if contains(&["call_interval", "first_call"], name) {
        return matches!(component.entrance, Entrance::Poll | Entrance::Adapter(_));
    }
    if has_target(component, name) {
        return true;
    }
    let mut group = 0;
    while group < component.settings.len() {
        let mut index = 0;
        while index < component.settings[group].len() {
            if same(component.settings[group][index].name, name) {
                return true;
            }
            index += 1;
        }
        group += 1;
    }
    false
}
