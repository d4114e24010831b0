//! The example with all patterns in it: a warehouse.

use iop::message::Status;
use iop_examples::patterns::Warehouse;
use iop_examples::patterns::messages::{Goods, Kind, Label, Line, Parcel, PurchaseOrder};
use iop_tests::rig::Rig;

fn order(number: &str, country: &str, goods: &[(&str, Kind)]) -> PurchaseOrder {
    let goods = goods.iter().map(|(name, kind)| Goods { name: (*name).to_owned(), kind: *kind }).collect();
    PurchaseOrder { number: number.into(), country: country.into(), carrier: None, goods }
}

async fn labels(rig: &Rig) -> Vec<String> {
    let mut labels = Vec::new();
    for header in rig.messages_of::<Label>().await {
        labels.push(rig.body::<Label>(header.id).await.text);
    }
    labels
}

#[tokio::test(start_paused = true)]
async fn what_is_split_and_goes_different_ways_comes_together_in_its_order() {
    let rig = Rig::start::<Warehouse>().await;
    let goods = [("Faust", Kind::Book), ("ice", Kind::Food), ("a card", Kind::Gift), ("Tristan", Kind::Music)];
    rig.call("desk", &order("7", "de", &goods)).await;
    rig.call("desk", &order("8", "fr", &goods[..2])).await;
    rig.until_idle().await;
    let mut labels = labels(&rig).await;
    labels.sort();
    assert_eq!(
        labels,
        [
            "de by train: Faust from the shelf, ice from the cold store, a card from the shelf, Tristan from the shelf",
            "fr by van: Faust from the shelf, ice from the cold store",
        ]
    );
    assert_eq!(rig.said_by::<iop_examples::patterns::carriers::Audit>("audit").await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_nobody_brings_is_named_as_missing_when_the_time_is_over() {
    let rig = Rig::start::<Warehouse>().await;
    let goods = [("Faust", Kind::Book), ("a cat", Kind::Animal), ("ice", Kind::Food)];
    rig.call("desk", &order("7", "de", &goods)).await;
    let begun = tokio::time::Instant::now();
    rig.until_idle().await;
    let [header] = &rig.messages_of::<Parcel>().await[..] else { panic!("one parcel") };
    let parcel = rig.body::<Parcel>(header.id).await;
    assert_eq!(parcel.contents, ["Faust from the shelf", "ice from the cold store"]);
    assert_eq!(parcel.missing, [1]);
    assert_eq!(begun.elapsed().as_secs(), 3600);
    let waiting: Vec<_> = rig.messages_of::<Line>().await;
    let waiting = waiting.iter().filter(|line| line.status == Status::Suspended);
    assert_eq!(
        waiting.map(|line| line.error.as_deref()).collect::<Vec<_>>(),
        [Some("`ByKind` suspends `Kind::Animal`")]
    );
}

#[tokio::test(start_paused = true)]
async fn the_carrier_that_the_customer_names_is_chosen_and_one_that_nobody_knows_waits_for_a_person() {
    let rig = Rig::start::<Warehouse>().await;
    let goods = [("Faust", Kind::Book)];
    rig.call("desk", &PurchaseOrder { carrier: Some("train".into()), ..order("7", "de", &goods) }).await;
    rig.call("desk", &PurchaseOrder { carrier: Some("owl".into()), ..order("8", "de", &goods) }).await;
    assert_eq!(rig.until_idle().await.suspended, 1);
    assert_eq!(labels(&rig).await, ["de by train: Faust from the shelf"]);
}
