//! `completions`: what a shell completes command lines with. Items and message types are those of this program.

use std::io::Write;

use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::{Program, linked};

/// What is suggested, by what stands for a value in the help.
struct Names {
    items: Vec<&'static str>,
    types: Vec<&'static str>,
}

impl Program {
    /// `completions`.
    pub(crate) fn completions(self, shell: Shell, mut out: &mut dyn Write) -> Result<Exit, Failure> {
        let items = self.graph.items.iter().map(|item| item.name).collect();
        let types = linked()?.messages.keys().copied().collect();
        let mut command = suggesting(self.command(), &Names { items, types });
        let name = command.get_name().to_owned();
        clap_complete::generate(shell, &mut command, name, &mut out);
        Ok(Exit::Done)
    }
}

/// The command with names for each `ITEM` and each `TYPE`. Only for a shell: who types another name is told by the command which
/// one was meant.
fn suggesting(command: clap::Command, names: &Names) -> clap::Command {
    let command = command.mut_args(|argument| {
        let stands_for = |word: &str| {
            let values = argument.get_value_names().unwrap_or_default();
            values.iter().any(|value| value.split('|').any(|part| part == word))
        };
        match (stands_for("ITEM"), stands_for("TYPE")) {
            (true, _) => argument.value_parser(PossibleValuesParser::new(&names.items)),
            (_, true) => argument.value_parser(PossibleValuesParser::new(&names.types)),
            _ => argument,
        }
    });
    command.mut_subcommands(|inner| suggesting(inner, names))
}
