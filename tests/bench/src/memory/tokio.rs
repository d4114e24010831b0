//! Bounded channels and a oneshot for each answer: what one would write by hand.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::{Load, Ping, Pong, Shape, runtime};

type Call = (Ping, oneshot::Sender<Pong>);

fn actor(next: Option<mpsc::Sender<Call>>) -> mpsc::Sender<Call> {
    let (sender, mut receiver) = mpsc::channel::<Call>(1024);
    tokio::spawn(async move {
        while let Some((ping, reply)) = receiver.recv().await {
            let pong = match &next {
                Some(next) => ask(next, ping).await,
                None => ping.answer(),
            };
            let _ = reply.send(pong);
        }
    });
    sender
}

async fn ask(actor: &mpsc::Sender<Call>, ping: Ping) -> Pong {
    let (reply, response) = oneshot::channel();
    actor.send((ping, reply)).await.unwrap_or_else(|_| unreachable!("the actor lives"));
    response.await.unwrap_or_else(|_| unreachable!("the actor answers"))
}

pub(super) fn run(load: Load) -> Duration {
    runtime().block_on(async {
        let first = match load.shape {
            Shape::RoundTrip => actor(None),
            Shape::Chain => actor(Some(actor(Some(actor(None))))),
        };
        let started = Instant::now();
        let callers = (0..load.callers).map(|_| {
            let first = first.clone();
            tokio::spawn(async move {
                for number in 0..load.each() {
                    std::hint::black_box(ask(&first, Ping::new(number)).await);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            let _ = caller.await;
        }
        started.elapsed()
    })
}
