//! The drawing: SVG elements for a picture whose layout is known.

use std::fmt::{Display, Write};

use super::Picture;
use super::label;
use super::layout::{Layout, Path, Point, Rectangle};
use super::style::{ASIDE, COMPONENT, HEADING, LABEL, NAME, SHEET};
use super::text::{escaped, shortened, width};
use crate::production::{GraphDocument, ItemDocument, RouteDocument};

/// Around everything.
const MARGIN: f64 = 24.0;
/// Above the boxes: the production's name and the headings of the columns.
const HEAD: f64 = 74.0;
/// From the left edge of a box to its text.
pub(super) const INSET: f64 = 18.0;
/// Of the corners of lines.
const RADIUS: f64 = 7.0;
/// A wider label is shortened.
const LABEL_LIMIT: f64 = 130.0;
/// A wider name of a production is shortened, in units of its font size.
const TITLE_LIMIT: f64 = 40.0;
/// Up to so many items every label gets room. In larger productions that would pull the picture apart; a label
/// is shown where there is room anyway.
const SMALL: usize = 20;

/// Where everything in a picture goes, labels included.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) layout: Layout,
    labels: Vec<String>,
    at: Vec<Option<Point>>,
}

impl Places {
    /// In boxes of this width. Where labels are to be read, lines are made long enough for them.
    pub(super) fn of(picture: &Picture<'_>, box_width: f64, labels_wanted: bool) -> Self {
        let labels: Vec<String> = picture.lines.iter().map(|(_, _, routes)| label_of(routes)).collect();
        let widths: Vec<f64> = labels.iter().map(|label| width(label, false) * LABEL).collect();
        let small = labels_wanted && picture.document.items.len() <= SMALL;
        let wanted = widths.iter().map(|width| if small { label::stretch_for(*width) } else { 0.0 });
        let layout = Layout::of(&picture.sketch(box_width, &wanted.collect::<Vec<_>>()));
        let at = label::places(&layout, &widths);
        Self { layout, labels, at }
    }
}

/// Draws a picture.
pub(super) fn draw(picture: &Picture<'_>) -> String {
    let document = picture.document;
    let places = Places::of(picture, box_width(&document.items), true);
    let layout = &places.layout;

    let mut svg = Svg(String::new());
    svg.open(document, layout);
    svg.head(picture, layout);
    svg.routes(picture, &places, &|_, _| "");
    for (item, at) in document.items.iter().zip(&layout.boxes) {
        svg.item(item, at);
    }
    svg.put(format_args!("</g>\n</svg>"));
    svg.0
}

/// Wide enough for most names and components, one width for all.
fn box_width(items: &[ItemDocument]) -> f64 {
    let needs = |item: &ItemDocument| {
        let (name, below) = (width(&item.name, true) * NAME, width(&below(item), false) * COMPONENT);
        INSET + name.max(below) + 12.0
    };
    items.iter().map(needs).fold(150.0, f64::max).min(230.0).ceil()
}

/// What stands below the name of an item: its component, and how a service gets its input.
pub(super) fn below(item: &ItemDocument) -> String {
    match item.entrance.as_str() {
        "queue" => item.component.clone(),
        entrance => format!("{} · {entrance}", item.component),
    }
}

fn label_of(routes: &[&RouteDocument]) -> String {
    let all: Vec<String> = routes.iter().map(|route| route.label()).collect();
    shortened(&all.join(" · "), LABEL_LIMIT / LABEL, false)
}

fn title(document: &GraphDocument) -> String {
    shortened(&document.production, TITLE_LIMIT, true)
}

/// `2 items · 1 route`.
fn aside(document: &GraphDocument) -> String {
    format!("{} · {}", counted(document.items.len(), "item"), counted(document.routes.len(), "route"))
}

/// `1 item`, `2 items`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A document that is being written.
pub(super) struct Svg(pub(super) String);

impl Svg {
    pub(super) fn put(&mut self, line: impl Display) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    pub(super) fn text(&mut self, class: &str, at: Point, text: &str) {
        let Point { x, y } = at;
        self.put(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text)));
    }

    fn open(&mut self, document: &GraphDocument, layout: &Layout) {
        let name = escaped(&document.production);
        // The name of a small production can be wider than the production.
        let head = width(&title(document), true) * HEADING + (1.0 + width(&aside(document), false)) * ASIDE;
        let (width, height) = (layout.width.max(head.ceil()) + 2.0 * MARGIN, layout.height + HEAD + MARGIN);
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"iop-picture\" role=\"img\" aria-label=\"{name}\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
        ));
        self.put(format_args!("<title>{name}</title>\n<style>{SHEET}</style>"));
        self.put(format_args!("<rect class=\"ground\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>"));
    }

    /// The production's name, and a heading for each kind; after that, the upper left corner of the layout is 0, 0.
    fn head(&mut self, picture: &Picture<'_>, layout: &Layout) {
        let document = picture.document;
        self.put(format_args!(
            "<text class=\"production\" x=\"{MARGIN}\" y=\"30\">{}<tspan class=\"aside\" dx=\"{ASIDE}\">{}</tspan></text>",
            escaped(&title(document)),
            aside(document),
        ));
        self.put(format_args!("<g transform=\"translate({MARGIN} {HEAD})\">"));
        self.columns(document, layout);
    }

    /// A heading for each kind of items.
    pub(super) fn columns(&mut self, document: &GraphDocument, layout: &Layout) {
        for (kind, heading) in [("service", "SERVICES"), ("process", "PROCESSES"), ("operation", "OPERATIONS")] {
            let boxes = document.items.iter().zip(&layout.boxes).filter(|(item, _)| item.kind == kind);
            let lefts: Vec<f64> = boxes.map(|(_, at)| at.x).collect();
            if let Some(x) = lefts.iter().copied().reduce(f64::min) {
                self.text("column", Point { x, y: -16.0 }, &format!("{heading} · {}", lefts.len()));
            }
        }
    }

    /// All lines, each with a class of its own by its ends.
    pub(super) fn routes(
        &mut self,
        picture: &Picture<'_>,
        places: &Places,
        class: &dyn Fn(&str, &str) -> &'static str,
    ) {
        let labels = places.labels.iter().zip(&places.at);
        for ((line, path), (label, place)) in picture.lines.iter().zip(&places.layout.paths).zip(labels) {
            let [from, to] = [line.0, line.1].map(|item| picture.document.items[item].name.as_str());
            let tap = if line.2.iter().all(|route| route.tap) { " tap" } else { "" };
            let class = format!("route{}{tap}{}", if path.back { " back" } else { "" }, class(from, to));
            self.route(([from, to], &class), &line.2, path, place.map(|at| (at, label.as_str())));
        }
    }

    fn route(
        &mut self,
        ([from, to], class): ([&str; 2], &str),
        routes: &[&RouteDocument],
        path: &Path,
        label: Option<(Point, &str)>,
    ) {
        let title: Vec<String> = routes.iter().map(|route| format!("{from} → {to}, {}", route.label())).collect();
        let line = rounded(&path.points);
        self.put(format_args!(
            "<g class=\"{class}\" data-from=\"{}\" data-to=\"{}\"><title>{}</title>",
            escaped(from),
            escaped(to),
            escaped(&title.join("\n"))
        ));
        self.put(format_args!("<path class=\"reach\" d=\"{line}\"/><path class=\"line\" d=\"{line}\"/>"));
        if let [.., before, tip] = path.points.as_slice() {
            let back = if before.x < tip.x { -9 } else { 9 };
            self.put(format_args!("<path class=\"arrow\" d=\"M{} {}l{back} -4.5v9z\"/>", tip.x, tip.y));
        }
        if let Some((at, label)) = label {
            self.text("label", Point { x: at.x, y: at.y - 3.5 }, label);
        }
        self.put("</g>");
    }

    fn item(&mut self, item: &ItemDocument, at: &Rectangle) {
        let Rectangle { x, y, width, height } = *at;
        let kind = kind_class(&item.kind);
        let name = escaped(&item.name);
        let mut title = format!("{}: {} {}", item.name, item.kind, item.component);
        if !item.doc.is_empty() {
            title = format!("{title}\n{}", item.doc);
        }
        self.put(format_args!("<g class=\"item {kind}\" data-item=\"{name}\"><title>{}</title>", escaped(&title)));
        self.put(format_args!(
            "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>"
        ));
        let mark = height - 12.0;
        self.put(format_args!(
            "<rect class=\"mark\" x=\"{}\" y=\"{}\" width=\"5\" height=\"{mark}\" rx=\"2\"/>",
            x + 4.0,
            y + 6.0
        ));
        let room = width - INSET - 8.0;
        let (left, middle) = (x + INSET, y + height / 2.0);
        self.text("name", Point { x: left, y: middle - 3.0 }, &shortened(&item.name, room / NAME, true));
        self.text("component", Point { x: left, y: middle + 14.0 }, &shortened(&below(item), room / COMPONENT, false));
        self.put("</g>");
    }
}

/// The class of a kind of items.
pub(super) fn kind_class(kind: &str) -> &str {
    match kind {
        kind @ ("service" | "process" | "operation") => kind,
        _ => "other",
    }
}

/// A path with rounded corners; a corner takes at most half of the shorter stretch beside it.
fn rounded(points: &[Point]) -> String {
    let mut path = String::new();
    let [first, .., last] = points else { return path };
    let _ = write!(path, "M{} {}", first.x, first.y);
    for corner in points.windows(3) {
        let [before, at, after] = corner else { continue };
        let radius = RADIUS.min(distance(before, at) / 2.0).min(distance(at, after) / 2.0);
        let (begin, end) = (towards(at, before, radius), towards(at, after, radius));
        let _ = write!(path, "L{} {}Q{} {} {} {}", begin.x, begin.y, at.x, at.y, end.x, end.y);
    }
    let _ = write!(path, "L{} {}", last.x, last.y);
    path
}

fn distance(one: &Point, other: &Point) -> f64 {
    (one.x - other.x).abs() + (one.y - other.y).abs()
}

fn towards(from: &Point, to: &Point, distance: f64) -> Point {
    let step = |from: f64, to: f64| if from == to { from } else { from + (to - from).signum() * distance };
    Point { x: step(from.x, to.x), y: step(from.y, to.y) }
}
