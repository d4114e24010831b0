//! Room on the disk: a ballast that is thrown off when there is none left, so that what is under way can still be stored, and
//! a word to the engine that nothing new should come in.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::directory::{BALLAST, open_private};

/// On a small disk the ballast is no more than one in so many of its bytes.
const OF_THE_DISK: u64 = 20;

/// Below one in so many of the ballast's bytes there is no room left.
const LOW: u64 = 4;

/// The room that a store has.
#[derive(Debug)]
pub(super) struct Space {
    dir: PathBuf,
    wanted: u64,
    is_short: AtomicBool,
    /// Held by whoever changes the ballast.
    changing: Mutex<()>,
}

impl Space {
    /// Keeps so many bytes of ballast in a store directory; with none, there is nothing to throw off.
    pub(super) fn new(dir: &Path, wanted: u64) -> Self {
        Self { dir: dir.to_owned(), wanted, is_short: AtomicBool::new(false), changing: Mutex::default() }
    }

    /// Whether there is no room, as far as anybody has noticed.
    pub(super) fn is_short(&self) -> bool {
        self.is_short.load(Ordering::SeqCst)
    }

    /// Looks how much room there is: throws the ballast off, or takes it in again.
    pub(super) fn tend(&self) {
        let Ok(disk) = Disk::of(&self.dir) else { return };
        let ballast = self.ballast(disk);
        let low = (ballast / LOW).max(64 << 10);
        if self.is_short() {
            let missing = ballast.saturating_sub(self.kept());
            // Room for the ballast, and for work beside it.
            if disk.free >= missing + 2 * low && self.take_in(ballast).is_ok() {
                self.is_short.store(false, Ordering::SeqCst);
            }
        } else if disk.free < low || (self.kept() < ballast && self.take_in(ballast).is_err()) {
            self.run_out();
        }
    }

    /// Nothing can be written any more, or soon.
    pub(super) fn run_out(&self) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_short.store(true, Ordering::SeqCst);
        // Where it cannot be removed there is nothing to gain.
        let _ = fs::remove_file(self.path());
    }

    /// Whether an error of the disk, whatever it says, comes from there being no room.
    pub(super) fn has_run_out(&self) -> bool {
        Disk::of(&self.dir).is_ok_and(|disk| disk.free < 64 << 10)
    }

    fn path(&self) -> PathBuf {
        self.dir.join(BALLAST)
    }

    fn ballast(&self, disk: Disk) -> u64 {
        self.wanted.min(disk.size / OF_THE_DISK)
    }

    fn kept(&self) -> u64 {
        fs::metadata(self.path()).map_or(0, |metadata| metadata.len())
    }

    fn take_in(&self, bytes: u64) -> io::Result<()> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let reserved = open_private(&self.path()).and_then(|file| reserve(&file, bytes));
        if reserved.is_err() {
            let _ = fs::remove_file(self.path());
        }
        reserved
    }
}

/// A file system.
#[derive(Debug, Clone, Copy)]
struct Disk {
    size: u64,
    /// For us, not for root alone.
    free: u64,
}

#[cfg(unix)]
impl Disk {
    fn of(dir: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(dir)?;
        Ok(Self { size: disk.f_blocks * disk.f_frsize, free: disk.f_bavail * disk.f_frsize })
    }
}

/// Room that cannot be measured is taken for plenty; what does not fit is noticed when it does not.
#[cfg(not(unix))]
impl Disk {
    fn of(_: &Path) -> io::Result<Self> {
        Ok(Self { size: u64::MAX, free: u64::MAX })
    }
}

/// Makes a file of this size that really has its room.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if bytes > 0 {
        match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            done => return Ok(done?),
        }
    }
    write_zeroes(file, bytes)
}

fn write_zeroes(mut file: &File, bytes: u64) -> io::Result<()> {
    let zeroes = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let piece = zeroes.get(..usize::try_from(left).unwrap_or(usize::MAX).min(zeroes.len())).unwrap_or_default();
        io::Write::write_all(&mut file, piece)?;
        left -= piece.len() as u64;
    }
    file.sync_data()
}
