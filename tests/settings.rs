//! Settings: which layer wins, what is refused, what is shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::time::Duration;

use iop::production::Production;
use iop::settings::{
    FirstCall, HttpChoice, ItemSettings, LayerSources, Layers, ResolvedProduction, Secret, StoreChoice, resolve,
    resolve_engine,
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
fn what_other_machines_can_reach_needs_a_certificate_with_its_key_and_users() {
    let mistakes = |text: &str| Given::default().file(&format!("[iop]\n{text}")).mistakes();
    let outside = "http = \"0.0.0.0:4100\"\n";
    let (users, certificate, key) = ("users = \"u\"\n", "tls_certificate = \"c\"\n", "tls_key = \"k\"\n");
    assert_eq!(
        mistakes(outside),
        ["`iop.http` (lab.toml line 2): 0.0.0.0:4100 can be reached from other machines, which takes TLS and users; \
             missing: a certificate (`iop.tls_certificate` and `iop.tls_key`), a file of users (`iop.users`, written by `user add`)"]
    );
    assert!(
        mistakes(&format!("{outside}{users}"))[0]
            .ends_with("missing: a certificate (`iop.tls_certificate` and `iop.tls_key`)")
    );
    assert_eq!(
        mistakes(certificate),
        ["`iop.tls_certificate` (lab.toml line 2): a certificate needs its key: set `iop.tls_key` as well"]
    );
    assert_eq!(
        mistakes(key),
        ["`iop.tls_key` (lab.toml line 2): a key needs its certificate: set `iop.tls_certificate` as well"]
    );
    let production = Given::default().file(&format!("[iop]\n{outside}{users}{certificate}{key}")).resolve();
    assert_eq!(production.engine.http, HttpChoice::Listen("0.0.0.0:4100".parse().unwrap()));
    assert_eq!(production.engine.tls.unwrap().key, std::path::Path::new("k"));
}

#[test]
fn all_mistakes_of_all_layers_are_reported_in_one_run() {
    let given = Given::default()
        .file("top = 1\n[intake]\npool_size = 0\npool_sizee = 2\n[analyzer]\nrepetitions = \"many\"\n[iop]\nhttp = \"everywhere\"\n")
        .environment(&[("IOP__NIGHTLY__CALL_INTERVAL", "soon"), ("IOP__STORE", ""), ("IOP__LOG", "verbose")])
        .set(&["analyser.repetitions=-1", "nonsense", "intake.first_call=at_once"]);
    assert_eq!(
        given.mistakes(),
        [
            "`top` (lab.toml line 1): stands outside a table; write it under `[item]`, or under `[iop]` for the engine",
            "`nonsense` (--set): write `--set item.setting=value`",
            "`intake.pool_size` (lab.toml line 3): must be 1 or more",
            "`intake.pool_sizee` (lab.toml line 4): unknown setting; did you mean `pool_size`?",
            "`analyzer.repetitions` (lab.toml line 6): unknown item; did you mean `analyser`?",
            "`iop.http` (lab.toml line 8): expected address (127.0.0.1:4100), or off, found \"everywhere\"",
            "`iop.log` (environment IOP__LOG): `verbose` is not a level; write off, error, warn, info, debug or trace",
            "`nightly.call_interval` (environment IOP__NIGHTLY__CALL_INTERVAL): expected duration (500ms, 5s, 10m, 1h30m), found \"soon\"",
            "`iop.store` (environment IOP__STORE): expected directory, or memory, found \"\"",
            "`analyser.repetitions` (--set): expected integer (u32), found \"-1\"",
            "`intake.first_call` (--set): unknown setting; there are: pool_size, enabled, active, timeout, attempts, backoff, backoff_cap, failure_timeout, throttle, breaker, breaker_pause, category, request_timeout, alert_suspended, alert_down, alert_errors, alert_depth, alert_age, alert_inactive, alert_grace, alert_repeat, retention",
        ]
    );
}

#[test]
fn what_is_no_assignment_is_reported_without_what_may_be_a_secret() {
    let given = Given::default().set(&["password=hunter2", "intake.password:hunter2", "password hunter2"]);
    assert_eq!(
        given.mistakes(),
        ["password", "intake.password", "password"]
            .map(|name| format!("`{name}` (--set): write `--set item.setting=value`"))
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

/// A file that only its owner may read.
fn kept_in_a_file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let reference = format!("file:{}", path.display());
    (folder, reference)
}

#[test]
fn a_secret_is_read_from_where_its_reference_leads_and_the_reference_is_what_is_shown() {
    let (_folder, reference) = kept_in_a_file("canary\n");
    let given = Given::default().environment(&[("IOP__ANALYSER__PASSWORD", &reference)]);
    let production = given.resolve();
    let origin = "environment IOP__ANALYSER__PASSWORD".to_owned();
    assert_eq!(shown(&production, "analyser.password"), (Some(reference), origin));
    let password = production.items[2].config.setting::<Option<Secret>>("password").unwrap().unwrap();
    assert_eq!(password.expose(), "canary");
    assert!(!format!("{production:?} {password:?} {password}").contains("canary"));
}

#[test]
fn a_secret_itself_is_refused_in_every_layer_and_repeated_in_no_mistake() {
    let how = "a secret is given by reference: write `env:NAME` or `file:/path`, not the value itself";
    let given = Given::default()
        .file("[analyser]\npassword = [\"canary\"]\n")
        .environment(&[("IOP__ANALYSER__PASSWORD", "canary")])
        .set(&["analyser.password=canary"]);
    assert_eq!(
        given.mistakes(),
        [
            format!("`analyser.password` (lab.toml line 2): {how}"),
            format!("`analyser.password` (environment IOP__ANALYSER__PASSWORD): {how}"),
            format!("`analyser.password` (--set): {how}"),
        ]
    );
}

#[test]
fn a_secret_that_cannot_be_had_is_a_mistake_and_only_where_it_counts() {
    let missing = "[analyser]\npassword = \"env:IOP_NO_SUCH_VARIABLE\"\n";
    assert_eq!(
        Given::default().file(missing).mistakes(),
        ["`analyser.password` (lab.toml line 2): the environment variable `IOP_NO_SUCH_VARIABLE` is not set"]
    );
    let (_folder, reference) = kept_in_a_file("canary");
    Given::default().file(missing).set(&[&format!("analyser.password={reference}")]).resolve();
}

mod kinds {
    //! A component with a setting of every kind that the laboratory lacks.

    #![allow(missing_docs, missing_debug_implementations, reason = "a component of a test documents itself")]

    use std::collections::BTreeMap;

    use iop::prelude::*;
    use iop::settings::{ByteSize, Rate, Setting};

    #[derive(Setting, Debug, Clone, Copy, PartialEq)]
    pub(super) enum Mode {
        Fast,
        VerySlow,
    }

    #[message]
    pub(super) struct Nothing {}

    #[business_operation]
    pub(super) struct Kinds {
        /// How warm.
        #[setting(default = 20, min = -5, max = 100, unit = "°C")]
        warmth: i32,
        #[setting(default = "5s", min = "1s", max = "1m")]
        pause: Duration,
        #[setting(default = "64KiB", min = "1KiB")]
        chunk: ByteSize,
        #[setting(default = "10/s")]
        rate: Rate,
        #[setting(default = "very_slow")]
        mode: Mode,
        #[setting(default = [("a", 1), ("b", 2)])]
        weights: BTreeMap<String, u32>,
        #[setting(default = [80, 443], min = [1])]
        ports: Vec<u16>,
    }

    #[handlers]
    impl Kinds {
        async fn nothing(&mut self, _: Nothing) -> Result {
            debug!(
                "{} {:?} {} {:?} {:?} {:?} {:?}",
                self.warmth, self.pause, self.chunk, self.rate, self.mode, self.weights, self.ports
            );
            Ok(())
        }
    }

    production! {
        pub(super) AllKinds {
            #[item(standalone)]
            kinds: Kinds { warmth: 30, mode: { Mode::Fast } },
        }
    }
}

fn kinds(given: &Given) -> Result<ResolvedProduction, Vec<String>> {
    let resolved = resolve(kinds::AllKinds::GRAPH, kinds::AllKinds::wiring(), &given.layers());
    resolved.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn a_setting_has_a_unit_and_a_range_that_every_layer_is_held_to() {
    let given = Given::default().set(&[
        "kinds.warmth=101",
        "kinds.pause=100ms",
        "kinds.chunk=1023B",
        "kinds.ports=443,0",
        "kinds.weights=a=1,b=many",
        "kinds.mode=fats",
    ]);
    assert_eq!(
        kinds(&given).unwrap_err(),
        [
            "`kinds.warmth` (--set): must be 100 °C or less, found 101",
            "`kinds.pause` (--set): must be 1s or more, found 100ms",
            "`kinds.chunk` (--set): must be 1KiB or more, found 1023B",
            "`kinds.ports` (--set): must be 1 or more, found 443,0",
            "`kinds.weights` (--set): `b`: expected integer (u32), found \"many\"",
            "`kinds.mode` (--set): unknown word \"fats\"; did you mean `fast`?",
        ]
    );
}

#[test]
fn units_ranges_and_what_a_reload_takes_are_shown() {
    let production = kinds(&Given::default()).unwrap();
    let of = |key: &str| production.shown.iter().find(|shown| shown.key == key).unwrap();
    let warmth = serde_json::to_value(of("kinds.warmth")).unwrap();
    assert_eq!(
        warmth,
        serde_json::json!({
            "key": "kinds.warmth", "value": "30 °C", "type": "integer (i32)", "unit": "°C", "range": "-5 to 100",
            "reload": "restarts_item", "doc": "How warm.", "origin": "production!",
        })
    );
    assert_eq!(of("kinds.pause").range.as_deref(), Some("1s to 1m"));
    assert_eq!(of("kinds.mode").value.as_deref(), Some("fast"));
    assert_eq!(of("kinds.attempts").reload.as_str(), "at once");
    assert_eq!(of("kinds.pool_size").reload.as_str(), "at the next start");
}

#[test]
fn a_table_of_the_file_is_a_map() {
    let production = kinds(&Given::default().file("[kinds.weights]\na = 3\n[kinds]\nmode = \"fast\"\n"));
    let production = production.unwrap();
    let weights = production.items[0].config.setting::<std::collections::BTreeMap<String, u32>>("weights").unwrap();
    assert_eq!(weights, std::collections::BTreeMap::from([("a".to_owned(), 3)]));
}

#[test]
fn who_only_reads_the_store_needs_no_setting_of_an_item() {
    let given = Given::default().set(&["analyser.repetitions=many", "iop.store=here"]);
    let engine = resolve_engine(Lab::GRAPH, &given.layers()).unwrap();
    assert_eq!(engine.store, StoreChoice::Sqlite(PathBuf::from("here")));
    let errors = resolve_engine(Lab::GRAPH, &Given::default().set(&["iop.stop_grace=x"]).layers()).unwrap_err();
    assert_eq!(errors.len(), 1);
}
