//! The drawing: SVG elements for a sequence diagram whose places are known.

use std::fmt::{Display, Write};

use super::super::text::{escaped, shortened};
use super::place::{Arrow, BAR, Bounds, HEAD, LOOP, Label, Lifeline, NAME, Placed, ROW, TOP};
use super::rows::{Row, RowKind, Rows};
use super::{Exchange, Session, State, View, spoken};

/// Plain selectors and colours, for a document that stands alone; a page has its own sheet.
const SHEET: &str = "
.iop-sequence { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
.iop-sequence .ground { fill: #ffffff; }
.iop-sequence .party { fill: #ffffff; stroke: #cbd5e1; }
.iop-sequence .mark { fill: #64748b; }
.iop-sequence .service .mark { fill: #2563eb; }
.iop-sequence .process .mark { fill: #7c3aed; }
.iop-sequence .operation .mark { fill: #0d9488; }
.iop-sequence .name { font-size: 12.5px; font-weight: 600; fill: #0f172a; }
.iop-sequence .kind, .iop-sequence .number { font-size: 10px; fill: #64748b; }
.iop-sequence .offset { font-size: 11px; fill: #334155; }
.iop-sequence .lifeline { stroke: #e2e8f0; stroke-width: 2; }
.iop-sequence .bar { fill: #ede9fe; stroke: #a78bfa; }
.iop-sequence .bar.failed { fill: #fee2e2; stroke: #ef4444; }
.iop-sequence .hit { fill: none; }
.iop-sequence .arrow { stroke: #475569; stroke-width: 1.4; fill: none; }
.iop-sequence .tip { fill: #475569; }
.iop-sequence .dashed .arrow { stroke-dasharray: 5 3; }
.iop-sequence .pill { fill: #f8fafc; stroke: #cbd5e1; }
.iop-sequence .label { font-size: 11px; fill: #0f172a; }
.iop-sequence .below { font-size: 9.5px; fill: #64748b; }
.iop-sequence .waited .below { fill: #b45309; }
.iop-sequence .dot { fill: #22c55e; }
.iop-sequence .waiting .dot, .iop-sequence .gone .dot { fill: #94a3b8; }
.iop-sequence .running .dot { fill: #3b82f6; }
.iop-sequence .retrying .dot { fill: #f59e0b; }
.iop-sequence .failed .dot, .iop-sequence .error .dot { fill: #ef4444; }
.iop-sequence .failed .pill, .iop-sequence .error .pill { fill: #fef2f2; stroke: #fca5a5; }
.iop-sequence .failed .label, .iop-sequence .error .label { fill: #b91c1c; }
.iop-sequence .error .arrow { stroke: #dc2626; }
.iop-sequence .error .tip { fill: #dc2626; }
";

/// A drawing is scaled to the page that it stands on, but never below this: then it is scrolled.
const LEAST: f64 = 0.74;

/// The sheet of the console has no class for more hundreds of pixels.
const LARGEST_LEAST: f64 = 40.0;

/// Head and body, of one width.
pub(super) fn parts(session: &Session, rows: &Rows, placed: &Placed, view: &View) -> (String, String) {
    let size = size(placed.width);
    let mut head = Svg(String::new());
    head.open(&format!("iop-sequence heads {size}"), placed.width, HEAD + 14.0, "Items of the session");
    placed.lifelines.iter().for_each(|lifeline| head.head(lifeline));
    head.put("</svg>");
    let mut body = Svg(String::new());
    body.open(
        &format!("iop-sequence rows {size}"),
        placed.width,
        placed.height,
        "Messages of the session, from top to bottom",
    );
    body.body(session, rows, placed, view);
    body.put("</svg>");
    (head.0, body.0)
}

/// How far it may be scaled: the sheet of the page has a class for each hundred pixels.
fn size(width: f64) -> String {
    match (width * LEAST / 100.0).floor() {
        least if least > LARGEST_LEAST => "scrolled".to_owned(),
        least => format!("scaled least-{least}"),
    }
}

/// Both in one document.
pub(super) fn document(session: &Session, rows: &Rows, placed: &Placed, title: &str) -> String {
    let mut svg = Svg(String::new());
    let (width, height) = (placed.width, placed.height + HEAD + 14.0);
    svg.open("iop-sequence", width, height, title);
    svg.put(format_args!("<title>{}</title>\n<style>{SHEET}</style>", escaped(title)));
    svg.put(format_args!("<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>"));
    placed.lifelines.iter().for_each(|lifeline| svg.head(lifeline));
    svg.put(format_args!("<g transform=\"translate(0 {})\">", HEAD + 14.0));
    svg.body(session, rows, placed, &View::default());
    svg.put("</g>\n</svg>");
    svg.0
}

/// A drawing that is being written.
struct Svg(String);

impl Svg {
    fn put(&mut self, line: impl Display) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn open(&mut self, class: &str, width: f64, height: f64, label: &str) {
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" role=\"group\" aria-label=\"{}\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">",
            escaped(label)
        ));
    }

    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.put(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text)));
    }

    fn head(&mut self, lifeline: &Lifeline) {
        let Bounds { x, y, width, height } = lifeline.head;
        let kind = match lifeline.kind.as_str() {
            kind @ ("service" | "process" | "operation") => kind,
            _ => "other",
        };
        let name = lifeline.name.as_deref().unwrap_or("outside");
        let what = if lifeline.name.is_some() { lifeline.kind.as_str() } else { "caller" };
        self.put(format_args!("<g class=\"head {kind}\"><title>{}</title>", escaped(name)));
        self.put(format_args!(
            "<rect class=\"party\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"7\"/>"
        ));
        self.put(format_args!(
            "<rect class=\"mark\" x=\"{}\" y=\"{}\" width=\"4\" height=\"{}\" rx=\"2\"/>",
            x + 4.0,
            y + 5.0,
            height - 10.0
        ));
        self.text("name", x + 15.0, y + 17.0, &shortened(name, (width - 20.0) / NAME, true));
        self.text("kind", x + 15.0, y + 31.0, what);
        self.put("</g>");
    }

    fn body(&mut self, session: &Session, rows: &Rows, placed: &Placed, view: &View) {
        for (index, row) in rows.rows.iter().enumerate() {
            self.ground(session, row, index, placed.width, view);
        }
        for lifeline in &placed.lifelines {
            let (x, end) = (lifeline.x, placed.height - 8.0);
            self.put(format_args!("<path class=\"lifeline\" d=\"M{x} 0V{end}\"/>"));
        }
        for bar in &placed.activations {
            let Bounds { x, y, width, height } = bar.bounds;
            let kind = placed.lifelines.iter().find(|lifeline| (lifeline.x - x).abs() < 3.0 * BAR + 8.0);
            let kind = kind.map(|lifeline| lifeline.kind.as_str()).unwrap_or_default();
            let failed = if bar.failed { " failed" } else { "" };
            let open = if bar.open { " open" } else { "" };
            self.put(format_args!(
                "<rect class=\"bar {}{failed}{open}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"/>",
                escaped(kind)
            ));
        }
        for (row, arrow) in rows.rows.iter().zip(&placed.arrows) {
            self.row(session, row, arrow, view);
        }
    }

    /// What lies under a row: its tint where it is chosen.
    fn ground(&mut self, session: &Session, row: &Row, index: usize, width: f64, view: &View) {
        let chosen = view.selected.as_ref();
        if row.members.iter().any(|&member| Some(&session.messages[member].id) == chosen) {
            let y = TOP + super::place::to_f64(index) * ROW;
            self.put(format_args!("<rect class=\"chosen\" x=\"0\" y=\"{y}\" width=\"{width}\" height=\"{ROW}\"/>"));
        }
    }

    fn row(&mut self, session: &Session, row: &Row, arrow: &Arrow, view: &View) {
        let message = &session.messages[row.first()];
        let id = escaped(&message.id);
        let many = row.members.len() > 1;
        let dashed = if message.exchange == Exchange::Response || row.kind == RowKind::Failed { " dashed" } else { "" };
        let state = if row.kind == RowKind::Failed { "error" } else { message.state.class() };
        let waited = if arrow.waited { " waited" } else { "" };
        let many_class = if many { " many" } else { "" };
        let address = if many { &view.open } else { &view.choose };
        let what = title(session, row);
        if !address.is_empty() {
            self.put(format_args!("<a href=\"{}{id}\">", escaped(address)));
        }
        self.put(format_args!(
            "<g class=\"row {state}{dashed}{waited}{many_class}\" data-message=\"{id}\"><title>{}</title>",
            escaped(&what)
        ));
        let top = arrow.y - 26.0;
        self.put(format_args!("<rect class=\"hit\" x=\"0\" y=\"{top}\" width=\"100%\" height=\"{ROW}\"/>"));
        self.text("offset", 12.0, arrow.y - 6.0, &format!("+{}", spoken(row.at)));
        if row.kind == RowKind::Sent {
            self.text("number", 12.0, arrow.y + 8.0, &format!("#{}", message.number));
        }
        self.line(arrow);
        self.pill(&arrow.pill);
        if let Some(below) = &arrow.below {
            self.put(format_args!(
                "<text class=\"below\" text-anchor=\"middle\" x=\"{}\" y=\"{}\">{}</text>",
                below.bounds.x + below.bounds.width / 2.0,
                below.bounds.y + 9.5,
                escaped(&below.text)
            ));
        }
        self.put("</g>");
        if !address.is_empty() {
            self.put("</a>");
        }
    }

    fn line(&mut self, arrow: &Arrow) {
        let Arrow { y, from, to, .. } = *arrow;
        if from == to {
            let (x, out, down) = (from + BAR, from + BAR + LOOP, y + 12.0);
            self.put(format_args!("<path class=\"arrow\" d=\"M{x} {y}H{out}V{down}H{}\"/>", x + 6.0));
            self.put(format_args!("<path class=\"tip\" d=\"M{x} {down}l8 -4v8z\"/>"));
            return;
        }
        let back = if from < to { -8.0 } else { 8.0 };
        self.put(format_args!("<path class=\"arrow\" d=\"M{from} {y}H{}\"/>", to + back));
        self.put(format_args!("<path class=\"tip\" d=\"M{to} {y}l{back} -4v8z\"/>"));
    }

    fn pill(&mut self, pill: &Label) {
        let Bounds { x, y, width, height } = pill.bounds;
        self.put(format_args!(
            "<rect class=\"pill\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>"
        ));
        // In the middle whatever the font: how wide the text really is, is not known here.
        self.put(format_args!(
            "<text class=\"label\" text-anchor=\"middle\" x=\"{}\" y=\"{}\"><tspan class=\"dot\">●</tspan> {}</text>",
            x + width / 2.0,
            y + height / 2.0 + 3.8,
            escaped(&pill.text)
        ));
    }
}

/// What is said of a row to who points at it, and to who cannot see it.
fn title(session: &Session, row: &Row) -> String {
    let message = &session.messages[row.first()];
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "outside".to_owned());
    let (from, to) = (name(&message.from), name(&message.to));
    let mut title = match row.members.len() {
        1 => format!("#{} {}: {from} → {to}, {}", message.number, message.label, state(message.state)),
        count => format!("{count} × {}: {from} → {to}, {}; show them all", message.label, state(message.state)),
    };
    if let Some(failure) = &message.failure {
        let _ = write!(title, "\n{}", failure.text);
    }
    title
}

fn state(state: State) -> &'static str {
    match state {
        State::Done => "completed",
        State::Waiting => "waits in its queue",
        State::Running => "is worked on",
        State::Retrying => "will be tried again",
        State::Failed => "suspended",
        State::Gone => "taken out",
    }
}
