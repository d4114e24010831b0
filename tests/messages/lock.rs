//! `messages.lock`: which changes of a type stored messages survive, and what is said of the others.

use std::collections::BTreeMap;

use iop::message::{Message, MessageType};
use iop::prelude::*;
use iop::production::lock::{MessagesLock, breaks};

/// What a change from one type to another breaks, as people read it.
fn broken(old: &'static MessageType, new: &'static MessageType) -> Vec<String> {
    // By way of its text: what is committed is what is compared.
    let lock = MessagesLock::parse(&MessagesLock::of(&[old]).to_text()).expect("a lock reads back");
    assert_eq!(breaks(&[old], &lock), [], "nothing changed");
    breaks(&[new], &lock).iter().map(ToString::to_string).collect()
}

#[message(part)]
struct Line {
    article: String,
    count: u32,
}

#[message(name = "order")]
struct Order {
    customer: String,
    note: Option<String>,
    lines: Vec<Line>,
    by_place: BTreeMap<String, Line>,
    pair: (u8, String),
    state: State,
}

#[message(part)]
enum State {
    Open,
    Paid { cents: i32 },
    Sent(String),
}

#[test]
fn the_lock_is_a_text_of_one_line_for_each_field_and_reads_back() {
    let lock = MessagesLock::of(&[Order::TYPE]);
    let text = lock.to_text();
    assert_eq!(MessagesLock::parse(&text), Ok(lock));
    for line in [
        "[message.\"order\"]",
        "version = 1",
        "\"customer\" = \"string\"",
        "\"note\" = \"null | string; may be missing\"",
        "\"lines/[]/count\" = \"integer uint32\"",
        "\"by_place/{}/article\" = \"string\"",
        "\"pair/[0]\" = \"integer uint8\"",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
    }
}

#[test]
fn what_stored_messages_survive_is_no_error() {
    #[message(part)]
    struct NewLine {
        #[serde(alias = "article")]
        product: String,
        count: u64,
        #[serde(default)]
        weight: f64,
    }
    #[message(part)]
    enum NewState {
        Open,
        Paid {
            cents: i64,
        },
        #[serde(alias = "Sent")]
        Shipped(String),
        Lost,
    }
    #[message(name = "order")]
    struct NewOrder {
        #[serde(alias = "customer")]
        client: String,
        note: Option<String>,
        lines: Vec<NewLine>,
        by_place: BTreeMap<String, NewLine>,
        pair: (u16, String),
        state: Option<NewState>,
        new: Option<u8>,
    }
    let none: [&str; 0] = [];
    assert_eq!(broken(Order::TYPE, NewOrder::TYPE), none);
}

#[test]
fn a_removed_a_retyped_and_a_new_field_are_named_with_the_ways_out() {
    #[message(part)]
    struct NewLine {
        article: u32,
        count: u8,
        weight: f64,
    }
    #[message(name = "order")]
    struct NewOrder {
        note: String,
        lines: Vec<NewLine>,
        by_place: BTreeMap<String, Line>,
        pair: (u8, String),
        state: State,
    }
    let broken = broken(Order::TYPE, NewOrder::TYPE);
    let starts = [
        "message `order`, field `customer`: is gone, and stored messages have it\n  help: if it was renamed, write \
         `#[serde(alias = \"customer\")]` on the new field; keep it with `#[serde(default)]`; or write \
         `#[message(version = 2, upgrade = …)]`",
        "message `order`, field `lines[].article`: was `string` and is `integer uint32`",
        "message `order`, field `lines[].count`: was `integer uint32` and is `integer uint8`",
        "message `order`, field `note`: was `null | string` and is `string`",
        "message `order`, field `note`: may be missing in stored messages, and is required now",
        "message `order`, field `lines[].weight`: is new, and stored messages do not have it\n  help: make it an `Option`, or \
         give it `#[serde(default)]`",
    ];
    assert_eq!(broken.len(), starts.len(), "{broken:#?}");
    for (one, start) in broken.iter().zip(starts) {
        assert!(one.starts_with(start) && one.ends_with("[iop E14]"), "{one}\n{start}");
    }
}

#[test]
fn a_lost_variant_is_named_in_every_form_of_serde() {
    #[message(part)]
    enum NewState {
        Open,
        Paid { cents: i32 },
    }
    #[message(name = "order")]
    struct NewOrder {
        customer: String,
        note: Option<String>,
        lines: Vec<Line>,
        by_place: BTreeMap<String, Line>,
        pair: (u8, String),
        state: NewState,
    }
    let lost = broken(Order::TYPE, NewOrder::TYPE);
    assert_eq!(lost.len(), 1, "{lost:#?}");
    assert!(lost[0].contains("field `state") && lost[0].contains("Sent"), "{lost:#?}");

    #[message(name = "change")]
    #[serde(tag = "kind")]
    enum Tagged {
        Moved { to: String },
        Gone,
    }
    #[message(name = "change")]
    #[serde(tag = "kind")]
    enum NewTagged {
        Moved { to: u32 },
    }
    let lost = broken(Tagged::TYPE, NewTagged::TYPE);
    assert_eq!(lost.len(), 2, "{lost:#?}");
    assert!(lost[0].contains("has lost the variant `Gone`"), "{lost:#?}");
    assert!(lost[1].contains("field `<Moved>.to`: was `string` and is `integer uint32`"), "{lost:#?}");

    #[message(name = "colour")]
    enum Colour {
        Red,
        Green,
    }
    #[message(name = "colour")]
    enum NewColour {
        Red,
        Blue,
    }
    let lost = broken(Colour::TYPE, NewColour::TYPE);
    assert_eq!(lost.len(), 1, "{lost:#?}");
    assert!(lost[0].starts_with("message `colour`: has lost the variant `Green`"), "{lost:#?}");
    #[message(name = "colour")]
    enum RenamedColour {
        Red,
        #[serde(alias = "Green")]
        Blue,
    }
    assert_eq!(broken(Colour::TYPE, RenamedColour::TYPE), Vec::<String>::new());
}

#[test]
fn a_new_version_needs_the_way_from_the_locked_one() {
    #[message(name = "order", version = 2)]
    struct NoWay {
        client: u64,
    }
    let found = broken(Order::TYPE, NoWay::TYPE);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("is read from version 2, and version 1 may be stored"), "{found:#?}");

    #[expect(clippy::needless_pass_by_value, reason = "an upgrade takes what it upgrades")]
    fn from_v1(old: Order) -> Upgraded {
        Upgraded { client: old.customer.len() as u64 }
    }
    #[message(name = "order", version = 2, upgrade = from_v1)]
    struct Upgraded {
        client: u64,
    }
    assert_eq!(broken(Order::TYPE, Upgraded::TYPE), Vec::<String>::new());
    let back = broken(Upgraded::TYPE, Order::TYPE);
    assert!(back[0].contains("is version 1, and version 2 was stored"), "{back:#?}");

    #[message(part)]
    struct NotAsStored {
        customer: u8,
    }
    #[expect(clippy::needless_pass_by_value, reason = "an upgrade takes what it upgrades")]
    fn from_another(old: NotAsStored) -> Wrong {
        Wrong { client: u64::from(old.customer) }
    }
    #[message(name = "order", version = 2, upgrade = from_another)]
    struct Wrong {
        client: u64,
    }
    let found = broken(Order::TYPE, Wrong::TYPE);
    assert!(
        found.iter().any(|one| one.contains("was `string` and is `integer uint8` (in the type that `upgrade` takes")),
        "{found:#?}"
    );
}

#[test]
fn a_type_that_is_gone_is_named_and_a_part_that_contains_itself_has_an_end() {
    #[message(name = "tree")]
    struct Tree {
        name: String,
        children: Vec<Tree>,
    }
    assert_eq!(broken(Tree::TYPE, Tree::TYPE), Vec::<String>::new());
    let gone = broken(Tree::TYPE, Order::TYPE);
    assert!(gone[0].starts_with("message `tree`: is no longer sent or handled by the production"), "{gone:#?}");
}

#[business_operation]
struct Shop;

#[handlers]
impl Shop {
    async fn order(&mut self, _: Order) -> Result {
        Ok(())
    }
}

production! {
    Orders {
        #[item(standalone)]
        shop: Shop {},
    }
}

#[test]
fn a_test_of_the_users_own_fails_where_the_lock_is_missing_old_or_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("messages.lock");
    let said = || {
        let checked = std::panic::catch_unwind(|| iop::testing::assert_messages_locked_in::<Orders>(&file));
        checked.err().map(|panic| *panic.downcast::<String>().expect("a text"))
    };
    assert!(said().expect("it is missing").contains("write it with the program's command `lock`"));

    let lock = MessagesLock::of(&[Order::TYPE]).to_text();
    std::fs::write(&file, &lock).expect("written");
    assert_eq!(said(), None);

    std::fs::write(&file, lock.replace("\"customer\" = \"string\"\n", "")).expect("written");
    assert!(said().expect("a field is new").contains("`order`"));

    std::fs::write(&file, lock.replace("\"customer\" = \"string\"", "\"client\" = \"string\"")).expect("written");
    let broken = said().expect("a field is gone");
    assert!(broken.contains("`client`") && broken.contains("[iop E14]"), "{broken}");
}
