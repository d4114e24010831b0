//! One suite for both directors: the one of this process, and the one that calls over the API.

use std::time::Duration;

use iop::director::{Called, FailureKind, JsonDirector, RemoteDirector, Role};
use iop::engine::Stop;
use iop::message::MessageId;
use serde_json::{Value, json};

use super::open::{ORDER, Open};

fn response(called: &Called) -> Value {
    serde_json::from_slice(called.response.as_deref().unwrap_or(b"null")).unwrap()
}

/// What holds for whoever drives the laboratory.
async fn drives(director: &dyn JsonDirector) {
    let called = director.call("intake", None, ORDER.as_bytes(), None).await.unwrap();
    assert_eq!(response(&called), json!({"sum": 9}));
    let id = Some(MessageId::random());
    let first = director.call("analyser", Some("Order"), ORDER.as_bytes(), id).await.unwrap();
    let again = director.call("analyser", Some("Order"), ORDER.as_bytes(), id).await.unwrap();
    assert_eq!((first.id, response(&first)), (again.id, response(&again)));

    let trace = director.session(called.session).await.unwrap();
    assert_eq!(trace.messages.len(), 4);
    assert_eq!(trace.messages[0].body.as_ref().unwrap()["patient"], json!("***"));

    let sent = director.send("analyser", None, ORDER.as_bytes(), None).await.unwrap();
    assert!(sent.response.is_none());
    assert_eq!(director.session(sent.session).await.unwrap().messages[0].message.id, sent.id);

    assert!(director.stop("intake", Stop::Drain(Duration::from_secs(5))).await.unwrap());
    assert!(!director.stop("intake", Stop::Now).await.unwrap());
    let state = director.state().await.unwrap();
    assert_eq!((&state["production"], &state["items"][0]["state"]), (&json!("Lab"), &json!("stopped")));
    let kind = async |item: &str, of: Option<&str>, body: &str| {
        director.call(item, of, body.as_bytes(), None).await.unwrap_err()
    };
    assert_eq!(kind("intake", None, ORDER).await.kind, FailureKind::Stopped);
    assert!(director.start("intake").await.unwrap());
    assert!(!director.start("intake").await.unwrap());

    let unknown = kind("intak", None, ORDER).await;
    assert_eq!(
        (unknown.kind, unknown.error.as_str()),
        (FailureKind::UnknownItem, "there is no item `intak`; did you mean `intake`?")
    );
    assert_eq!(kind("nightly", None, ORDER).await.kind, FailureKind::UnknownItem);
    assert_eq!(kind("analyser", Some("Report"), ORDER).await.kind, FailureKind::UnknownType);
    let invalid = kind("analyser", None, r#"{"number": "A", "patient": null, "amounts": [1, "two"]}"#).await;
    assert_eq!((invalid.kind, invalid.path.as_deref()), (FailureKind::Invalid, Some("amounts[1]")));
    let poison = kind("analyser", None, r#"{"number": "poison", "patient": null, "amounts": []}"#).await;
    assert_eq!(poison.kind, FailureKind::Suspended);
    assert!(poison.error.contains("there is no such substance"), "{poison}");
    let nobody = director.session(iop::message::SessionId::of(MessageId::random())).await.unwrap_err();
    assert_eq!(nobody.kind, FailureKind::UnknownMessage);
}

#[tokio::test]
async fn a_director_drives_its_own_process() {
    let lab = Open::lab().await;
    drives(&lab.running.director()).await;
    lab.close().await;
}

#[tokio::test]
async fn a_director_drives_another_process_through_the_files_in_its_store() {
    let lab = Open::lab().await;
    drives(&RemoteDirector::of_store(lab.folder.path()).unwrap()).await;
    lab.close().await;
}

#[tokio::test]
async fn a_director_drives_another_process_over_the_network_with_a_token() {
    let lab = Open::lab().await;
    let url = format!("http://{}/", lab.address);
    drives(&RemoteDirector::at(&url, lab.token_of(Role::Operator)).unwrap()).await;
    let viewer = RemoteDirector::at(&url, lab.token_of(Role::Viewer)).unwrap();
    let refused = viewer.call("intake", None, ORDER.as_bytes(), None).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.error.as_str()),
        (FailureKind::Refused, "this needs the role `operator`, yours is `viewer`")
    );
    lab.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_socket_is_for_the_user_alone_and_goes_with_the_entrance() {
    use std::os::unix::fs::PermissionsExt;

    let lab = Open::lab().await;
    let socket = lab.folder.path().join(iop::director::http::SOCKET_FILE);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    // Without the token, only the socket lets anybody in.
    std::fs::remove_file(lab.folder.path().join(iop::director::http::TOKEN_FILE)).unwrap();
    let remote = RemoteDirector::of_store(lab.folder.path()).unwrap();
    assert!(remote.stop("intake", Stop::Now).await.unwrap());
    let entry = lab.running.director().audit(iop::store::AuditQuery::default()).await.unwrap().remove(0);
    assert_eq!((&*entry.who, &*entry.from), ("local user", "socket"));
    let folder = lab.folder.path().to_owned();
    lab.close().await;
    assert!(!socket.exists());
    let gone = remote.state().await.unwrap_err();
    assert_eq!(gone.kind, FailureKind::NotRunning);
    assert_eq!(RemoteDirector::of_store(&folder).unwrap_err().kind, FailureKind::NotRunning);
}

#[test]
fn a_url_that_is_none_is_refused_with_what_is_wrong() {
    for (url, text) in [
        ("https://localhost:4100", "begins with http://, or with https://"),
        ("localhost:4100", "begins with http://, or with https://"),
        ("http://localhost:4100/api", "nothing behind them"),
        ("http://ann@localhost", "nothing behind them"),
        ("http://", "nothing behind them"),
    ] {
        let error = RemoteDirector::at(url, "t").unwrap_err();
        assert!(error.kind == FailureKind::BadRequest && error.error.contains(text), "{url}: {error}");
    }
}
