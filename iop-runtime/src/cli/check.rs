//! `check`: whether the graph and all settings fit, and with `--connect` whether each item can reach its outside.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::arguments::{Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::settings::mistakes;
use super::table::{Rows, write_list};
use super::{Program, linked, say};
use crate::component::{ComponentType, Entrance, ItemConfig, Result as Outcome};
use crate::production::proof::depth;
use crate::settings::ResolvedProduction;

/// How long an item may take to say whether it can reach its outside.
const AT_MOST: Duration = Duration::from_secs(10);

/// What is checked.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Also asks each item whether it can reach its outside; nothing is started, taken or written.
    #[arg(long)]
    connect: bool,
    /// Form of the list of items.
    #[arg(short, long, value_enum, default_value = "table", requires = "connect")]
    output: Form,
}

/// What an item says of its outside.
#[derive(Debug, Serialize)]
struct Outside {
    item: &'static str,
    /// `reached`, `unreachable`, or `unknown` where its component has no `on_check`.
    outside: &'static str,
    error: Option<String>,
}

impl Program {
    /// `check`.
    pub(crate) fn check(
        self,
        settings: &SettingsArguments,
        arguments: &CheckArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let duplicates = linked().err().map(|failure| failure.text);
        let (resolved, wrong) = match self.resolve(settings) {
            Ok(resolved) => (Some(resolved), None),
            Err(errors) => (None, Some(mistakes(&errors, Exit::CheckFailed).text)),
        };
        let found: Vec<String> = [duplicates, wrong].into_iter().flatten().collect();
        let Some(resolved) = resolved.filter(|_| found.is_empty()) else {
            return Err(Failure::new(Exit::CheckFailed, found.join("\n")));
        };
        let depth = match depth(self.graph) {
            0 => "no call may wait".to_owned(),
            depth => format!("calls wait at most {depth} deep"),
        };
        let fits = format!("{}: {}, {depth}, all settings fit", self.graph.name, self.size());
        if !arguments.connect {
            writeln!(out, "{fits}")?;
            return Ok(Exit::Done);
        }
        say(&fits);
        connect(resolved, arguments.output, out)
    }
}

/// Asks every item, all at once, and prints a line for each.
fn connect(resolved: ResolvedProduction, form: Form, out: &mut dyn Write) -> Result<Exit, Failure> {
    // On threads of its own: what blocks one is given up, and does not keep the others from answering.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?;
    let items = resolved.graph.items.iter().zip(resolved.items);
    let asked: Vec<_> = items
        .map(|(item, settings)| {
            let asked = runtime.spawn(ask(item.component, settings.config));
            (item.name, runtime.spawn(async { tokio::time::timeout(AT_MOST, asked).await }))
        })
        .collect();
    let said = asked.into_iter().map(|(item, answer)| {
        let answer = match runtime.block_on(answer) {
            Ok(Ok(Ok(answer))) => answer,
            Ok(Err(_)) => Some(Err(format!("no answer within {} s", AT_MOST.as_secs()))),
            Ok(Ok(Err(_))) | Err(_) => Some(Err("the check panicked".to_owned())),
        };
        match answer {
            None => Outside { item, outside: "unknown", error: None },
            Some(Ok(())) => Outside { item, outside: "reached", error: None },
            Some(Err(error)) => Outside { item, outside: "unreachable", error: Some(error) },
        }
    });
    let said: Vec<Outside> = said.collect();
    runtime.shutdown_background();
    write_list(form, &said, table, out)?;
    let failed = said.iter().filter(|said| said.error.is_some()).count();
    if failed == 0 {
        return Ok(Exit::Done);
    }
    Err(Failure::new(Exit::CheckFailed, format!("{failed} of {} items cannot reach their outside", said.len())))
}

fn table(said: &[Outside]) -> Rows {
    let mut rows = Rows::new(["item", "outside", "error"]);
    for Outside { item, outside, error } in said {
        rows.push([(*item).to_owned(), (*outside).to_owned(), error.clone().unwrap_or_default()]);
    }
    rows
}

/// Asks the adapter of an item, and its component, neither of which was initialised; `None` where nobody can say.
async fn ask(component: &'static ComponentType, config: ItemConfig) -> Option<Result<(), String>> {
    let adapter = match component.entrance {
        Entrance::Adapter(entrance) => match (entrance.build)(&config) {
            Ok(mut adapter) => adapter.check().await,
            Err(error) => Some(Err(error)),
        },
        _ => None,
    };
    let own = match (component.build)(&config) {
        Ok(mut instance) => match instance.check() {
            Some(check) => Some(check.await),
            None => None,
        },
        Err(error) => Some(Err(error)),
    };
    let both: Vec<Outcome> = [adapter, own].into_iter().flatten().collect();
    if both.is_empty() {
        return None;
    }
    Some(both.into_iter().collect::<Outcome>().map_err(|error| error.chain()))
}
