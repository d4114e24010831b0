//! Contents that lie beside the messages that refer to them.

use std::path::Path;
use std::sync::Arc;

use iop::clock::{Timestamp, TokioClock};
use iop::engine::Stop;
use iop::message::{BlobError, BlobReader};
use iop::prelude::*;
use iop::store::memory::MemoryStore;
use iop::store::sqlite::SqliteStore;
use iop::store::{Purge, PurgeBatch, Store, Viewer as _};
use iop_tests::rig::Rig;

#[message(response = Seen)]
struct Scan {
    #[key]
    patient: String,
    image: Blob,
}

#[message]
struct Seen {
    size: u64,
    first: u8,
}

#[message(response = Seen)]
struct Draw {
    bytes: usize,
    with: u8,
}

/// Makes a picture and has it looked at.
#[business_process]
struct Camera {
    #[target]
    out: Target<Scan>,
}

#[handlers]
impl Camera {
    async fn on_message(&mut self, draw: Draw, cx: &mut Context) -> Result<Seen> {
        let picture = vec![draw.with; draw.bytes];
        let image = cx.store_blob(&picture[..]).await?;
        Ok(cx.send_request_sync(&self.out, Scan { patient: "1".into(), image }).await?)
    }
}

/// Looks at a picture.
#[business_operation]
struct Viewer;

#[handlers]
impl Viewer {
    async fn on_message(&mut self, scan: Scan, cx: &mut Context) -> Result<Seen> {
        let mut content = cx.open_blob(&scan.image).await?;
        let (mut size, mut first) = (0, 0);
        while let Some(piece) = content.chunk().await? {
            if size == 0 {
                first = piece[0];
            }
            size += piece.len() as u64;
        }
        Ok(Seen { size, first })
    }
}

production! {
    Radiology {
        #[item(standalone)]
        camera: Camera { out: viewer },
        viewer: Viewer {},
    }
}

fn clock() -> Arc<TokioClock> {
    Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)))
}

fn sqlite(folder: &Path) -> Arc<SqliteStore> {
    SqliteStore::open(&folder.join("store"), clock()).expect("a store")
}

/// Everything that is finished, however young.
async fn purge(store: &dyn Store) {
    let mut batch = PurgeBatch::first(Purge::messages_before(Timestamp(i64::MAX)), 1000);
    while let Some(next) = store.purge(batch.clone()).await.expect("the store purges").next {
        batch = batch.after(next);
    }
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path.display().to_string()) }
    }
    found
}

async fn read(mut content: BlobReader) -> std::io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    while let Some(piece) = content.chunk().await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

#[tokio::test]
async fn a_message_has_the_reference_and_the_receiver_reads_the_content_in_both_stores() {
    let folder = tempfile::tempdir().expect("a folder");
    let stores: [Arc<dyn Store>; 2] = [MemoryStore::new(clock()), sqlite(folder.path())];
    for store in stores {
        let rig = Rig::on_store::<Radiology>(store, clock(), &[]).await;
        let seen = rig.call("camera", &Draw { bytes: 1 << 20, with: 7 }).await;
        assert_eq!((seen.size, seen.first), (1 << 20, 7));
        let scans = rig.messages_of::<Scan>().await;
        let body: serde_json::Value = rig.json(scans[0].id).await;
        assert_eq!(body["image"]["size"], 1 << 20);
        assert!(body.to_string().len() < 200, "the content is not in the body: {body}");
    }
}

#[tokio::test]
async fn a_purge_removes_the_contents_that_no_message_refers_to_any_more_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = sqlite(folder.path());
    let rig = Rig::on_store::<Radiology>(store.clone(), clock(), &[]).await;
    let contents = folder.path().join("store/blobs");
    // The same picture twice is one content.
    for with in [1, 2, 2] {
        rig.call("camera", &Draw { bytes: 100_000, with }).await;
    }
    rig.until_idle().await;
    assert_eq!(files(&contents).len(), 2);
    let held = store.blobs().write(Box::pin(&[1_u8; 100_000][..])).await.expect("stored");
    purge(&*store).await;
    assert_eq!(rig.messages().await, []);
    // What is about to be sent is kept.
    assert_eq!(files(&contents).len(), 1);
    let content = store.blobs().open(held.id()).await.expect("it is there");
    assert_eq!(read(content).await.expect("whole"), vec![1; 100_000]);
}

#[tokio::test]
async fn what_a_process_left_that_died_between_a_file_and_its_commit_is_swept_by_the_next_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let contents = folder.path().join("store/blobs");
    let kept = {
        let store = sqlite(folder.path());
        let rig = Rig::on_store::<Radiology>(store.clone(), clock(), &[]).await;
        rig.call("camera", &Draw { bytes: 1000, with: 1 }).await;
        drop(store.blobs().write(Box::pin(&[9_u8; 1000][..])).await.expect("stored, and then forgotten"));
        std::fs::write(contents.join("new-1-1"), "half a content").expect("a draft");
        assert_eq!(files(&contents).len(), 3);
        let scan = rig.messages_of::<Scan>().await[0].id;
        drop(rig.stop(Stop::Now).await);
        scan
    };
    let store = sqlite(folder.path());
    assert_eq!(files(&contents).len(), 1);
    let scan: Scan = serde_json::from_slice(&store.find(kept).await.expect("read").expect("kept").body).expect("JSON");
    let content = store.blobs().open(scan.image.id()).await.expect("it is there");
    assert_eq!(read(content).await.expect("whole"), vec![1; 1000]);
}

#[tokio::test]
async fn a_damaged_content_is_an_error_at_its_end_and_a_missing_one_at_its_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = sqlite(folder.path());
    let blob = store.blobs().write(Box::pin(&b"what was written"[..])).await.expect("stored");
    let file = files(&folder.path().join("store/blobs")).remove(0);
    std::fs::write(&file, "what was wrotten").expect("damaged");
    let error = read(store.blobs().open(blob.id()).await.expect("there")).await.expect_err("another content");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    std::fs::remove_file(&file).expect("removed");
    assert!(matches!(store.blobs().open(blob.id()).await, Err(BlobError::Missing(id)) if id == blob.id()));
}

#[tokio::test]
async fn a_content_that_cannot_be_read_to_its_end_leaves_nothing_behind() {
    struct Broken;
    impl tokio::io::AsyncRead for Broken {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Err(std::io::Error::other("the line went dead")))
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let store = sqlite(folder.path());
    let refused = store.blobs().write(Box::pin(Broken)).await.expect_err("the line went dead").to_string();
    assert!(refused.contains("the line went dead"), "{refused}");
    assert_eq!(files(&folder.path().join("store/blobs")), Vec::<String>::new());
}
