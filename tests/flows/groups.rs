//! A process that gathers the messages of one key: an aggregator with durable state.

use std::sync::Arc;

use iop::clock::{Timestamp, TokioClock};
use iop::engine::Stop;
use iop::message::{Header, Status};
use iop::prelude::*;
use iop::store::memory::MemoryStore;
use iop_tests::rig::Rig;

/// A parcel that goes on a pallet with others for the same town.
#[message(response = Noted)]
#[derive(Clone)]
pub struct Parcel {
    #[key]
    town: Option<String>,
    number: u32,
    /// What the handler does: nothing special, `fail` once the group was read, `ask` the scales, or wait for `slow`.
    how: String,
}

#[message]
pub struct Noted {
    on_the_pallet: usize,
}

#[message]
#[derive(Debug, PartialEq)]
pub struct Pallet {
    town: String,
    parcels: Vec<u32>,
    weight: u32,
}

#[message(response = Weight)]
pub struct Weigh {
    number: u32,
}

#[message]
pub struct Weight {
    grams: u32,
}

/// Collects parcels until a pallet is full.
#[business_process(correlate = town)]
pub struct Packer {
    #[setting(default = 3)]
    size: usize,
    #[target]
    out: Target<Pallet>,
    #[target]
    scales: Target<Weigh>,
    #[state]
    town: String,
    #[state]
    parcels: Vec<u32>,
    #[state]
    weight: u32,
}

#[handlers]
impl Packer {
    async fn on_message(&mut self, parcel: Parcel, cx: &mut Context) -> Result<Noted> {
        self.town = parcel.town.unwrap_or_default();
        self.parcels.push(parcel.number);
        let on_the_pallet = self.parcels.len();
        match parcel.how.as_str() {
            "ask" => drop(cx.send_request_async(&self.scales, Weigh { number: parcel.number }).await?),
            "slow" => tokio::time::sleep(Duration::from_secs(1)).await,
            _ => {}
        }
        if on_the_pallet == self.size {
            self.release(cx).await?;
        }
        if parcel.how == "fail" {
            return Err(Error::fatal("it fell down"));
        }
        Ok(Noted { on_the_pallet })
    }

    async fn on_response(&mut self, response: Response<Weigh>, cx: &mut Context) -> Result {
        self.weight += response.result?.grams;
        if self.weight >= 1_000 {
            self.release(cx).await?;
        }
        Ok(())
    }
}

impl Packer {
    async fn release(&mut self, cx: &mut Context) -> Result {
        let pallet = Pallet { town: self.town.clone(), parcels: self.parcels.clone(), weight: self.weight };
        cx.send_request_async(&self.out, pallet).response_required(false).await?;
        cx.end_group()
    }
}

#[business_operation]
pub struct Scales;

#[handlers]
impl Scales {
    async fn weigh(&mut self, weigh: Weigh) -> Result<Weight> {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(Weight { grams: weigh.number })
    }
}

#[business_operation]
pub struct Truck;

#[handlers]
impl Truck {
    async fn load(&mut self, pallet: Pallet) -> Result {
        info!("{}", pallet.town);
        Ok(())
    }
}

/// Brings parcels, by turns for two towns.
#[message]
pub struct Deliver {
    count: u32,
}

#[business_process]
pub struct Postman {
    #[target]
    to: Target<Parcel>,
}

#[handlers]
impl Postman {
    async fn deliver(&mut self, deliver: Deliver, cx: &mut Context) -> Result {
        let numbers = 0..deliver.count;
        cx.split(&self.to, numbers, |_, number| Ok(parcel(["Bonn", "Ulm"][number as usize % 2], number, ""))).await?;
        Ok(())
    }
}

production! {
    /// Parcels become pallets.
    pub Depot {
        #[item(standalone)]
        postman: Postman { to: packer },
        #[item(pool_size = 4)]
        packer: Packer { out: truck, scales: scales },
        scales: Scales {},
        truck: Truck {},
    }
}

fn parcel(town: &str, number: u32, how: &str) -> Parcel {
    Parcel { town: Some(town.into()), number, how: how.into() }
}

async fn bring(rig: &Rig, town: &str, number: u32, how: &str) -> usize {
    rig.call("packer", &parcel(town, number, how)).await.on_the_pallet
}

async fn pallets(rig: &Rig) -> Vec<(String, Vec<u32>)> {
    let mut pallets = Vec::new();
    for header in rig.messages_of::<Pallet>().await {
        let pallet = rig.body::<Pallet>(header.id).await;
        pallets.push((pallet.town, pallet.parcels));
    }
    pallets
}

fn pallet(town: &str, parcels: &[u32]) -> (String, Vec<u32>) {
    (town.into(), parcels.into())
}

#[tokio::test(start_paused = true)]
async fn messages_of_one_key_work_on_one_state_and_the_next_after_its_end_begins_another() {
    let rig = Rig::start::<Depot>().await;
    for (town, number, counted) in [("Bonn", 1, 1), ("Ulm", 2, 1), ("Bonn", 3, 2), ("Bonn", 4, 3), ("Bonn", 5, 1)] {
        assert_eq!(bring(&rig, town, number, "").await, counted, "{town} {number}");
    }
    rig.until_idle().await;
    assert_eq!(pallets(&rig).await, [pallet("Bonn", &[1, 3, 4])]);
    assert_eq!((bring(&rig, "Ulm", 6, "").await, bring(&rig, "Ulm", 7, "").await), (2, 3));
    rig.until_idle().await;
    assert_eq!(pallets(&rig).await, [pallet("Bonn", &[1, 3, 4]), pallet("Ulm", &[2, 6, 7])]);
}

#[tokio::test(start_paused = true)]
async fn messages_of_one_key_are_worked_on_one_at_a_time_and_in_their_order_at_any_pool_size() {
    let rig = Rig::start::<Depot>().await;
    let begun = tokio::time::Instant::now();
    let towns = ["Bonn", "Ulm", "Jena"];
    let calls = (0..9).map(|number| parcel(towns[number % 3], u32::try_from(number).unwrap(), "slow"));
    let calls: Vec<_> = calls.collect();
    futures_join(&rig, &calls).await;
    rig.until_idle().await;
    // Three at a time, each town one after the other.
    assert_eq!(begun.elapsed().as_secs(), 3);
    let mut pallets = pallets(&rig).await;
    pallets.sort();
    assert_eq!(pallets, [pallet("Bonn", &[0, 3, 6]), pallet("Jena", &[2, 5, 8]), pallet("Ulm", &[1, 4, 7])]);
}

/// Sends all, then waits for all.
async fn futures_join(rig: &Rig, parcels: &[Parcel]) {
    let mut set = tokio::task::JoinSet::new();
    for parcel in parcels {
        let (director, body) = (rig.director(), serde_json::to_vec(parcel).expect("it is JSON"));
        set.spawn(async move { director.call_json("packer", None, &body, None).await.map(drop) });
        // So that they are accepted in this order.
        tokio::task::yield_now().await;
    }
    while let Some(called) = set.join_next().await {
        called.expect("no panic").expect("an answer");
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_fails_leaves_its_group_as_it_was() {
    let rig = Rig::start::<Depot>().await;
    bring(&rig, "Bonn", 1, "").await;
    assert!(rig.try_call("packer", &parcel("Bonn", 2, "fail")).await.is_err());
    bring(&rig, "Bonn", 3, "").await;
    assert!(
        rig.try_call("packer", &parcel("Bonn", 4, "fail")).await.is_err(),
        "also where it would have been the last"
    );
    assert_eq!(bring(&rig, "Bonn", 5, "").await, 3);
    rig.until_idle().await;
    assert_eq!(pallets(&rig).await, [pallet("Bonn", &[1, 3, 5])]);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_the_key_waits_for_a_person() {
    let rig = Rig::start::<Depot>().await;
    assert!(rig.try_call("packer", &Parcel { town: None, number: 1, how: String::new() }).await.is_err());
    let [header]: [Header; 1] = rig.messages().await.try_into().expect("one message");
    assert_eq!(header.status, Status::Suspended);
    assert_eq!(header.error.as_deref(), Some("this `Parcel` has no `town`, by which `packer` gathers its messages"));
}

#[tokio::test(start_paused = true)]
async fn a_group_goes_on_after_a_restart() {
    let clock = Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)));
    let store = MemoryStore::new(clock.clone());
    let rig = Rig::on_store::<Depot>(store.clone(), clock.clone(), &[]).await;
    assert_eq!((bring(&rig, "Bonn", 1, "").await, bring(&rig, "Bonn", 2, "").await), (1, 2));
    drop(rig);
    tokio::task::yield_now().await;
    iop::store::Store::recover(&*store).await.unwrap();
    let rig = Rig::on_store::<Depot>(store, clock, &[]).await;
    assert_eq!(bring(&rig, "Bonn", 3, "").await, 3);
    rig.until_idle().await;
    assert_eq!(pallets(&rig).await, [pallet("Bonn", &[1, 2, 3])]);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_that_was_only_stored_is_gathered_like_any_other() {
    let rig = Rig::start::<Depot>().await;
    rig.director().stop_item("packer", Stop::Now).await.unwrap();
    rig.call("postman", &Deliver { count: 3_000 }).await;
    rig.director().start_item("packer").await.unwrap();
    rig.until_idle().await;
    let pallets = pallets(&rig).await;
    assert_eq!(pallets.len(), 1_000);
    let mut next = [0, 1];
    for (town, parcels) in pallets {
        let next = &mut next[usize::from(town == "Ulm")];
        assert_eq!(parcels, [*next, *next + 2, *next + 4], "{town}: in order");
        *next += 6;
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_reaches_the_group_that_asked_and_not_the_next_one_of_the_key() {
    let rig = Rig::start::<Depot>().await;
    // Its response comes when the group has ended: the second one may not get it.
    bring(&rig, "Bonn", 500, "ask").await;
    bring(&rig, "Bonn", 2, "").await;
    bring(&rig, "Bonn", 3, "").await;
    bring(&rig, "Bonn", 600, "ask").await;
    rig.until_idle().await;
    assert_eq!(pallets(&rig).await, [pallet("Bonn", &[500, 2, 3])]);
    bring(&rig, "Bonn", 400, "ask").await;
    rig.until_idle().await;
    assert_eq!(pallets(&rig).await, [pallet("Bonn", &[500, 2, 3]), pallet("Bonn", &[600, 400])]);
    let heavy = rig.body::<Pallet>(rig.messages_of::<Pallet>().await[1].id).await;
    assert_eq!(heavy.weight, 1_000);
}
