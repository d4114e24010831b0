//! ractor's actors.

use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use super::{Load, Ping, Pong, Shape, runtime};

struct Link;

struct Call(Ping, RpcReplyPort<Pong>);

impl Actor for Link {
    type Msg = Call;
    type State = Option<ActorRef<Call>>;
    type Arguments = Option<ActorRef<Call>>;

    async fn pre_start(
        &self,
        _myself: ActorRef<Call>,
        next: Option<ActorRef<Call>>,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(next)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Call>,
        Call(ping, reply): Call,
        next: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let pong = match next {
            Some(next) => ask(next, ping).await,
            None => ping.answer(),
        };
        let _ = reply.send(pong);
        Ok(())
    }
}

async fn ask(link: &ActorRef<Call>, ping: Ping) -> Pong {
    match link.call(|reply| Call(ping, reply), None).await {
        Ok(ractor::rpc::CallResult::Success(pong)) => pong,
        _ => unreachable!("the actor answers"),
    }
}

async fn link(next: Option<ActorRef<Call>>) -> ActorRef<Call> {
    match Actor::spawn(None, Link, next).await {
        Ok((link, _)) => link,
        Err(_) => unreachable!("the actor starts"),
    }
}

pub(super) fn run(load: Load) -> Duration {
    runtime().block_on(async {
        let last = link(None).await;
        let first = match load.shape {
            Shape::RoundTrip => last,
            Shape::Chain => link(Some(link(Some(last)).await)).await,
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
