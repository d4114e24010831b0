//! S6: a process in the middle of a chain.

use iop_examples::seed::messages::MyRequest;
use iop_examples::seed::s6_process::Chain;
use iop_tests::rig::Rig;

use super::my_request;

#[tokio::test(start_paused = true)]
async fn a_process_asks_an_operation_and_answers_in_its_own_name() {
    let rig = Rig::start::<Chain>().await;
    let service = rig.director().get_business_service("service").expect("it is a service");
    let response = service.on_process_input(my_request()).await.expect("a response");
    assert_eq!(response.my_string, "MyBusinessProcess:on_message() echos");
}

#[tokio::test(start_paused = true)]
async fn every_request_of_a_chain_is_of_one_session_and_knows_its_parent() {
    let rig = Rig::start::<Chain>().await;
    rig.call("service", &my_request()).await;
    let requests = rig.messages_of::<MyRequest>().await;
    let way: Vec<_> =
        requests.iter().map(|request| (request.source.as_deref(), request.target.as_deref().unwrap_or("-"))).collect();
    assert_eq!(way, [(None, "service"), (Some("service"), "process"), (Some("process"), "operation")]);
    assert_eq!(requests[1].parent, Some(requests[0].id));
    assert_eq!(requests[2].parent, Some(requests[1].id));
    assert!(requests.iter().all(|request| request.session == requests[0].session));
}
