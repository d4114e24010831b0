//! The rank of each item: services first, operations last, a process right of everything that sends to it. Lines of a
//! cycle that point back are not asked.

use super::{Column, Sketch};

/// The rank of each item. Every rank from 0 to the highest has an item.
pub(super) fn ranks(sketch: &Sketch) -> Vec<usize> {
    let flow = Flow::of(sketch);
    let mut ranks = vec![1; sketch.items.len()];
    for &item in &flow.downstream {
        for &next in &flow.next[item] {
            ranks[next] = ranks[next].max(ranks[item] + 1);
        }
    }
    let last = 1 + flow.downstream.iter().map(|&item| ranks[item]).max().unwrap_or(0);
    for (rank, column) in ranks.iter_mut().zip(&sketch.items) {
        match column {
            Column::First => *rank = 0,
            Column::Between => {}
            Column::Last => *rank = last,
        }
    }
    flow.move_towards_receivers(sketch, &mut ranks, last);
    without_empty(ranks)
}

/// The processes, and the lines between them that close no cycle.
struct Flow {
    /// Receivers of each item.
    next: Vec<Vec<usize>>,
    /// The processes, each before its receivers.
    downstream: Vec<usize>,
}

impl Flow {
    /// Depth first, from where messages come in; a line to a process that is still being looked at closes a cycle.
    fn of(sketch: &Sketch) -> Self {
        let between = |item: usize| sketch.items.get(item) == Some(&Column::Between);
        let count = sketch.items.len();
        let (mut receivers, mut fed, mut entered) = (vec![Vec::new(); count], vec![false; count], vec![false; count]);
        for line in &sketch.lines {
            if between(line.to) && sketch.items.get(line.from) == Some(&Column::First) {
                entered[line.to] = true;
            } else if between(line.from) && between(line.to) && line.from != line.to {
                receivers[line.from].push(line.to);
                fed[line.to] = true;
            }
        }
        let mut roots: Vec<usize> = (0..count).filter(|&item| between(item)).collect();
        roots.sort_by_key(|&item| (fed[item], !entered[item]));

        let (mut next, mut finished) = (vec![Vec::new(); count], Vec::new());
        let (mut seen, mut open) = (vec![false; count], vec![false; count]);
        for root in roots {
            if seen[root] {
                continue;
            }
            seen[root] = true;
            let mut path = vec![(root, 0)];
            while let Some((item, at)) = path.last_mut() {
                let item = *item;
                open[item] = true;
                let Some(&receiver) = receivers[item].get(*at) else {
                    open[item] = false;
                    finished.push(item);
                    path.pop();
                    continue;
                };
                *at += 1;
                if !open[receiver] {
                    next[item].push(receiver);
                }
                if !seen[receiver] {
                    seen[receiver] = true;
                    path.push((receiver, 0));
                }
            }
        }
        finished.reverse();
        Self { next, downstream: finished }
    }

    /// Moves a process that sends more lines than it receives next to its receivers: few long lines instead of many.
    fn move_towards_receivers(&self, sketch: &Sketch, ranks: &mut [usize], last: usize) {
        for &item in self.downstream.iter().rev() {
            let mut nearest = last;
            let (mut before, mut behind) = (0, 0);
            for line in &sketch.lines {
                let other = match item {
                    _ if line.from == line.to => continue,
                    _ if item == line.from => line.to,
                    _ if item == line.to => line.from,
                    _ => continue,
                };
                let Some(&rank) = ranks.get(other) else { continue };
                if rank > ranks[item] {
                    behind += 1;
                    nearest = nearest.min(rank);
                } else {
                    before += 1;
                }
            }
            if behind > before {
                ranks[item] = nearest - 1;
            }
        }
    }
}

fn without_empty(mut ranks: Vec<usize>) -> Vec<usize> {
    let mut used = ranks.clone();
    used.sort_unstable();
    used.dedup();
    for rank in &mut ranks {
        *rank = used.partition_point(|used| used < rank);
    }
    ranks
}
