//! Wire taps: copies beside the flow.

use iop::message::{Header, Invocation, Kind, Status, Tapped};
use iop::prelude::*;
use iop::production::{GraphDocument, Production};
use iop_tests::rig::Rig;

#[message(response = Done)]
pub struct Job {
    #[key]
    name: String,
}

#[message]
pub struct Done {
    by: String,
}

/// Passes jobs on.
#[business_process]
pub struct Foreman {
    #[target]
    out: Target<Job>,
}

#[handlers]
impl Foreman {
    async fn on_message(&mut self, job: Job, cx: &mut Context) -> Result<Done> {
        if job.name == "fail" {
            return Err(Error::fatal("not today"));
        }
        Ok(cx.send_request_sync(&self.out, job).await?)
    }
}

#[business_operation]
pub struct Smith;

#[handlers]
impl Smith {
    async fn forge(&mut self, job: Job) -> Result<Done> {
        Ok(Done { by: format!("{} by smith", job.name) })
    }
}

/// Takes copies of jobs and of what came of them, and fails.
#[business_operation]
pub struct Clumsy;

#[handlers]
impl Clumsy {
    async fn job(&mut self, _: Job) -> Result<Done> {
        Err(Error::fatal("dropped it"))
    }

    async fn done(&mut self, done: Done) -> Result {
        info!("{}", done.by);
        Ok(())
    }
}

/// Takes copies of everything.
#[business_operation]
pub struct Ledger;

#[handlers]
impl Ledger {
    async fn note(&mut self, copy: Tapped) -> Result {
        let kind = if copy.response { "answers" } else { "gets" };
        info!("{} {kind} {} {}", copy.item, copy.type_name, copy.body);
        Ok(())
    }
}

production! {
    /// A smithy under observation.
    pub Smithy {
        #[item(standalone, tap = ledger, tap_responses = ledger)]
        foreman: Foreman { out: smith },
        #[item(tap = clumsy, tap_responses = clumsy)]
        smith: Smith {},
        /// Takes copies of copies: none come.
        #[item(tap = ledger)]
        clumsy: Clumsy {},
        ledger: Ledger {},
    }
}

fn copies(messages: &[Header]) -> Vec<String> {
    let copies = messages.iter().filter(|header| header.description.as_deref() == Some("wire tap"));
    copies
        .map(|copy| {
            assert_eq!((copy.kind, copy.invocation), (Kind::Request, Invocation::OneWay));
            let [from, to] = [&copy.source, &copy.target].map(|item| item.as_deref().unwrap_or("outside"));
            format!("{from} -> {to}: {} {}", copy.type_name, copy.status)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn everything_that_an_item_gets_and_answers_is_copied_and_a_failing_tap_disturbs_nothing() {
    let rig = Rig::start::<Smithy>().await;
    assert_eq!(rig.call("foreman", &Job { name: "nail".into() }).await.by, "nail by smith");
    rig.until_idle().await;
    let messages = rig.messages().await;
    assert_eq!(
        copies(&messages),
        [
            "foreman -> ledger: iop.tapped completed",
            "smith -> clumsy: Job suspended",
            "smith -> clumsy: Done completed",
            "foreman -> ledger: iop.tapped completed",
        ]
    );
    let originals = messages.iter().filter(|header| header.description.is_none());
    assert_eq!(originals.map(|header| header.status).collect::<Vec<_>>(), [Status::Completed; 4]);
    assert_eq!(
        rig.said_by::<Ledger>("ledger").await,
        [r#"foreman gets Job {"name":"nail"}"#, r#"foreman answers Done {"by":"nail by smith"}"#]
    );
}

#[tokio::test(start_paused = true)]
async fn a_copy_hangs_in_the_trace_below_what_is_copied_and_is_found_by_its_keys() {
    let rig = Rig::start::<Smithy>().await;
    rig.call("foreman", &Job { name: "nail".into() }).await;
    rig.until_idle().await;
    let messages = rig.messages().await;
    let jobs: Vec<_> = messages.iter().filter(|header| &*header.type_name == "Job").collect();
    let [outer, inner, copy] = jobs[..] else { panic!("{jobs:#?}") };
    assert_eq!((copy.parent, copy.session), (Some(inner.id), outer.session));
    let query = iop::store::MessageQuery {
        key: Some(("name".into(), "nail".into())),
        limit: 10,
        oldest_first: true,
        ..iop::store::MessageQuery::default()
    };
    let found = rig.store().query(query).await.expect("the store answers");
    assert_eq!(found.iter().map(|header| header.id).collect::<Vec<_>>(), [outer.id, inner.id, copy.id]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_fails_was_copied_all_the_same() {
    let rig = Rig::start::<Smithy>().await;
    assert!(rig.try_call("foreman", &Job { name: "fail".into() }).await.is_err());
    rig.until_idle().await;
    assert_eq!(rig.said_by::<Ledger>("ledger").await, [r#"foreman gets Job {"name":"fail"}"#]);
}

#[test]
fn taps_are_dashed_lines_of_the_graph() {
    let document = GraphDocument::of(Smithy::GRAPH, &Smithy::wiring());
    let taps: Vec<_> = document.routes.iter().filter(|route| route.tap).map(|route| route.label()).collect();
    assert_eq!(taps, ["tap: Job", "tap_responses: Done", "tap: Job", "tap_responses: Done", "tap: Job, Done"]);
    let mermaid = document.mermaid();
    assert!(mermaid.contains("    n0 -->|\"out: Job\"| n1\n"), "{mermaid}");
    assert!(mermaid.contains("    n0 -.->|\"tap: Job\"| n3\n"), "{mermaid}");
    assert!(document.dot().contains(r#""smith" -> "clumsy" [label="tap: Job", style=dashed];"#));
    let picture = iop::picture::svg(&document);
    assert_eq!(picture.matches("class=\"route tap\"").count(), 3, "one line for what goes the same way");
    let json = document.json().expect("a document is JSON");
    assert_eq!(json.matches("\"tap\": true").count(), 5);
}
