//! The accept loop: how long a caller may take, how much it may send, and how many there may be.
//!
//! Every wait for a caller has an end: for its first head here, with an agreement on TLS in it, for each other head in hyper, for
//! a body in `routes`, for somebody who reads the answer in `stall`. How many there may be is in `connections`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Patience;
use super::awaited::Awaited;
use super::connections::{Connection, Connections};
use super::stall::Stalling;
use super::tls::Tls;
use crate::director::CallOrigin;

/// Bytes of a head.
const HEAD_LIMIT: usize = 16 * 1024;
/// Headers of a request.
const HEADERS: usize = 100;

/// After an accept that failed: most likely the process is out of file descriptors, and needs time to return some.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where callers come in.
#[derive(Debug)]
pub(super) struct Doors {
    pub(super) network: TcpListener,
    /// What is spoken there, if not HTTP as it is.
    pub(super) tls: Option<Arc<Tls>>,
    #[cfg(unix)]
    pub(super) socket: Option<tokio::net::UnixListener>,
}

/// A caller who has just come in.
enum Visitor {
    Network(TcpStream, IpAddr),
    #[cfg(unix)]
    Socket(tokio::net::UnixStream),
}

impl Doors {
    async fn next(&self) -> std::io::Result<Visitor> {
        let network = async {
            let (stream, address) = self.network.accept().await?;
            // Answers are small, and somebody waits for them.
            let _ = stream.set_nodelay(true);
            Ok(Visitor::Network(stream, address.ip()))
        };
        #[cfg(unix)]
        if let Some(socket) = &self.socket {
            return tokio::select! {
                visitor = network => visitor,
                accepted = socket.accept() => accepted.map(|(stream, _)| Visitor::Socket(stream)),
            };
        }
        network.await
    }
}

pub(super) async fn serve(doors: Doors, router: Router, patience: Patience, grace: Duration, stop: CancellationToken) {
    let open = Arc::new(Connections::default());
    // Of the system's user alone: nobody else can take their room.
    let local = Arc::new(Connections::default());
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let visitor = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            visitor = doors.next() => visitor,
        };
        let talk = |connection, origin| Conversation {
            connection,
            origin,
            router: router.clone(),
            patience,
            stop: stop.clone(),
        };
        match visitor {
            Ok(Visitor::Network(stream, address)) => {
                // Where everybody is being answered, whoever comes now is turned away.
                let Some(connection) = open.take(address) else { continue };
                let talk = talk(connection, CallOrigin::Network(address));
                match &doors.tls {
                    None => drop(tasks.spawn(talk.over(stream, Instant::now()))),
                    Some(tls) => drop(tasks.spawn(talk.over_tls(stream, Arc::clone(tls)))),
                }
            }
            #[cfg(unix)]
            Ok(Visitor::Socket(stream)) => {
                let Some(connection) = local.take(Ipv4Addr::LOCALHOST.into()) else { continue };
                tasks.spawn(talk(connection, CallOrigin::Socket).over(stream, Instant::now()));
            }
            Err(error) => {
                tracing::warn!(%error, "The HTTP entrance could not accept a connection.");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(doors);
    // Dropping the set ends whoever is still there after the grace.
    let _ = tokio::time::timeout(grace, async { while tasks.join_next().await.is_some() {} }).await;
}

/// The requests of one connection.
struct Conversation {
    connection: Connection,
    origin: CallOrigin,
    router: Router,
    patience: Patience,
    stop: CancellationToken,
}

impl Conversation {
    /// The same after both sides have agreed on how to encrypt, for which and the first head a caller has as long as for a head.
    async fn over_tls(self, stream: TcpStream, tls: Arc<Tls>) {
        let (came, makes_room) = (Instant::now(), self.connection.ended());
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(self.patience.head, tls.shake_hands(stream)) => shaken,
            () = makes_room.cancelled() => return,
            () = self.stop.cancelled() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.over(stream, came).await,
            Ok(Err(error)) => tracing::debug!(%error, "A caller of the HTTP entrance came to no agreement on TLS."),
            Err(_) => tracing::debug!("A caller of the HTTP entrance took too long for TLS."),
        }
    }

    /// Of somebody who came at this time: who has agreed on TLS slowly has not another whole patience for the first head.
    async fn over<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(self, stream: S, came: Instant) {
        let Self { connection, origin, router, patience, stop } = self;
        let asked = Arc::new(AtomicBool::new(false));
        let has_asked = Arc::clone(&asked);
        let says_nothing = async move {
            tokio::time::sleep_until(came + patience.head).await;
            if has_asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let router = TowerToHyperService::new(router);
        let connection = Arc::new(connection);
        let answer = service_fn(|mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let connection = Arc::clone(&connection);
            request.extensions_mut().insert(origin);
            let response = router.call(request.map(|body| Awaited::new(body, Arc::clone(&connection))));
            async move {
                let response: Result<Response<Body>, _> = response.await;
                connection.waits();
                response
            }
        });
        let stream = TokioIo::new(Stalling::new(stream, patience.answer));
        let conversation = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head)
            .max_buf_size(HEAD_LIMIT)
            .max_headers(HEADERS)
            .serve_connection(stream, answer);
        let mut conversation = std::pin::pin!(conversation);
        let makes_room = connection.ended();
        let ended = tokio::select! {
            ended = conversation.as_mut() => ended,
            () = makes_room.cancelled() => return,
            () = says_nothing => return,
            () = stop.cancelled() => {
                conversation.as_mut().graceful_shutdown();
                conversation.await
            }
        };
        if let Err(error) = ended {
            // Callers may leave whenever they like.
            tracing::debug!(%error, "A connection to the HTTP entrance ended early.");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A conversation with somebody who came before it began; their side of it.
    fn begun(patience: Patience, ago: Duration) -> (tokio::io::DuplexStream, tokio::task::JoinHandle<()>) {
        let connection = Arc::new(Connections::default()).take(Ipv4Addr::LOCALHOST.into()).unwrap();
        let (stop, origin) = (CancellationToken::new(), CallOrigin::Process);
        let talk = Conversation { connection, origin, router: Router::new(), patience, stop };
        let (ours, theirs) = tokio::io::duplex(1024);
        (theirs, tokio::spawn(talk.over(ours, Instant::now() - ago)))
    }

    #[tokio::test(start_paused = true)]
    async fn who_took_long_to_agree_on_tls_has_the_rest_of_the_time_for_a_head() {
        let patience = Patience { head: Duration::from_secs(10), ..Patience::default() };
        let began = Instant::now();
        let (_theirs, silent) = begun(patience, Duration::from_secs(9));
        silent.await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 1, "ten seconds in all");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_asked_something_has_as_long_for_each_further_head() {
        let patience = Patience { head: Duration::from_secs(10), ..Patience::default() };
        let began = Instant::now();
        let (mut theirs, conversation) = begun(patience, Duration::from_secs(9));
        theirs.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        theirs.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 404"), "{}", String::from_utf8_lossy(&answer));
        conversation.await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 10);
    }
}
