//! How high each stop is: as near to its neighbours as the order in its rank allows.

use super::strand::{LEFT, RIGHT, Strands};

/// From left to right and back, so many times.
const ROUNDS: usize = 12;

/// The middle of each stop, as whole numbers.
pub(super) fn levels(strands: &Strands) -> Vec<f64> {
    let mut levels = vec![0.0; strands.stops.len()];
    for rank in &strands.ranks {
        let offsets = offsets(strands, rank);
        let middle = offsets.last().copied().unwrap_or_default() / 2.0;
        for (&stop, offset) in rank.iter().zip(&offsets) {
            levels[stop] = offset - middle;
        }
    }
    for _ in 0..ROUNDS {
        strands.ranks.iter().skip(1).for_each(|rank| settle(strands, rank, &[LEFT], &mut levels));
        strands.ranks.iter().rev().skip(1).for_each(|rank| settle(strands, rank, &[RIGHT], &mut levels));
    }
    for _ in 0..ROUNDS {
        strands.ranks.iter().for_each(|rank| settle(strands, rank, &[LEFT, RIGHT], &mut levels));
    }
    // Distances are whole, so that rounding keeps them.
    levels.iter_mut().for_each(|level| *level = level.round());
    levels
}

/// The middles of the stops of a rank if they stand as near to each other as they may.
fn offsets(strands: &Strands, rank: &[usize]) -> Vec<f64> {
    let mut at = 0.0;
    let mut offsets = vec![0.0; rank.len()];
    for (index, pair) in rank.windows(2).enumerate() {
        at += strands.distance(pair[0], pair[1]);
        offsets[index + 1] = at;
    }
    offsets
}

/// Moves the stops of a rank to where the squares of their distances from where they want to be are least: isotonic
/// regression, by pooling neighbours that would come too near.
fn settle(strands: &Strands, rank: &[usize], sides: &[usize], levels: &mut [f64]) {
    struct Pool {
        weight: f64,
        sum: f64,
        stops: usize,
    }
    let offsets = offsets(strands, rank);
    let mut pools: Vec<Pool> = Vec::new();
    for (&stop, offset) in rank.iter().zip(&offsets) {
        let (weight, wish) = wish(strands, stop, sides, levels);
        let mut pool = Pool { weight, sum: weight * (wish - offset), stops: 1 };
        while let Some(above) = pools.pop_if(|above| above.sum / above.weight > pool.sum / pool.weight) {
            pool.weight += above.weight;
            pool.sum += above.sum;
            pool.stops += above.stops;
        }
        pools.push(pool);
    }
    let bases = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.sum / pool.weight, pool.stops));
    for ((&stop, offset), base) in rank.iter().zip(&offsets).zip(bases) {
        levels[stop] = base + offset;
    }
}

/// Where a stop wants to be, and how much.
fn wish(strands: &Strands, stop: usize, sides: &[usize], levels: &[f64]) -> (f64, f64) {
    let (mut weight, mut sum) = (0.0, 0.0);
    for (strand, other) in sides.iter().flat_map(|&side| strands.neighbours(stop, side)) {
        let slope = strands.strands[strand].slope(levels);
        let wish = levels[stop] + if strands.strands[strand].ends[0].stop == stop { slope } else { -slope };
        // A bend is worst where a long line could go on.
        let pull = match (strands.stops[stop].is_box, strands.stops[other].is_box) {
            (false, false) => 8.0,
            (true, true) => 1.0,
            _ => 2.0,
        };
        weight += pull;
        sum += pull * wish;
    }
    if weight > 0.0 { (weight, sum / weight) } else { (0.1, levels[stop]) }
}
