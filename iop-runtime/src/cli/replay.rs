//! `replay`: recorded sessions against this build, and what is different.

use std::io::Write;

use super::arguments::{ReplayArguments, ReplayForm, SettingsArguments};
use super::exit::{Exit, Failure};
use super::settings::{mistakes, sources};
use super::start::runtime;
use super::{Program, linked};
use crate::events::{escaped, escaped_lines};
use crate::replay::{Replay, ReplayError, Report};
use crate::settings::Layers;

impl Program {
    /// `replay`.
    pub(crate) fn replay(
        self,
        settings: &SettingsArguments,
        arguments: &ReplayArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        linked()?;
        let directory = &arguments.against;
        if !directory.exists() {
            return Err(Failure::found_nothing(format!("there is no store {}", directory.display())));
        }
        let mut replay = Replay::new(self.graph, self.wiring, Layers::read(sources(settings)));
        for item in &arguments.run {
            replay = replay.run(item);
        }
        for session in &arguments.session {
            replay = replay.session(*session);
        }
        for field in &arguments.ignore {
            replay = replay.ignore(field);
        }
        if let Some(since) = arguments.since {
            replay = replay.since(since);
        }
        let report = runtime()?.block_on(replay.against(directory)).map_err(|error| failed(&error))?;
        if report.sessions.is_empty() {
            return Err(Failure::found_nothing("no such session"));
        }
        write(&report, arguments.output, out)?;
        Ok(if report.is_same() { Exit::Done } else { Exit::CheckFailed })
    }
}

fn write(report: &Report, form: ReplayForm, out: &mut dyn Write) -> Result<(), Failure> {
    match form {
        ReplayForm::Text => write!(out, "{}", escaped_lines(&report.to_string()))?,
        ReplayForm::Json => {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn failed(error: &ReplayError) -> Failure {
    match error {
        ReplayError::Settings(errors) => mistakes(errors, Exit::Failed),
        ReplayError::NotAnOperation(_) => Failure::found_nothing(escaped(&error.to_string())),
        _ => Failure::failed(escaped(&error.to_string())),
    }
}
