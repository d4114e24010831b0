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
    let stops = || strands.stops.iter().zip(levels);
    let top = stops().map(|(stop, level)| level - stop.height / 2.0).fold(f64::INFINITY, f64::min);
    let bottom = stops().map(|(stop, level)| level + stop.height / 2.0).fold(f64::NEG_INFINITY, f64::max);
    let columns = Columns::of(sketch, strands, gaps);
    let boxes = stops().filter(|(stop, _)| stop.is_box).map(|(stop, level)| Rectangle {
        x: columns.ranks[stop.rank],
        y: level - stop.height / 2.0 - top,
        width: sketch.box_width,
        height: stop.height,
    });
    let paths = strands.courses.iter().map(|course| {
        let strands = course.strands.iter().flat_map(|&index| {
            let strand = &strands.strands[index];
            let [from, to] = strand.ends.map(|end| {
                let stop = &strands.stops[end.stop];
                let edge = columns.ranks[stop.rank] + if end.side == RIGHT { sketch.box_width } else { 0.0 };
                let y = levels[end.stop] + end.offset - top;
                (stop.is_box.then_some(Point { x: edge, y }), y)
            });
            let track = gaps[strand.gap].tracks[index].map(|track| columns.tracks[strand.gap] + TRACK * track as f64);
            let bend = track.map(|x| [Point { x, y: from.1 }, Point { x, y: to.1 }]);
            from.0.into_iter().chain(bend.into_iter().flatten()).chain(to.0)
        });
        let mut points: Vec<Point> = strands.collect();
        if course.back {
            points.reverse();
        }
        Path { points, back: course.back }
    });
    let height = (bottom - top).max(0.0);
    Layout { width: columns.width, height, boxes: boxes.collect(), paths: paths.collect() }
}

struct Columns {
    /// The left edge of each rank.
    ranks: Vec<f64>,
    /// The first track right of each rank.
    tracks: Vec<f64>,
    /// Of the whole.
    width: f64,
}

impl Columns {
    fn of(sketch: &Sketch, strands: &Strands, gaps: &[Gap]) -> Self {
        let mut columns = Self { ranks: Vec::new(), tracks: Vec::new(), width: 0.0 };
        for (rank, gap) in gaps.iter().enumerate() {
            let lead = lead(sketch, strands, rank);
            columns.ranks.push(columns.width);
            columns.tracks.push(columns.width + sketch.box_width + lead);
            columns.width += sketch.box_width;
            if rank + 1 < gaps.len() {
                columns.width += (lead + TRACK * gap.count.saturating_sub(1) as f64 + MARGIN).max(GAP);
            } else if gap.count > 0 {
                columns.width += lead + TRACK * gap.count as f64;
            }
        }
        columns
    }
}

/// From a rank to the first track in the gap right of it: room for the labels of the lines that begin there.
fn lead(sketch: &Sketch, strands: &Strands, rank: usize) -> f64 {
    let lines = sketch.lines.iter().zip(&strands.courses).filter(|(_, course)| !course.back);
    let begin = lines.filter(|(line, _)| strands.stops.get(line.from).is_some_and(|stop| stop.rank == rank));
    begin.map(|(line, _)| line.label).fold(MARGIN - 4.0, f64::max)
}
