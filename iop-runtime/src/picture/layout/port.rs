//! Where on a box its strands end: in the order of where they come from, so that none cross at the box.

use super::PORT;
use super::strand::{LEFT, RIGHT, Strands};

/// Sorts and spreads the ends of the strands on every box.
pub(super) fn assign(strands: &mut Strands) {
    let mut position = vec![0; strands.stops.len()];
    for rank in &strands.ranks {
        for (at, &stop) in rank.iter().enumerate() {
            position[stop] = at;
        }
    }
    for stop in 0..strands.stops.len() {
        for side in [LEFT, RIGHT] {
            let mut ports = std::mem::take(&mut strands.stops[stop].ports[side]);
            ports.sort_by_key(|&port| key(strands, &position, stop, port));
            for (at, &(strand, end)) in ports.iter().enumerate() {
                strands.strands[strand].ends[end].offset = PORT * (at as f64 - (ports.len() - 1) as f64 / 2.0);
            }
            strands.stops[stop].ports[side] = ports;
        }
    }
}

/// Strands that turn to a box above are above all others, those to a box below are below; the one that has the shorter
/// way lies within the others.
fn key(strands: &Strands, position: &[usize], stop: usize, (strand, end): (usize, usize)) -> (usize, isize, usize) {
    let other = position[strands.strands[strand].ends[1 - end].stop] as isize;
    match strands.strands[strand].turns() {
        false => (1, other, strand),
        true if other < position[stop] as isize => (0, -other, strand),
        true => (2, -other, strand),
    }
}
