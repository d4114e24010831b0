//! Fewer bends: boxes, and the passes of long lines together, move to where more of their strands are straight.

use super::PORT;
use super::strand::{Course, End, LEFT, RIGHT, SPACE, Strands};

/// At most so many times over everything.
const ROUNDS: usize = 12;
/// With more stops, only the more promising levels are tried.
const THOROUGH: usize = 300;
/// What a bend costs, as a detour.
const BEND: f64 = 90.0;

/// What a bend costs that is so small that it looks like a mistake.
const JOG: f64 = 20.0;

/// Moves stops without changing their order. Keeps levels whole.
pub(super) fn straighten(strands: &Strands, levels: &mut [f64]) {
    let mover = Mover::of(strands);
    for _ in 0..ROUNDS {
        let mut moved = false;
        for group in &mover.groups {
            moved |= mover.improve(group, levels);
        }
        if !moved {
            break;
        }
    }
    close_bands(strands, levels);
}

/// Moves what is below a band without any stop up to what is above it: parts of the graph that no line connects may
/// have drifted apart.
fn close_bands(strands: &Strands, levels: &mut [f64]) {
    let top = |stop: usize, levels: &[f64]| levels[stop] - strands.stops[stop].height / 2.0;
    let mut downwards: Vec<usize> = (0..levels.len()).collect();
    downwards.sort_by(|&one, &other| top(one, levels).total_cmp(&top(other, levels)));
    let (mut bottom, mut shift) = (f64::NEG_INFINITY, 0.0);
    for stop in downwards {
        let band = top(stop, levels) - bottom;
        if bottom.is_finite() && band > SPACE {
            shift += (band - SPACE).floor();
        }
        bottom = bottom.max(top(stop, levels) + strands.stops[stop].height);
        levels[stop] -= shift;
    }
}

/// A stop, and the port of it that is to be on one level with those of the others.
#[derive(Clone, Copy)]
struct Member {
    stop: usize,
    offset: f64,
}

struct Mover<'a> {
    strands: &'a Strands,
    /// What moves together: a box, the passes of a line, or a whole line with its boxes.
    groups: Vec<Vec<Member>>,
    /// The stops above and below each.
    above: Vec<Option<usize>>,
    below: Vec<Option<usize>>,
    /// A large graph: levels are not tried that help seldom.
    brief: bool,
}

impl<'a> Mover<'a> {
    fn of(strands: &'a Strands) -> Self {
        let count = strands.stops.len();
        let (mut above, mut below) = (vec![None; count], vec![None; count]);
        for pair in strands.ranks.iter().flat_map(|rank| rank.windows(2)) {
            below[pair[0]] = Some(pair[1]);
            above[pair[1]] = Some(pair[0]);
        }
        let alone = |stop| Member { stop, offset: 0.0 };
        let mut groups = Vec::new();
        let across = |course: &&Course| course.strands.first().is_some_and(|&strand| !strands.strands[strand].turns());
        for course in strands.courses.iter().filter(across) {
            let ends = || course.strands.iter().map(|&strand| &strands.strands[strand].ends);
            let passes: Vec<Member> = ends().skip(1).map(|ends| alone(ends[0].stop)).collect();
            let member = |end: &End| Member { stop: end.stop, offset: end.offset };
            let whole = ends().take(1).map(|ends| member(&ends[0])).chain(ends().map(|ends| member(&ends[1])));
            groups.extend((!passes.is_empty()).then_some(passes));
            groups.push(whole.collect());
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        // Also each alone: where the whole line finds no room, parts of it may.
        groups.extend((0..count).map(|stop| vec![alone(stop)]));
        Self { strands, groups, above, below, brief: count > THOROUGH }
    }

    /// Tries every level at which one of the strands would be straight.
    fn improve(&self, group: &[Member], levels: &mut [f64]) -> bool {
        let mut best = (-1e-6, Vec::new());
        for wish in self.wishes(group, levels) {
            let moves = self.moves(group, wish, levels);
            let before = self.cost(&moves, levels);
            let back: Vec<(usize, f64)> = moves.iter().map(|&(stop, _)| (stop, levels[stop])).collect();
            moves.iter().for_each(|&(stop, level)| levels[stop] = level);
            let change = self.cost(&moves, levels) - before;
            back.iter().for_each(|&(stop, level)| levels[stop] = level);
            if change < best.0 {
                best = (change, moves);
            }
        }
        best.1.iter().for_each(|&(stop, level)| levels[stop] = level);
        !best.1.is_empty()
    }

    /// A group at a level, and what it pushes out of its way above and below.
    fn moves(&self, group: &[Member], wish: f64, levels: &[f64]) -> Vec<(usize, f64)> {
        let mut moves = Vec::new();
        for &Member { stop, offset } in group {
            let wish = wish - offset;
            moves.push((stop, wish));
            let (mut at, mut level) = (stop, wish);
            while let Some(above) = self.above[at] {
                level -= self.strands.distance(above, at);
                if levels[above] <= level {
                    break;
                }
                moves.push((above, level));
                at = above;
            }
            let (mut at, mut level) = (stop, wish);
            while let Some(below) = self.below[at] {
                level += self.strands.distance(at, below);
                if levels[below] >= level {
                    break;
                }
                moves.push((below, level));
                at = below;
            }
        }
        moves
    }

    /// The levels of the members, and those at which a strand to a neighbour is straight.
    fn wishes(&self, group: &[Member], levels: &[f64]) -> Vec<f64> {
        let mut wishes = Vec::new();
        for &Member { stop, offset } in group {
            wishes.push(levels[stop] + offset);
            if self.brief && group.len() > 1 && self.strands.stops[stop].is_box {
                continue;
            }
            for (strand, _) in [LEFT, RIGHT].iter().flat_map(|&side| self.strands.neighbours(stop, side)) {
                let strand = &self.strands.strands[strand];
                let slope = strand.slope(levels);
                let change = if strand.ends[0].stop == stop { slope } else { -slope };
                wishes.push(levels[stop] + offset + change);
            }
        }
        wishes.sort_by(f64::total_cmp);
        wishes.dedup();
        wishes
    }

    /// Bends and detours of all strands at what moves.
    fn cost(&self, moves: &[(usize, f64)], levels: &[f64]) -> f64 {
        let strands = moves.iter().flat_map(|&(stop, _)| [LEFT, RIGHT].map(|side| self.strands.neighbours(stop, side)));
        strands
            .flatten()
            .map(|(strand, _)| self.strands.strands[strand].slope(levels).abs())
            .map(|slope| match slope {
                0.0 => 0.0,
                _ if slope < PORT => BEND + JOG,
                _ => BEND + slope,
            })
            .sum()
    }
}
