//! The language of searches: what it means, what it refuses and where, and that its one form is read as what it was.

use iop::clock::Timestamp;
use iop::message::{Kind, MessageId, Priority, SessionId, Status, SuspendReason};
use iop::search::{
    Lanes, Mark, Pattern, Query, StatusWord, Term, Test, Vocabulary, WantedKey, When, parse, suggest, wanted_key,
};
use std::sync::Arc;
use std::time::Duration;

fn one(text: &str) -> Test {
    let mut query = parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(query.terms.len(), 1, "{text}");
    query.terms.remove(0).test
}

#[test]
fn a_query_of_every_qualifier_is_read() {
    assert_eq!(one("status:error"), Test::Status(vec![StatusWord::Error]));
    let several = vec![StatusWord::One(Status::Suspended), StatusWord::One(Status::Retrying)];
    assert_eq!(one("status:suspended,Retrying"), Test::Status(several));
    assert_eq!(one("item:billing"), Test::Item(vec![Pattern::exactly("billing")]));
    assert_eq!(one("to:lab*"), Test::To(vec![Pattern { text: "lab".into(), prefix: true }]));
    assert_eq!(one("to:\"lab*\""), Test::To(vec![Pattern::exactly("lab*")]), "a star in quotes is a star");
    assert_eq!(one("from:outside"), Test::From(vec![Pattern::exactly("outside")]));
    assert_eq!(one("key.order_id:ORD:1"), Test::Key("order_id".into(), vec![Pattern::exactly("ORD:1")]));
    assert_eq!(one("error:\"timed out, \\\"late\\\"\""), Test::Error(vec!["timed out, \"late\"".into()]));
    assert_eq!(one("is:late,orphaned"), Test::Is(vec![Mark::Late, Mark::Orphaned]));
    assert_eq!(one("priority:100..high"), Test::Priority(vec![Lanes { low: 100, high: Priority::HIGH.0 }]));
    assert_eq!(one("kind:request"), Test::Kind(vec![Kind::Request]));
    assert_eq!(one("reason:in_doubt"), Test::Reason(vec![SuspendReason::InDoubt]));
    let id = MessageId::random();
    assert_eq!(one(&format!("session:{id}")), Test::Session(vec![SessionId::of(id)]));
    assert_eq!(one(&id.to_string()), Test::Id(vec![id]), "an id alone");
    assert_eq!(one("smith,jones"), Test::Text(vec!["smith,jones".into()]), "a word alone");
    let negated = parse("-status:completed").expect("good");
    assert!(negated.terms[0].negated);
    assert!(parse(" \t ").expect("nothing is everything").terms.is_empty());
}

#[test]
fn moments_are_relative_or_absolute_with_a_zone_or_in_utc() {
    let at = |text: &str| match one(&format!("since:{text}")) {
        Test::Since(when) => when,
        other => panic!("{other:?}"),
    };
    assert_eq!(at("1h30m"), When::Ago(Duration::from_secs(5400)));
    assert_eq!(at("2w"), When::Ago(Duration::from_secs(14 * 86_400)));
    let nine = When::At(Timestamp(1_795_510_800_000_000));
    for text in [
        "2026-11-24T09:00:00Z",
        "2026-11-24T09:00",
        "2026-11-24T10:00+01:00",
        "2026-11-24T10:00+01:00[Europe/Paris]",
        "2026-11-24T10:00[Europe/Paris]",
    ] {
        assert_eq!(at(text), nine, "{text}");
    }
    assert_eq!(at("2026-11-24"), When::At(Timestamp(1_795_478_400_000_000)));
    assert_eq!(When::Ago(Duration::from_secs(1)).moment(Timestamp(3_000_000)), Timestamp(2_000_000));
}

#[test]
fn every_mistake_is_said_at_its_place_with_what_was_meant() {
    for (text, place, says, meant) in [
        ("item:lab statsu:error", "statsu", "there is no qualifier `statsu:`", Some("status:")),
        ("component:lab", "component", "there is no qualifier", Some("item:")),
        ("status:suspnded", "suspnded", "is one of", Some("suspended")),
        ("status:queued,nonsense", "nonsense", "not `nonsense`", None),
        ("since:yesteryear", "yesteryear", "is no moment", None),
        ("since:1h,2h", "since:1h,2h", "takes one moment", None),
        ("session:abc", "abc", "is no id of a session", None),
        ("priority:200..100", "200..100", "is no priority", None),
        ("key:A-1", "key", "there is no qualifier `key:`", Some("key.NAME:")),
        ("item:", "item:", "has no value", None),
        ("text:\"never closed", "\"never closed", "not closed", None),
        ("status:open -", "-", "nothing to look for", None),
    ] {
        let error = parse(text).expect_err(text);
        let [mistake] = &error.mistakes[..] else { panic!("{text}: {error:?}") };
        assert_eq!(&text[mistake.span.clone()], place, "{text}");
        assert!(mistake.problem.contains(says), "{text}: {}", mistake.problem);
        assert_eq!(mistake.suggestion.as_deref(), meant, "{text}");
    }
    let error = parse("stat:x ok:é kind:z").expect_err("all wrong");
    assert_eq!(error.mistakes.len(), 3, "not the first alone");
    let error = parse("text:é sinc:1h").expect_err("wrong");
    assert!(error.to_string().ends_with("\n  text:é sinc:1h\n         ^^^^"), "{error}");
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn text(&mut self) -> Arc<str> {
        let letters = ['a', 'Z', '7', ' ', ',', ':', '"', '\\', '*', '-', 'é', '\n', '.', '{'];
        (0..1 + self.roll(6)).map(|_| letters[self.roll(letters.len())]).collect::<String>().into()
    }

    fn some<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..1 + self.roll(3)).map(|_| make(self)).collect()
    }

    fn patterns(&mut self) -> Vec<Pattern> {
        self.some(|dice| match dice.roll(4) {
            0 => Pattern { text: ["lab", "ORD-", "é"][dice.roll(3)].into(), prefix: true },
            _ => Pattern::exactly(dice.text()),
        })
    }

    fn when(&mut self) -> When {
        match self.roll(2) {
            0 => When::Ago(Duration::from_secs(self.roll(2_000_000) as u64)),
            _ => When::At(Timestamp(self.roll(1 << 30) as i64 * 1_500_003)),
        }
    }

    fn term(&mut self) -> Term {
        let id = |dice: &mut Self| MessageId::of_input(&[&dice.roll(1000).to_le_bytes()]);
        let test = match self.roll(16) {
            0 => Test::Status(self.some(|dice| match dice.roll(9) {
                7 => StatusWord::Error,
                8 => StatusWord::Open,
                number => StatusWord::One(Status::ALL[number]),
            })),
            1 => Test::Reason(self.some(|dice| SuspendReason::ALL[dice.roll(9)])),
            2 => Test::Item(self.patterns()),
            3 => Test::From(self.patterns()),
            4 => Test::To(self.patterns()),
            5 => Test::Type(self.patterns()),
            6 => Test::Kind(self.some(|dice| [Kind::Request, Kind::Response, Kind::Timer][dice.roll(3)])),
            7 => Test::Key("order_id".into(), self.patterns()),
            8 => Test::Session(self.some(|dice| SessionId::of(id(dice)))),
            9 => Test::Id(self.some(id)),
            10 => Test::Since(self.when()),
            11 => Test::Until(self.when()),
            12 => Test::Error(self.some(Self::text)),
            13 => Test::Text(self.some(Self::text)),
            14 => Test::Is(self.some(|dice| [Mark::Late, Mark::Resent, Mark::Orphaned][dice.roll(3)])),
            _ => Test::Priority(self.some(|dice| {
                let low = dice.roll(200) as u8;
                Lanes { low, high: low + dice.roll(50) as u8 }
            })),
        };
        Term { negated: self.roll(3) == 0, test }
    }
}

#[test]
fn the_one_form_of_a_query_is_read_as_the_same_query() {
    let mut dice = Dice(7);
    for _ in 0..5000 {
        let query = Query { terms: (0..dice.roll(5)).map(|_| dice.term()).collect() };
        let text = query.to_string();
        assert_eq!(parse(&text).as_ref(), Ok(&query), "{text}");
    }
}

#[test]
fn no_text_makes_the_parser_panic_and_every_mistake_lies_inside_the_text() {
    let mut dice = Dice(11);
    for _ in 0..5000 {
        let words = ["status", "key.", ":", "-", "\"", ",", " ", "é", "*", "since:1", "\\", "is:late", "1h"];
        let text: String = (0..dice.roll(9)).map(|_| words[dice.roll(words.len())]).collect();
        for cursor in 0..=text.len() + 1 {
            let _ = suggest(&text, cursor, &Vocabulary::default());
        }
        if let Err(error) = parse(&text) {
            assert!(
                error.mistakes.iter().all(|mistake| text.get(mistake.span.clone()).is_some()),
                "{text:?} {error:?}"
            );
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn what_could_stand_at_the_cursor_is_suggested() {
    let known = Vocabulary {
        items: vec!["billing".into(), "lab".into()],
        types: vec!["Order".into(), "Lab Result".into()],
        keys: vec!["order_id".into()],
        values: vec!["ORD-1".into(), "ORD-2".into()],
    };
    let texts = |text: &str| -> Vec<String> {
        suggest(text, text.len(), &known).into_iter().map(|suggestion| suggestion.text).collect()
    };
    assert_eq!(texts("st"), ["status:"]);
    assert_eq!(texts("item:lab ke"), ["key.order_id:"]);
    assert_eq!(texts("-status:s"), ["suspended"]);
    assert_eq!(texts("status:queued,r"), ["retrying"]);
    assert_eq!(texts("from:"), ["billing", "lab", "outside"]);
    assert_eq!(texts("type:\"lab r"), ["\"Lab Result\""], "with its quotes, and whatever the case");
    assert_eq!(texts("key.order_id:ORD"), ["ORD-1", "ORD-2"]);
    assert_eq!(texts("text:x"), [""; 0]);
    assert!(texts("").len() > 10, "at the beginning everything");
    let at_status = suggest("status:co item:lab", 9, &known);
    assert_eq!(at_status[0].span, 7..9, "where the cursor is, not at the end");
    let wanted = WantedKey { name: "order_id".into(), prefix: "OR".into() };
    assert_eq!(wanted_key("status:error key.order_id:A,OR", 30), Some(wanted));
    assert_eq!(wanted_key("item:lab", 8), None);
}
