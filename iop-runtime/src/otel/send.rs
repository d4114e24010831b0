//! One request to a collector.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::settings::Collector;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of its answer.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why a collector has not taken something.
#[derive(Debug)]
pub(super) enum Refused {
    /// It may take it later.
    Later(String),
    /// It never will.
    ForGood(String),
}

/// Sends spans; how many of them the collector has rejected.
pub(super) async fn send(collector: &Collector, spans: Value) -> Result<u64, Refused> {
    let sent = tokio::time::timeout(PATIENCE, exchange(collector, spans)).await;
    let (status, body) = sent
        .map_err(|_| Refused::Later("it did not answer in time".to_owned()))?
        .map_err(|error| Refused::Later(error.to_string()))?;
    match status {
        status if status.is_success() => Ok(rejected(&body)),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Err(Refused::Later(format!("it answered {status}"))),
        status => Err(Refused::ForGood(format!("it answered {status}"))),
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(collector: &Collector, spans: Value) -> Result<(StatusCode, Bytes), Error> {
    let request = Request::post(format!("{}/v1/traces", collector.path()))
        .header(header::HOST, collector.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(serde_json::to_vec(&spans)?)))?;
    let stream = TcpStream::connect(collector.authority()).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let answer = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await?.to_bytes();
        Ok::<_, Error>((status, body))
    };
    // The connection ends when the answer is whole and its sender is gone.
    let (answer, _) = futures_util::future::join(answer, connection).await;
    answer
}

/// What an answer says of spans that were not taken: a number of 64 bits is a text in this form, and some write it as it is.
fn rejected(body: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let rejected = &answer["partialSuccess"]["rejectedSpans"];
    rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok()).unwrap_or(0)
}
