//! Lines as strands from one rank to the next. After this, every strand lies in one gap, and its two ends are stops in
//! the ranks beside that gap.

use super::{BOX_HEIGHT, PORT, Sketch};

/// A box, or the place where a line passes a rank.
pub(super) struct Stop {
    pub(super) rank: usize,
    pub(super) is_box: bool,
    pub(super) height: f64,
    /// The ends of strands on each side, from the top: which strand, and which of its ends.
    pub(super) ports: [Vec<(usize, usize)>; 2],
}

/// Between boxes, one below the other.
pub(super) const SPACE: f64 = 22.0;

/// Sides of a stop.
pub(super) const LEFT: usize = 0;
pub(super) const RIGHT: usize = 1;

/// A part of a line within the gap right of a rank.
pub(super) struct Strand {
    pub(super) gap: usize,
    pub(super) ends: [End; 2],
}

/// Where a strand ends.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) stop: usize,
    /// The side of the stop.
    pub(super) side: usize,
    /// From the middle of the stop downwards.
    pub(super) offset: f64,
}

impl Strand {
    /// Both ends at the right side of a rank: from an item to another of the same rank, or to itself.
    pub(super) fn turns(&self) -> bool {
        self.ends[1].side == RIGHT
    }

    /// How much higher its second stop should be for it to be straight.
    pub(super) fn slope(&self, levels: &[f64]) -> f64 {
        let level = |end: &End| levels[end.stop] + end.offset;
        level(&self.ends[1]) - level(&self.ends[0])
    }
}

/// The way of a line through the strands.
pub(super) struct Course {
    /// From left to right. Empty if the line has no ends.
    pub(super) strands: Vec<usize>,
    /// The line points to the left.
    pub(super) back: bool,
}

/// A whole graph, cut into strands.
pub(super) struct Strands {
    /// The boxes, as the items, and after them the passes.
    pub(super) stops: Vec<Stop>,
    pub(super) strands: Vec<Strand>,
    /// As the lines.
    pub(super) courses: Vec<Course>,
    /// The stops of each rank, from the top.
    pub(super) ranks: Vec<Vec<usize>>,
}

impl Strands {
    pub(super) fn of(sketch: &Sketch, ranks: &[usize]) -> Self {
        let boxes =
            ranks.iter().map(|&rank| Stop { rank, is_box: true, height: BOX_HEIGHT, ports: Default::default() });
        let mut cut = Self { stops: boxes.collect(), strands: Vec::new(), courses: Vec::new(), ranks: Vec::new() };
        for line in &sketch.lines {
            let course = match (ranks.get(line.from), ranks.get(line.to)) {
                (Some(from), Some(to)) if from < to => cut.across(line.from, line.to, false),
                (Some(from), Some(to)) if from > to => cut.across(line.to, line.from, true),
                (Some(_), Some(_)) => Course { strands: vec![cut.add(line.from, line.to, RIGHT)], back: false },
                _ => Course { strands: Vec::new(), back: false },
            };
            cut.courses.push(course);
        }
        for stop in cut.stops.iter_mut().filter(|stop| stop.is_box) {
            let most = stop.ports[LEFT].len().max(stop.ports[RIGHT].len());
            stop.height = BOX_HEIGHT.max(PORT * (most + 1) as f64);
        }
        cut.ranks = vec![Vec::new(); ranks.iter().max().map_or(0, |highest| highest + 1)];
        for (index, stop) in cut.stops.iter().enumerate() {
            cut.ranks[stop.rank].push(index);
        }
        cut
    }

    /// A line between two boxes of different ranks.
    fn across(&mut self, left: usize, right: usize, back: bool) -> Course {
        let mut strands = Vec::new();
        let mut at = left;
        for rank in self.stops[left].rank + 1..self.stops[right].rank {
            self.stops.push(Stop { rank, is_box: false, height: PORT, ports: Default::default() });
            let pass = self.stops.len() - 1;
            strands.push(self.add(at, pass, LEFT));
            at = pass;
        }
        strands.push(self.add(at, right, LEFT));
        Course { strands, back }
    }

    /// A strand from the right side of a stop to a side of another.
    fn add(&mut self, from: usize, to: usize, side: usize) -> usize {
        let end = |stop, side| End { stop, side, offset: 0.0 };
        let strand = self.strands.len();
        self.strands.push(Strand { gap: self.stops[from].rank, ends: [end(from, RIGHT), end(to, side)] });
        self.stops[from].ports[RIGHT].push((strand, 0));
        self.stops[to].ports[side].push((strand, 1));
        strand
    }

    /// The strands at a side of a stop that lead to another rank, with the stop at their other end.
    pub(super) fn neighbours(&self, stop: usize, side: usize) -> impl Iterator<Item = (usize, usize)> {
        let ports = self.stops[stop].ports[side].iter();
        ports
            .filter(|&&(strand, _)| !self.strands[strand].turns())
            .map(|&(strand, end)| (strand, self.strands[strand].ends[1 - end].stop))
    }

    /// How far the middles of two stops have to be from each other, one below the other in a rank.
    pub(super) fn distance(&self, above: usize, below: usize) -> f64 {
        let (above, below) = (&self.stops[above], &self.stops[below]);
        let space = match (above.is_box, below.is_box) {
            (true, true) => SPACE,
            (false, false) => 0.0,
            _ => 9.0,
        };
        (above.height / 2.0 + below.height / 2.0 + space).ceil()
    }
}
