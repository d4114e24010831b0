//! What a production is, without running it: its graph, the catalogue, schemas.

use std::io::Write;
use std::path::Path;

use super::arguments::{GraphArguments, GraphForm, Table};
use super::exit::{Exit, Failure};
use super::table::Rows;
use super::{Program, linked};
use crate::events::escaped;
use crate::picture;
use crate::production::{Catalogue, GraphDocument};
use crate::settings::closest::closest;

impl Program {
    /// `graph`.
    pub(crate) fn export(self, arguments: &GraphArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
        let document = GraphDocument::of(self.graph, &(self.wiring)());
        if let Some(older) = &arguments.diff {
            return difference(&document, older, out);
        }
        match arguments.output {
            GraphForm::Mermaid => write!(out, "{}", document.mermaid())?,
            GraphForm::Dot => write!(out, "{}", document.dot())?,
            GraphForm::Svg => writeln!(out, "{}", picture::svg(&document))?,
            GraphForm::Json => writeln!(out, "{}", document.json()?)?,
        }
        Ok(Exit::Done)
    }
}

fn difference(document: &GraphDocument, older: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot read {} as a graph: {error}; write one with `graph -o json`", older.display()))
    };
    let text = std::fs::read_to_string(older).map_err(|error| cannot(&error))?;
    let older: GraphDocument = serde_json::from_str(&text).map_err(|error| cannot(&error))?;
    for change in document.changes_since(&older) {
        writeln!(out, "{}", escaped(&change))?;
    }
    Ok(Exit::Done)
}

/// `list`.
pub(crate) fn list(output: Table, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalogue = Catalogue::of(&linked()?);
    if output == Table::Json {
        serde_json::to_writer_pretty(&mut *out, &catalogue)?;
        writeln!(out)?;
        return Ok(Exit::Done);
    }
    let mut productions = Rows::new(["production", "items", "routes", "defined in"]);
    for entry in &catalogue.productions {
        productions.push([
            entry.name.to_owned(),
            entry.items.join(", "),
            entry.routes.to_string(),
            entry.location.clone(),
        ]);
    }
    let mut components = Rows::new(["component", "kind", "messages", "targets", "settings", "defined in"]);
    for entry in &catalogue.components {
        let targets = entry.targets.iter().map(|target| format!("{}: {}", target.name, target.messages.join(" + ")));
        let settings = entry.settings.iter().map(|setting| setting.name);
        components.push([
            entry.name.to_owned(),
            entry.kind.to_owned(),
            entry.messages.join(", "),
            targets.collect::<Vec<_>>().join(", "),
            settings.collect::<Vec<_>>().join(", "),
            entry.location.clone(),
        ]);
    }
    let mut messages = Rows::new(["message", "version", "response", "keys", "defined in"]);
    for entry in &catalogue.messages {
        messages.push([
            entry.name.to_owned(),
            entry.version.to_string(),
            entry.response.unwrap_or_default().to_owned(),
            entry.keys.join(", "),
            entry.location.clone(),
        ]);
    }
    productions.write(out)?;
    writeln!(out)?;
    components.write(out)?;
    writeln!(out)?;
    messages.write(out)?;
    Ok(Exit::Done)
}

/// `schema`.
pub(crate) fn schema(name: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let registry = linked()?;
    let Some(message) = registry.messages.get(name) else {
        let known = registry.messages.keys().copied();
        let help = match closest(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
        };
        return Err(Failure::found_nothing(format!("no message type is named `{}`; {help}", escaped(name))));
    };
    serde_json::to_writer_pretty(&mut *out, &message.schema())?;
    writeln!(out)?;
    Ok(Exit::Done)
}
