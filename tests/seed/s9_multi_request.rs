//! S9: several requests at once, each with its own outcome.

use iop::message::Status;
use iop_examples::seed::messages::MyMessage;
use iop_examples::seed::s9_multi_request::{Ask, MultiRequest};
use iop_tests::rig::Rig;

#[tokio::test(start_paused = true)]
async fn outcomes_come_in_the_order_of_the_requests_and_a_failure_hides_none() {
    let rig = Rig::start::<MultiRequest>().await;
    let messages = ["one", "", "three"].map(str::to_owned).to_vec();
    let outcomes = rig.call("process", &Ask { messages }).await.outcomes;
    let seen: Vec<_> = outcomes
        .iter()
        .map(|outcome| (&*outcome.target, &*outcome.request, outcome.response.as_deref(), outcome.error.as_deref()))
        .collect();
    let failure = "`operation` suspended the request (poison): there is nothing in the message";
    assert_eq!(
        seen,
        [
            ("operation", "one", Some("answer to one"), None),
            ("operation", "", None, Some(failure)),
            ("operation", "three", Some("answer to three"), None),
        ]
    );
    let stored: Vec<_> = rig.messages_of::<MyMessage>().await.iter().map(|header| header.status).collect();
    assert_eq!(stored, [Status::Completed, Status::Suspended, Status::Completed]);
}
