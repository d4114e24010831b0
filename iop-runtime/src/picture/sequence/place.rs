//! Where everything in a sequence diagram goes: lifelines from left to right in the order of their first use, rows from
//! top to bottom, and between two lifelines as much room as what is written there needs.

use std::collections::HashMap;
use std::time::Duration;

use super::super::text::{shortened, width};
use super::activation::Activation;
use super::rows::{Row, RowKind, Rows};
use super::{Exchange, Sent, Session, State, spoken};

/// From one row to the next.
pub(super) const ROW: f64 = 48.0;
/// Left of the first lifeline: offsets and numbers.
pub(super) const RAIL: f64 = 88.0;
/// Above the first row.
pub(super) const TOP: f64 = 20.0;
/// Height of the head of a lifeline.
pub(super) const HEAD: f64 = 40.0;
/// Half of the width of a bar.
pub(super) const BAR: f64 = 5.0;
/// From the arrow of a row to its ends.
const ABOVE: f64 = 26.0;
/// Sizes of text.
pub(super) const NAME: f64 = 12.5;
pub(super) const PILL: f64 = 11.0;
pub(super) const BELOW: f64 = 9.5;
/// Wider labels are shortened.
const LIMIT: f64 = 280.0;
/// Of an error: the whole of it stands beside the diagram, which has to be seen as a whole.
const ERROR: f64 = 170.0;
/// Of a loop from a lifeline to itself.
pub(super) const LOOP: f64 = 26.0;
/// A shorter wait is not what anybody looks for.
const NOTICEABLE: Duration = Duration::from_millis(10);
/// A shorter one is none.
const WAIT: Duration = Duration::from_millis(1);

/// Where everything is.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Of head and body.
    pub width: f64,
    /// Of the body.
    pub height: f64,
    /// In the order of their first use.
    pub lifelines: Vec<Lifeline>,
    /// When which item worked.
    pub activations: Vec<Activation>,
    /// As the rows.
    pub arrows: Vec<Arrow>,
}

/// An item of the session.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifeline {
    /// Its name; `None` for the outside.
    pub name: Option<String>,
    /// What it is for, where that is known.
    pub kind: String,
    /// Its head.
    pub head: Bounds,
    /// Of its line.
    pub x: f64,
}

/// What is drawn in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrow {
    /// Of the line.
    pub y: f64,
    /// Where it begins.
    pub from: f64,
    /// Where it ends; where it begins for a loop.
    pub to: f64,
    /// What it is.
    pub pill: Label,
    /// Where its time went.
    pub below: Option<Label>,
    /// It waited longer than it ran.
    pub waited: bool,
}

/// A text in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// What it covers.
    pub bounds: Bounds,
    /// What it says.
    pub text: String,
}

/// A place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Placed {
    /// Finds a place for everything.
    #[must_use]
    pub fn of(session: &Session, rows: &Rows) -> Self {
        let order = order(session, &rows.rows);
        let written: Vec<Written> = rows.rows.iter().map(|row| Written::of(session, row)).collect();
        let ends: Vec<(usize, usize)> = rows.rows.iter().map(|row| order.ends(session, row)).collect();
        let (lifelines, end) = lifelines(session, &order, &written, &ends);
        let y = |row: usize| TOP + ABOVE + to_f64(row) * ROW;
        let arrows = written.into_iter().zip(&ends).enumerate();
        let arrows = arrows.map(|(row, (written, &ends))| written.placed(y(row), ends, &lifelines)).collect();
        Self {
            width: end.ceil(),
            height: TOP + to_f64(rows.rows.len()) * ROW + 24.0,
            activations: super::activation::activations(session, rows, &|item| order.of(item), &lifelines),
            lifelines,
            arrows,
        }
    }
}

/// How many of something, as a length. Rows are counted in thousands.
pub(super) fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// The lifelines by name; the outside has none.
struct Order<'a> {
    names: Vec<Option<&'a str>>,
    places: HashMap<Option<&'a str>, usize>,
}

fn order<'a>(session: &'a Session, rows: &[Row]) -> Order<'a> {
    let mut order = Order { names: Vec::new(), places: HashMap::new() };
    for row in rows {
        let message = &session.messages[row.first()];
        let (from, to) = (message.from.as_deref(), message.to.as_deref());
        for name in [from, to] {
            order.places.entry(name).or_insert_with(|| {
                order.names.push(name);
                order.names.len() - 1
            });
        }
    }
    // What comes from outside or goes there stands left of everything.
    if let Some(at) = order.names.iter().position(Option::is_none) {
        order.names[..=at].rotate_right(1);
        order.places = order.names.iter().copied().zip(0..).collect();
    }
    order
}

impl Order<'_> {
    fn of(&self, name: Option<&str>) -> usize {
        self.places.get(&name).copied().unwrap_or_default()
    }

    /// Where the arrow of a row begins and ends.
    fn ends(&self, session: &Session, row: &Row) -> (usize, usize) {
        let message = &session.messages[row.first()];
        let (from, to) = (self.of(message.from.as_deref()), self.of(message.to.as_deref()));
        if row.kind == RowKind::Failed { (to, from) } else { (from, to) }
    }
}

/// The texts of a row.
struct Written {
    pill: String,
    below: String,
    waited: bool,
}

impl Written {
    fn of(session: &Session, row: &Row) -> Self {
        let message = &session.messages[row.first()];
        let times = if row.members.len() > 1 { format!(" ×{}", row.members.len()) } else { String::new() };
        let limit = LIMIT / PILL - width(&times, false);
        if row.kind == RowKind::Failed {
            let text = message.failure.as_ref().map(|failure| failure.text.as_str()).unwrap_or_default();
            let limit = ERROR / PILL - width(&times, false);
            let pill = format!("{}{times}", shortened(&format!("error: {text}"), limit, false));
            return Self { pill, below: String::new(), waited: false };
        }
        let members = || row.members.iter().map(|&index| &session.messages[index]);
        let queued = members().filter_map(|message| message.queued).max();
        let ran = members().filter_map(|message| message.ran).max();
        let waited = queued.is_some_and(|queued| queued >= NOTICEABLE && ran.is_none_or(|ran| queued > ran));
        Self {
            pill: format!("{}{times}", shortened(&message.label, limit, false)),
            below: shortened(&below(message, &times, queued, ran), LIMIT / BELOW, false),
            waited,
        }
    }

    /// The larger of the two texts, with what is around it.
    fn needs(&self) -> f64 {
        self.pill_width().max(width(&self.below, false) * BELOW) + 2.0 * BAR + 10.0
    }

    fn pill_width(&self) -> f64 {
        (width(&self.pill, false) * PILL + 26.0).ceil()
    }

    fn placed(self, y: f64, (from, to): (usize, usize), lifelines: &[Lifeline]) -> Arrow {
        let (start, end) = (lifelines[from].x, lifelines[to].x);
        let (pill, below) = (self.pill_width(), (width(&self.below, false) * BELOW).ceil());
        let centre = |width: f64| {
            if from == to { start + BAR + LOOP + 6.0 } else { f64::midpoint(start, end) - width / 2.0 }
        };
        let away = if from == to { 0.0 } else { BAR * (end - start).signum() };
        Arrow {
            y,
            from: start + away,
            to: end - away,
            pill: Label { bounds: Bounds { x: centre(pill), y: y - 22.0, width: pill, height: 16.0 }, text: self.pill },
            below: (!self.below.is_empty()).then(|| Label {
                bounds: Bounds { x: centre(below), y: y + 3.0, width: below, height: 12.0 },
                text: self.below,
            }),
            waited: self.waited,
        }
    }
}

/// `⇄ sync · queued 33 ms · ran 4.59 s`; of several the longest.
fn below(message: &Sent, times: &str, queued: Option<Duration>, ran: Option<Duration>) -> String {
    let mut parts: Vec<String> = Vec::new();
    match message.exchange {
        Exchange::Sync => parts.push("⇄ sync".to_owned()),
        Exchange::Async => parts.push("→ async".to_owned()),
        Exchange::Timer => parts.push("timer".to_owned()),
        Exchange::Response => {}
    }
    let up_to = if times.is_empty() { "" } else { "≤ " };
    // Of a response only that it had to wait for long is worth a word.
    let least = if message.exchange == Exchange::Response { NOTICEABLE } else { WAIT };
    let worth = |queued: &Duration| *queued >= least;
    parts.extend(queued.filter(worth).map(|queued| format!("queued {up_to}{}", spoken(queued))));
    if message.exchange != Exchange::Response {
        // Where nobody knows how long it waited, the wait is part of it.
        let word = if queued.is_some() { "ran" } else { "took" };
        parts.extend(ran.map(|ran| format!("{word} {up_to}{}", spoken(ran))));
    }
    match message.state {
        State::Waiting if message.exchange != Exchange::Response => parts.push("waiting".to_owned()),
        State::Running => parts.push("running".to_owned()),
        State::Retrying => parts.push("will be tried again".to_owned()),
        State::Gone => parts.push("taken out".to_owned()),
        _ => {}
    }
    // That a single attempt failed for good is seen.
    if message.attempts > u32::from(message.state == State::Failed) {
        parts.push(format!("failed {}×", message.attempts));
    }
    parts.extend(message.marks.iter().cloned());
    parts.join(" · ")
}

/// Lifelines with room between them for every row, and where the picture ends.
fn lifelines(
    session: &Session,
    order: &Order<'_>,
    written: &[Written],
    ends: &[(usize, usize)],
) -> (Vec<Lifeline>, f64) {
    let named = |name: &Option<&str>| width(name.unwrap_or("outside"), true) * NAME + 28.0;
    let head = order.names.iter().map(named).fold(100.0, f64::max).min(170.0).ceil();
    // The last gap is the room right of the last lifeline.
    let mut gaps = vec![head + 18.0; order.names.len()];
    if let Some(last) = gaps.last_mut() {
        *last = head / 2.0 + 18.0;
    }
    let mut spans: Vec<(usize, usize, f64)> = Vec::new();
    for (written, &(from, to)) in written.iter().zip(ends) {
        if from == to {
            spans.push((from, from + 1, written.needs() + LOOP));
        } else {
            spans.push((from.min(to), from.max(to), written.needs()));
        }
    }
    // The shortest spans first: what they need the longer ones have.
    spans.sort_by(|one, other| (one.1 - one.0).cmp(&(other.1 - other.0)).then(one.2.total_cmp(&other.2)));
    for (from, to, needs) in spans {
        let missing = needs - gaps[from..to].iter().sum::<f64>();
        if missing > 0.0 {
            let each = missing / to_f64(to - from);
            gaps[from..to].iter_mut().for_each(|gap| *gap = (*gap + each).ceil());
        }
    }
    let mut x = RAIL + head / 2.0;
    let mut lifelines = Vec::new();
    for (name, gap) in order.names.iter().zip(&gaps) {
        let party = name.and_then(|name| session.parties.iter().find(|party| party.name == name));
        lifelines.push(Lifeline {
            name: name.map(str::to_owned),
            kind: party.map(|party| party.kind.clone()).unwrap_or_default(),
            head: Bounds { x: x - head / 2.0, y: 8.0, width: head, height: HEAD },
            x,
        });
        x += gap;
    }
    (lifelines, x)
}
