//! Where everything is, when heights and tracks are known.

use super::strand::{RIGHT, Strands};
use super::track::{Gap, TRACK};
use super::{Layout, Path, Point, Rectangle, Sketch};

/// From a rank to the first track, and from the last track to the next rank: room for a corner and an arrow.
const MARGIN: f64 = 26.0;
/// Width of a gap with few tracks.
const GAP: f64 = 62.0;

/// Puts everything in its place.
pub(super) fn place(sketch: &Sketch, strands: &Strands, levels: &[f64], gaps: &[Gap]) -> Layout {
    let top = (0..strands.stops.len()).map(|stop| levels[stop] - strands.stops[stop].height / 2.0);
    let top = top.fold(f64::INFINITY, f64::min);
    let bottom = (0..strands.stops.len()).map(|stop| levels[stop] + strands.stops[stop].height / 2.0);
    let bottom = bottom.fold(top, f64::max);

    let mut columns = Vec::new();
    let mut leads = Vec::new();
    let mut x = 0.0;
    for (rank, gap) in gaps.iter().enumerate() {
        let lead = lead(sketch, strands, rank);
        columns.push(x);
        leads.push(x + sketch.box_width + lead);
        x += sketch.box_width;
        if rank + 1 < gaps.len() {
            x += (lead + TRACK * gap.count.saturating_sub(1) as f64 + MARGIN).max(GAP);
        } else if gap.count > 0 {
            x += MARGIN + TRACK * gap.count as f64;
        }
    }
    let boxes = strands.stops.iter().enumerate().filter(|(_, stop)| stop.is_box).map(|(index, stop)| Rectangle {
        x: columns[stop.rank],
        y: levels[index] - stop.height / 2.0 - top,
        width: sketch.box_width,
        height: stop.height,
    });
    let boxes: Vec<Rectangle> = boxes.collect();
    let paths = strands.courses.iter().map(|course| {
        let mut points = Vec::new();
        for &index in &course.strands {
            let strand = &strands.strands[index];
            let [from, to] = strand.ends.map(|end| {
                let stop = &strands.stops[end.stop];
                let x = columns[stop.rank] + if end.side == RIGHT { sketch.box_width } else { 0.0 };
                (stop.is_box, Point { x, y: levels[end.stop] + end.offset - top })
            });
            if from.0 {
                points.push(from.1);
            }
            if let Some(track) = gaps[strand.gap].tracks[index] {
                let x = leads[strand.gap] + TRACK * track as f64;
                points.push(Point { x, y: from.1.y });
                points.push(Point { x, y: to.1.y });
            }
            if to.0 {
                points.push(to.1);
            }
        }
        if course.back {
            points.reverse();
        }
        Path { points, back: course.back }
    });
    Layout { width: x, height: if boxes.is_empty() { 0.0 } else { bottom - top }, paths: paths.collect(), boxes }
}

/// From a rank to the first track in the gap right of it: room for the labels of the lines that begin there.
fn lead(sketch: &Sketch, strands: &Strands, rank: usize) -> f64 {
    let lines = sketch.lines.iter().zip(&strands.courses).filter(|(_, course)| !course.back);
    let begin = lines.filter(|(line, _)| strands.stops.get(line.from).is_some_and(|stop| stop.rank == rank));
    begin.map(|(line, _)| line.label).fold(MARGIN - 4.0, f64::max)
}
