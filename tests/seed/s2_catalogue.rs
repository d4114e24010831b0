//! S2: what is compiled in is in the catalogue; one name is one component.

use std::process::Command;

use iop::component::Component;
use iop::production::Registry;
use iop_examples::seed::s2_catalogue::{Announcer, Catalogue};
use iop_tests::rig::Rig;

use super::my_request;

#[tokio::test(start_paused = true)]
async fn components_that_nobody_registered_run() {
    let rig = Rig::start::<Catalogue>().await;
    let response = rig.call("announcer", &my_request()).await;
    assert_eq!(response.my_string, "MyBusinessOperation:on_message() echos");
}

#[test]
fn the_catalogue_knows_a_components_messages_settings_and_targets() {
    let registry = Registry::linked().expect("no name twice");
    let announcer = registry.components["Announcer"];
    assert_eq!(announcer.rust_path, Announcer::TYPE.rust_path);
    let names = (announcer.handles)().iter().map(|message| message.name).collect::<Vec<_>>();
    assert_eq!(names, ["MyRequest"]);
    let settings: Vec<_> = announcer.all_settings().map(|setting| (setting.name, setting.doc.trim())).collect();
    assert_eq!(settings, [("words", "Stands before every request.")]);
    let targets: Vec<_> = announcer.targets.iter().map(|target| (target.name, target.required)).collect();
    assert_eq!(targets, [("out", true)]);
}

fn said(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[test]
fn list_shows_a_component_with_its_messages_settings_and_targets() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seed_program"));
    let output = command.env("SEED_PRODUCTION", "catalogue").arg("list").output().expect("it starts");
    assert!(output.status.success(), "{}", said(&output.stderr));
    let list = said(&output.stdout);
    let line = list.lines().find(|line| line.contains("Announcer")).unwrap_or_else(|| panic!("not listed:\n{list}"));
    for part in ["service", "MyRequest", "words", "out"] {
        assert!(line.contains(part), "{part} is not in its line:\n{list}");
    }
}

#[test]
fn two_components_of_one_name_are_refused_at_start_and_both_places_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_registered_twice"));
    let output = command.current_dir(folder.path()).arg("run").output().expect("it starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let source = include_str!("../programs/registered_twice.rs");
    let places: Vec<_> = (1..)
        .zip(source.lines())
        .filter(|(_, line)| line.contains("#[business_operation]") || line.contains("struct Receiver"))
        .map(|(number, _)| format!("registered_twice.rs:{number}"))
        .collect();
    let report = said(&output.stderr);
    assert!(report.contains("two components are named `Receiver`"), "{report}");
    let named = places.iter().filter(|place| report.contains(*place)).count();
    assert_eq!(named, 2, "of {places:?}: {report}");
    assert_eq!(folder.path().read_dir().expect("it is ours").count(), 0, "nothing was opened");
}
