//! S2: nothing to register.
//!
//! IoP: `setting.py` lists the classes under names of their own, and `iop --migrate` tells the server of them. Here a component
//! that is compiled into the program is in its catalogue, with its messages, settings and targets. Two of one name are refused
//! at start, and both places are named.
//!
//! ```text
//! cargo run --bin s2_catalogue -- list
//! ```

use iop::prelude::*;

use super::messages::{MyRequest, MyResponse};
use super::s1_operation::MyBusinessOperation;

/// Hands requests on, with a word before them.
#[business_service]
pub struct Announcer {
    /// Stands before every request.
    #[setting(default = "attention: ")]
    words: String,
    /// Who answers.
    #[target]
    out: Target<MyRequest>,
}

#[handlers]
impl Announcer {
    async fn on_process_input(&mut self, request: MyRequest, cx: &mut Context) -> Result<MyResponse> {
        let request_string = format!("{}{}", self.words, request.request_string);
        Ok(cx.send_request_sync(&self.out, MyRequest { request_string }).await?)
    }
}

production! {
    /// Two components, of which none was registered.
    pub Catalogue {
        announcer: Announcer { words: "to everybody: ", out: operation },
        operation: MyBusinessOperation {},
    }
}
