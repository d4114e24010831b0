//! What happens to files in an inbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::adapter::file::inbox::{Folders, Found, Inbox};
use crate::adapter::file::{FileInbound, FileTicket, ReceivedFile};
use crate::adapter::{Committed, Inbound, InboundAdapter, Received};
use crate::component::{Disposition, Error, ItemConfig};
use crate::settings::Raw;

/// An inbox in a folder of its own.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        Self { folder }
    }

    fn inbox(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    fn put(&self, name: &str, content: &str) {
        fs::write(self.inbox().join(name), content).unwrap();
    }

    /// An adapter that takes files at once.
    fn build(&self, settings: &[(&'static str, Raw)]) -> FileInbound {
        let mut config = ItemConfig { item: "intake".into(), ..ItemConfig::default() };
        for decl in FileInbound::SETTINGS {
            config.settings.extend(decl.default.map(|default| (decl.name, default())));
        }
        config.settings.insert("path", Raw::from(self.inbox().to_str().unwrap()));
        config.settings.insert("stable", Raw::from("0s"));
        config.settings.extend(settings.iter().cloned());
        FileInbound::build(&config).unwrap()
    }

    async fn open(&self) -> FileInbound {
        let mut adapter = self.build(&[]);
        adapter.open().await.unwrap();
        adapter
    }
}

/// The names in a folder, sorted; hidden ones left out.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

async fn next(adapter: &mut FileInbound) -> Inbound<ReceivedFile, FileTicket> {
    match adapter.receive().await.unwrap() {
        Received::Input(inbound) => inbound,
        other => panic!("no file: {other:?}"),
    }
}

/// Opens the inbox in `path` with files quiet after a second, to be looked into at given milliseconds.
fn looks(path: PathBuf) -> impl FnMut(u64) -> Found {
    let folders = Folders {
        work: path.join(".work"),
        archive: path.join(".archive"),
        errors: path.join(".errors"),
        pattern: "*".into(),
        stable: Duration::from_secs(1),
        max_bytes: 100,
        by_reference: false,
        inbox: path,
    };
    let (mut inbox, start) = (Inbox::open(folders).unwrap(), Instant::now());
    move |milliseconds| inbox.next(start + Duration::from_millis(milliseconds)).unwrap()
}

fn name_and_content(found: Found) -> (String, String) {
    let Found::File(taken) = found else { panic!("no file: {found:?}") };
    (taken.name, String::from_utf8(taken.bytes).unwrap())
}

#[test]
fn a_file_is_taken_when_its_size_and_time_have_been_quiet() {
    let desk = Desk::new();
    let mut at = looks(desk.inbox());
    assert_eq!(at(0), Found::Nothing);
    desk.put("a", "half");
    assert_eq!(at(100), Found::NotYet, "it is new");
    assert_eq!(at(1_000), Found::NotYet, "it was quiet for less than a second");
    desk.put("a", "half and the rest");
    assert_eq!(at(1_200), Found::NotYet, "it has grown");
    assert_eq!(at(2_100), Found::NotYet, "it was quiet for less than a second again");
    assert_eq!(name_and_content(at(2_200)), ("a".to_owned(), "half and the rest".to_owned()));
    assert_eq!(at(2_300), Found::Nothing);
}

#[test]
fn a_file_that_changes_before_it_is_claimed_waits_to_be_quiet_again() {
    let desk = Desk::new();
    let mut at = looks(desk.inbox());
    desk.put("a", "x");
    desk.put("b", "half");
    assert_eq!(at(0), Found::NotYet);
    assert_eq!(name_and_content(at(1_000)).0, "a");
    // `b` was quiet, too, when `a` was taken.
    desk.put("b", "half and the rest");
    assert_eq!(at(1_100), Found::NotYet);
    assert_eq!(at(2_000), Found::NotYet);
    assert_eq!(name_and_content(at(2_100)), ("b".to_owned(), "half and the rest".to_owned()));
}

#[tokio::test]
async fn a_file_is_archived_only_with_the_receipt_of_its_commit() {
    let desk = Desk::new();
    desk.put("order.csv", "1;2");
    let mut adapter = desk.open().await;
    let inbound = next(&mut adapter).await;
    assert_eq!(inbound.label, "order.csv");
    assert_eq!(inbound.input.text().unwrap(), "1;2");
    assert_eq!(inbound.input.content_hash, blake3::hash(b"1;2").to_hex().as_str());
    assert_eq!(fs::read_to_string(&inbound.input.path).unwrap(), "1;2");
    assert_eq!(names(&desk.inbox().join(".work")), ["order.csv"]);
    assert!(names(&desk.inbox()).is_empty() && names(&desk.inbox().join(".archive")).is_empty());

    adapter.accepted(inbound.ticket, Committed::new(false)).await.unwrap();
    assert!(names(&desk.inbox().join(".work")).is_empty());
    assert_eq!(fs::read_to_string(desk.inbox().join(".archive/order.csv")).unwrap(), "1;2");
    assert!(matches!(adapter.receive().await.unwrap(), Received::Nothing));
}

#[tokio::test]
async fn files_come_in_the_order_of_their_names() {
    let desk = Desk::new();
    for name in ["b", "a", "c", "10", "9"] {
        desk.put(name, name);
    }
    let mut adapter = desk.open().await;
    let mut order = Vec::new();
    while let Received::Input(inbound) = adapter.receive().await.unwrap() {
        order.push(inbound.label);
    }
    assert_eq!(order, ["10", "9", "a", "b", "c"]);
}

#[tokio::test]
async fn a_file_that_was_claimed_in_a_crash_is_taken_up_again_as_the_same_input() {
    let desk = Desk::new();
    desk.put("z-claimed", "x");
    let mut adapter = desk.open().await;
    let before = next(&mut adapter).await;
    drop(adapter);
    desk.put("a-later", "y");

    let mut adapter = desk.open().await;
    let again = next(&mut adapter).await;
    assert_eq!((again.label.as_str(), again.identity), ("z-claimed", before.identity));
    // The commit was made before the crash: the store knows the input, and it only remains to archive it.
    adapter.accepted(again.ticket, Committed::new(true)).await.unwrap();
    assert_eq!(names(&desk.inbox().join(".archive")), ["z-claimed"]);
    assert_eq!(next(&mut adapter).await.label, "a-later");
}

#[tokio::test]
async fn the_same_name_and_content_is_the_same_input_and_both_files_are_kept() {
    let desk = Desk::new();
    let mut adapter = desk.open().await;
    let mut identities = Vec::new();
    for (name, content) in [("a", "x"), ("a", "x"), ("a", "other"), ("b", "x")] {
        desk.put(name, content);
        let inbound = next(&mut adapter).await;
        let duplicate = identities.contains(&inbound.identity);
        identities.push(inbound.identity);
        adapter.accepted(inbound.ticket, Committed::new(duplicate)).await.unwrap();
    }
    assert_eq!(identities[0], identities[1]);
    assert!(identities[1] != identities[2] && identities[1] != identities[3] && identities[2] != identities[3]);
    let archived = names(&desk.inbox().join(".archive"));
    assert_eq!(archived.len(), 4);
    assert_eq!(archived.iter().filter(|name| name.starts_with("a.2")).count(), 2, "with the time: {archived:?}");
}

#[tokio::test]
async fn two_services_take_the_same_content_as_two_inputs() {
    let desk = Desk::new();
    desk.put("a", "x");
    let mut adapter = desk.open().await;
    let first = next(&mut adapter).await.identity;
    drop(adapter);
    let mut config = ItemConfig { item: "other".into(), ..ItemConfig::default() };
    for (name, value) in [("path", Raw::from(desk.inbox().to_str().unwrap())), ("pattern", Raw::from("*"))] {
        config.settings.insert(name, value);
    }
    config.settings.extend([
        ("stable", Raw::from("0s")),
        ("max_bytes", Raw::from(9)),
        ("by_reference", Raw::from(false)),
    ]);
    let mut other = FileInbound::build(&config).unwrap();
    other.open().await.unwrap();
    assert_ne!(next(&mut other).await.identity, first);
}

#[tokio::test]
async fn a_refused_file_is_set_aside_with_the_reason() {
    let desk = Desk::new();
    desk.put("a.json", "{");
    let mut adapter = desk.open().await;
    let inbound = next(&mut adapter).await;
    adapter.refused(inbound.ticket, "line 1: unexpected end").await.unwrap();
    let errors = desk.inbox().join(".errors");
    assert_eq!(names(&errors), ["a.json", "a.json.error"]);
    assert_eq!(fs::read_to_string(errors.join("a.json")).unwrap(), "{");
    assert!(fs::read_to_string(errors.join("a.json.error")).unwrap().contains("line 1: unexpected end"));
    assert!(names(&desk.inbox().join(".work")).is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn links_pipes_sockets_and_folders_are_left_and_keep_nobody_busy() {
    let desk = Desk::new();
    let secret = desk.folder.path().join("secret");
    fs::write(&secret, "do not read").unwrap();
    std::os::unix::fs::symlink(&secret, desk.inbox().join("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(desk.inbox().join("socket")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(desk.inbox().join("pipe")).status().unwrap();
    assert!(made.success());
    fs::create_dir(desk.inbox().join("folder")).unwrap();

    let mut adapter = desk.open().await;
    assert!(matches!(adapter.receive().await.unwrap(), Received::Nothing));
    assert_eq!(names(&desk.inbox()), ["folder", "link", "pipe", "socket"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_takes_the_place_of_a_quiet_file_is_not_followed() {
    let desk = Desk::new();
    let secret = desk.folder.path().join("secret");
    fs::write(&secret, "y").unwrap();
    desk.put("a", "x");
    desk.put("b", "y");
    let mut adapter = desk.open().await;
    assert_eq!(next(&mut adapter).await.label, "a");
    // `b` was seen as a quiet file with the first look.
    fs::remove_file(desk.inbox().join("b")).unwrap();
    std::os::unix::fs::symlink(&secret, desk.inbox().join("b")).unwrap();
    assert!(matches!(adapter.receive().await.unwrap(), Received::Nothing));
    assert_eq!(names(&desk.inbox()), ["b"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_hostile_name_is_set_aside_under_a_safe_one() {
    use std::os::unix::ffi::OsStrExt;

    let desk = Desk::new();
    let hostile: [&[u8]; 4] = [b"line\nbreak", b"esc\x1b[2J", b"not-utf8-\xff", "right\u{202e}left".as_bytes()];
    for name in hostile {
        fs::write(desk.inbox().join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    desk.put("Größe 1 (neu).csv", "fine");
    let mut adapter = desk.open().await;
    assert_eq!(next(&mut adapter).await.label, "Größe 1 (neu).csv");
    assert!(matches!(adapter.receive().await.unwrap(), Received::Nothing));
    let aside = names(&desk.inbox().join(".errors"));
    assert_eq!(aside.len(), 2 * hostile.len(), "each with its reason: {aside:?}");
    let safe = |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    assert!(aside.iter().all(safe), "{aside:?}");
    assert!(names(&desk.inbox()).is_empty());
}

#[tokio::test]
async fn a_file_that_is_too_large_is_set_aside_unread() {
    let desk = Desk::new();
    desk.put("large", "12345");
    desk.put("right", "1234");
    let mut adapter = desk.build(&[("max_bytes", Raw::from(4))]);
    adapter.open().await.unwrap();
    assert_eq!(next(&mut adapter).await.label, "right");
    let why = fs::read_to_string(desk.inbox().join(".errors/large.error")).unwrap();
    assert!(why.contains("5 bytes, more than the 4"), "{why}");
}

#[tokio::test]
async fn only_names_of_the_pattern_are_taken() {
    let desk = Desk::new();
    for name in ["a.csv", "a.csv.part", ".hidden.csv", "b.txt"] {
        desk.put(name, "x");
    }
    let mut adapter = desk.build(&[("pattern", Raw::from("*.csv"))]);
    adapter.open().await.unwrap();
    assert_eq!(next(&mut adapter).await.label, "a.csv");
    assert!(matches!(adapter.receive().await.unwrap(), Received::Nothing));
}

#[tokio::test]
async fn a_file_that_vanishes_before_it_is_claimed_is_no_error() {
    let desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.put(name, "x");
    }
    let mut adapter = desk.open().await;
    assert_eq!(next(&mut adapter).await.label, "a");
    fs::remove_file(desk.inbox().join("b")).unwrap();
    assert_eq!(next(&mut adapter).await.label, "c");
}

#[tokio::test]
async fn a_second_file_of_a_name_waits_until_the_first_is_archived() {
    let desk = Desk::new();
    desk.put("a", "first");
    let mut adapter = desk.open().await;
    let first = next(&mut adapter).await;
    desk.put("a", "second");
    assert!(matches!(adapter.receive().await.unwrap(), Received::NotYet));
    assert_eq!(fs::read_to_string(&first.input.path).unwrap(), "first");
    adapter.accepted(first.ticket, Committed::new(false)).await.unwrap();
    assert_eq!(next(&mut adapter).await.input.text().unwrap(), "second");
}

#[tokio::test]
async fn a_folder_belongs_to_one_service_at_a_time() {
    let desk = Desk::new();
    let first = desk.open().await;
    let mut second = desk.build(&[]);
    let error = second.open().await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Unavailable);
    assert!(error.to_string().contains("another service or process has this work folder"), "{error}");
    drop(first);
    second.open().await.unwrap();
}

#[tokio::test]
async fn a_work_folder_that_was_removed_is_made_again() {
    let desk = Desk::new();
    let mut adapter = desk.open().await;
    desk.put("a", "x");
    fs::remove_dir_all(desk.inbox().join(".work")).unwrap();
    let error: Error = adapter.receive().await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Unavailable);
    adapter.open().await.unwrap();
    assert_eq!(next(&mut adapter).await.label, "a");
}

#[tokio::test]
async fn a_file_that_was_claimed_while_nobody_waited_any_more_comes_with_the_next_call() {
    let desk = Desk::new();
    desk.put("a", "x");
    let mut adapter = desk.open().await;
    {
        let mut receive = std::pin::pin!(adapter.receive());
        assert!(futures_util::poll!(receive.as_mut()).is_pending());
    }
    assert_eq!(next(&mut adapter).await.label, "a");
}

#[tokio::test]
async fn a_message_whose_file_was_taken_away_is_accepted_all_the_same() {
    let desk = Desk::new();
    desk.put("a", "x");
    let mut adapter = desk.open().await;
    let inbound = next(&mut adapter).await;
    fs::remove_file(&inbound.input.path).unwrap();
    adapter.accepted(inbound.ticket, Committed::new(false)).await.unwrap();
}
