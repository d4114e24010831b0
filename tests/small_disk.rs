//! A disk of a few megabytes, where the system lets us make one.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system in memory, unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one at `path`, which is made; `None`, and a word, where that is not allowed here.
    ///
    /// # Panics
    /// Where the folder cannot be made.
    #[must_use]
    pub fn at(path: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(path).expect("a folder");
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(path.to_owned()));
        }
        #[allow(clippy::print_stderr, reason = "whoever runs the tests has to know what was not tested")]
        {
            eprintln!("skipped: no small disk can be mounted here (it takes root)");
        }
        None
    }

    /// Writes into a file of this name until nothing more fits.
    ///
    /// # Panics
    /// Where the file cannot be made.
    pub fn fill(&self, name: &str) {
        let mut file = File::create(self.0.join(name)).expect("a file");
        for size in [64 << 10, 4 << 10, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Nobody may write to it any more.
    ///
    /// # Panics
    /// Where somebody has a file open to be written.
    pub fn protect(&self) {
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()), "it can be mounted anew");
    }

    /// Removes the file again.
    ///
    /// # Panics
    /// Where it is not there.
    pub fn free(&self, name: &str) {
        fs::remove_file(self.0.join(name)).expect("the file");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a killed child may still be letting go of it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
