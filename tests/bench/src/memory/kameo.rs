//! kameo's actors.

use std::time::{Duration, Instant};

use kameo::Actor;
use kameo::actor::{ActorRef, Spawn};
use kameo::message::{Context, Message};

use super::{Load, Ping, Pong, Shape, runtime};

#[derive(Actor)]
struct Link {
    next: Option<ActorRef<Link>>,
}

#[derive(kameo::Reply)]
struct Answer(Pong);

impl Message<Ping> for Link {
    type Reply = Answer;

    async fn handle(&mut self, ping: Ping, _cx: &mut Context<Self, Self::Reply>) -> Answer {
        match &self.next {
            Some(next) => ask(next, ping).await,
            None => Answer(ping.answer()),
        }
    }
}

async fn ask(link: &ActorRef<Link>, ping: Ping) -> Answer {
    link.ask(ping).await.unwrap_or_else(|_| unreachable!("the actor answers"))
}

fn link(next: Option<ActorRef<Link>>) -> ActorRef<Link> {
    Link::spawn(Link { next })
}

pub(super) fn run(load: Load) -> Duration {
    runtime().block_on(async {
        let first = match load.shape {
            Shape::RoundTrip => link(None),
            Shape::Chain => link(Some(link(Some(link(None))))),
        };
        let started = Instant::now();
        let callers = (0..load.callers).map(|_| {
            let first = first.clone();
            tokio::spawn(async move {
                for number in 0..load.each() {
                    std::hint::black_box(ask(&first, Ping::new(number)).await.0);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            let _ = caller.await;
        }
        started.elapsed()
    })
}
