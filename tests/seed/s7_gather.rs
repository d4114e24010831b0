//! S7: requests in flight at once.

use iop_examples::seed::messages::MyMessage;
use iop_examples::seed::s7_gather::{Gather, Gathering};
use iop_tests::rig::Rig;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn one_to_ten_requests_take_the_time_of_the_slowest_and_answer_in_their_order() {
    let rig = Rig::start::<Gathering>().await;
    for count in 1..=10 {
        let start = Instant::now();
        let gathered = rig.call("process", &Gather { count }).await;
        // The first is the slowest, the last the quickest: they end in the reverse order.
        let expected: Vec<_> = (0..count).map(|number| format!("answer to Message {number}")).collect();
        assert_eq!(gathered.messages, expected);
        let took = start.elapsed().as_millis();
        assert!((1_000..1_050).contains(&took), "{count} requests took {took} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn gathered_requests_are_stored_in_the_order_in_which_they_were_made() {
    let rig = Rig::start::<Gathering>().await;
    rig.call("process", &Gather { count: 10 }).await;
    let requests = rig.messages_of::<MyMessage>().await;
    let positions: Vec<_> = requests.iter().map(|request| request.position).collect();
    assert_eq!(positions, Vec::from_iter(0..10));
    let mut bodies = Vec::new();
    for request in &requests {
        bodies.push(rig.body::<MyMessage>(request.id).await.message);
    }
    assert_eq!(bodies, Vec::from_iter((0..10).map(|number| format!("Message {number}"))));
}
