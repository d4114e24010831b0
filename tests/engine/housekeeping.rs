//! What goes by itself: sessions that are over for as long as their item keeps them, and never what is not finished.

use iop::message::Status;
use iop::prelude::*;
use iop::production;

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
