//! What is written, and what is not written twice.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::adapter::file::{Appended, FileOutbound, Flush, KeyedCsv, KeyedLines, Written};
use crate::component::Disposition;

fn first_word(line: &str) -> Option<String> {
    line.split_once(' ').map(|(word, _)| word.to_owned())
}

async fn open(path: &Path) -> KeyedLines {
    KeyedLines::open(path, first_word).await.unwrap()
}

/// Adds bytes as a process does that ends in the middle.
fn add(path: &Path, bytes: &str) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes.as_bytes()).unwrap();
}

#[tokio::test]
async fn a_line_is_not_written_twice_also_after_the_file_was_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out/lines.txt");
    let lines = open(&path).await;
    assert_eq!(lines.append("1 a").await.unwrap(), Appended::Written);
    assert_eq!(lines.append("2 b").await.unwrap(), Appended::Written);
    assert_eq!(lines.append("1 a").await.unwrap(), Appended::Present);
    drop(lines);
    let lines = open(&path).await;
    assert_eq!(lines.append("2 b").await.unwrap(), Appended::Present);
    assert_eq!(lines.append("2 c").await.unwrap(), Appended::Differs);
    assert_eq!(lines.append("3 c").await.unwrap(), Appended::Written);
    assert_eq!(fs::read_to_string(&path).unwrap(), "1 a\n2 b\n3 c\n");
}

#[tokio::test]
async fn a_torn_last_line_is_cut_kept_beside_the_file_and_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.txt");
    let whole = "2 a whole line";
    // Wherever the crash was.
    for torn in 1..=whole.len() {
        fs::write(&path, "1 a\n").unwrap();
        add(&path, &whole[..torn]);
        let lines = open(&path).await;
        assert_eq!(fs::read_to_string(&path).unwrap(), "1 a\n");
        assert_eq!(lines.append(whole).await.unwrap(), Appended::Written, "cut at {torn}");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("1 a\n{whole}\n"));
    }
    let kept = fs::read_to_string(folder.path().join("lines.txt.torn")).unwrap();
    assert!(kept.ends_with("2 a whole lin\n2 a whole line\n"), "{kept}");
}

#[tokio::test]
async fn after_a_failed_write_the_file_is_repaired_with_the_next_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.txt");
    let lines = open(&path).await;
    lines.append("1 a").await.unwrap();
    lines.forget_the_file();
    add(&path, "2 half");
    assert_eq!(lines.append("2 half and the rest").await.unwrap(), Appended::Written);
    assert_eq!(lines.append("1 a").await.unwrap(), Appended::Present);
    assert_eq!(fs::read_to_string(&path).unwrap(), "1 a\n2 half and the rest\n");
}

#[tokio::test]
async fn what_is_not_one_line_with_a_key_is_refused_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let lines = open(&folder.path().join("lines.txt")).await;
    for line in ["nokey", "1 two\nlines", "1 a\n"] {
        assert_eq!(lines.append(line).await.unwrap_err().disposition(), Disposition::Fatal, "{line:?}");
    }
    assert_eq!(fs::read_to_string(lines.path()).unwrap(), "");
}

#[tokio::test]
async fn a_file_is_open_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.txt");
    let first = open(&path).await;
    let error = KeyedLines::open(&path, first_word).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Unavailable);
    assert!(error.to_string().contains("pool_size = 1"), "{error}");
    drop(first);
    open(&path).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_not_written_through_and_files_are_not_for_the_world() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "1 mine\n").unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("link")).unwrap();
    KeyedLines::open(folder.path().join("link"), first_word).await.unwrap_err();
    let outbound = FileOutbound::open(folder.path()).await.unwrap();
    assert_eq!(outbound.write_once("link", "1 mine\n").await.unwrap_err().disposition(), Disposition::Fatal);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "1 mine\n");

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let lines = open(&folder.path().join("lines.txt")).await;
    let file = outbound.write_once("file", "x").await.unwrap();
    assert_eq!((mode(lines.path()) & 0o137, mode(file.path()) & 0o137), (0, 0));
}

#[tokio::test]
async fn records_survive_a_crash_in_the_middle_of_a_quoted_field() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    let columns = ["id", "line", "note"];
    let csv = KeyedCsv::open(&path, &columns, &["id", "line"], Flush::Later).await.unwrap();
    csv.append([Some("1"), Some("1"), Some("two\nlines")]).await.unwrap();
    drop(csv);
    add(&path, "1,2,\"torn in\nits second");

    let csv = KeyedCsv::open(&path, &columns, &["id", "line"], Flush::EachLine).await.unwrap();
    assert_eq!(csv.append([Some("1"), Some("1"), Some("two\nlines")]).await.unwrap(), Appended::Present);
    assert_eq!(csv.append([Some("1"), Some("2"), None]).await.unwrap(), Appended::Written);
    assert_eq!(csv.append([Some("1"), Some("2")]).await.unwrap_err().disposition(), Disposition::Fatal);
    assert_eq!(fs::read_to_string(&path).unwrap(), "id,line,note\n1,1,\"two\nlines\"\n1,2,\n");
}

#[tokio::test]
async fn a_file_with_other_columns_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    fs::write(&path, "id,amount\n1,2\n").unwrap();
    let error = KeyedCsv::open(&path, &["id", "note"], &["id"], Flush::EachLine).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Fatal);
    assert!(error.to_string().contains("expected `id,note`"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "id,amount\n1,2\n");
    KeyedCsv::open(&path, &["id", "amount"], &["nr"], Flush::EachLine).await.unwrap_err();
}

#[tokio::test]
async fn of_many_workers_that_write_one_file_one_writes_and_the_others_find_it() {
    let folder = tempfile::tempdir().unwrap();
    let outbound = FileOutbound::open(folder.path()).await.unwrap();
    let write = |content: &'static str| {
        let outbound = outbound.clone();
        tokio::spawn(async move { outbound.write_once("label", content).await })
    };
    let workers: Vec<_> = (0..16).map(|_| write("same")).collect();
    let mut new = 0;
    for worker in workers {
        new += usize::from(matches!(worker.await.unwrap().unwrap(), Written::New(_)));
    }
    assert_eq!(new, 1);
    assert_eq!(write("other").await.unwrap().unwrap_err().disposition(), Disposition::Fatal);
    assert_eq!(fs::read_to_string(folder.path().join("label")).unwrap(), "same");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
    outbound.overwrite("label", "other").await.unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("label")).unwrap(), "other");
}

#[tokio::test]
async fn what_is_not_open_writes_nothing() {
    let errors = [
        KeyedLines::default().append("1 a").await.unwrap_err(),
        KeyedCsv::default().append([Some("1")]).await.unwrap_err(),
        FileOutbound::default().write_once("a", "x").await.unwrap_err(),
        FileOutbound::default().overwrite("a", "x").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.disposition(), Disposition::Fatal);
        assert!(error.to_string().contains("open it in `on_init`"), "{error}");
    }
}

#[tokio::test]
async fn what_another_process_had_not_finished_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for name in [".0190-7.iop-part", ".mine", "report.iop-part"] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    FileOutbound::open(folder.path()).await.unwrap();
    let mut left: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.sort();
    assert_eq!(left, [folder.path().join(".mine"), folder.path().join("report.iop-part")]);
}
