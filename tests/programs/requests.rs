//! Ways to send and answer, as a program, for tests that kill it. Which production, the environment says.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use iop::prelude::*;

/// An amount to take from a card.
#[message(response = Charged)]
struct Charge {
    card: String,
}

/// It was taken.
#[message]
struct Charged {
    card: String,
}

/// Takes money, which must not happen twice.
#[business_operation(effect = "at_most_once")]
struct Till {
    /// Where `charged` has a line for each charge; a charge is not over before there is a file `open`.
    #[setting(default = "till")]
    folder: PathBuf,
}

#[handlers]
impl Till {
    async fn charge(&mut self, charge: Charge) -> Result<Charged> {
        write_line(&self.folder.join("charged"), &charge.card)?;
        while !self.folder.join("open").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Charged { card: charge.card })
    }
}

/// A wish that is granted some time later.
#[message(response = Granted)]
struct Wish {
    text: String,
}

/// It was granted.
#[message]
struct Granted {
    text: String,
}

/// Takes wishes, and leaves the answer to somebody else.
#[business_operation]
struct Well {
    #[target]
    fairy: Target<Later>,
}

/// Who is to be answered, and with what.
#[message]
struct Later {
    token: DeferredResponse<Granted>,
    text: String,
}

#[handlers]
impl Well {
    async fn wish(&mut self, wish: Wish, cx: &mut Context) -> Result<DeferredResponse<Granted>> {
        let token = cx.defer_response()?;
        let later = Later { token, text: wish.text };
        cx.send_request_async(&self.fairy, later).response_required(false).await?;
        Ok(token)
    }
}

/// Answers when its timer goes off.
#[business_process]
struct Fairy {
    #[setting(default = "fairy")]
    folder: PathBuf,
}

#[handlers]
impl Fairy {
    async fn later(&mut self, _: Later, cx: &mut Context) -> Result<Pending> {
        cx.set_timer(Duration::from_secs(2), "granted").await?;
        Ok(Pending)
    }

    async fn on_timer(&mut self, timer: Timer, cx: &mut Context) -> Result {
        let later: Later = cx.request()?;
        write_line(&self.folder.join("granted"), &timer.name)?;
        cx.respond_to(&later.token, Granted { text: later.text }).await?;
        Ok(())
    }

    async fn on_complete(&mut self, _: Later) -> Result {
        Ok(())
    }
}

/// A parcel.
#[message]
struct Parcel {
    number: u64,
}

/// Takes parcels.
#[business_operation]
struct Depot;

#[handlers]
impl Depot {
    async fn take(&mut self, parcel: Parcel) -> Result {
        debug!("parcel {} came in", parcel.number);
        Ok(())
    }
}

fn write_line(file: &Path, line: &str) -> std::io::Result<()> {
    writeln!(OpenOptions::new().create(true).append(true).open(file)?, "{line}")
}

production! {
    Charging {
        alerts none;
        #[item(standalone)]
        till: Till {},
    }
}

production! {
    Wishing {
        #[item(standalone)]
        well: Well { fairy: fairy },
        fairy: Fairy {},
    }
}

production! {
    Depots {
        #[item(standalone)]
        first: Depot {},
        #[item(standalone)]
        second: Depot {},
    }
}

fn main() -> ExitCode {
    match std::env::var("REQUESTS_PRODUCTION").as_deref() {
        Ok("charging") => iop::run::<Charging>(),
        Ok("depots") => iop::run::<Depots>(),
        Ok("wishing") => iop::run::<Wishing>(),
        other => panic!("no such production: {other:?}"),
    }
}
