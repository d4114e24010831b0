//! `user`: who may call the production beside whoever has the token of its store.

use std::io::Write;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::arguments::{Output, Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::table::{Rows, text, write_list};
use super::{Program, say};
use crate::director::Role;
use crate::director::http::users::{UserFile, UsersError};

/// What is done with the file of users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Adds somebody, and prints the token that is theirs; it is shown this once.
    Add {
        /// Their name.
        name: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: RoleChoice,
    },
    /// Takes somebody out; their sessions end.
    Remove {
        /// Their name.
        name: String,
    },
    /// Shows everybody.
    List(Output<Form>),
}

/// A role, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleChoice {
    /// Sees states, counts and headers; no body.
    Viewer,
    /// Sees bodies as well.
    Reader,
    /// Resends, resumes, discards, calls, starts and stops as well.
    Operator,
    /// Does everything.
    Admin,
}

impl From<RoleChoice> for Role {
    fn from(choice: RoleChoice) -> Self {
        match choice {
            RoleChoice::Viewer => Self::Viewer,
            RoleChoice::Reader => Self::Reader,
            RoleChoice::Operator => Self::Operator,
            RoleChoice::Admin => Self::Admin,
        }
    }
}

impl Program {
    /// `user …`.
    pub(crate) fn user(
        self,
        settings: &SettingsArguments,
        command: &UserCommand,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let Some(path) = self.engine_settings(settings)?.users else {
            let text = "no file of users is set; name one, `--set iop.users=users.toml` or in iop.toml under [iop]";
            return Err(Failure::new(Exit::Usage, text));
        };
        let users = UserFile::open(&path).map_err(failed)?;
        match command {
            UserCommand::Add { name, role } => {
                let token = users.add(name, (*role).into()).map_err(failed)?;
                say(&format!("`{name}` may call with this token, which is shown this once:"));
                writeln!(out, "{}", token.expose())?;
            }
            UserCommand::Remove { name } => {
                users.remove(name).map_err(failed)?;
                say(&format!("`{name}` may no longer call; their sessions have ended"));
            }
            UserCommand::List(output) => {
                let all = users.all().map_err(failed)?;
                // Not the hash of a token: who lists people does not hand out what stands for them.
                let shown: Vec<_> =
                    all.iter().map(|user| json!({ "name": user.name, "role": user.role.to_string() })).collect();
                write_list(output.output, &shown, user_table, out)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn user_table(users: &[Value]) -> Rows {
    let mut rows = Rows::new(["name", "role"]);
    for user in users {
        rows.push([text(&user["name"]), text(&user["role"])]);
    }
    rows
}

fn failed(error: UsersError) -> Failure {
    match error {
        UsersError::Unknown(_) => Failure::found_nothing(error.to_string()),
        UsersError::Name(_) => Failure::new(Exit::Usage, error.to_string()),
        _ => Failure::failed(error),
    }
}
