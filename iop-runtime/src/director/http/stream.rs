//! Server-sent events: what is looked at again and again, as it comes to whoever looks on.
//!
//! Something looks, and says what is different from its last look; between two looks any number of things may happen, so that
//! a busy production costs a reader no more than a quiet one. A look that takes long is taken less often.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Without anything to say for so long, a sign of life is sent: proxies cut off who says nothing.
const QUIET: Duration = Duration::from_secs(15);
/// Then the reader comes back by itself, and shows anew who it is.
const LONGEST: Duration = Duration::from_secs(300);
/// A reader that was cut off comes back after so many milliseconds.
const RETURN: &str = "retry: 1000\n\n";
/// Of the time at most one part in so many is spent on looking.
const SHARE: u32 = 10;

/// Looks on.
pub(crate) trait Look: Send + 'static {
    /// Between two looks, at least.
    fn pace(&self) -> Duration;

    /// Says what is different from the last look.
    fn look(&mut self, news: &mut News) -> impl Future<Output = ()> + Send;
}

/// What is to be sent.
#[derive(Debug, Default)]
pub(crate) struct News(String);

impl News {
    /// Adds an event. Whoever comes back says the last `id` that they have seen.
    pub(crate) fn add(&mut self, topic: &str, id: Option<u64>, value: &impl Serialize) {
        // JSON has no line breaks of its own.
        let Ok(json) = serde_json::to_string(value) else { return };
        // Writing to a `String` cannot fail.
        if let Some(id) = id {
            let _ = writeln!(self.0, "id: {id}");
        }
        let _ = write!(self.0, "event: {topic}\ndata: {json}\n\n");
    }
}

/// Answers with what is seen until `stop`.
pub(crate) fn answer(stop: CancellationToken, looks: impl Look) -> Response {
    let now = Instant::now();
    let reader = Reader { looks, stop, next: now, until: now + LONGEST, said: None };
    let body = Body::from_stream(stream::unfold(reader, |mut reader| async move {
        let text = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), reader))
    }));
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))], body).into_response()
}

/// Somebody who looks on.
struct Reader<L> {
    looks: L,
    stop: CancellationToken,
    next: Instant,
    until: Instant,
    /// When something was sent last.
    said: Option<Instant>,
}

impl<L: Look> Reader<L> {
    /// What there is to say next; `None` where it is over.
    async fn next(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep_until(self.until) => return None,
                () = tokio::time::sleep_until(self.next) => {}
            }
            let began = Instant::now();
            let mut news = News::default();
            self.looks.look(&mut news).await;
            let ended = Instant::now();
            self.next = began + self.looks.pace().max((ended - began) * SHARE);
            let mut text = news.0;
            match self.said {
                None => text.insert_str(0, RETURN),
                Some(said) if text.is_empty() && ended - said >= QUIET => text.push_str(": nothing new\n\n"),
                Some(_) => {}
            }
            if !text.is_empty() {
                self.said = Some(ended);
                return Some(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    /// Has news at every third look, and takes a second for each.
    struct Slow(u32);

    impl Look for Slow {
        fn pace(&self) -> Duration {
            Duration::from_millis(500)
        }

        async fn look(&mut self, news: &mut News) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.0 += 1;
            if self.0.is_multiple_of(3) {
                news.add("look", None, &self.0);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_takes_long_is_taken_less_often_and_silence_is_broken() {
        let began = Instant::now();
        let stop = CancellationToken::new();
        let body = answer(stop.clone(), Slow(0)).into_body();
        let mut come = body.into_data_stream();
        let mut seen = Vec::new();
        for _ in 0..3 {
            let text = String::from_utf8(come.next().await.unwrap().unwrap().to_vec()).unwrap();
            seen.push((began.elapsed().as_secs(), text));
        }
        let wanted = [(1, RETURN), (21, "event: look\ndata: 3\n\n"), (41, ": nothing new\n\n")];
        assert_eq!(seen, wanted.map(|(at, text)| (at, text.to_owned())));
        stop.cancel();
        assert!(come.next().await.is_none());
    }
}
