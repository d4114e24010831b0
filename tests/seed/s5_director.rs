//! S5: a web application in the same process, which calls a service through the director.

use std::net::SocketAddr;

use iop::engine::Stop;
use iop_examples::seed::s3_service::OneService;
use iop_examples::seed::s5_director::application;
use iop_tests::http::{Answer, post};
use iop_tests::rig::Rig;

/// Serves the application of a production on a port of its own.
async fn served(rig: &Rig) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(axum::serve(listener, application(rig.director())).into_future());
    address
}

async fn sent(address: SocketAddr, service: &str, body: &'static str) -> Answer {
    let path = format!("/send_message/{service}");
    let answer = tokio::task::spawn_blocking(move || post(address, &path, &[], body)).await.expect("no panic");
    answer.expect("the application answers")
}

#[tokio::test]
async fn an_axum_handler_gets_the_response_of_a_service_as_json() {
    let rig = Rig::start::<OneService>().await;
    let answer = sent(served(&rig).await, "service", r#"{"request_string": "hello"}"#).await;
    let body = r#"{"my_string":"MyBusinessService:on_process_input() echos"}"#.to_owned();
    assert_eq!(answer, Answer { status: 200, body });
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_with_the_path_of_the_field_and_nothing_is_stored() {
    let rig = Rig::start::<OneService>().await;
    let answer = sent(served(&rig).await, "service", r#"{"request_string": 5}"#).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("field `request_string`: invalid type: integer `5`"), "{}", answer.body);
    assert_eq!(rig.messages().await, []);
}

#[tokio::test]
async fn an_unknown_service_is_not_found_and_the_nearest_is_named() {
    let rig = Rig::start::<OneService>().await;
    let answer = sent(served(&rig).await, "servce", r#"{"request_string": "hello"}"#).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("did you mean `service`?"), "{}", answer.body);
}

#[tokio::test]
async fn a_stopped_production_is_unavailable() {
    let rig = Rig::start::<OneService>().await;
    let address = served(&rig).await;
    rig.stop(Stop::Now).await;
    assert_eq!(sent(address, "service", r#"{"request_string": "hello"}"#).await.status, 503);
}
