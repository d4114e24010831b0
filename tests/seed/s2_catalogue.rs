//! S2: what is compiled in is in the catalogue; one name is one component.

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
