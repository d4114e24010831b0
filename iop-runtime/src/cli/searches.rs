//! `searches`: what is kept under a name, for `messages find --saved` and for the console.

use std::io::Write;

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::Value;

use super::arguments::{Output, Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::remote::segment;
use super::source::{Source, parsed};
use super::table::{Rows, write_list};
use super::{Program, say, wait_for, who};
use crate::director::SavedSearch;
use crate::events::escaped;
use crate::search::Query;
use crate::settings::closest::closest;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SearchesArguments {
    #[command(flatten)]
    pub(crate) output: Output<Form>,
    #[command(subcommand)]
    pub(crate) action: Option<SearchesAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SearchesAction {
    /// Lists the searches that are kept.
    List(Output<Form>),
    /// Keeps a search under a name, in place of one that has it.
    Save {
        /// The name.
        name: String,
        /// What is looked for, in quotes: 'status:error item:billing since:1h'.
        #[arg(value_name = "QUERY", allow_hyphen_values = true)]
        query: String,
    },
    /// Forgets a search.
    Delete {
        /// Its name.
        name: String,
    },
}

impl Program {
    /// `searches`.
    pub(crate) fn searches(
        self,
        settings: &SettingsArguments,
        arguments: &SearchesArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        match &arguments.action {
            None => self.saved_list(settings, arguments.output.output, out),
            Some(SearchesAction::List(output)) => self.saved_list(settings, output.output, out),
            Some(SearchesAction::Save { name, query }) => {
                let query = parsed(query)?.to_string();
                let path = format!("/api/v1/searches/{}?q={}&by={}", segment(name), segment(&query), segment(&who()));
                let _: Value = self.ask_place(settings, Method::PUT, &path)?;
                say(&escaped(&format!("`{name}` is saved: {query}")));
                Ok(Exit::Done)
            }
            Some(SearchesAction::Delete { name }) => {
                let path = format!("/api/v1/searches/{}?by={}", segment(name), segment(&who()));
                let answer: Value = self.ask_place(settings, Method::DELETE, &path)?;
                if answer["changed"] == true {
                    say(&escaped(&format!("`{name}` is forgotten")));
                    return Ok(Exit::Done);
                }
                let source = self.source(settings)?;
                Err(unknown(name, &wait_for(source.saved_searches())?))
            }
        }
    }

    fn ask_place(self, settings: &SettingsArguments, method: Method, path: &str) -> Result<Value, Failure> {
        wait_for(async {
            let place = self.place(settings)?;
            let done = place.ask(method, path, bytes::Bytes::new()).await;
            place.close().await?;
            done
        })
    }

    fn saved_list(self, settings: &SettingsArguments, form: Form, out: &mut dyn Write) -> Result<Exit, Failure> {
        let source = self.source(settings)?;
        write_list(form, &wait_for(source.saved_searches())?, table, out)?;
        Ok(Exit::Done)
    }
}

/// The query that is kept under a name.
pub(crate) async fn saved(source: &Source, name: &str) -> Result<Query, Failure> {
    let all = source.saved_searches().await?;
    match all.iter().find(|search| search.name == name) {
        Some(search) => parsed(&search.query),
        None => Err(unknown(name, &all)),
    }
}

fn unknown(name: &str, all: &[SavedSearch]) -> Failure {
    let nearest = closest(name, all.iter().map(|search| search.name.as_str()));
    let hint = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`searches` lists them".to_owned(),
    };
    Failure::found_nothing(escaped(&format!("no search is saved as `{name}`; {hint}")))
}

fn table(searches: &[SavedSearch]) -> Rows {
    let mut rows = Rows::new(["name", "query", "by", "saved"]);
    for search in searches {
        rows.push([search.name.clone(), search.query.clone(), search.by.clone(), search.saved.to_string()]);
    }
    rows
}
