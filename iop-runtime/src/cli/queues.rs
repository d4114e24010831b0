//! `queues`: what waits for each item, and what a person does with all of it: to look, to move it to another item, to discard
//! it. What is moved or discarded is a job.

use std::io::Write;

use clap::{Args, Subcommand};

use super::arguments::{Output, Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::messages::FindArguments;
use super::operator::{Chosen, Consent, Decision, reason};
use super::source::parsed;
use super::table::{Rows, write_list};
use super::{Program, wait_for};
use crate::director::JobAct;
use crate::director::view::QueueView;
use crate::message::Status;
use crate::search::{Pattern, Query, StatusWord, Test};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct QueuesArguments {
    #[command(flatten)]
    pub(crate) output: Output<Form>,
    #[command(subcommand)]
    pub(crate) action: Option<QueuesAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QueuesAction {
    /// Lists what waits for an item, the first of its queue first.
    Peek {
        /// The item.
        item: String,
        /// At most so many.
        #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
        limit: usize,
        #[command(flatten)]
        output: Output<Form>,
    },
    /// Gives the requests that wait for an item to another item, which has to take their types.
    Move {
        #[command(flatten)]
        waiting: WaitingArguments,
        /// The other item.
        #[arg(long, value_name = "ITEM")]
        to: String,
    },
    /// Takes the requests that wait for an item out of its queue for good.
    Discard {
        #[command(flatten)]
        waiting: WaitingArguments,
    },
}

/// Which of the messages that wait, and how.
#[derive(Debug, Args)]
pub(crate) struct WaitingArguments {
    /// The item that they wait for.
    pub(crate) item: String,
    /// Of them, only what this query finds: 'type:Order since:1h'.
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    pub(crate) query: Option<String>,
    /// Also what is suspended.
    #[arg(long)]
    pub(crate) suspended: bool,
    /// At most so many in a second.
    #[arg(long, value_name = "COUNT")]
    pub(crate) rate: Option<u32>,
    #[command(flatten)]
    pub(crate) consent: Consent,
    /// Why; `discard` needs it.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

impl WaitingArguments {
    /// What waits for the item, as a query.
    fn query(&self) -> Result<Query, Failure> {
        let mut states = vec![StatusWord::One(Status::Queued), StatusWord::One(Status::Retrying)];
        if self.suspended {
            states.push(StatusWord::One(Status::Suspended));
        }
        let mut query = Query::all_of([Test::To(vec![Pattern::exactly(self.item.as_str())]), Test::Status(states)]);
        if let Some(text) = &self.query {
            query.terms.extend(parsed(text)?.terms);
        }
        Ok(query)
    }

    fn chosen(&self) -> Result<Chosen, Failure> {
        Ok(Chosen {
            ids: Vec::new(),
            query: Some(self.query()?.to_string()),
            rate: self.rate,
            consent: self.consent.clone(),
        })
    }
}

impl Program {
    /// `queues`.
    pub(crate) fn queues(
        self,
        settings: &SettingsArguments,
        arguments: &QueuesArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        match &arguments.action {
            None => {
                let source = self.source(settings)?;
                let queues = wait_for(source.queues(self.graph))?;
                write_list(arguments.output.output, &queues, queue_table, out)?;
                Ok(Exit::Done)
            }
            Some(QueuesAction::Peek { item, limit, output }) => self.peek(settings, item, *limit, output.output, out),
            Some(QueuesAction::Move { waiting, to }) => {
                self.known_item(settings, &waiting.item)?;
                let mut decision = Decision::of(JobAct::Move { to: to.clone() });
                decision.reason.clone_from(&waiting.reason);
                self.decide(settings, &waiting.chosen()?, &decision, out)
            }
            Some(QueuesAction::Discard { waiting }) => {
                self.known_item(settings, &waiting.item)?;
                let mut decision = Decision::of(JobAct::Discard { waiting: true });
                decision.reason = Some(reason(waiting.reason.as_deref())?);
                self.decide(settings, &waiting.chosen()?, &decision, out)
            }
        }
    }

    fn peek(
        self,
        settings: &SettingsArguments,
        item: &str,
        limit: usize,
        form: Form,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let waiting = [Test::To(vec![Pattern::exactly(item)]), Test::Status(vec![StatusWord::Open])];
        let find = FindArguments {
            query: Some(Query::all_of(waiting).to_string()),
            saved: None,
            limit,
            oldest_first: true,
            count: false,
            output: Output { output: form },
        };
        self.find(settings, &find, out)
    }

    /// An item that was mistyped has no messages, which is another thing than an empty queue. One that is gone from this
    /// program may still have some.
    fn known_item(self, settings: &SettingsArguments, item: &str) -> Result<(), Failure> {
        if self.graph.items.iter().any(|known| known.name == item) {
            return Ok(());
        }
        let queues = wait_for(self.source(settings)?.queues(self.graph))?;
        if queues.iter().any(|queue| &*queue.item == item) {
            return Ok(());
        }
        let names = queues.iter().map(|queue| &*queue.item);
        let nearest = crate::settings::closest::closest(item, names);
        let hint = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        Err(Failure::found_nothing(format!("there is no item `{item}`{hint}")))
    }
}

fn queue_table(queues: &[QueueView]) -> Rows {
    let mut rows = Rows::new(["item", "queued", "in_flight", "retrying", "suspended", "oldest"]);
    for queue in queues {
        rows.push([
            queue.item.to_string(),
            queue.queued.to_string(),
            queue.in_flight.to_string(),
            queue.retrying.to_string(),
            queue.suspended.to_string(),
            queue.oldest.map(|time| time.to_string()).unwrap_or_default(),
        ]);
    }
    rows
}
