//! Searches: every index gives what the language says, whichever the store takes.

use std::convert::Infallible;
use std::time::Duration;

use iop::clock::Timestamp;
use iop::message::{Header, Kind, MessageId, Priority, SessionId, Status, SuspendReason};
use iop::search::{Facts, Pattern, Query, RESENT_FROM, contains, parse};
use iop::store::{Admin, Counted, End, LeaseRequest, NewMessage, Search, Step, StoredMessage};

use crate::bench::{Bench, Sqlite, committed, ids, message, messages, request};

/// A message with all that a query can ask for.
struct Known {
    stored: StoredMessage,
    keys: Vec<(&'static str, String)>,
}

impl Facts for &Known {
    type Error = Infallible;

    fn header(&self) -> &Header {
        &self.stored.header
    }

    fn has_key(&mut self, name: &str, value: &Pattern) -> Result<bool, Infallible> {
        Ok(self.keys.iter().any(|(key, text)| *key == name && value.matches(text)))
    }

    fn is_resent(&mut self) -> Result<bool, Infallible> {
        Ok(self.keys.iter().any(|(key, _)| *key == RESENT_FROM))
    }

    fn body_contains(&mut self, text: &str) -> Result<bool, Infallible> {
        Ok(contains(&self.stored.body, text.as_bytes()))
    }
}

fn varied(number: usize) -> NewMessage {
    let pick = |of: &[&str]| of[number % of.len()].to_owned();
    let mut keys = vec![("order_id", format!("ORD-{}", number / 4)), ("ward", pick(&["A", "B", "C"]))];
    if number.is_multiple_of(41) {
        keys.push((RESENT_FROM, MessageId::random().to_string()));
    }
    NewMessage {
        session: SessionId::of(MessageId::of_input(&[&(number / 4).to_le_bytes()])),
        source: Some(pick(&["in", "lab", "front"]).into()).filter(|_| !number.is_multiple_of(7)),
        target: Some(pick(&["billing", "lab", "archive", "fax", "billing2"]).into()),
        type_name: pick(&["Order", "Result", "Order", "Note"]).into(),
        kind: [Kind::Request, Kind::Response, Kind::Timer][number % 3],
        status: match number % 13 {
            0 => Status::Queued,
            1 => Status::Suspended,
            2 => Status::Discarded,
            3 => Status::Expired,
            _ => Status::Completed,
        },
        priority: [Priority::NORMAL, Priority::HIGH, Priority::LOW][number % 11 % 3],
        due: (number.is_multiple_of(26)).then_some(Timestamp(i64::MAX / 2 + number as i64)),
        late: number.is_multiple_of(29),
        body: format!(r#"{{"number":{number},"name":"{}"}}"#, pick(&["Müller", "Smith", "O'Brien"])).into(),
        keys,
        ..message()
    }
}

/// Stores many messages of every kind, some of which fail. More than the index writes at once, and some that it has not
/// written yet.
async fn fill(bench: &impl Bench, count: usize) -> Vec<Known> {
    let mut all = Vec::new();
    for part in (0..count).collect::<Vec<_>>().chunks(100) {
        bench.wait(60);
        let emit: Vec<NewMessage> = part.iter().map(|number| varied(*number)).collect();
        all.extend(emit.iter().map(|message| (message.id, message.keys.clone())));
        bench.emit(emit).await;
    }
    let mut reasons = SuspendReason::ALL.into_iter().cycle();
    for (queue, limit) in [("billing", 20), ("lab", 20), ("archive", 5)] {
        let leased = bench.lease_as(LeaseRequest { queue: queue.into(), ..request(limit) }).await.leased;
        for (number, leased) in leased.into_iter().enumerate() {
            let error = format!("connect to 10.0.0.{number}: timed OUT").into();
            let end = match number % 3 {
                0 => End::Suspend { reason: reasons.next().expect("there is no end of them"), error },
                1 => End::Retry { due: bench.later(3600), error, keep: false },
                _ => continue,
            };
            assert_eq!(bench.end(leased.token, end).await, committed());
        }
    }
    let mut known = Vec::new();
    for (id, keys) in all {
        known.push(Known { stored: bench.stored(id).await, keys });
    }
    known
}

async fn found(bench: &impl Bench, search: Search) -> Vec<MessageId> {
    let found = bench.store().search(search).await.expect("the store works");
    found.headers.iter().map(|header| header.id).collect()
}

fn query(text: &str, bench: &impl Bench) -> Query {
    parse(text).unwrap_or_else(|error| panic!("{error}")).at(bench.clock_now())
}

pub(crate) async fn a_search_finds_what_the_language_says_by_whatever_way(bench: impl Bench) {
    let known = fill(&bench, 1300).await;
    let (session, id) = (known[500].stored.header.session, known[7].stored.header.id);
    let (middle, late) = (known[650].stored.header.created, known[1299].stored.header.created);
    let mut empty = Vec::new();
    for text in [
        String::new(),
        "status:error".into(),
        "status:open".into(),
        "status:queued".into(),
        "status:suspended,discarded".into(),
        "status:retrying".into(),
        "status:in_flight".into(),
        "status:expired".into(),
        "status:completed".into(),
        "-status:completed".into(),
        "-status:completed,queued,in_flight".into(),
        "status:suspended -status:suspended".into(),
        "reason:poison,schema".into(),
        "reason:corrupt,in_doubt".into(),
        "is:orphaned".into(),
        "is:orphaned,late".into(),
        "is:late".into(),
        "is:resent".into(),
        "-is:resent is:late".into(),
        "is:late,resent".into(),
        "item:lab".into(),
        "item:billing*".into(),
        "-item:lab".into(),
        "from:outside".into(),
        "from:lab to:fax".into(),
        "to:billing type:Order".into(),
        "type:Note".into(),
        "type:Note,Result -to:fax".into(),
        "type:Nothing".into(),
        "item:nobody".into(),
        "kind:timer".into(),
        "kind:response priority:high".into(),
        "priority:60..150".into(),
        "key.order_id:ORD-77".into(),
        "key.order_id:ORD-77,ORD-5".into(),
        "key.order_id:ORD-7*".into(),
        "key.ward:B status:queued".into(),
        "key.ward:* item:lab status:error".into(),
        "-key.ward:B type:Note".into(),
        "key.unknown:1".into(),
        format!("session:{session}"),
        format!("session:{session} -type:Order"),
        format!("id:{id}"),
        format!("id:{}", MessageId::random()),
        format!("since:{middle}"),
        format!("until:{middle} type:Order"),
        format!("since:{middle} until:{late} status:suspended"),
        "since:10m".into(),
        "since:0s".into(),
        "error:\"Timed out\"".into(),
        "error:10.0.0.3 item:lab".into(),
        "error:nothing".into(),
        "-error:timed status:suspended".into(),
        "text:smith".into(),
        "text:MüLLER to:fax".into(),
        "text:\"\\\"number\\\":77,\"".into(),
        "-text:smith -text:brien kind:request".into(),
    ] {
        let query = query(&text, &bench);
        let holds = |known: &&Known| {
            let Ok(holds) = query.holds(&mut &**known);
            holds
        };
        let mut expected: Vec<MessageId> = known.iter().filter(holds).map(|known| known.stored.header.id).collect();
        if expected.is_empty() {
            empty.push(text.clone());
        }
        let search = |oldest_first| Search { query: query.clone(), limit: 2000, oldest_first, ..Search::default() };
        assert_eq!(found(&bench, search(true)).await, expected, "{text}");
        let counted = bench.store().count(search(false)).await;
        assert_eq!(counted, Ok(Counted { count: expected.len() as u64, exact: true }), "{text}");
        expected.reverse();
        assert_eq!(found(&bench, search(false)).await, expected, "{text}");
    }
    assert_eq!(empty.len(), 7, "the other queries find something: {empty:?}");
}

pub(crate) async fn a_search_is_paged_in_both_directions_and_frozen(bench: impl Bench) {
    fill(&bench, 300).await;
    for text in ["", "type:Order", "status:open", "key.ward:B", "-status:completed"] {
        let query = query(text, &bench);
        let up_to = bench.store().last_sequence().await.expect("the store works");
        let whole = Search { query: query.clone(), limit: 1000, up_to: Some(up_to), ..Search::default() };
        let all = found(&bench, whole.clone()).await;
        bench.emit((0..26).map(varied).collect()).await;
        assert_eq!(found(&bench, whole.clone()).await, all, "nothing that came later: {text}");
        for oldest_first in [true, false] {
            let (mut pages, mut after) = (Vec::new(), None);
            loop {
                let search = Search { limit: 7, after, oldest_first, ..whole.clone() };
                let page = bench.store().search(search).await.expect("the store works");
                assert!(page.headers.len() == 7 || page.next.is_none(), "{text}: only the last page is short");
                assert_eq!(page.looked_to, None);
                pages.extend(page.headers.iter().map(|header| header.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if oldest_first {
                pages.reverse();
            }
            assert_eq!(pages, all, "{text}");
        }
        let at_least = bench.store().count(Search { query, limit: 5, ..Search::default() }).await;
        assert_eq!(at_least, Ok(Counted { count: 5, exact: false }), "{text}");
    }
}

pub(crate) async fn a_message_that_was_moved_is_found_where_it_is(mut bench: impl Bench) {
    let moved = message();
    bench.emit(messages(1100)).await;
    bench.emit(vec![moved.clone()]).await;
    bench.emit(messages(1100)).await;
    for to in ["lab", "out", "lab"] {
        let action = Admin::Move { id: moved.id, to: to.into() };
        assert_eq!(bench.store().admin(action).await, Ok(true));
        let of = |item: &str| Search { query: query(&format!("to:{item}"), &bench), limit: 3000, ..Search::default() };
        for item in ["lab", "out"] {
            assert_eq!(found(&bench, of(item)).await.contains(&moved.id), item == to, "{item}, moved to {to}");
        }
    }
    bench.reopen().await;
    let lab = Search { query: query("to:lab", &bench), ..Search::default() };
    assert_eq!(found(&bench, lab).await, [moved.id], "also over the next opening");
}

pub(crate) async fn what_was_purged_is_not_found_and_leaves_nothing_in_the_index(bench: impl Bench) {
    let done = |_| NewMessage { status: Status::Completed, ..message() };
    bench.emit((0..1200).map(done).collect()).await;
    bench.wait(10);
    let kept = messages(2);
    bench.emit(kept.clone()).await;
    while bench.purge(500).await > 0 {}
    let all =
        Search { query: query("type:Hello to:out", &bench), limit: 2000, oldest_first: true, ..Search::default() };
    assert_eq!(found(&bench, all).await, ids(&kept));
}

pub(crate) async fn the_values_of_a_key_are_listed_by_their_beginning(bench: impl Bench) {
    let with = |value: &str| NewMessage { keys: vec![("mrn", value.to_owned())], ..message() };
    let values = ["B-1", "A-2", "A-1", "A-1", "hash:00ff", "A-3", "zebra"];
    bench.emit(values.into_iter().map(with).collect()).await;
    let listed = async |prefix: &str, limit| {
        bench.store().key_values("mrn".into(), prefix.into(), limit).await.expect("the store works")
    };
    assert_eq!(listed("A-", 10).await, ["A-1", "A-2", "A-3"]);
    assert_eq!(listed("", 2).await, ["A-1", "A-2"]);
    assert_eq!(listed("", 10).await, ["A-1", "A-2", "A-3", "B-1", "zebra"], "hashes are passed over");
    assert_eq!(listed("C", 10).await, [""; 0]);
}

#[tokio::test]
async fn a_search_that_is_out_of_time_says_how_far_it_came_and_pages_on_to_the_end() {
    let bench = Sqlite::new();
    let known = fill(&bench, 3000).await;
    let query = query("text:no-such-text", &bench);
    let mut after = None;
    for round in 0.. {
        let search = Search { query: query.clone(), within: Some(Duration::ZERO), after, ..Search::default() };
        let page = bench.store().search(search).await.expect("the store works");
        assert!(page.headers.is_empty());
        let Some(next) = page.next else {
            assert!(round > 10, "it did not look at everything in no time");
            break;
        };
        assert!(after.is_none_or(|before| next < before), "it comes on");
        let at = known.iter().find(|known| known.stored.header.sequence == next).expect("a message");
        assert_eq!(page.looked_to, Some(at.stored.header.created));
        after = Some(next);
    }
}

#[tokio::test]
async fn the_index_behind_the_commits_holds_each_message_once_and_survives_a_crash() {
    let mut bench = Sqlite::new();
    let count = |bench: &Sqlite| -> (i64, i64) {
        let connection = rusqlite::Connection::open(bench.path().join("iop.db")).expect("the database opens");
        let sql = "SELECT (SELECT count(*) FROM posting), (SELECT count(*) FROM message)";
        connection.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?))).expect("the tables are there")
    };
    for _ in 0..5 {
        bench.emit(messages(700)).await;
        bench.crash();
        bench.open();
    }
    let step = Step { emit: vec![message()], ..Step::default() };
    assert_eq!(bench.commit(step).await, committed());
    bench.store().close().await.expect("it closes");
    assert_eq!(count(&bench), (3501, 3501), "a clean close leaves nothing to be written");
    bench.crash();
    bench.open();
    bench.wait(1);
    while bench.purge(500).await > 0 {}
    let done = |_| NewMessage { status: Status::Completed, ..message() };
    bench.emit((0..50).map(done).collect()).await;
    bench.wait(1);
    while bench.purge(1000).await > 0 {}
    bench.store().close().await.expect("it closes");
    assert_eq!(count(&bench), (3501, 3501), "what was purged has no posting left");
}
