//! The command line, as a person or a script meets it: the laboratory as a program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "cli/blocked.rs"]
mod blocked;
#[path = "cli/crashes.rs"]
mod crashes;
#[path = "cli/decides.rs"]
mod decides;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/disk.rs"]
mod disk;
#[path = "cli/forms.rs"]
mod forms;
#[path = "cli/full.rs"]
mod full;
#[path = "cli/jobs.rs"]
mod jobs;
#[path = "cli/keeping.rs"]
mod keeping;
#[path = "cli/locks.rs"]
mod locks;
#[path = "cli/places.rs"]
mod places;
#[path = "cli/queues.rs"]
mod queues;
#[path = "cli/reads.rs"]
mod reads;
#[path = "cli/refused.rs"]
mod refused;
#[path = "cli/replays.rs"]
mod replays;
#[path = "cli/runs.rs"]
mod runs;
#[cfg(unix)]
#[path = "cli/screens.rs"]
mod screens;
#[path = "cli/sends.rs"]
mod sends;
#[path = "cli/shows.rs"]
mod shows;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/transfers.rs"]
mod transfers;
#[path = "cli/watches.rs"]
mod watches;
