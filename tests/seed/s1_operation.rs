//! S1: an operation, its hooks, its messages.

use iop::engine::Stop;
use iop::message::Message;
use iop::store::EventQuery;
use iop_examples::seed::messages::{MyRequest, MyResponse};
use iop_examples::seed::s1_operation::{MyBusinessOperation, OneOperation};
use iop_tests::rig::Rig;

use super::my_request;

#[tokio::test(start_paused = true)]
async fn a_caller_gets_the_typed_response_of_the_operation() {
    let rig = Rig::start::<OneOperation>().await;
    let response: MyResponse = rig.call("operation", &my_request()).await;
    assert_eq!(response.my_string, "MyBusinessOperation:on_message() echos");
    let stored: Vec<_> = rig.messages().await.iter().map(|header| header.type_name.to_string()).collect();
    assert_eq!(stored, [MyRequest::TYPE.name, MyResponse::TYPE.name]);
}

#[tokio::test(start_paused = true)]
async fn each_hook_runs_once_for_each_worker_around_all_messages() {
    let rig = Rig::with_settings::<OneOperation>(&["operation.pool_size=3"]).await;
    for _ in 0..5 {
        rig.call("operation", &my_request()).await;
    }
    let director = rig.director();
    assert_eq!(director.stop_item("operation", Stop::Drain(std::time::Duration::from_secs(1))).await, Ok(true));
    let said = rig.said_by::<MyBusinessOperation>("operation").await;
    let expected = [vec!["a worker starts"; 3], vec!["got \"hello\""; 5], vec!["a worker stops"; 3]].concat();
    assert_eq!(said, expected);
}

#[tokio::test(start_paused = true)]
async fn a_log_line_of_a_handler_carries_item_session_and_message() {
    let rig = Rig::start::<OneOperation>().await;
    rig.call("operation", &my_request()).await;
    let request = rig.messages_of::<MyRequest>().await.remove(0);
    let lines = rig.events(EventQuery { message: Some(request.id), ..EventQuery::default() }).await;
    let line = lines.iter().find(|line| line.text == "got \"hello\"").expect("the handler's line");
    assert_eq!(line.item.as_deref(), Some("operation"));
    assert_eq!(line.session, Some(request.session));
}
