//! IoP's own benchmark, re-created: a process sends 100 awaited requests in sequence, and the operation returns at once or
//! sleeps for a millisecond; and 100 requests at once to an operation that sleeps, at several pool sizes. Durable, on the
//! default store.

use std::sync::Arc;
use std::time::Instant;

use iop::clock::SystemClock;
use iop::component::gather;
use iop::engine::{self, StartOptions, Stop};
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{self, Layers};
use iop::store::sqlite::SqliteStore;

use crate::report::{Row, Table};

#[message(response = Done)]
struct Job {
    body: String,
}

#[message(response = Done)]
struct Round {
    requests: u32,
    at_once: bool,
}

#[message]
struct Done {}

#[business_process]
struct Caller {
    #[target]
    out: Target<Job>,
}

#[handlers]
impl Caller {
    async fn round(&mut self, round: Round, cx: &mut Context) -> Result<Done> {
        let job = || Job { body: "test".into() };
        if round.at_once {
            let requests: Vec<_> = (0..round.requests).map(|_| cx.send_request_async_ng(&self.out, job())).collect();
            for response in gather(requests).await {
                response?;
            }
        } else {
            for _ in 0..round.requests {
                cx.send_request_sync(&self.out, job()).await?;
            }
        }
        Ok(Done {})
    }
}

#[business_operation]
struct Worker {
    #[setting(default = "0s")]
    pause: Duration,
}

#[handlers]
impl Worker {
    async fn work(&mut self, _job: Job) -> Result<Done> {
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
        Ok(Done {})
    }
}

macro_rules! productions {
    ($($name:ident: $pool:literal, $pause:literal;)*) => { $(
        production! { $name {
            #[item(standalone)]
            caller: Caller { out: worker },
            #[item(pool_size = $pool)]
            worker: Worker { pause: $pause },
        } }
    )* };
}

productions! {
    AtOnce: 1, "0s";
    Sleeping1: 1, "1ms";
    Sleeping4: 4, "1ms";
    Sleeping10: 10, "1ms";
    Sleeping16: 16, "1ms";
    Sleeping32: 32, "1ms";
    Sleeping64: 64, "1ms";
    Sleeping100: 100, "1ms";
}

/// What IoP has published, in seconds for 100 requests; its hardware is not stated.
const PUBLISHED: [Option<f64>; 5] = [Some(0.232), Some(0.435), None, None, None];

pub(crate) fn run(rounds: usize) -> Result<Vec<Table>, String> {
    let columns = [
        "100 in sequence",
        "100 in sequence, 1 ms each",
        "100 at once, 1 ms each, pool 1",
        "the same, pool 10",
        "the same, pool 100",
    ];
    let about = ("IoP's workload", "seconds per 100 requests", "IoP, as published");
    let mut table = Table::measured(about, &["iop"], &columns, rounds, |_, column| {
        let took = match column {
            0 => drive::<AtOnce>(false),
            1 => drive::<Sleeping1>(false),
            2 => drive::<Sleeping1>(true),
            3 => drive::<Sleeping10>(true),
            _ => drive::<Sleeping100>(true),
        };
        took.map(Some)
    })?;
    table.rows.insert(0, Row { name: "IoP, as published".to_owned(), figures: PUBLISHED.to_vec() });
    Ok(vec![table])
}

/// Seconds for 100 requests at once that sleep a millisecond each, by pool size.
pub(crate) fn at_once(pool: usize) -> Result<f64, String> {
    match pool {
        1 => drive::<Sleeping1>(true),
        4 => drive::<Sleeping4>(true),
        16 => drive::<Sleeping16>(true),
        32 => drive::<Sleeping32>(true),
        _ => drive::<Sleeping64>(true),
    }
}

fn drive<P: Production>(at_once: bool) -> Result<f64, String> {
    const ROUNDS: u32 = 5;
    let directory = tempfile::tempdir_in(crate::durable::directory()).map_err(|error| error.to_string())?;
    crate::memory::runtime().block_on(async {
        let store = SqliteStore::open(&directory.path().join("store"), Arc::new(SystemClock))
            .map_err(|error| error.to_string())?;
        let resolved = settings::resolve(P::GRAPH, P::wiring(), &Layers::none()).map_err(|_| "bad settings")?;
        let running = engine::start(resolved, store, StartOptions::default()).await;
        let running = running.map_err(|error| error.to_string())?;
        let director = running.director();
        let body = format!("{{\"requests\": 100, \"at_once\": {at_once}}}");
        let started = Instant::now();
        for _ in 0..ROUNDS {
            director.call_json("caller", None, body.as_bytes(), None).await.map_err(|error| error.to_string())?;
        }
        let took = started.elapsed().as_secs_f64() / f64::from(ROUNDS);
        running.stop(Stop::Now).await.map_err(|error| error.to_string())?;
        Ok(took)
    })
}
