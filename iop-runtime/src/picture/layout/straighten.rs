//! Fewer bends: boxes, and the passes of long lines together, move to where more of their strands are straight.

use super::PORT;
use super::strand::{Course, End, LEFT, RIGHT, SPACE, Strands};

/// At most so many times over everything.
const ROUNDS: usize = 12;
/// With more stops, only the more promising levels are tried.
const THOROUGH: usize = 300;
/// Shifting a block seldom shifts more other ones, and sometimes they drive each other on.
const SHIFTS: usize = 40;
/// What a bend costs, as a detour.
const BEND: f64 = 180.0;
/// What a bend costs that is so small that it looks like a mistake.
const JOG: f64 = 20.0;

/// Moves stops without changing their order. Keeps levels whole.
pub(super) fn straighten(strands: &Strands, levels: &mut [f64]) {
    let mover = Mover::of(strands);
    let mut trial = Trial { moved: Vec::new(), met: vec![0; strands.strands.len()], sums: 0 };
    for _ in 0..ROUNDS {
        let mut moved = false;
        for group in &mover.groups {
            moved |= mover.improve(group, levels, &mut trial);
        }
        for block in mover.blocks(levels).iter().filter(|block| block.len() > 1) {
            let held = |&stop: &usize| Member { stop, offset: -levels[stop] };
            let block: Vec<Member> = block.iter().map(held).collect();
            moved |= mover.improve(&block, levels, &mut trial);
        }
        if !moved {
            break;
        }
    }
    mover.smooth(levels, &mut trial);
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

/// What is moved for a try. Thousands of them are made for one picture, all with the same memory.
struct Trial {
    /// The levels that were.
    moved: Vec<(usize, f64)>,
    /// The number of the last sum that each strand was added to: a strand between two stops that move counts once.
    met: Vec<usize>,
    sums: usize,
}

struct Mover<'a> {
    strands: &'a Strands,
    /// What moves together: a box, the passes of a line, a whole line with its boxes.
    groups: Vec<Vec<Member>>,
    /// The stops above and below each.
    above: Vec<Option<usize>>,
    below: Vec<Option<usize>>,
    /// How far each has to be from the one below it.
    room: Vec<f64>,
    /// The strands at each stop that lead to another rank.
    touching: Vec<Vec<usize>>,
    /// A large graph: levels are not tried that help seldom.
    brief: bool,
}

impl<'a> Mover<'a> {
    fn of(strands: &'a Strands) -> Self {
        let count = strands.stops.len();
        let (mut above, mut below) = (vec![None; count], vec![None; count]);
        let mut room = vec![0.0; count];
        for pair in strands.ranks.iter().flat_map(|rank| rank.windows(2)) {
            below[pair[0]] = Some(pair[1]);
            above[pair[1]] = Some(pair[0]);
            room[pair[0]] = strands.distance(pair[0], pair[1]);
        }
        let at = |stop| [LEFT, RIGHT].into_iter().flat_map(move |side| strands.neighbours(stop, side));
        let touching = (0..count).map(|stop| at(stop).map(|(strand, _)| strand).collect()).collect();
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
        Self { strands, groups, above, below, room, touching, brief: count > THOROUGH }
    }

    /// What straight strands hold together.
    fn blocks(&self, levels: &[f64]) -> Vec<Vec<usize>> {
        let mut blocks = Vec::new();
        let mut seen = vec![false; levels.len()];
        for first in 0..levels.len() {
            let mut block = Vec::new();
            let mut found = vec![first];
            while let Some(stop) = found.pop() {
                if std::mem::replace(&mut seen[stop], true) {
                    continue;
                }
                block.push(stop);
                let straight = |&(strand, _): &(usize, usize)| self.strands.strands[strand].slope(levels) == 0.0;
                found.extend(self.neighbours(stop).filter(straight).map(|(_, other)| other));
            }
            blocks.extend((!block.is_empty()).then_some(block));
        }
        blocks
    }

    /// Removes bends that look like a mistake where that only takes a little shift of what is straight already.
    fn smooth(&self, levels: &mut [f64], trial: &mut Trial) {
        for strand in &self.strands.strands {
            let slope = strand.slope(levels);
            if strand.turns() || slope == 0.0 || slope.abs() >= PORT {
                continue;
            }
            let blocks = self.blocks(levels);
            for (end, by) in [(0, slope), (1, -slope)] {
                let before = levels.to_vec();
                let moved = self.shift(&blocks, strand.ends[end].stop, by, levels);
                trial.moved.clear();
                trial.moved.extend(before.iter().copied().enumerate());
                if moved && self.cost(levels, trial) < self.cost(&before, trial) {
                    break;
                }
                levels.copy_from_slice(&before);
            }
        }
    }

    /// Shifts the block of a stop, and every block that comes in the way as far as it must. Not all can get out of the
    /// way.
    fn shift(&self, blocks: &[Vec<usize>], stop: usize, by: f64, levels: &mut [f64]) -> bool {
        let mut next = Some((stop, by));
        for _ in 0..SHIFTS {
            let Some((stop, by)) = next else { return true };
            let block = blocks.iter().filter(|block| block.contains(&stop)).flatten();
            block.for_each(|&stop| levels[stop] += by);
            let mut pairs = self.strands.ranks.iter().flat_map(|rank| rank.windows(2));
            next = pairs.find_map(|pair| {
                let missing = self.strands.distance(pair[0], pair[1]) - (levels[pair[1]] - levels[pair[0]]);
                (missing > 0.0).then_some(if by < 0.0 { (pair[0], -missing) } else { (pair[1], missing) })
            });
        }
        false
    }

    /// Tries every level at which one of the strands would be straight.
    fn improve(&self, group: &[Member], levels: &mut [f64], trial: &mut Trial) -> bool {
        let mut best = (-1e-6, 0.0);
        for wish in self.wishes(group, levels) {
            self.put(group, wish, levels, trial);
            let after = self.cost(levels, trial);
            trial.moved.iter().rev().for_each(|&(stop, level)| levels[stop] = level);
            let change = after - self.cost(levels, trial);
            if change < best.0 {
                best = (change, wish);
            }
        }
        if best.0 < -1e-6 {
            self.put(group, best.1, levels, trial);
        }
        best.0 < -1e-6
    }

    /// Puts a group at a level and pushes away what is in its way above and below. Notes the levels that were.
    fn put(&self, group: &[Member], wish: f64, levels: &mut [f64], trial: &mut Trial) {
        trial.moved.clear();
        let mut put = |stop: usize, level: f64, levels: &mut [f64]| {
            trial.moved.push((stop, levels[stop]));
            levels[stop] = level;
        };
        group.iter().for_each(|member| put(member.stop, wish - member.offset, levels));
        for &Member { stop, .. } in group {
            let mut at = stop;
            while let Some(above) = self.above[at] {
                let level = levels[at] - self.room[above];
                if levels[above] <= level {
                    break;
                }
                put(above, level, levels);
                at = above;
            }
            let mut at = stop;
            while let Some(below) = self.below[at] {
                let level = levels[at] + self.room[at];
                if levels[below] >= level {
                    break;
                }
                put(below, level, levels);
                at = below;
            }
        }
    }

    fn neighbours(&self, stop: usize) -> impl Iterator<Item = (usize, usize)> {
        [LEFT, RIGHT].into_iter().flat_map(move |side| self.strands.neighbours(stop, side))
    }

    /// The levels of the members, and those at which a strand to a neighbour is straight.
    fn wishes(&self, group: &[Member], levels: &[f64]) -> Vec<f64> {
        let mut wishes = Vec::new();
        for &Member { stop, offset } in group {
            wishes.push(levels[stop] + offset);
            if self.brief && group.len() > 1 && self.strands.stops[stop].is_box {
                continue;
            }
            for &strand in &self.touching[stop] {
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
    fn cost(&self, levels: &[f64], trial: &mut Trial) -> f64 {
        trial.sums += 1;
        let mut cost = 0.0;
        for &strand in trial.moved.iter().flat_map(|&(stop, _)| &self.touching[stop]) {
            if std::mem::replace(&mut trial.met[strand], trial.sums) == trial.sums {
                continue;
            }
            cost += match self.strands.strands[strand].slope(levels).abs() {
                0.0 => 0.0,
                slope if slope < PORT => BEND + JOG,
                slope => BEND + slope,
            };
        }
        cost
    }
}
