//! A store that is opened by another production than the one that left it: nothing is consumed before somebody decided.

use std::sync::Arc;

use iop::clock::{Timestamp, TokioClock};
use iop::engine::{self, ChangeChoice, Changed, Orphans, Running, StartOptions};
use iop::message::{Invocation, Kind, MessageId, Priority, SessionId, Status, SuspendReason};
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{self, Layers};
use iop::store::memory::MemoryStore;
use iop::store::sqlite::SqliteStore;
use iop::store::{Admin, EventQuery, MessageQuery, NewMessage, Step, Store};
use iop_tests::rig::Rig;

#[message]
#[derive(Clone)]
struct Parcel {
    weight: u32,
}

/// Weighs what it gets.
#[business_operation]
struct Scale;

#[handlers]
impl Scale {
    async fn on_message(&mut self, parcel: Parcel) -> Result {
        info!("{} kg", parcel.weight);
        Ok(())
    }
}

mod later {
    use super::*;

    production! {
        pub(super) Depot {
            #[item(standalone, renamed_from = "scale")]
            platform: Scale {},
        }
    }
}

mod smaller {
    use super::*;

    production! {
        pub(super) Depot {
            #[item(standalone)]
            other: Scale {},
        }
    }
}

mod heavier {
    use super::*;

    #[message(name = "Parcel")]
    pub(super) struct HeavyParcel {
        kilograms: u64,
    }

    #[business_operation]
    pub(super) struct Scale;

    #[handlers]
    impl Scale {
        async fn on_message(&mut self, parcel: HeavyParcel) -> Result {
            info!("{} kg", parcel.kilograms);
            Ok(())
        }
    }

    production! {
        pub(super) Depot {
            #[item(standalone)]
            scale: Scale {},
        }
    }
}

/// As `heavier`, under another name, and nobody has said that it is the item of old.
mod elsewhere {
    use super::*;

    production! {
        pub(super) Depot {
            #[item(standalone)]
            platform: heavier::Scale {},
        }
    }
}

/// As `elsewhere`, and it was said.
mod moved {
    use super::*;

    production! {
        pub(super) Depot {
            #[item(standalone, renamed_from = "scale")]
            platform: heavier::Scale {},
        }
    }
}

mod first {
    use super::*;

    production! {
        pub(super) Depot {
            #[item(standalone)]
            scale: Scale {},
        }
    }
}

type Opened = (Arc<dyn Store>, Arc<TokioClock>, Option<tempfile::TempDir>);

/// Both stores, empty.
fn both_stores() -> Vec<Opened> {
    let clock = || Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)));
    let (of_memory, of_files) = (clock(), clock());
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = SqliteStore::open(&folder.path().join("store"), of_files.clone()).expect("a store");
    vec![(MemoryStore::new(of_memory.clone()), of_memory, None), (sqlite, of_files, Some(folder))]
}

/// Both stores, each with three parcels that wait for `scale`, left by the first production.
async fn left_behind() -> Vec<Opened> {
    let stores = both_stores();
    for (store, ..) in &stores {
        drop(opened::<first::Depot>(store, ChangeChoice::default()).await.expect("an empty store fits"));
        let emit = (1..=3).map(parcel).collect();
        store.submit(Step { emit, ..Step::default() }).commit.wait().await.expect("stored");
    }
    stores
}

fn parcel(weight: u32) -> NewMessage {
    let id = MessageId::random();
    NewMessage {
        id,
        session: SessionId::of(id),
        parent: None,
        position: 0,
        source: None,
        target: Some("scale".into()),
        instance: None,
        type_name: "Parcel".into(),
        type_version: 1,
        kind: Kind::Request,
        invocation: Invocation::OneWay,
        status: Status::Queued,
        priority: Priority::NORMAL,
        due: None,
        late: false,
        completion_key: None,
        description: None,
        body: format!(r#"{{"weight":{weight}}}"#).into(),
        keys: Vec::new(),
        leased: None,
        order_key: None,
        parks: false,
    }
}

/// Starts a production as a program does that drives the engine itself.
async fn opened<P: Production>(store: &Arc<dyn Store>, changes: ChangeChoice) -> std::result::Result<Running, Changed> {
    let resolved = settings::resolve(P::GRAPH, P::wiring(), &Layers::none()).expect("valid settings");
    engine::start(resolved, store.clone(), StartOptions { changes, ..StartOptions::default() }).await
}

async fn statuses(store: &dyn Store) -> Vec<(Status, Option<SuspendReason>, String)> {
    let query = MessageQuery { oldest_first: true, ..MessageQuery::default() };
    let found = store.query(query).await.expect("the store answers");
    let target = |target: Option<Arc<str>>| target.as_deref().unwrap_or_default().to_owned();
    found.into_iter().map(|header| (header.status, header.reason, target(header.target))).collect()
}

fn decided(orphans: Orphans) -> ChangeChoice {
    ChangeChoice { orphans, hold_changed: false }
}

#[tokio::test]
async fn messages_of_an_item_that_is_gone_hold_the_start_until_somebody_decides() {
    for (store, ..) in left_behind().await {
        let before = statuses(&*store).await;
        let refused = opened::<smaller::Depot>(&store, ChangeChoice::default()).await;
        let error = refused.expect_err("nobody has decided");
        assert!(matches!(&error, Changed::Orphans(queues) if queues.len() == 1), "{error:?}");
        let error = error.to_string();
        assert!(error.contains("  scale: 3") && error.contains("--orphans=hold") && error.contains("renamed_from"));
        assert_eq!(statuses(&*store).await, before, "a refused start changes nothing");

        drop(opened::<smaller::Depot>(&store, decided(Orphans::Hold)).await.expect("decided"));
        let held = (Status::Suspended, Some(SuspendReason::Orphaned), "scale".to_owned());
        assert_eq!(statuses(&*store).await, [held.clone(), held.clone(), held]);
        drop(opened::<smaller::Depot>(&store, ChangeChoice::default()).await.expect("it was decided already"));
    }
}

mod parking {
    use super::*;

    #[message(name = "Parcel")]
    pub(super) struct MarkedParcel {
        #[key]
        pub(super) customer: String,
        pub(super) weight: u32,
    }

    #[business_operation]
    pub(super) struct Scale;

    #[handlers]
    impl Scale {
        async fn on_message(&mut self, parcel: MarkedParcel) -> Result {
            info!("{} kg of {}", parcel.weight, parcel.customer);
            Ok(())
        }
    }

    production! {
        pub(super) Depot {
            alerts none;
            #[item(standalone, order = key(customer), failing = park_key)]
            scale: Scale {},
        }
    }
}

#[tokio::test]
async fn what_was_held_of_one_order_key_stays_in_front_of_what_comes_until_all_of_it_is_resumed() {
    for (store, clock, _folder) in both_stores() {
        let of_ada = |weight| NewMessage {
            order_key: Some("ada".into()),
            parks: true,
            body: format!(r#"{{"customer":"ada","weight":{weight}}}"#).into(),
            keys: vec![("customer", "ada".to_owned())],
            ..parcel(weight)
        };
        let emit: Vec<_> = (1..=3).map(of_ada).collect();
        let held: Vec<_> = emit.iter().map(|parcel| parcel.id).collect();
        store.submit(Step { emit, ..Step::default() }).commit.wait().await.expect("stored");
        for id in &held {
            // As a start with `--orphans=hold` does while the item is gone.
            let hold = Admin::Hold { id: *id, reason: SuspendReason::Orphaned, error: "its item is gone".into() };
            assert_eq!(store.admin(hold).await, Ok(true));
        }
        let rig = Rig::on_store::<parking::Depot>(store, clock, &[]).await;
        let resume = async |id| assert_eq!(rig.director().resume(id, "ada").await, Ok(true));
        rig.until_idle().await;
        resume(held[2]).await;
        let late = br#"{"customer":"ada","weight":4}"#;
        rig.director().send_json("scale", Some("Parcel"), late, None).await.expect("it is taken");
        rig.until_idle().await;
        let said = async || rig.said_by::<parking::Scale>("scale").await;
        assert_eq!(said().await, Vec::<String>::new(), "two of the key still wait for a person");
        resume(held[0]).await;
        resume(held[1]).await;
        rig.until_idle().await;
        assert_eq!(said().await, ["1 kg of ada", "2 kg of ada", "3 kg of ada", "4 kg of ada"]);
    }
}

#[tokio::test]
async fn discarded_orphans_are_in_the_event_log_with_who_decided() {
    for (store, ..) in left_behind().await {
        let _running = opened::<smaller::Depot>(&store, decided(Orphans::Discard)).await.expect("decided");
        assert!(statuses(&*store).await.iter().all(|(status, ..)| *status == Status::Discarded));
        // What was handed in before this step is readable after it.
        store.submit(Step::default()).commit.wait().await.expect("stored");
        let events = store.events(EventQuery::default()).await.expect("the store answers");
        let said: Vec<&str> = events.iter().map(|event| event.text.as_str()).collect();
        assert_eq!(said, ["discarded by run --orphans=discard"; 3]);
    }
}

#[tokio::test]
async fn orphans_stay_as_they_are_where_a_changed_type_refuses_the_start() {
    for (store, ..) in left_behind().await {
        let before = statuses(&*store).await;
        let refused = opened::<elsewhere::Depot>(&store, decided(Orphans::Hold)).await;
        assert!(matches!(refused, Err(Changed::Messages(_))), "what is held would have to be read one day");
        let refused = opened::<moved::Depot>(&store, ChangeChoice::default()).await;
        assert!(matches!(refused, Err(Changed::Messages(_))), "what moves is read by its new item");
        assert_eq!(statuses(&*store).await, before, "a refused start changes nothing");

        drop(opened::<elsewhere::Depot>(&store, decided(Orphans::Discard)).await.expect("nothing is left to be read"));
        assert!(statuses(&*store).await.iter().all(|(status, ..)| *status == Status::Discarded));
    }
}

#[tokio::test]
async fn the_queue_of_a_renamed_item_is_worked_on_by_the_item_in_its_order() {
    for (store, clock, _folder) in left_behind().await {
        let rig = Rig::on_store::<later::Depot>(store, clock, &[]).await;
        rig.until_idle().await;
        assert_eq!(rig.said_by::<Scale>("platform").await, ["1 kg", "2 kg", "3 kg"]);
        assert!(rig.messages().await.iter().all(|header| header.status == Status::Completed));
    }
}

#[tokio::test]
async fn a_type_that_unfinished_messages_do_not_fit_holds_the_start_and_says_what_to_write() {
    for (store, clock, _folder) in left_behind().await {
        let refused = opened::<heavier::Depot>(&store, ChangeChoice::default()).await;
        let error = refused.expect_err("the parcels could not be read").to_string();
        assert!(error.contains("3 unfinished; message `Parcel`, field `weight`: is gone"), "{error}");
        assert!(error.contains("[iop E14]") && error.contains("--changed=hold"), "{error}");
        let rig = Rig::on_changed_store::<heavier::Depot>(store, clock).await;
        rig.until_idle().await;
        let messages = rig.messages().await;
        assert!(messages.iter().all(|header| header.reason == Some(SuspendReason::Schema)), "{messages:#?}");
        assert_eq!(rig.json::<serde_json::Value>(messages[0].id).await, serde_json::json!({ "weight": 1 }));
    }
}

/// What a process keeps while it waits.
mod waiting {
    use super::*;

    #[message(response = Parcel)]
    pub(super) struct Weigh {
        pub(super) weight: u32,
    }

    /// Cannot be reached at first.
    #[business_operation]
    pub(super) struct Far {
        #[setting(default = false)]
        reachable: bool,
    }

    #[handlers]
    impl Far {
        async fn on_message(&mut self, weigh: Weigh) -> Result<Parcel> {
            if self.reachable { Ok(Parcel { weight: weigh.weight }) } else { Err(Error::unavailable("far away")) }
        }
    }

    macro_rules! broker {
        ($module:ident, $state:ty, $name:ident, $item:meta) => {
            pub(super) mod $module {
                use super::*;

                #[business_process]
                pub(crate) struct Broker {
                    #[target]
                    out: Target<Weigh>,
                    #[state]
                    asked: $state,
                }

                #[handlers]
                impl Broker {
                    async fn on_message(&mut self, parcel: Parcel, cx: &mut Context) -> Result {
                        self.asked = Default::default();
                        cx.send_request_async(&self.out, Weigh { weight: parcel.weight }).await?;
                        Ok(())
                    }

                    async fn on_response(&mut self, _: Response<Weigh>) -> Result {
                        info!("asked {:?}", self.asked);
                        Ok(())
                    }
                }

                production! {
                    pub(crate) Brokers {
                        #[$item]
                        $name: Broker { out: far },
                        far: Far {},
                    }
                }
            }
        };
    }

    broker!(before, u32, broker, item(standalone));
    broker!(renamed, u32, agent, item(standalone, renamed_from = "broker"));
    /// The one that is asked is another.
    pub(super) mod elsewhere {
        use super::before::Broker;
        use super::*;

        production! {
            pub(crate) Brokers {
                #[item(standalone)]
                broker: Broker { out: near },
                near: Far { reachable: true },
            }
        }
    }

    broker!(other_state, String, broker, item(standalone));
}

/// A store that a process died on, while it waited for a response.
async fn died_waiting() -> (Arc<dyn Store>, Arc<TokioClock>) {
    let clock = Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)));
    let rig = Rig::on_store::<waiting::before::Brokers>(MemoryStore::new(clock.clone()), clock.clone(), &[]).await;
    let director = rig.director();
    let call =
        tokio::spawn(
            async move { director.call_json("broker", None, br#"{"weight":7}"#, Some(MessageId::random())).await },
        );
    rig.until("the call waits for its next attempt", async |rig| {
        rig.messages().await.into_iter().find(|header| header.status == Status::Retrying)
    })
    .await;
    call.abort();
    (rig.crash().await, clock)
}

#[tokio::test(start_paused = true)]
async fn a_process_that_waits_gets_its_response_also_under_its_new_name() {
    let (store, clock) = died_waiting().await;
    let rig = Rig::on_store::<waiting::renamed::Brokers>(store, clock, &["far.reachable=true"]).await;
    rig.until_idle().await;
    assert_eq!(rig.said_by::<waiting::renamed::Broker>("agent").await, ["asked 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_process_whose_call_is_discarded_with_its_item_goes_on() {
    let (store, clock) = died_waiting().await;
    drop(opened::<waiting::elsewhere::Brokers>(&store, decided(Orphans::Discard)).await.expect("decided"));
    store.recover().await.expect("the store works");
    let rig = Rig::on_store::<waiting::elsewhere::Brokers>(store, clock, &[]).await;
    rig.until_idle().await;
    assert_eq!(rig.said_by::<waiting::before::Broker>("broker").await, ["asked 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_the_program_cannot_read_suspends_the_response_and_is_kept() {
    let (store, clock) = died_waiting().await;
    let rig = Rig::on_store::<waiting::other_state::Brokers>(store, clock.clone(), &["far.reachable=true"]).await;
    rig.until_idle().await;
    let messages = rig.messages().await;
    let response = messages.iter().find(|header| header.status == Status::Suspended).expect("one is suspended");
    assert_eq!((response.reason, &*response.type_name), (Some(SuspendReason::Schema), "Parcel"));
    let error = response.error.as_deref().unwrap_or_default();
    assert!(error.starts_with("the stored state of `broker` does not fit this program: "), "{error}");
    let response = response.id;
    // The program that can read it goes on from where it was.
    let store = rig.crash().await;
    let rig = Rig::on_store::<waiting::before::Brokers>(store, clock, &["far.reachable=true"]).await;
    assert!(rig.director().resume(response, "eve").await.expect("the store answers"));
    rig.until_idle().await;
    assert_eq!(rig.said_by::<waiting::before::Broker>("broker").await, ["asked 0"]);
}
