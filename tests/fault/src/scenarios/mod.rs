//! The scenarios, by the numbers of the plan. Each proves its promises with the auditor and yields figures.

mod clocks;
mod disks;
mod handlers;
mod inputs;
mod kills;
mod lives;
mod long;
mod rot;
mod schedules;
mod seeds;
mod targets;
mod torn;
mod trial;

use crate::figures::Figure;
use crate::trouble::Result;

/// How much of a scenario is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// What every change has to pass.
    Short,
    /// What the figures are made of.
    Full,
}

impl Scale {
    /// So many in the short set, and so many in the full one.
    pub(crate) fn of(self, short: u64, full: u64) -> u64 {
        if self == Self::Short { short } else { full }
    }
}

/// A scenario.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) number: &'static str,
    pub(crate) name: &'static str,
    /// Goals of the plan that its figures answer.
    pub(crate) goals: &'static str,
    pub(crate) run: fn(Scale) -> Result<Vec<Figure>>,
}

const fn scenario(
    number: &'static str,
    name: &'static str,
    goals: &'static str,
    run: fn(Scale) -> Result<Vec<Figure>>,
) -> Scenario {
    Scenario { number, name, goals, run }
}

/// All of them.
pub(crate) static SCENARIOS: &[Scenario] = &[
    scenario("1", "kill -9 at random moments", "G1", kills::random),
    scenario("2", "kill -9 at each call that changes the disk", "G1", kills::each_call),
    scenario("3", "power cuts", "G2", disks::power),
    scenario("4", "writes that reach the disk in part", "", torn::images),
    scenario("5", "flipped bits", "G3", rot::flips),
    scenario("6", "a full disk", "G4", disks::full),
    scenario("7", "a write or fsync that fails", "", disks::failing),
    scenario("8", "files that are no store", "", disks::no_store),
    scenario("9", "two instances on one store", "G20", lives::two),
    scenario("10", "poison", "G9", handlers::poison),
    scenario("11", "a message that ends the process", "G9", handlers::deadly),
    scenario("12", "handlers that panic", "G8", handlers::panics),
    scenario("13", "handlers that hang, and that block", "G8", handlers::hung),
    scenario("14", "input faster than what takes it", "", long::pressure),
    scenario("15", "a burst of a million messages", "G5, G6", long::burst),
    scenario("16", "a target that is out", "G10", targets::hour),
    scenario("17", "inputs that come again", "", inputs::again),
    scenario("18", "answers that are lost on the way", "", inputs::ambiguous),
    scenario("19", "a clock that jumps", "G12", clocks::jumps),
    scenario("20", "processes that wait, over kills", "", lives::waiting),
    scenario("21", "SIGTERM under load", "G11", lives::drain),
    scenario("22", "messages of an older program", "G19", clocks::schema),
    scenario("23", "a production edited under its messages", "", lives::edited),
    scenario("35", "soak", "", long::soak),
    scenario("36", "backups under load", "", long::backup),
    scenario("37", "purges under load", "", long::purge),
    scenario("38", "the engine in a simulation", "G18", seeds::seeds),
    scenario("39", "synchronisation made by hand", "", schedules::orders),
];
