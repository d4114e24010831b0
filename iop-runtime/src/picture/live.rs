//! The picture of a running production, for a page: laid out once, drawn with what is known now, and patched afterwards by
//! whoever shows it. Colours are those of the page's sheet.
//!
//! An item is a link to its page around a group with `data-item="NAME"` and `data-state`; in it are `data-rate`, the text
//! below its name, and `data-badge`, the number at its corner. What changes has a name in `data-live`: [`LiveItem::elements`].

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::Picture;
use super::layout::Rectangle;
use super::style::{COMPONENT, NAME};
use super::svg::{INSET, Places, Svg, below, kind_class};
use super::text::{escaped, shortened, width};
use crate::production::{GraphDocument, ItemDocument};

/// Around everything.
const MARGIN: f64 = 16.0;
/// Above the boxes: the headings of the columns.
const HEAD: f64 = 42.0;
/// What the dot in front of a name takes.
const DOT: f64 = 14.0;
/// For ` · 1,234/s`.
const RATE: f64 = 58.0;

/// A production whose picture is laid out.
#[derive(Debug)]
pub struct LivePicture {
    document: GraphDocument,
    places: Places,
}

/// What is known of an item now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveItem {
    /// `up`, `busy`, `trouble`, `failing`, `down`.
    pub state: &'static str,
    /// Behind the name of its component.
    pub rate: String,
    /// At its corner; empty for none.
    pub badge: String,
    /// What the badge says is more than it should be.
    pub alarming: bool,
    /// For who points at it.
    pub title: String,
}

/// An element of a page that changes: its name in `data-live`, its attributes, and its text under the name `text`.
pub type Element = (String, Vec<(&'static str, String)>);

impl LiveItem {
    /// What is different in the picture of an item when this is known of it.
    #[must_use]
    pub fn elements(&self, name: &str) -> Vec<Element> {
        let badge = Badge::of(self);
        vec![
            (format!("state:{name}"), vec![("data-state", self.state.to_owned())]),
            (format!("rate:{name}"), vec![("text", self.rate.clone())]),
            (format!("badge:{name}"), vec![("class", badge.class.to_owned())]),
            (format!("back:{name}"), vec![("x", (-badge.width).to_string()), ("width", badge.width.to_string())]),
            (format!("count:{name}"), vec![("x", badge.middle().to_string()), ("text", self.badge.clone())]),
        ]
    }
}

/// The number at the corner of an item.
struct Badge {
    class: &'static str,
    width: f64,
}

impl Badge {
    fn of(now: &LiveItem) -> Self {
        let class = match (now.badge.is_empty(), now.alarming) {
            (true, _) => "badge empty",
            (false, true) => "badge alarming",
            (false, false) => "badge",
        };
        let letters = u32::try_from(now.badge.chars().count()).unwrap_or_default();
        // Seven pixels a letter, and what is around it.
        Self { class, width: (f64::from(letters) * 7.0 + 14.0).max(24.0) }
    }

    fn middle(&self) -> f64 {
        -self.width / 2.0
    }
}

/// What a picture shows beside the graph.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// By the name of the item.
    pub items: HashMap<String, LiveItem>,
    /// The way of a session: items and, by their two names, routes. Where there is one, everything else is dimmed.
    pub way: Option<Way>,
    /// In front of the name of an item, the address of its page.
    pub address: &'static str,
}

/// The way that a session takes.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// Names of the items.
    pub items: HashSet<String>,
    /// Names of the items at both ends of each route.
    pub routes: HashSet<(String, String)>,
}

impl LivePicture {
    /// Lays a production out.
    #[must_use]
    pub fn of(document: GraphDocument) -> Self {
        let picture = Picture::of(&document);
        let places = Places::of(&picture, box_width(&document.items), false);
        Self { places, document }
    }

    /// The graph that is drawn.
    #[must_use]
    pub fn document(&self) -> &GraphDocument {
        &self.document
    }

    /// Draws it with what is known now.
    #[must_use]
    pub fn svg(&self, now: &Now) -> String {
        let layout = &self.places.layout;
        let (width, height) = (layout.width + 2.0 * MARGIN, layout.height + HEAD + MARGIN);
        let lit = if now.way.is_some() { " lit" } else { "" };
        let mut svg = Svg(String::new());
        svg.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"iop-picture live plain{lit}\" role=\"group\" \
             aria-label=\"Items of {} and the routes between them\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n<g transform=\"translate({MARGIN} {HEAD})\">",
            escaped(&self.document.production)
        ));
        svg.columns(&self.document, layout);
        let on_way = |from: &str, to: &str| {
            let on = |way: &Way| way.routes.contains(&(from.to_owned(), to.to_owned()));
            if now.way.as_ref().is_some_and(on) { " on-way" } else { "" }
        };
        svg.routes(&Picture::of(&self.document), &self.places, &on_way);
        let nothing = LiveItem::default();
        for (item, at) in self.document.items.iter().zip(&layout.boxes) {
            let on_way = now.way.as_ref().is_some_and(|way| way.items.contains(&item.name));
            let known = now.items.get(&item.name).unwrap_or(&nothing);
            draw_item(&mut svg, (item, at), known, (now.address, on_way));
        }
        svg.put("</g>\n</svg>");
        svg.0
    }
}

/// As in the picture that stands alone, with room for what changes.
fn box_width(items: &[ItemDocument]) -> f64 {
    let needs = |item: &ItemDocument| {
        let (name, below) = (width(&item.name, true) * NAME + DOT, width(&below(item), false) * COMPONENT + RATE);
        INSET + name.max(below) + 12.0
    };
    items.iter().map(needs).fold(160.0, f64::max).min(240.0).ceil()
}

fn draw_item(svg: &mut Svg, (item, at): (&ItemDocument, &Rectangle), now: &LiveItem, (address, on_way): (&str, bool)) {
    let Rectangle { x, y, width: box_width, height } = *at;
    let (kind, name) = (kind_class(&item.kind), escaped(&item.name));
    let on_way = if on_way { " on-way" } else { "" };
    let mut title = format!("{}: {} {}", item.name, item.kind, item.component);
    for more in [&item.doc, &now.title] {
        if !more.is_empty() {
            let _ = write!(title, "\n{more}");
        }
    }
    svg.put(format_args!(
        "<a href=\"{}{name}\"><g class=\"item {kind}{on_way}\" data-item=\"{name}\" data-live=\"state:{name}\" \
         data-state=\"{}\"><title>{}</title>",
        escaped(address),
        now.state,
        escaped(&title)
    ));
    svg.put(format_args!(
        "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{box_width}\" height=\"{height}\" rx=\"8\"/>\
         <rect class=\"mark\" x=\"{}\" y=\"{}\" width=\"5\" height=\"{}\" rx=\"2\"/>",
        x + 4.0,
        y + 6.0,
        height - 12.0
    ));
    let (left, middle, room) = (x + INSET, y + height / 2.0, box_width - INSET - 8.0);
    svg.put(format_args!("<circle class=\"dot\" cx=\"{}\" cy=\"{}\" r=\"4.5\"/>", left + 4.5, middle - 7.5));
    let shown = shortened(&item.name, (room - DOT) / NAME, true);
    svg.put(format_args!(
        "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
        left + DOT,
        middle - 3.0,
        escaped(&shown)
    ));
    let component = shortened(&below(item), (room - RATE) / COMPONENT, false);
    svg.put(format_args!(
        "<text class=\"component\" x=\"{left}\" y=\"{}\">{}<tspan data-rate=\"\" data-live=\"rate:{name}\">{}</tspan></text>",
        middle + 14.0,
        escaped(&component),
        escaped(&now.rate)
    ));
    let badge = Badge::of(now);
    svg.put(format_args!(
        "<g class=\"{}\" data-badge=\"\" data-live=\"badge:{name}\" transform=\"translate({} {y})\">\
         <rect data-live=\"back:{name}\" x=\"{}\" y=\"-8\" width=\"{}\" height=\"16\" rx=\"8\"/>\
         <text data-live=\"count:{name}\" x=\"{}\" y=\"3.8\">{}</text></g></g></a>",
        badge.class,
        x + box_width - 8.0,
        -badge.width,
        badge.width,
        badge.middle(),
        escaped(&now.badge)
    ));
}
