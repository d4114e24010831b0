#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Names that are keywords, and names of other scripts.

use iop::prelude::*;

/// A game.
#[message(response = Größe)]
pub struct r#Match {
    /// Of which kind.
    #[key]
    pub r#type: String,
}

/// How large it is.
#[message]
pub struct Größe {
    /// In steps.
    pub länge: u32,
}

/// Plays.
#[business_operation]
pub struct r#Loop {
    #[setting(default = 3)]
    r#for: u32,
}

#[handlers]
impl r#Loop {
    async fn r#fn(&mut self, game: r#Match) -> Result<Größe> {
        Ok(Größe { länge: self.r#for + u32::from(game.r#type.is_empty()) })
    }
}

/// Asks.
#[business_service(poll)]
pub struct 时钟 {
    #[target]
    出口: Target<r#Match>,
}

#[handlers]
impl 时钟 {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        let answer = cx.send_request_sync(&self.出口, r#Match { r#type: "go".into() }).await?;
        info!("{}", answer.länge);
        Ok(())
    }
}

production! {
    /// A hall.
    pub Halle {
        uhr: 时钟 { 出口: r#loop },
        r#loop: r#Loop { r#for: 4 },
    }
}
