//! S3: a service, called with a typed message and with JSON.

use iop_examples::seed::s3_service::OneService;
use iop_tests::rig::Rig;

use super::my_request;

#[tokio::test(start_paused = true)]
async fn a_service_is_called_with_a_typed_message() {
    let rig = Rig::start::<OneService>().await;
    let service = rig.director().get_business_service("service").expect("it is a service");
    let response = service.on_process_input(my_request()).await.expect("a response");
    assert_eq!(response.my_string, "MyBusinessService:on_process_input() echos");
}

#[tokio::test(start_paused = true)]
async fn a_service_is_called_with_json() {
    let rig = Rig::start::<OneService>().await;
    let service = rig.director().get_business_service("service").expect("it is a service");
    let called = service.on_process_input_json(br#"{"request_string": "hello"}"#).await.expect("a response");
    let response = called.response.expect("the message type has one");
    assert_eq!(&response[..], br#"{"my_string":"MyBusinessService:on_process_input() echos"}"#);
}
