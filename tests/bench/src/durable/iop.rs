//! A production on the default store.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use iop::clock::SystemClock;
use iop::engine::{self, StartOptions, Stop};
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{self, Layers};
use iop::store::sqlite::SqliteStore;

use super::{Load, Took};

#[message(response = Back)]
struct Go {
    text: String,
}

#[message]
struct Back {
    text: String,
}

#[business_service]
struct Front {
    #[target]
    next: Target<Go>,
}

#[handlers]
impl Front {
    async fn on_process_input(&mut self, go: Go, cx: &mut Context) -> Result<Back> {
        Ok(cx.send_request_sync(&self.next, go).await?)
    }
}

#[business_process]
struct Middle {
    #[target]
    next: Target<Go>,
}

#[handlers]
impl Middle {
    async fn pass(&mut self, go: Go, cx: &mut Context) -> Result<Back> {
        Ok(cx.send_request_sync(&self.next, go).await?)
    }
}

#[business_operation]
struct Last;

#[handlers]
impl Last {
    async fn answer(&mut self, go: Go) -> Result<Back> {
        Ok(Back { text: go.text })
    }
}

production! { Narrow {
    front: Front { next: middle },
    middle: Middle { next: last },
    last: Last {},
} }

production! { Wide {
    #[item(pool_size = 256)]
    front: Front { next: middle },
    #[item(pool_size = 256)]
    middle: Middle { next: last },
    #[item(pool_size = 256)]
    last: Last {},
} }

pub(super) fn run(load: Load) -> Result<Took, String> {
    let directory = tempfile::tempdir_in(super::directory()).map_err(|error| error.to_string())?;
    run_in(directory.path(), load)
}

/// With as many workers as callers: a worker that awaits a response is held.
pub(super) fn run_in(directory: &Path, load: Load) -> Result<Took, String> {
    if load.callers == 1 { drive::<Narrow>(directory, load) } else { drive::<Wide>(directory, load) }
}

fn drive<P: Production>(directory: &Path, load: Load) -> Result<Took, String> {
    let store = directory.join("store");
    let took = crate::memory::runtime().block_on(async {
        let opened = SqliteStore::open(&store, Arc::new(SystemClock)).map_err(|error| error.to_string())?;
        let resolved = settings::resolve(P::GRAPH, P::wiring(), &Layers::none()).map_err(|_| "bad settings")?;
        let running = engine::start(resolved, opened, StartOptions::default()).await;
        let running = running.map_err(|error| error.to_string())?;
        let service = running.director().get_business_service("front").map_err(|error| error.to_string())?;
        let started = Instant::now();
        let callers: Vec<_> = (0..load.callers)
            .map(|_| {
                let service = service.clone();
                tokio::spawn(async move {
                    let text = "x".repeat(load.body);
                    for _ in 0..load.each() {
                        let back = service.on_process_input(Go { text: text.clone() }).await;
                        back.map_err(|error| error.to_string())?;
                    }
                    Ok::<(), String>(())
                })
            })
            .collect();
        for caller in callers {
            caller.await.map_err(|error| error.to_string())??;
        }
        let took = started.elapsed();
        running.stop(Stop::Drain(Duration::from_secs(10))).await.map_err(|error| error.to_string())?;
        Ok::<_, String>(took)
    })?;
    let database = super::sqlite_loop::open(&store)?;
    let count = |sql: &str| {
        database
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
            .map_err(|error| error.to_string())
    };
    Ok(Took {
        time: took,
        commits: count("SELECT commits FROM meta")?,
        messages: count("SELECT count(*) FROM message")?,
    })
}
