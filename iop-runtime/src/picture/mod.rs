//! A production as a picture that stands alone: its items in columns by kind, and the routes between them.
//!
//! [`layout`] decides where everything is and knows nothing of productions; [`svg`] draws. The picture depends on the
//! graph alone, so it is laid out once and can be kept under version control.

mod label;
pub mod layout;
pub mod live;
pub mod sequence;
mod style;
mod svg;
mod text;

pub(crate) use self::text::escaped;
use std::collections::HashMap;

use layout::{Column, Line, Sketch};

use crate::production::{GraphDocument, RouteDocument};

/// Draws a production as an SVG document.
///
/// Items are groups with `data-item="NAME"` and the class of their kind, lines are groups with `data-from` and `data-to`:
/// whoever shows the picture of a running production finds them by these.
#[must_use]
pub fn svg(document: &GraphDocument) -> String {
    svg::draw(&Picture::of(document))
}

/// A production with what is needed to draw it.
struct Picture<'a> {
    document: &'a GraphDocument,
    /// The routes that each line stands for: all that lead from one item to another.
    lines: Vec<(usize, usize, Vec<&'a RouteDocument>)>,
}

impl<'a> Picture<'a> {
    fn of(document: &'a GraphDocument) -> Self {
        let indices: HashMap<&str, usize> = document.items.iter().map(|item| item.name.as_str()).zip(0..).collect();
        let mut lines: Vec<(usize, usize, Vec<&RouteDocument>)> = Vec::new();
        let mut known = HashMap::new();
        for route in &document.routes {
            let ends = (indices.get(route.from.as_str()), indices.get(route.to.as_str()));
            // A document that was read from a file may say anything; a route between no items is not drawn.
            let (Some(&from), Some(&to)) = ends else { continue };
            let line = *known.entry((from, to)).or_insert_with(|| {
                lines.push((from, to, Vec::new()));
                lines.len() - 1
            });
            lines[line].2.push(route);
        }
        Self { document, lines }
    }

    fn sketch(&self, box_width: f64, labels: &[f64]) -> Sketch {
        let column = |kind: &str| match kind {
            "service" => Column::First,
            "operation" => Column::Last,
            _ => Column::Between,
        };
        let lines = self.lines.iter().zip(labels);
        Sketch {
            box_width,
            items: self.document.items.iter().map(|item| column(&item.kind)).collect(),
            lines: lines.map(|(&(from, to, _), &label)| Line { from, to, label }).collect(),
        }
    }
}
