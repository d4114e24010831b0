//! A large content goes through a production in a process of its own, so that what the process takes is what it takes.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use iop::clock::{Timestamp, TokioClock};
use iop::prelude::*;
use iop::store::sqlite::SqliteStore;
use iop_tests::rig::Rig;

const SIZE: u64 = 100 << 20;

#[message(response = Counted)]
struct Film {
    content: Blob,
}

#[message]
struct Counted {
    bytes: u64,
}

#[message(response = Counted)]
struct Take {
    path: PathBuf,
}

/// Takes a file in and has it counted.
#[business_process]
struct Archive {
    #[target]
    out: Target<Film>,
}

#[handlers]
impl Archive {
    async fn on_message(&mut self, take: Take, cx: &mut Context) -> Result<Counted> {
        let content = cx.store_file(&take.path).await?;
        Ok(cx.send_request_sync(&self.out, Film { content }).await?)
    }
}

/// Reads a film from its beginning to its end.
#[business_operation]
struct Counter;

#[handlers]
impl Counter {
    async fn on_message(&mut self, film: Film, cx: &mut Context) -> Result<Counted> {
        let mut content = cx.open_blob(&film.content).await?;
        let mut bytes = 0;
        while let Some(piece) = content.chunk().await? {
            bytes += piece.len() as u64;
        }
        Ok(Counted { bytes })
    }
}

production! {
    Cinema {
        #[item(standalone)]
        archive: Archive { out: counter },
        counter: Counter {},
    }
}

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system says it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

fn film(path: &Path) {
    let mut file = std::fs::File::create(path).expect("a file");
    for number in 0..(SIZE >> 20) {
        let piece = vec![u8::try_from(number % 251).expect("a byte"); 1 << 20];
        file.write_all(&piece).expect("written");
    }
}

#[tokio::test]
async fn a_content_of_a_hundred_megabytes_is_never_in_memory_as_a_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("film");
    film(&path);
    let clock = Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)));
    let store = SqliteStore::open(&folder.path().join("store"), clock.clone()).expect("a store");
    let rig = Rig::on_store::<Cinema>(store, clock, &["archive.request_timeout=10m", "archive.timeout=10m"]).await;
    let before = peak();
    let counted = rig.call("archive", &Take { path }).await;
    let grown = peak() - before;
    assert_eq!(counted.bytes, SIZE);
    println!("in and out of {} MiB took {} KiB more memory", SIZE >> 20, grown >> 10);
    assert!(grown < 16 << 20, "it took {grown} bytes");
    let database = std::fs::metadata(folder.path().join("store/iop.db")).expect("a database").len();
    let log = std::fs::metadata(folder.path().join("store/iop.db-wal")).map_or(0, |log| log.len());
    assert!(database + log < 4 << 20, "the content is in the database: {database} + {log} bytes");
}
