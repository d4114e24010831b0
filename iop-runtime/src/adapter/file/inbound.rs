//! [`FileInbound`]: the inbound adapter of a service that polls a folder.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::inbox::{Folders, Found, Inbox, Taken};
use super::{disk, events, reach};
use crate::adapter::{Committed, Inbound, InboundAdapter, Received};
use crate::component::{Error, Fields, IntoSetting, ItemConfig, Result, SettingField, Wiring};
use crate::message::MessageId;
use crate::settings::SettingDecl;

/// Takes files from a folder, in the order of their names.
///
/// A file is *claimed* by a rename into the work folder when its size and time have not changed for `stable`, then read,
/// and given to `on_process_input` as a [`ReceivedFile`]. It goes to the archive only after what the service sent is
/// stored, and to the errors folder, with a text that says why, when the service fails on it for good. Nothing is ever
/// deleted.
///
/// - The identity of a file is its name and content: the same file again is archived, and processed no second time.
/// - A crash at any point leaves the file in the inbox, in the work folder or in the archive. What is in the work folder
///   at the start is taken up again.
/// - Only regular files are taken. Links, FIFOs and devices stay where they are, with a warning. A name that is not
///   UTF-8 or has control characters, and a file of more than `max_bytes`, go to the errors folder.
/// - Names with a leading dot are hidden, unless the pattern has a leading dot: a sender may write `.part-1` and rename
///   it.
/// - A file that cannot be read is left in the inbox and tried again with every call. It does not keep the production
///   busy: `run --until-idle` ends all the same, with the warning in the log.
///
/// # Settings
///
/// | setting | default | |
/// |---|---|---|
/// | `path` | | the inbox folder; made where it is missing |
/// | `pattern` | `*` | which names: `*` and `?` as in a shell |
/// | `work` | `<path>/.work` | claimed files; on the same file system as `path`, for one service only |
/// | `archive` | `<path>/.archive` | files whose message is stored |
/// | `errors` | `<path>/.errors` | files that a person must look at, each with a `.error` text |
/// | `stable` | `1s` | how long size and time must have been quiet; `0s` where senders rename files into the folder |
/// | `max_bytes` | 64 MiB | the largest file that is taken, in bytes |
/// | `by_reference` | `false` | files are not read into memory: [`ReceivedFile::bytes`] is empty, `cx.store_file(&file.path)` makes a blob of it |
///
/// A service may declare one of them as a `#[setting]` of its own, to read it or to give it another default.
#[derive(Debug)]
pub struct FileInbound {
    item: String,
    folders: Folders,
    inbox: Option<Inbox>,
    /// A look that is under way. It outlives the future that began it: a claimed file must not be forgotten because
    /// somebody stopped waiting.
    looking: Option<JoinHandle<(Inbox, Result<Found>)>>,
}

/// The settings of [`FileInbound`] as `production!` fills them in.
#[derive(Debug, Default)]
pub struct FileInboundFields {
    /// The inbox folder.
    pub path: SettingField<PathBuf>,
    /// Which names.
    pub pattern: SettingField<String>,
    /// Claimed files.
    pub work: SettingField<Option<PathBuf>>,
    /// Files whose message is stored.
    pub archive: SettingField<Option<PathBuf>>,
    /// Files that a person must look at.
    pub errors: SettingField<Option<PathBuf>>,
    /// How long a file must have been quiet.
    pub stable: SettingField<Duration>,
    /// The largest file, in bytes.
    pub max_bytes: SettingField<u64>,
    /// Whether files are left where they are, for `cx.store_file`.
    pub by_reference: SettingField<bool>,
}

impl Fields for FileInboundFields {
    fn wiring(self) -> Wiring {
        let mut wiring = Wiring::default();
        wiring.setting("path", self.path);
        wiring.setting("pattern", self.pattern);
        wiring.setting("work", self.work);
        wiring.setting("archive", self.archive);
        wiring.setting("errors", self.errors);
        wiring.setting("stable", self.stable);
        wiring.setting("max_bytes", self.max_bytes);
        wiring.setting("by_reference", self.by_reference);
        wiring
    }
}

/// A file as a service gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedFile {
    /// Its name in the inbox.
    pub name: String,
    /// Where it lies until its message is stored.
    pub path: PathBuf,
    /// Its content; empty where the setting `by_reference` is on.
    pub bytes: Bytes,
    /// When it was last written, as its file system says.
    pub modified: SystemTime,
    /// The BLAKE3 hash of its content, in hexadecimal.
    pub content_hash: String,
}

impl ReceivedFile {
    /// The content as text.
    ///
    /// # Errors
    /// Fatal where it is not UTF-8: the file will be set aside.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.bytes)
            .map_err(|error| Error::fatal(format!("the file `{}` is not UTF-8: {error}", self.name)))
    }
}

/// What identifies a claimed file when it is acknowledged.
#[derive(Debug)]
pub struct FileTicket {
    name: String,
    path: PathBuf,
}

impl FileInbound {
    fn of(item: &str, folders: Folders) -> Self {
        Self { item: item.to_owned(), folders, inbox: None, looking: None }
    }

    /// The input that a file is.
    fn input(&self, taken: Taken) -> Inbound<ReceivedFile, FileTicket> {
        let hash = taken.hash;
        Inbound {
            identity: Some(MessageId::of_input(&[
                b"file",
                self.item.as_bytes(),
                taken.name.as_bytes(),
                hash.as_bytes(),
            ])),
            label: taken.name.clone(),
            ticket: FileTicket { name: taken.name.clone(), path: taken.path.clone() },
            input: ReceivedFile {
                name: taken.name,
                path: taken.path,
                bytes: Bytes::from(taken.bytes),
                modified: taken.look.modified,
                content_hash: hash.to_hex().to_string(),
            },
        }
    }

    /// Waits for a look that is under way.
    async fn looked(&mut self) -> Option<Result<Found>> {
        let joined = self.looking.as_mut()?.await;
        self.looking = None;
        Some(match joined {
            Ok((inbox, found)) => {
                self.inbox = Some(inbox);
                found
            }
            Err(error) => Err(Error::retry(format!("the look into the inbox did not end: {error}"))),
        })
    }
}

impl InboundAdapter for FileInbound {
    type Input = ReceivedFile;
    type Ticket = FileTicket;
    type Fields = FileInboundFields;

    const SETTINGS: &'static [SettingDecl] = &[
        SettingDecl::new::<PathBuf>("path", "The inbox folder; made where it is missing.", None),
        SettingDecl::new::<String>(
            "pattern",
            "Which file names: * and ? as in a shell.",
            Some(|| IntoSetting::<String>::into_raw("*")),
        ),
        SettingDecl::new::<Option<PathBuf>>("work", "Claimed files; by default `.work` in the inbox.", None),
        SettingDecl::new::<Option<PathBuf>>(
            "archive",
            "Files whose message is stored; by default `.archive` in the inbox.",
            None,
        ),
        SettingDecl::new::<Option<PathBuf>>(
            "errors",
            "Files that a person must look at; by default `.errors` in the inbox.",
            None,
        ),
        SettingDecl::new::<Duration>(
            "stable",
            "How long size and time of a file must have been quiet.",
            Some(|| IntoSetting::<Duration>::into_raw("1s")),
        ),
        SettingDecl::new::<u64>(
            "max_bytes",
            "The largest file that is taken, in bytes.",
            Some(|| IntoSetting::<u64>::into_raw(64 * 1024 * 1024_u64)),
        ),
        SettingDecl::new::<bool>(
            "by_reference",
            "Leaves files where they are, for `cx.store_file`, in place of reading them into memory.",
            Some(|| IntoSetting::<bool>::into_raw(false)),
        ),
    ];

    fn build(config: &ItemConfig) -> Result<Self> {
        let inbox: PathBuf = config.setting("path")?;
        let folder = |name: &'static str, default: &str| {
            config.setting::<Option<PathBuf>>(name).map(|given| given.unwrap_or_else(|| inbox.join(default)))
        };
        let folders = Folders {
            work: folder("work", ".work")?,
            archive: folder("archive", ".archive")?,
            errors: folder("errors", ".errors")?,
            pattern: config.setting("pattern")?,
            stable: config.setting("stable")?,
            max_bytes: config.setting("max_bytes")?,
            by_reference: config.setting("by_reference")?,
            inbox,
        };
        Ok(Self::of(&config.item, folders))
    }

    async fn check(&mut self) -> Option<Result> {
        let Folders { inbox, work, archive, errors, .. } = self.folders.clone();
        let all =
            disk::blocking(move || [inbox, work, archive, errors].iter().try_for_each(|each| reach::folder(each)));
        Some(all.await)
    }

    async fn open(&mut self) -> Result {
        // What a look that was under way has claimed is found again in the work folder.
        let _ = self.looked().await;
        // First, because it holds the lock.
        self.inbox = None;
        let folders = self.folders.clone();
        self.inbox = Some(disk::blocking(move || Inbox::open(folders)).await?);
        Ok(())
    }

    async fn receive(&mut self) -> Result<Received<ReceivedFile, FileTicket>> {
        if self.looking.is_none() {
            let mut inbox = self.inbox.take().ok_or_else(|| Error::retry("the inbox is not open"))?;
            let (now, span) = (Instant::now(), tracing::Span::current());
            self.looking = Some(tokio::task::spawn_blocking(move || {
                let found = span.in_scope(|| inbox.next(now));
                (inbox, found)
            }));
        }
        Ok(match self.looked().await.unwrap_or(Ok(Found::Nothing))? {
            Found::File(taken) => Received::Input(self.input(taken)),
            Found::NotYet => Received::NotYet,
            Found::Nothing => Received::Nothing,
        })
    }

    async fn accepted(&mut self, ticket: FileTicket, receipt: Committed) -> Result {
        let archive = self.folders.archive.clone();
        disk::blocking(move || {
            let to = match disk::move_into(&ticket.path, &archive, &ticket.name) {
                Ok(to) => to,
                // The message is stored; a file that somebody took away meanwhile need not be archived.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    events::not_archived(&ticket.name, error);
                    return Ok(());
                }
                Err(error) => return Err(Error::unavailable(error)),
            };
            events::archived(&ticket.name, &to, receipt.duplicate());
            Ok(())
        })
        .await
    }

    async fn refused(&mut self, ticket: FileTicket, error: &str) -> Result {
        let folders = self.folders.clone();
        let why = error.to_owned();
        disk::blocking(move || {
            let aside = folders.set_aside(&ticket.path, ticket.name.as_ref(), &why).map_err(Error::unavailable)?;
            events::kept_aside(&ticket.name, &aside);
            Ok(())
        })
        .await
    }
}
