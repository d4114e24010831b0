//! File systems of their own: images on loop devices, and memory. They need root.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::engine::is_there;
use crate::trouble::{Result, until};

/// Why there can be no mounts here.
pub(crate) fn missing() -> Option<&'static str> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    if !is_root {
        Some("mounts need root")
    } else if !is_there("mount") {
        Some("there is no mount")
    } else {
        None
    }
}

/// Runs a program that must succeed.
pub(crate) fn must(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}

/// A file system of its own.
#[derive(Debug)]
pub(crate) struct Mount {
    _folder: TempDir,
    image: Option<PathBuf>,
    pub(crate) place: PathBuf,
}

impl Mount {
    /// An image with a file system of this kind.
    pub(crate) fn image(kind: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (image, place) = (folder.path().join("image"), folder.path().join("mounted"));
        fs::create_dir(&place)?;
        // The smallest that xfs takes; it is sparse.
        File::create(&image)?.set_len(400 << 20)?;
        must(&format!("mkfs.{kind}"), &["-q", &image.display().to_string()])?;
        let mount = Self { _folder: folder, image: Some(image), place };
        mount.attach()?;
        Ok(mount)
    }

    /// Memory of this size.
    pub(crate) fn memory(size: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let place = folder.path().join("mounted");
        fs::create_dir(&place)?;
        must("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", &place.display().to_string()])?;
        Ok(Self { _folder: folder, image: None, place })
    }

    /// Another size for memory.
    pub(crate) fn resize(&self, size: &str) -> Result<()> {
        must("mount", &["-o", &format!("remount,size={size}"), &self.place.display().to_string()])
    }

    fn attach(&self) -> Result<()> {
        let Some(image) = &self.image else { return Ok(()) };
        must("mount", &["-o", "loop", &image.display().to_string(), &self.place.display().to_string()])
    }

    /// Everything that is not on the disk at this moment is gone.
    pub(crate) fn cut_power(&self) -> Result<()> {
        // `_IOR('X', 125, u32)` with NOLOGFLUSH; the first is the tool of xfs, which ext4 understands as well.
        if is_there("xfs_io") && must("xfs_io", &["-x", "-c", "shutdown", &self.place.display().to_string()]).is_ok() {
            return Ok(());
        }
        let code = "import fcntl,os,struct,sys\nfcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        must("python3", &["-c", code, &self.place.display().to_string()])
    }

    /// Power comes back.
    pub(crate) fn power_up(&self) -> Result<()> {
        self.detach()?;
        self.attach()
    }

    fn detach(&self) -> Result<()> {
        let place = self.place.display().to_string();
        until("it can be unmounted", Duration::from_secs(20), || Ok(must("umount", &[&place]).is_ok())).map(drop)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Whatever keeps it open ends with the program.
        let _ = Command::new("umount").arg("-l").arg(&self.place).output();
    }
}

/// The bytes of a folder's files, by name, but for those of a lock.
pub(crate) fn files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && name != "engine.lock" && !name.starts_with("http-") {
            files.push((path.clone(), fs::read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}
