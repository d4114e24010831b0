//! A report as a picture: bars for candidates, a curve for each row of what grows.

use std::fmt::Write as _;

use crate::report::{Row, Table, rounded};

const LABEL: f64 = 260.0;
const WIDTH: f64 = 460.0;
const LINE: f64 = 16.0;
const CURVE: f64 = 90.0;
const OURS: &str = "#2563eb";
const OTHERS: &str = "#94a3b8";

/// All tables below each other.
pub(crate) fn svg(tables: &[Table]) -> String {
    let mut body = String::new();
    let mut y = 10.0;
    for table in tables {
        y += LINE;
        let _ = write!(body, "<text x='8' y='{y}' font-weight='bold'>{} ({})</text>", table.title, table.unit);
        y = if table.curves { curves(&mut body, table, y) } else { bars(&mut body, table, y) };
        y += LINE;
    }
    let (width, height) = (LABEL + WIDTH + 120.0, y + 12.0);
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' font-family='sans-serif' font-size='12'><rect width='100%' height='100%' fill='white'/>{body}</svg>\n"
    )
}

/// A place between 0 and 1 on a logarithmic scale.
fn scaled(figure: f64, (low, high): (f64, f64)) -> f64 {
    (figure / low).ln() / (high / low).ln().max(1e-9)
}

fn range(figures: impl Iterator<Item = f64>) -> (f64, f64) {
    figures.fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)))
}

/// A group of bars for each column.
fn bars(body: &mut String, table: &Table, mut y: f64) -> f64 {
    let range = range(table.rows.iter().flat_map(|row| row.figures.iter().flatten().copied()));
    for (column, name) in table.columns.iter().enumerate() {
        y += LINE * 1.5;
        let _ = write!(body, "<text x='8' y='{y}' fill='#666'>{name}</text>");
        for row in &table.rows {
            let Some(figure) = row.figures.get(column).copied().flatten() else { continue };
            y += LINE;
            let width = 20.0 + (WIDTH - 20.0) * scaled(figure, range);
            let colour = if row.name.starts_with("iop") { OURS } else { OTHERS };
            let _ = write!(
                body,
                "<text x='{}' y='{y}' text-anchor='end'>{}</text><rect x='{LABEL}' y='{}' width='{width:.1}' height='11' fill='{colour}'/><text x='{}' y='{y}'>{}</text>",
                LABEL - 8.0,
                row.name,
                y - 10.0,
                LABEL + width + 6.0,
                rounded(figure),
            );
        }
    }
    y
}

/// A curve for each row, over the sizes that the columns name; both axes are logarithmic.
fn curves(body: &mut String, table: &Table, mut y: f64) -> f64 {
    let sizes: Vec<f64> = table.columns.iter().filter_map(|column| column.parse().ok()).collect();
    let across = range(sizes.iter().copied());
    for row in &table.rows {
        let bottom = y + CURVE;
        let _ = write!(
            body,
            "<text x='{}' y='{}' text-anchor='end'>{}</text><path d='M{LABEL} {bottom}H{}' stroke='#ccc'/>",
            LABEL - 8.0,
            bottom - CURVE / 2.0,
            row.name,
            LABEL + WIDTH,
        );
        curve(body, row, &table.columns, |index| LABEL + WIDTH * scaled(sizes[index], across), bottom);
        y = bottom + LINE;
    }
    y
}

fn curve(body: &mut String, row: &Row, columns: &[String], x: impl Fn(usize) -> f64, bottom: f64) {
    let (low, high) = range(row.figures.iter().flatten().copied());
    // At least a factor of ten from bottom to top: noise must not look like growth.
    let scale = (low, high.max(low * 10.0));
    let mut points = String::new();
    for (index, figure) in row.figures.iter().enumerate().filter_map(|(index, figure)| Some((index, (*figure)?))) {
        let (x, y) = (x(index), bottom - 14.0 - (CURVE - 34.0) * scaled(figure, scale));
        let _ = write!(points, "{x:.1},{y:.1} ");
        let _ = write!(
            body,
            "<circle cx='{x:.1}' cy='{y:.1}' r='3' fill='{OURS}'/><text x='{x:.1}' y='{}' text-anchor='middle'>{}</text><text x='{x:.1}' y='{}' text-anchor='middle' fill='#666'>{}</text>",
            y - 7.0,
            rounded(figure),
            bottom + 12.0,
            columns[index],
        );
    }
    let _ = write!(body, "<polyline points='{points}' fill='none' stroke='{OURS}' stroke-width='1.5'/>");
}
