//! The order of the stops in each rank, for few crossings: barycentres and transposition, from several beginnings.

use super::strand::{LEFT, RIGHT, Strands};

/// Sweeps over all ranks from one beginning.
const SWEEPS: usize = 16;

/// Puts the stops of each rank in order.
pub(super) fn arrange(strands: &mut Strands) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut best = (usize::MAX, f64::INFINITY, strands.ranks.clone());
    for beginning in 0..(2000 / (strands.stops.len() + 1)).clamp(4, 24) {
        // The first is the order of declaration, the others are shuffled.
        let mut order = Order::new(strands);
        if beginning > 0 {
            order.shuffle(&mut chance);
        }
        for sweep in 0..SWEEPS {
            order.sort_by_barycentres(sweep % 2 == 0);
            order.transpose();
            let (crossings, length) = (order.crossings(), order.length());
            if (crossings, length) < (best.0, best.1) {
                best = (crossings, length, order.ranks.clone());
            }
        }
    }
    strands.ranks = best.2;
}

struct Order<'a> {
    strands: &'a Strands,
    ranks: Vec<Vec<usize>>,
    /// Of each stop in its rank.
    position: Vec<usize>,
    /// The stops beside each stop, left and right.
    beside: Vec<[Vec<usize>; 2]>,
}

impl<'a> Order<'a> {
    fn new(strands: &'a Strands) -> Self {
        let beside = |stop| [LEFT, RIGHT].map(|side| strands.neighbours(stop, side).map(|(_, other)| other).collect());
        let mut order = Self {
            strands,
            ranks: strands.ranks.clone(),
            position: vec![0; strands.stops.len()],
            beside: (0..strands.stops.len()).map(beside).collect(),
        };
        (0..order.ranks.len()).for_each(|rank| order.number(rank));
        order
    }

    fn number(&mut self, rank: usize) {
        for (position, &stop) in self.ranks[rank].iter().enumerate() {
            self.position[stop] = position;
        }
    }

    fn shuffle(&mut self, chance: &mut Chance) {
        for rank in 0..self.ranks.len() {
            for last in (1..self.ranks[rank].len()).rev() {
                self.ranks[rank].swap(last, chance.below(last + 1));
            }
            self.number(rank);
        }
    }

    /// Where a stop is in its rank, from 0 to 1, however many there are.
    fn place(&self, stop: usize) -> f64 {
        let rank = &self.ranks[self.strands.stops[stop].rank];
        (self.position[stop] as f64 + 0.5) / rank.len() as f64
    }

    /// Sorts each rank by the mean place of the neighbours in the rank before it.
    fn sort_by_barycentres(&mut self, to_the_right: bool) {
        let count = self.ranks.len();
        for step in 1..count {
            let (rank, side) = if to_the_right { (step, LEFT) } else { (count - 1 - step, RIGHT) };
            let mut keyed: Vec<(f64, usize)> = self.ranks[rank]
                .iter()
                .map(|&stop| match self.beside[stop][side].as_slice() {
                    [] => (self.place(stop), stop),
                    beside => (beside.iter().map(|&other| self.place(other)).sum::<f64>() / beside.len() as f64, stop),
                })
                .collect();
            keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
            self.ranks[rank] = keyed.into_iter().map(|(_, stop)| stop).collect();
            self.number(rank);
        }
    }

    /// Exchanges neighbours in a rank as long as that removes crossings.
    fn transpose(&mut self) {
        let mut improved = true;
        while improved {
            improved = false;
            for rank in 0..self.ranks.len() {
                for upper in 1..self.ranks[rank].len() {
                    let (above, below) = (self.ranks[rank][upper - 1], self.ranks[rank][upper]);
                    if self.gain(above, below) > 0 {
                        self.ranks[rank].swap(upper - 1, upper);
                        self.position.swap(above, below);
                        improved = true;
                    }
                }
            }
        }
    }

    /// How many crossings go away if two neighbours are exchanged.
    fn gain(&self, above: usize, below: usize) -> isize {
        let mut gain = 0;
        for side in [LEFT, RIGHT] {
            for &one in &self.beside[above][side] {
                for &other in &self.beside[below][side] {
                    gain += (self.position[one] as isize - self.position[other] as isize).signum();
                }
            }
        }
        gain
    }

    /// Strands that cross, counted as inversions: of two that end in one order and begin in the other.
    fn crossings(&self) -> usize {
        let mut crossings = 0;
        for rank in &self.ranks {
            let mut above: Vec<usize> = Vec::new();
            for &stop in rank {
                let mut ends: Vec<usize> = self.beside[stop][RIGHT].iter().map(|&other| self.position[other]).collect();
                ends.sort_unstable();
                crossings +=
                    ends.iter().map(|end| above.len() - above.partition_point(|earlier| earlier <= end)).sum::<usize>();
                for end in ends {
                    above.insert(above.partition_point(|earlier| *earlier <= end), end);
                }
            }
        }
        crossings
    }

    /// How far strands go up and down, in parts of a rank. Decides between orders of as many crossings.
    fn length(&self) -> f64 {
        let stops = 0..self.strands.stops.len();
        stops
            .flat_map(|stop| self.beside[stop][RIGHT].iter().map(move |&other| (stop, other)))
            .map(|(stop, other)| (self.place(stop) - self.place(other)).abs())
            .sum()
    }
}

/// Numbers that look random and are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
