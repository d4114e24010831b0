//! The vertical tracks in the gaps between ranks: one for each strand that is not straight, shared where extents do not
//! meet, in an order in which few strands cross and none run on top of each other.

use super::strand::{End, RIGHT, Strands};

/// From one track to the next.
pub(super) const TRACK: f64 = 11.0;
/// Two horizontal stretches that are nearer than this look like one.
const NEAR: f64 = 5.0;
/// As if so many crossings: two strands that run on top of each other.
const OVERLAP: isize = 60;
/// Nudging one strand can bring it near another one, seldom and not for ever.
const NUDGES: usize = 40;

/// Tracks of a gap.
pub(super) struct Gap {
    /// The track of each strand of the picture, if it is in this gap and not straight.
    pub(super) tracks: Vec<Option<usize>>,
    /// How many tracks there are.
    pub(super) count: usize,
}

/// The tracks of every gap. Where no order of the tracks keeps two strands apart, one of their ends gives way a little.
pub(super) fn tracks(strands: &mut Strands, levels: &mut [f64]) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = (0..strands.ranks.len()).map(|gap| Gap::of(strands, gap, levels)).collect();
    for _ in 0..NUDGES {
        let overlap = gaps.iter().enumerate().find_map(|(at, gap)| Some((at, gap.overlap(strands, levels)?)));
        let Some((at, ends)) = overlap else { break };
        let on_box = ends.iter().find(|&&(strand, end)| {
            let stop = strands.strands[strand].ends[end].stop;
            strands.stops[stop].is_box
        });
        match *on_box.unwrap_or(&ends[0]) {
            (strand, end) if on_box.is_some() => strands.strands[strand].ends[end].offset += NEAR,
            (strand, end) => levels[strands.strands[strand].ends[end].stop] += NEAR,
        }
        for gap in at.saturating_sub(1)..(at + 2).min(gaps.len()) {
            gaps[gap] = Gap::of(strands, gap, levels);
        }
    }
    gaps
}

impl Gap {
    fn of(strands: &Strands, gap: usize, levels: &[f64]) -> Self {
        let bends: Vec<Bend> = strands
            .strands
            .iter()
            .enumerate()
            .filter(|(_, strand)| strand.gap == gap && (strand.turns() || strand.slope(levels) != 0.0))
            .map(|(strand, _)| Bend::of(strands, strand, levels))
            .collect();
        let mut tracks = vec![None; strands.strands.len()];
        let mut placed: Vec<(&Bend, usize)> = Vec::new();
        for bend in in_order(&bends) {
            let meeting = placed.iter().filter(|(other, _)| other.meets(bend));
            let track = meeting.map(|(_, track)| track + 1).max().unwrap_or(0);
            tracks[bend.strand] = Some(track);
            placed.push((bend, track));
        }
        let count = placed.iter().map(|(_, track)| track + 1).max().unwrap_or(0);
        Self { tracks, count }
    }

    /// Ends of two strands that run on top of each other: the one's way to the right, and the other's from the left.
    fn overlap(&self, strands: &Strands, levels: &[f64]) -> Option<[(usize, usize); 2]> {
        let bent = || self.tracks.iter().enumerate().filter_map(|(strand, track)| Some((strand, (*track)?)));
        let ends = |strand: usize, right: bool| {
            let ends = strands.strands[strand].ends.iter().enumerate();
            let here = ends.filter(move |(_, end)| (end.side == RIGHT) != right);
            here.map(move |(at, end)| ((strand, at), level(end, levels)))
        };
        bent().flat_map(|one| ends(one.0, true).map(move |end| (one, end))).find_map(|((_, track), (end, to))| {
            let later = bent().filter(|&(_, other)| other > track);
            let near = |&(_, from): &((usize, usize), f64)| (from - to).abs() < NEAR;
            later.flat_map(|(other, _)| ends(other, false)).find(near).map(|(other, _)| [end, other])
        })
    }
}

fn level(end: &End, levels: &[f64]) -> f64 {
    levels[end.stop] + end.offset
}

/// A strand that is not straight.
struct Bend {
    strand: usize,
    /// Where it comes from and leads to, at each side of the gap: two ends in all.
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Bend {
    fn of(strands: &Strands, strand: usize, levels: &[f64]) -> Self {
        let at = |left: bool| {
            let ends = strands.strands[strand].ends.iter().filter(|end| (end.side == RIGHT) == left);
            ends.map(|end| level(end, levels)).collect()
        };
        Self { strand, left: at(true), right: at(false) }
    }

    fn extent(&self) -> (f64, f64) {
        let ends = || self.left.iter().chain(&self.right).copied();
        (ends().fold(f64::INFINITY, f64::min), ends().fold(f64::NEG_INFINITY, f64::max))
    }

    fn meets(&self, other: &Self) -> bool {
        let ((top, bottom), (other_top, other_bottom)) = (self.extent(), other.extent());
        top <= other_bottom + TRACK && other_top <= bottom + TRACK
    }

    /// What it costs that this one's track is left of the other's.
    fn cost_left_of(&self, other: &Self) -> isize {
        let within = |level: f64, (top, bottom): (f64, f64)| top < level && level < bottom;
        let crossings = self.right.iter().filter(|&&level| within(level, other.extent())).count()
            + other.left.iter().filter(|&&level| within(level, self.extent())).count();
        let near = |level: f64| other.left.iter().any(|&left| (left - level).abs() < NEAR);
        crossings as isize + OVERLAP * self.right.iter().filter(|&&level| near(level)).count() as isize
    }
}

/// From left to right so that few cross: each in turn is put where it crosses least, as long as that helps.
fn in_order(bends: &[Bend]) -> Vec<&Bend> {
    let gain = |one: &Bend, other: &Bend| other.cost_left_of(one) - one.cost_left_of(other);
    let gains: Vec<Vec<isize>> = bends.iter().map(|one| bends.iter().map(|other| gain(one, other)).collect()).collect();
    let mut order: Vec<usize> = (0..bends.len()).collect();
    order.sort_by_key(|&one| -gains[one].iter().sum::<isize>());
    let mut improved = true;
    while improved {
        improved = false;
        for (one, gains) in gains.iter().enumerate() {
            let Some(from) = order.iter().position(|&at| at == one) else { continue };
            // What is gained by a move, step by step away from here, in both directions.
            let (mut best, mut gain) = ((0, from), 0);
            for to in (0..from).rev() {
                gain += gains[order[to]];
                best = if gain > best.0 { (gain, to) } else { best };
            }
            gain = 0;
            for to in from + 1..order.len() {
                gain -= gains[order[to]];
                best = if gain > best.0 { (gain, to) } else { best };
            }
            if best.0 > 0 {
                order.remove(from);
                order.insert(best.1, one);
                improved = true;
            }
        }
    }
    order.into_iter().map(|at| &bends[at]).collect()
}
