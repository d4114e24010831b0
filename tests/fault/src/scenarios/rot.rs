//! Bits that flip in the files of a store.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use iop::message::Status;
use iop::store::{LeaseOrder, LeaseRequest, MessageQuery, NodeId, Store as _, Viewer as _};

use crate::figures::Figure;
use crate::mounts;
use crate::scenarios::Scale;
use crate::stock;
use crate::trouble::{Random, Result};

/// Messages in the store.
const MESSAGES: usize = 300;

/// What a flipped bit came to.
#[derive(Debug, Default)]
struct Tally {
    flips: u64,
    /// Nothing was different.
    harmless: u64,
    /// The store was not opened, or could not be read, and said so.
    refused: u64,
    /// Messages were suspended, and the others delivered.
    suspended: u64,
    /// A message came with another body.
    wrong: Vec<String>,
    /// A message was gone, and nothing was said.
    lost: Vec<String>,
    /// Of the stores that opened: messages that could still be delivered, and all that were not hit.
    deliverable: u64,
    others: u64,
}

/// Scenario 5: single bits, in a store that was closed and in one that a crash left.
pub(super) fn flips(scale: Scale) -> Result<Vec<Figure>> {
    let flips = scale.of(40, 1_000);
    let mut figures = Vec::new();
    for (name, closed) in [("closed cleanly", true), ("left by a crash", false)] {
        let pattern = tempfile::tempdir()?;
        let bodies = fill(&pattern.path().join("store"), closed)?;
        let files = mounts::files(&pattern.path().join(if closed { "store" } else { "crashed" }))?;
        let mut tally = Tally::default();
        let mut random = Random::from_seed(5);
        for _ in 0..flips / 2 {
            flip(&files, &bodies, &mut random, &mut tally)?;
        }
        figures.extend(tally.figures(name)?);
    }
    Ok(figures)
}

/// A store with known bodies; in `crashed` beside it what a crash would leave of it.
fn fill(store: &Path, closed: bool) -> Result<HashMap<String, String>> {
    let body =
        |number: usize| format!(r#"{{"number":{number},"lane":"lane-{number}","filler":"{}"}}"#, "y".repeat(600));
    let messages: Vec<_> =
        (0..MESSAGES).map(|number| stock::message("outside", "Delivery", body(number), None)).collect();
    let bodies = messages.iter().enumerate().map(|(number, message)| (message.id.to_string(), body(number))).collect();
    let open = stock::open(store)?;
    stock::block_on(async {
        // In several commits, of which the last one is in the log of the database alone.
        for part in messages.chunks(20) {
            stock::put(&*open, part.to_vec()).await?;
        }
        if !closed {
            let crashed = store.with_file_name("crashed");
            fs::create_dir(&crashed)?;
            for (path, bytes) in mounts::files(store)? {
                fs::write(crashed.join(path.file_name().unwrap_or_default()), bytes)?;
            }
        }
        Ok(open.close().await?)
    })?;
    Ok(bodies)
}

fn flip(
    files: &[(std::path::PathBuf, Vec<u8>)],
    bodies: &HashMap<String, String>,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let total: usize = files.iter().filter(|(path, _)| is_kept(path)).map(|(_, bytes)| bytes.len()).sum();
    let mut at = usize::try_from(random.between(0, total as u64))?;
    let bit = random.between(0, 8);
    let mut place = String::new();
    for (path, bytes) in files.iter().filter(|(path, _)| is_kept(path)) {
        let mut bytes = bytes.clone();
        let name = path.file_name().unwrap_or_default();
        if place.is_empty() && at < bytes.len() {
            bytes[at] ^= 1 << bit;
            place = format!("bit {bit} of byte {at} of {}", name.to_string_lossy());
        } else {
            at = at.saturating_sub(bytes.len());
        }
        fs::write(folder.path().join(name), bytes)?;
    }
    tally.flips += 1;
    match look(folder.path(), bodies, tally, &place) {
        Ok(()) => {}
        // An error is an answer: nobody takes it for a message.
        Err(_) => tally.refused += 1,
    }
    Ok(())
}

/// The index of the log is made anew at each start.
fn is_kept(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension != "db-shm")
}

/// Opens the store as an engine would, takes everything that can be delivered, and compares.
fn look(store: &Path, bodies: &HashMap<String, String>, tally: &mut Tally, place: &str) -> Result<()> {
    let open = stock::open(store)?;
    stock::block_on(async {
        let request = LeaseRequest {
            queue: "outside".into(),
            node: NodeId(1),
            limit: 10 * MESSAGES,
            ttl: Duration::MAX,
            order: LeaseOrder::None,
            with_parked: false,
        };
        let leased = open.lease(request).await?.leased;
        let query = MessageQuery { limit: 10 * MESSAGES, status: Some(Status::Suspended), ..MessageQuery::default() };
        let suspended = open.query(query).await?.len();
        let mut right = 0;
        for one in &leased {
            let expected = bodies.get(&one.message.header.id.to_string());
            if expected.is_some_and(|body| body.as_bytes() == &one.message.body[..]) {
                right += 1;
            } else {
                tally.wrong.push(format!("{place}: {} has another body", one.message.header.id));
            }
        }
        if right + suspended < MESSAGES {
            tally.lost.push(format!("{place}: {right} right, {suspended} suspended, of {MESSAGES}"));
        } else if suspended > 0 {
            tally.suspended += 1;
        } else {
            tally.harmless += 1;
        }
        tally.deliverable += right as u64;
        tally.others += (MESSAGES - suspended.min(1)) as u64;
        Ok(())
    })
}

impl Tally {
    fn figures(self, name: &str) -> Result<Vec<Figure>> {
        let examples = |found: &[String]| found.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
        let all = self.flips;
        let share = 100.0 * self.deliverable as f64 / self.others.max(1) as f64;
        let refused = 100.0 * self.refused as f64 / all.max(1) as f64;
        Ok(vec![
            Figure::shown(
                &format!("{name}: {all} flips"),
                format!("{} harmless, {} suspended, {} refused", self.harmless, self.suspended, self.refused),
            ),
            Figure::measured(
                &format!("{name}: wrong bodies delivered"),
                0,
                self.wrong.len(),
                self.wrong.is_empty(),
                &examples(&self.wrong),
            ),
            Figure::measured(
                &format!("{name}: lost without a word"),
                0,
                self.lost.len(),
                self.lost.is_empty(),
                &examples(&self.lost),
            ),
            Figure::measured(
                &format!("{name}: others still deliverable, where the store opened"),
                "99 %",
                format!("{share:.2} %"),
                share >= 99.0,
                "a page of an index or of a table is gone with all that is on it",
            ),
            Figure::shown(&format!("{name}: stores refused until a person decides"), format!("{refused:.1} %")),
        ])
    }
}
