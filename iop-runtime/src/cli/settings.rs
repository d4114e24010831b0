//! Settings on the command line: read, checked, shown with their origin.

use std::io::Write;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::arguments::{SettingsAction, SettingsArguments, ShowSettings, Table};
use super::exit::{Exit, Failure};
use super::remote::segment;
use super::table::{Rows, write_list};
use super::{Program, say, wait_for, who};
use crate::events::escaped;
use crate::settings::closest::closest;
use crate::settings::{
    EngineSettings, LayerSources, Layers, Origin, ResolvedProduction, SettingError, SettingsSource, ShownSetting,
    resolve_engine,
};

impl Program {
    /// The effective value of every setting.
    pub(crate) fn resolve(self, arguments: &SettingsArguments) -> Result<ResolvedProduction, Vec<SettingError>> {
        SettingsSource::new(self.graph, self.wiring, sources(arguments)).resolve()
    }

    /// Settings of the process alone: who reads a store needs no password of an operation.
    pub(crate) fn engine_settings(self, arguments: &SettingsArguments) -> Result<EngineSettings, Failure> {
        resolve_engine(self.graph, &Layers::read(sources(arguments))).map_err(|errors| mistakes(&errors, Exit::Failed))
    }

    /// `settings`.
    pub(crate) fn settings(
        self,
        settings: &SettingsArguments,
        arguments: &ShowSettings,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let show = |form, only: &dyn Fn(&ShownSetting) -> bool, out: &mut dyn Write| {
            let mut shown = self.shown(settings)?;
            shown.retain(only);
            write_list(form, &shown, setting_table, out)?;
            Ok(Exit::Done)
        };
        match &arguments.action {
            None => show(arguments.output.output, &|_| true, out),
            Some(SettingsAction::Diff(output)) => show(output.output, &is_of_this_machine, out),
            Some(SettingsAction::Get { key }) => self.setting(settings, key, out),
            Some(SettingsAction::Reload { dry_run, output }) => self.reload(settings, *dry_run, *output, out),
        }
    }

    fn shown(self, settings: &SettingsArguments) -> Result<Vec<ShownSetting>, Failure> {
        let resolved = self.resolve(settings).map_err(|errors| mistakes(&errors, Exit::CheckFailed))?;
        Ok(resolved.shown)
    }

    fn setting(self, settings: &SettingsArguments, key: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
        let all = self.shown(settings)?;
        let Some(shown) = all.iter().find(|shown| shown.key == key) else {
            let near = closest(key, all.iter().map(|shown| shown.key.as_str()));
            let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(Failure::found_nothing(format!("there is no setting `{}`{help}", escaped(key))));
        };
        say(&format!("from {}", escaped(&shown.origin.to_string())));
        let Some(value) = &shown.value else { return Err(Failure::found_nothing("it is not set")) };
        writeln!(out, "{}", escaped(value))?;
        Ok(Exit::Done)
    }

    /// `settings reload`.
    fn reload(
        self,
        arguments: &SettingsArguments,
        preview: bool,
        output: Table,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let remote = self.remote(arguments)?;
        let path = format!("/api/v1/settings/reload?by={}&preview={preview}", segment(&who()));
        let body = wait_for(async { remote.call(Method::POST, &path, None, Bytes::new()).await?.accepted_lines() })?;
        let reloaded: Value = serde_json::from_slice(&body).map_err(Failure::failed)?;
        if output == Table::Json {
            serde_json::to_writer_pretty(&mut *out, &reloaded)?;
            writeln!(out)?;
            return kept(&reloaded);
        }
        let changes = reloaded["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        if changes.is_empty() {
            writeln!(out, "nothing has changed")?;
            return kept(&reloaded);
        }
        let text = |value: &Value| value.as_str().unwrap_or("(not set)").to_owned();
        let mut rows = Rows::new(["key", "from", "to", "origin", "changes"]);
        for change in changes {
            let [key, from, to, origin, reload] =
                ["key", "from", "to", "origin", "reload"].map(|field| text(&change[field]));
            rows.push([key, from, to, origin, reload.replace('_', " ")]);
        }
        rows.write(out)?;
        kept(&reloaded)
    }
}

/// A reload of which every running instance has what it brought is done; otherwise its answer says who has not.
fn kept(reloaded: &Value) -> Result<Exit, Failure> {
    let kept = reloaded["kept"].as_array().map(Vec::as_slice).unwrap_or_default();
    if kept.is_empty() {
        return Ok(Exit::Done);
    }
    let lines = kept.iter().map(|setting| {
        let [key, origin, problem] = ["key", "origin", "problem"].map(|field| setting[field].as_str().unwrap_or("?"));
        escaped(&format!("`{key}` ({origin}): {problem}; running instances keep the value that they had"))
    });
    Err(Failure::failed(lines.collect::<Vec<_>>().join("\n")))
}

/// Whether a setting has its value from elsewhere than the source of the program.
fn is_of_this_machine(shown: &ShownSetting) -> bool {
    !matches!(shown.origin, Origin::Code | Origin::Production)
}

fn setting_table(settings: &[ShownSetting]) -> Rows {
    let mut rows = Rows::new(["key", "value", "origin", "type", "range", "changes", "what it is"]);
    for shown in settings {
        rows.push([
            shown.key.clone(),
            shown.value.clone().unwrap_or_else(|| "(not set)".to_owned()),
            shown.origin.to_string(),
            shown.type_name.to_owned(),
            shown.range.clone().unwrap_or_default(),
            shown.reload.as_str().to_owned(),
            shown.doc.lines().next().unwrap_or_default().to_owned(),
        ]);
    }
    rows
}

/// Every mistake, one line each.
pub(crate) fn mistakes(errors: &[SettingError], exit: Exit) -> Failure {
    let lines: Vec<String> = errors.iter().map(|error| format!("error: {error}")).collect();
    Failure::new(exit, crate::events::escaped_lines(&lines.join("\n")))
}

pub(crate) fn sources(arguments: &SettingsArguments) -> LayerSources {
    let mut sources = LayerSources::of_process();
    sources.file.clone_from(&arguments.config);
    sources.set.clone_from(&arguments.set);
    if let Some(directory) = &arguments.store {
        sources.options.push(("--store", "iop.store", directory.clone()));
    }
    if arguments.memory {
        sources.options.push(("--memory", "iop.store", "memory".to_owned()));
    }
    sources
}
