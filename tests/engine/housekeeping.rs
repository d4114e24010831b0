//! What goes by itself: sessions that are over for as long as their item keeps them, and never what is not finished.

use iop::clock::Clock;
use iop::director::{AgePurge, DirectorError};
use iop::message::Status;
use iop::prelude::*;
use iop::production;
use iop::search::parse;
use iop::store::AuditQuery;

use crate::kit::Lab;

#[message(response = Sheet)]
pub struct Print {
    pub pages: u32,
}

#[message]
pub struct Sheet {
    pub number: u32,
}

#[business_operation]
pub struct Printer;

#[handlers]
impl Printer {
    async fn print(&mut self, print: Print) -> Result<Sheet> {
        if print.pages == 0 { Err(Error::fatal("nothing to print")) } else { Ok(Sheet { number: print.pages }) }
    }
}

production! {
    pub Office {
        #[item(standalone, retention = "6h")]
        short: Printer {},
        #[item(standalone)]
        long: Printer {},
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_over_goes_when_its_item_keeps_it_no_longer() {
    let lab = Lab::start::<Office>().await;
    for item in ["short", "long"] {
        assert!(lab.call(item, r#"{"pages": 1}"#).await.is_ok());
    }
    assert!(lab.call("short", r#"{"pages": 0}"#).await.is_err());
    tokio::time::sleep(Duration::from_secs(5 * 3600)).await;
    assert_eq!(lab.messages().await.len(), 5, "requests and responses, and one that waits for a person");
    tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
    let left = lab.messages().await;
    let left: Vec<_> = left.iter().map(|header| (header.target.as_deref(), header.status)).collect();
    assert_eq!(
        left,
        [(Some("long"), Status::Completed), (None, Status::Completed), (Some("short"), Status::Suspended)],
        "what says nothing of it is kept for ever"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_query_finds_goes_with_its_session_and_what_came_after_the_preview_stays() {
    let lab = Lab::start::<Office>().await;
    for item in ["long", "short", "long"] {
        assert!(lab.call(item, r#"{"pages": 1}"#).await.is_ok());
    }
    assert!(lab.call("long", r#"{"pages": 0}"#).await.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let director = lab.director();
    let query = parse("item:long,short type:Print").expect("a query");
    let (which, seen) = director.purgeable_found(&query).await.expect("readable");
    assert_eq!((seen.messages, seen.kept), (4, 2), "`short` has a retention of its own, and one waits for a person");
    assert_eq!(lab.messages().await.len(), 7, "a preview removes nothing");

    assert!(lab.call("long", r#"{"pages": 2}"#).await.is_ok());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (gone, next) = director.purge_found(which, Duration::MAX, "eve").await.expect("it is done");
    assert_eq!((gone.messages, next), (4, None));
    let left = lab.messages().await;
    let left: Vec<_> = left.iter().filter_map(|header| header.target.as_deref()).collect();
    assert_eq!(left, ["short", "long", "long"], "that one is suspended, and this one came later");
    let audited = director.audit(AuditQuery { action: Some("messages.purge".into()), ..AuditQuery::default() }).await;
    let entry = audited.expect("readable").remove(0);
    assert_eq!(
        (&*entry.object, &*entry.result),
        ("finished sessions of `item:long,short type:Print`", "done, 4 messages")
    );

    let nothing = director.purgeable_found(&parse("type:Nothing").expect("a query")).await.map(|_| ());
    assert_eq!(nothing, Err(DirectorError::NoMessage("type:Nothing".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_purge_by_age_is_about_what_was_so_old_when_it_was_looked_at() {
    let lab = Lab::start::<Office>().await;
    let (director, hour) = (lab.director(), Duration::from_secs(3600));
    assert!(lab.call("long", r#"{"pages": 1}"#).await.is_ok());
    tokio::time::sleep(hour * 2).await;
    assert!(lab.call("long", r#"{"pages": 2}"#).await.is_ok());
    let (which, seen) = director.purgeable(Some(hour)).await.expect("readable");
    assert_eq!(seen.messages, 2);
    // The other one has got so old as well by then.
    tokio::time::sleep(hour * 2).await;
    let gone = director.purge(which, Duration::MAX, "eve").await.expect("it is done");
    assert!(gone.messages == 2 && gone.next.is_none(), "{gone:?}");
    assert_eq!(lab.messages().await.len(), 2);

    let ahead = AgePurge::at(lab.clock().now().after(hour), Some(hour));
    let refused = director.purge(ahead, Duration::MAX, "eve").await.map(|_| ());
    assert!(matches!(refused, Err(DirectorError::Refused(_))), "{refused:?}");
    assert_eq!(lab.messages().await.len(), 2);
}
