//! `table`: lookup tables, of the production that runs or, where none runs, of its store.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use clap::{Subcommand, ValueEnum};
use hyper::Method;
use serde::Deserialize;
use serde_json::Value;

use super::arguments::{Output, Rows as ListForm, SettingsArguments};
use super::exit::{Exit, Failure};
use super::remote::{Remote, segment};
use super::settings::mistakes;
use super::table::{Rows, text, write_list};
use super::{Program, say, store, wait_for, who};
use crate::clock::{SystemClock, Timestamp};
use crate::director::{Caller, table_edited};
use crate::lookup::{Edit, Form, RowChange, TableError, TableStore, read, write};
use crate::settings::{EngineSettings, StoreChoice, Tables};
use crate::store::Store;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableForm {
    Csv,
    Toml,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TableCommand {
    /// Lists the tables that settings name.
    List(Output<ListForm>),
    /// Prints the value of a key.
    Get {
        /// The table.
        table: String,
        /// The key.
        key: String,
    },
    /// Sets the value of a key.
    Set {
        /// The table.
        table: String,
        /// The key.
        key: String,
        /// The value.
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Removes a key.
    Delete {
        /// The table.
        table: String,
        /// The key.
        key: String,
    },
    /// Sets the keys in a file, all of them or none.
    Import {
        /// The table.
        table: String,
        /// The file, or `-` for standard input: two columns `key,value`, or TOML.
        file: PathBuf,
        /// How the file is written, where its name does not say it.
        #[arg(long, value_enum)]
        form: Option<TableForm>,
        /// Removes the keys that are not in the file.
        #[arg(long)]
        replace: bool,
    },
    /// Prints a table as `import` reads it.
    Export {
        /// The table.
        table: String,
        /// How it is written.
        #[arg(long, value_enum, default_value = "csv")]
        form: TableForm,
    },
    /// Shows who changed what, the latest first.
    History {
        /// The table.
        table: String,
        /// Form of the output.
        #[arg(short, long, value_enum, default_value = "table")]
        output: ListForm,
    },
}

/// Where the tables are.
enum Place {
    /// In the store, which nobody else has open.
    Here(TableStore, Arc<dyn Store>),
    /// In a production that runs.
    There(Remote),
}

#[derive(Debug, Deserialize)]
struct RowsBody {
    version: u64,
    rows: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct EditedBody {
    version: u64,
    changes: Vec<RowChange>,
}

impl Program {
    /// `table …`.
    pub(crate) fn table(
        self,
        settings: &SettingsArguments,
        command: &TableCommand,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let resolved = self.resolve(settings).map_err(|errors| mistakes(&errors, Exit::CheckFailed))?;
        let tables = resolved.tables;
        wait_for(async {
            let place = match Remote::named(settings)? {
                Some(remote) => Place::There(remote),
                None => Place::of(&resolved.engine, &tables)?,
            };
            let done = place.answer(&tables, command, out).await;
            if let Place::Here(_, store) = place {
                store.close().await.map_err(Failure::failed)?;
            }
            done
        })
    }
}

impl Place {
    fn of(engine: &EngineSettings, tables: &Arc<Tables>) -> Result<Self, Failure> {
        let StoreChoice::Sqlite(directory) = &engine.store else {
            let problem =
                "tables of a production that keeps its messages in memory end with it; call its HTTP entrance";
            return Err(Failure::new(Exit::NotRunning, problem));
        };
        match store::open(engine) {
            Ok(store) => {
                let tables = TableStore::new(Arc::clone(tables), Arc::clone(&store), Arc::new(SystemClock));
                Ok(Self::Here(tables, store))
            }
            Err(failure) if failure.exit == Exit::Refused => Remote::of(directory).map(Self::There),
            Err(failure) => Err(failure),
        }
    }

    async fn answer(&self, tables: &Tables, command: &TableCommand, out: &mut dyn Write) -> Result<Exit, Failure> {
        match command {
            TableCommand::List(output) => self.list(tables, output.output, out).await,
            TableCommand::Get { table, key } => {
                let rows = self.rows(table).await?.rows;
                let Some(value) = rows.get(&tables.key(table, key)) else {
                    return Err(Failure::found_nothing(format!("the table `{table}` has no key `{key}`")));
                };
                writeln!(out, "{value}")?;
                Ok(Exit::Done)
            }
            TableCommand::Set { table, key, value } => {
                self.edit(table, Edit::Set { key: key.clone(), value: value.clone() }).await
            }
            TableCommand::Delete { table, key } => self.edit(table, Edit::Delete { key: key.clone() }).await,
            TableCommand::Import { table, file, form, replace } => {
                let rows = from_file(file, *form)?;
                self.edit(table, Edit::Import { rows, replace: *replace }).await
            }
            TableCommand::Export { table, form } => {
                let form = if *form == TableForm::Toml { Form::Toml } else { Form::Csv };
                out.write_all(write(form, &self.rows(table).await?.rows).as_bytes())?;
                Ok(Exit::Done)
            }
            TableCommand::History { table, output } => self.history(table, *output, out).await,
        }
    }

    async fn list(&self, tables: &Tables, form: ListForm, out: &mut dyn Write) -> Result<Exit, Failure> {
        let mut documents = Vec::new();
        for name in tables.names() {
            let RowsBody { version, rows } = self.rows(&name).await?;
            let uses = tables.uses(&name);
            let used_by: Vec<&str> = uses.iter().map(|of| of.key.as_str()).collect();
            let kind = uses.first().map(|of| of.kind);
            documents.push(serde_json::json!({
                "name": name, "rows": rows.len(), "version": version,
                "key": kind.map(|kind| kind.key_type), "value": kind.map(|kind| kind.value_type), "used_by": used_by,
            }));
        }
        write_list(form, &documents, table_table, out)?;
        Ok(Exit::Done)
    }

    async fn rows(&self, table: &str) -> Result<RowsBody, Failure> {
        match self {
            Self::Here(tables, _) => {
                let snapshot = tables.rows(table).await.map_err(|error| refused(&error))?;
                Ok(RowsBody { version: snapshot.version, rows: snapshot.rows.clone() })
            }
            Self::There(remote) => {
                let path = format!("/api/v1/tables/{}", segment(table));
                let body = remote.call(Method::GET, &path, None, Bytes::new()).await?.accepted()?;
                serde_json::from_slice(&body).map_err(Failure::failed)
            }
        }
    }

    async fn history(&self, table: &str, form: ListForm, out: &mut dyn Write) -> Result<Exit, Failure> {
        let changes: Vec<RowChange> = match self {
            Self::Here(tables, _) => tables.history(table).await.map_err(|error| refused(&error))?,
            Self::There(remote) => {
                let path = format!("/api/v1/tables/{}/history", segment(table));
                let body = remote.call(Method::GET, &path, None, Bytes::new()).await?.accepted()?;
                serde_json::from_slice(&body).map_err(Failure::failed)?
            }
        };
        write_list(form, &changes, history_table, out)?;
        Ok(Exit::Done)
    }

    async fn edit(&self, table: &str, edit: Edit) -> Result<Exit, Failure> {
        let EditedBody { version, changes } = match self {
            Self::Here(tables, _) => {
                let (by, actor) = (who(), Caller::of_the_process(&who()).actor());
                let entry = |changes: &[RowChange]| table_edited(table, &by, changes).entry(&actor);
                let edited = tables.edit(table, &edit, &by, entry).await.map_err(|error| refused(&error))?;
                EditedBody { version: edited.version, changes: edited.changes }
            }
            Self::There(remote) => {
                let (method, path, body) = call(table, edit)?;
                let body = remote.call(method, &path, None, body).await?.accepted()?;
                serde_json::from_slice(&body).map_err(Failure::failed)?
            }
        };
        say(&match changes.as_slice() {
            [] => format!("`{table}` is as it was (version {version})"),
            [_] => format!("`{table}`: 1 row changed (version {version})"),
            many => format!("`{table}`: {} rows changed (version {version})", many.len()),
        });
        Ok(Exit::Done)
    }
}

fn table_table(documents: &[Value]) -> Rows {
    let mut rows = Rows::new(["table", "rows", "version", "key", "value", "used by"]);
    for document in documents {
        let names = document["used_by"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let names = names.collect::<Vec<_>>().join(", ");
        let [name, count, version, key, value] =
            ["name", "rows", "version", "key", "value"].map(|field| text(&document[field]));
        rows.push([name, count, version, key, value, names]);
    }
    rows
}

fn history_table(changes: &[RowChange]) -> Rows {
    let mut rows = Rows::new(["version", "time", "by", "key", "from", "to"]);
    for RowChange { version, time, by, key, from, to } in changes {
        let (from, to) = (from.clone().unwrap_or_default(), to.clone().unwrap_or_default());
        rows.push([version.to_string(), Timestamp::to_string(time), by.clone(), key.clone(), from, to]);
    }
    rows
}

/// An edit as a call of the entrance.
fn call(table: &str, edit: Edit) -> Result<(Method, String, Bytes), Failure> {
    let (table, by) = (segment(table), segment(&who()));
    let row = |key: &str| format!("/api/v1/tables/{table}/rows/{}?by={by}", segment(key));
    Ok(match edit {
        Edit::Set { key, value } => (Method::PUT, row(&key), Bytes::from(value)),
        Edit::Delete { key } => (Method::DELETE, row(&key), Bytes::new()),
        Edit::Import { rows, replace } => {
            let body = serde_json::to_vec(&rows)?;
            (Method::PUT, format!("/api/v1/tables/{table}?by={by}&replace={replace}"), Bytes::from(body))
        }
    })
}

fn from_file(path: &Path, form: Option<TableForm>) -> Result<BTreeMap<String, String>, Failure> {
    let form = match form {
        Some(TableForm::Csv) => Form::Csv,
        Some(TableForm::Toml) => Form::Toml,
        None => Form::of(path).unwrap_or(Form::Csv),
    };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))?;
    read(form, &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
        Failure::failed(crate::events::escaped_lines(&lines.join("\n")))
    })
}

fn refused(error: &TableError) -> Failure {
    let exit = match error {
        TableError::UnknownTable { .. } | TableError::UnknownKey { .. } => Exit::FoundNothing,
        _ => Exit::Failed,
    };
    Failure::new(exit, crate::events::escaped(&error.to_string()))
}
