//! `completions`: what a shell completes command lines with. Items and message types are those of this program.

use std::io::Write;

use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::{Program, linked};

/// Where the name of an item is typed: the path of the command, and the argument.
const ITEMS: [(&[&str], &str); 9] = [
    (&["start"], "item"),
    (&["stop"], "item"),
    (&["restart"], "item"),
    (&["test"], "item"),
    (&["log"], "item"),
    (&["resend"], "to"),
    (&["replay"], "run"),
    (&["queues", "peek"], "item"),
    (&["alerts", "mute"], "item"),
];

/// Where the name of a message type is typed.
const TYPES: [(&[&str], &str); 3] = [(&["test"], "type_name"), (&["test"], "template"), (&["schema"], "type_name")];

impl Program {
    /// `completions`.
    pub(crate) fn completions(self, shell: Shell, mut out: &mut dyn Write) -> Result<Exit, Failure> {
        let items: Vec<&str> = self.graph.items.iter().map(|item| item.name).collect();
        let types: Vec<&str> = linked()?.messages.keys().copied().collect();
        let mut command = self.command();
        for (path, argument) in ITEMS {
            command = suggesting(command, path, argument, &items);
        }
        for (path, argument) in TYPES {
            command = suggesting(command, path, argument, &types);
        }
        let name = command.get_name().to_owned();
        clap_complete::generate(shell, &mut command, name, &mut out);
        Ok(Exit::Done)
    }
}

/// The command with values for one of its arguments. Only for a shell: who types another name is told by the command which
/// one was meant.
fn suggesting(command: clap::Command, path: &[&str], argument: &str, values: &[&'static str]) -> clap::Command {
    match path {
        [] => command.mut_arg(argument, |argument| argument.value_parser(PossibleValuesParser::new(values))),
        [first, rest @ ..] => command.mut_subcommand(first, |inner| suggesting(inner, rest, argument, values)),
    }
}
