//! actix's actors, all of them on one thread: across threads it takes 40 µs.

use std::time::{Duration, Instant};

use actix::{Actor, Addr, Context, Handler, Message, MessageResult, ResponseFuture};

use super::{Load, Ping, Pong, Shape};

struct Last;

impl Actor for Last {
    type Context = Context<Self>;
}

struct Call(Ping);

impl Message for Call {
    type Result = Pong;
}

impl Handler<Call> for Last {
    type Result = MessageResult<Call>;

    fn handle(&mut self, Call(ping): Call, _: &mut Context<Self>) -> Self::Result {
        MessageResult(ping.answer())
    }
}

struct Link<Next: Actor>(Addr<Next>);

impl<Next: Actor> Actor for Link<Next> {
    type Context = Context<Self>;
}

impl<Next> Handler<Call> for Link<Next>
where
    Next: Actor<Context = Context<Next>> + Handler<Call>,
{
    type Result = ResponseFuture<Pong>;

    fn handle(&mut self, call: Call, _: &mut Context<Self>) -> Self::Result {
        let next = self.0.clone();
        Box::pin(async move { next.send(call).await.unwrap_or_else(|_| unreachable!("the actor answers")) })
    }
}

async fn drive<First>(first: Addr<First>, load: Load) -> Duration
where
    First: Actor<Context = Context<First>> + Handler<Call>,
{
    let started = Instant::now();
    let callers = (0..load.callers).map(|_| {
        let first = first.clone();
        actix::spawn(async move {
            for number in 0..load.each() {
                std::hint::black_box(first.send(Call(Ping::new(number))).await.is_ok());
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        let _ = caller.await;
    }
    started.elapsed()
}

pub(super) fn run(load: Load) -> Duration {
    actix::System::new().block_on(async {
        match load.shape {
            Shape::RoundTrip => drive(Last.start(), load).await,
            Shape::Chain => drive(Link(Link(Last.start()).start()).start(), load).await,
        }
    })
}
