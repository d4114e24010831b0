//! Settings: which layer wins, what is refused, what is shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::time::Duration;

use iop::production::Production;
use iop::settings::{
    FirstCall, HttpChoice, ItemSettings, LayerSources, Layers, ResolvedProduction, StoreChoice, resolve, resolve_engine,
};
use iop_tests::lab::Lab;

/// The sources of layers, built up.
#[derive(Default)]
struct Given(LayerSources, Option<tempfile::TempDir>);

impl Given {
    fn file(mut self, text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lab.toml");
        std::fs::write(&path, text).unwrap();
        self.0.file = Some(path);
        self.1 = Some(directory);
        self
    }

    fn environment(mut self, variables: &[(&str, &str)]) -> Self {
        self.0.environment = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self
    }

    fn set(mut self, assignments: &[&str]) -> Self {
        self.0.set = assignments.iter().map(|text| (*text).into()).collect();
        self
    }

    fn layers(&self) -> Layers {
        Layers::read(self.0.clone())
    }

    fn resolve(&self) -> ResolvedProduction {
        resolve(Lab::GRAPH, Lab::wiring(), &self.layers()).unwrap_or_else(|errors| panic!("{errors:#?}"))
    }

    /// Every mistake as a person sees it, without the directory of the file.
    fn mistakes(&self) -> Vec<String> {
        let directory = self.1.as_ref().map(|directory| format!("{}/", directory.path().display()));
        let errors = resolve(Lab::GRAPH, Lab::wiring(), &self.layers()).expect_err("there are mistakes");
        let text = errors.iter().map(ToString::to_string);
        text.map(|text| directory.as_ref().map_or_else(|| text.clone(), |prefix| text.replace(prefix, ""))).collect()
    }
}

fn shown(production: &ResolvedProduction, key: &str) -> (Option<String>, String) {
    let shown = production.shown.iter().find(|shown| shown.key == key).unwrap();
    let origin = shown.origin.to_string();
    (shown.value.clone(), origin.rsplit('/').next().unwrap().to_owned())
}

#[test]
fn each_layer_goes_over_the_one_before_and_is_shown_as_the_origin() {
    const KEY: &str = "nightly.number";
    let file = "[nightly]\nnumber = \"from the file\"\n";
    let variable = [("IOP__NIGHTLY__NUMBER", "from the environment")];
    let given = Given::default();
    assert_eq!(shown(&given.resolve(), "nightly.first_call"), (Some("at_once".into()), "default in code".into()));
    assert_eq!(shown(&given.resolve(), KEY), (Some("N-2".into()), "production!".into()));
    let given = given.file(file);
    assert_eq!(shown(&given.resolve(), KEY), (Some("from the file".into()), "lab.toml line 2".into()));
    let given = given.environment(&variable);
    let expected = (Some("from the environment".into()), "environment IOP__NIGHTLY__NUMBER".into());
    assert_eq!(shown(&given.resolve(), KEY), expected);
    let given = given.set(&["nightly.number=typed", "nightly.number=typed last"]);
    assert_eq!(shown(&given.resolve(), KEY), (Some("typed last".into()), "--set".into()));
    let number = given.resolve().items[1].config.setting::<String>("number").unwrap();
    assert_eq!(number, "typed last");
}

#[test]
fn what_is_not_said_has_its_default() {
    let production = Given::default().resolve();
    assert_eq!(production.items[0].options, ItemSettings::default());
    assert_eq!(production.items[2].options.pool_size, 2);
    assert!(!production.items[1].options.enabled);
    assert_eq!(production.engine.store, StoreChoice::Sqlite(PathBuf::from("iop-data/lab")));
    assert_eq!(production.engine.http, HttpChoice::Listen("127.0.0.1:4100".parse().unwrap()));
    assert!(!production.engine.http_explicit);
    assert_eq!(production.engine.stop_grace, Duration::from_secs(30));
    assert_eq!(production.engine.log, "info");
}

#[test]
fn every_setting_can_be_given_in_every_layer() {
    let given = Given::default()
        .file("[iop]\nstore = \"memory\"\nhttp = \"off\"\n[intake]\npool_size = 4\nattempts = 1\nbackoff = \"100ms\"\n")
        .environment(&[
            ("iop__nightly__call_interval", "2s"),
            ("IOP__NIGHTLY__FIRST_CALL", "after_interval"),
            ("IOP__STOP_GRACE", "1m"),
            ("IOP_OTHER", "left alone"),
            ("PATH", "left alone"),
        ])
        .set(&["analyser.repetitions=7", "intake.backoff_cap=2s", "iop.log=info,iop=debug", "intake.enabled=false"]);
    let production = given.resolve();
    let intake = &production.items[0].options;
    assert_eq!((intake.pool_size, intake.attempts, intake.enabled), (4, 1, false));
    assert_eq!((intake.backoff, intake.backoff_cap), (Duration::from_millis(100), Duration::from_secs(2)));
    let nightly = &production.items[1].options;
    assert_eq!((nightly.call_interval, nightly.first_call), (Duration::from_secs(2), FirstCall::AfterInterval));
    assert_eq!(production.items[2].config.setting::<u32>("repetitions").unwrap(), 7);
    assert_eq!((production.engine.store, production.engine.http), (StoreChoice::Memory, HttpChoice::Off));
    assert_eq!(
        (production.engine.stop_grace, production.engine.log.as_str()),
        (Duration::from_secs(60), "info,iop=debug")
    );
}

#[test]
fn a_pause_that_is_longer_than_the_cap_is_meant_to_be_that_long() {
    let production = Given::default().set(&["intake.backoff=5m"]).resolve();
    assert_eq!(production.items[0].options.backoff_cap, Duration::from_secs(300));
}

#[test]
fn all_mistakes_of_all_layers_are_reported_in_one_run() {
    let given = Given::default()
        .file("top = 1\n[intake]\npool_size = 0\npool_sizee = 2\n[analyzer]\nrepetitions = \"many\"\n[iop]\nhttp = \"0.0.0.0:80\"\n")
        .environment(&[("IOP__NIGHTLY__CALL_INTERVAL", "soon"), ("IOP__STORE", ""), ("IOP__LOG", "verbose")])
        .set(&["analyser.repetitions=-1", "nonsense", "intake.first_call=at_once"]);
    assert_eq!(
        given.mistakes(),
        [
            "`top` (lab.toml line 1): stands outside a table; write it under `[item]`, or under `[iop]` for the engine",
            "`nonsense` (--set): write `--set item.setting=value`",
            "`analyzer.repetitions` (lab.toml line 6): unknown item; did you mean `analyser`?",
            "`intake.pool_size` (lab.toml line 3): must be 1 or more",
            "`intake.pool_sizee` (lab.toml line 4): unknown setting; did you mean `pool_size`?",
            "`iop.http` (lab.toml line 8): 0.0.0.0:80 can be reached from other machines; the entrance listens on loopback only",
            "`iop.log` (environment IOP__LOG): `verbose` is not a level; write off, error, warn, info, debug or trace",
            "`nightly.call_interval` (environment IOP__NIGHTLY__CALL_INTERVAL): expected duration (500ms, 5s, 10m, 1h30m), found \"soon\"",
            "`iop.store` (environment IOP__STORE): expected directory, or memory, found \"\"",
            "`analyser.repetitions` (--set): expected integer (u32), found \"-1\"",
            "`intake.first_call` (--set): unknown setting; there are: pool_size, enabled, timeout, attempts, backoff, backoff_cap, failure_timeout, throttle, breaker, breaker_pause, category, request_timeout",
        ]
    );
}

#[test]
fn a_file_that_is_no_toml_is_reported_with_its_line() {
    let mistakes = Given::default().file("[intake]\npool_size = = 2\nattempts = 3\n").mistakes();
    assert_eq!(mistakes.len(), 2, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("`TOML` (lab.toml line 2): "), "{mistakes:#?}");
}

#[test]
fn a_file_that_is_named_must_exist_and_the_usual_one_need_not() {
    let mut given = Given::default();
    given.0.file = Some(PathBuf::from("no/such.toml"));
    let mistakes = given.mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].starts_with("`--config` (no/such.toml): cannot be read: "), "{mistakes:#?}");
    Given::default().resolve();
}

#[test]
fn a_secret_is_neither_shown_nor_repeated_in_a_mistake() {
    let given = Given::default().environment(&[("IOP__ANALYSER__PASSWORD", "canary")]);
    let production = given.resolve();
    assert_eq!(shown(&production, "analyser.password").0.as_deref(), Some("***"));
    let password = production.items[2].config.setting::<Option<iop::settings::Secret>>("password").unwrap().unwrap();
    assert_eq!(password.expose(), "canary");
    assert!(!format!("{password:?}").contains("canary"));
    let mistakes = Given::default().file("[analyser]\npassword = [\"canary\"]\n").mistakes();
    assert_eq!(mistakes, ["`analyser.password` (lab.toml line 2): expected text"]);
}

#[test]
fn who_only_reads_the_store_needs_no_setting_of_an_item() {
    let given = Given::default().set(&["analyser.repetitions=many", "iop.store=here"]);
    let engine = resolve_engine(Lab::GRAPH, &given.layers()).unwrap();
    assert_eq!(engine.store, StoreChoice::Sqlite(PathBuf::from("here")));
    let errors = resolve_engine(Lab::GRAPH, &Given::default().set(&["iop.stop_grace=x"]).layers()).unwrap_err();
    assert_eq!(errors.len(), 1);
}
