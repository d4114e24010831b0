//! A production with everything that is changed while it runs: settings, lookup tables, secrets.

use std::process::ExitCode;

use iop::prelude::*;
use iop::settings::{Live, Lookup, Raw, Secret, Setting};

/// How a ward is reached.
#[derive(Setting, Debug, Clone, Copy, PartialEq)]
enum Way {
    Phone,
    Pager,
}

/// The text of a file. Which file is checked by its name alone.
#[derive(Clone)]
struct Motto {
    path: String,
    text: String,
}

impl Setting for Motto {
    const TYPE: &'static str = "name of a file";

    fn from_raw(raw: &Raw) -> std::result::Result<Self, String> {
        let path = String::from_raw(raw)?;
        let text = std::fs::read_to_string(&path).map_err(|_| format!("there is no file {path}"))?;
        Ok(Self { path, text })
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.path.as_str())
    }

    fn check(raw: &Raw) -> std::result::Result<(), String> {
        String::check(raw)
    }
}

#[message(response = Answer)]
struct Ask {
    ward: String,
}

#[message]
struct Answer {
    way: String,
    limit: u32,
    label: String,
    password_length: usize,
    motto: String,
    starts: u32,
}

/// Answers with what it is set to.
#[business_operation]
struct Desk {
    /// How wards are reached.
    #[setting(default = "wards")]
    wards: Lookup<String, Way>,
    /// Read at each call.
    #[setting(default = 10, min = 1, max = 100)]
    limit: Live<u32>,
    /// Read when an instance is built.
    #[setting(default = "plain")]
    label: String,
    /// Of nobody's business.
    #[setting]
    password: Option<Secret>,
    /// Read at each call.
    #[setting]
    motto: Live<Option<Motto>>,
    /// Says the secret wherever it can.
    #[setting(default = false)]
    indiscreet: bool,
    starts: u32,
}

#[handlers]
impl Desk {
    async fn on_init(&mut self) -> Result {
        self.starts += 1;
        Ok(())
    }

    async fn ask(&mut self, ask: Ask) -> Result<Answer> {
        if self.indiscreet {
            info!(password = ?self.password, "the password is {:?}", self.password);
            if ask.ward == "panic" {
                panic!("in the middle of it, with {:?}", self.password);
            }
            if ask.ward == "fail" {
                return Err(Error::fatal(format!("with {:?}", self.password)));
            }
        }
        Ok(Answer {
            way: format!("{:?}", self.wards.require(&ask.ward)?),
            limit: self.limit.get(),
            label: self.label.clone(),
            password_length: self.password.as_ref().map(|password| password.expose().len()).unwrap_or_default(),
            motto: self.motto.get().map(|motto| motto.text).unwrap_or_default(),
            starts: self.starts,
        })
    }
}

production! {
    /// A desk that is told things while it works.
    pub Edits {
        #[item(standalone)]
        desk: Desk {},
    }
}

fn main() -> ExitCode {
    iop::run::<Edits>()
}
