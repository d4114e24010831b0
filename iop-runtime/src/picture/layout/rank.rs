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
    flow.move_towards_receivers(sketch, &mut ranks);
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
        let (receivers, beginnings) = processes(sketch);
        let mut next = vec![Vec::new(); sketch.items.len()];
        let mut finished = Vec::new();
        let mut seen = vec![false; sketch.items.len()];
        let mut open = seen.clone();
        // What lies on top is looked at next; what is open lies on the way to it.
        let mut pile: Vec<usize> = beginnings.into_iter().rev().collect();
        while let Some(&item) = pile.last() {
            if !seen[item] {
                (seen[item], open[item]) = (true, true);
                next[item] = receivers[item].iter().copied().filter(|&receiver| !open[receiver]).collect();
                pile.extend(next[item].iter().rev().filter(|&&receiver| !seen[receiver]));
            } else {
                pile.pop();
                if open[item] {
                    open[item] = false;
                    finished.push(item);
                }
            }
        }
        finished.reverse();
        Self { next, downstream: finished }
    }

    /// Moves a process that sends more lines than it receives next to its receivers: few long lines instead of many.
    fn move_towards_receivers(&self, sketch: &Sketch, ranks: &mut [usize]) {
        for &item in self.downstream.iter().rev() {
            let others = sketch.lines.iter().filter_map(|line| match (line.from == item, line.to == item) {
                (true, false) => ranks.get(line.to),
                (false, true) => ranks.get(line.from),
                _ => None,
            });
            let (behind, before): (Vec<usize>, Vec<usize>) = others.partition(|&&rank| rank > ranks[item]);
            let nearest = behind.iter().min().filter(|_| behind.len() > before.len());
            ranks[item] = nearest.map_or(ranks[item], |nearest| nearest - 1);
        }
    }
}

/// The processes that each process sends to, and all of them in the order in which to look at them: first those that no
/// process sends to, then those that a service sends to.
fn processes(sketch: &Sketch) -> (Vec<Vec<usize>>, Vec<usize>) {
    let count = sketch.items.len();
    let mut receivers = vec![Vec::new(); count];
    let (mut inner, mut entrance) = (vec![false; count], vec![false; count]);
    for line in &sketch.lines {
        match (sketch.items.get(line.from), sketch.items.get(line.to)) {
            (Some(Column::First), Some(Column::Between)) => entrance[line.to] = true,
            (Some(Column::Between), Some(Column::Between)) if line.from != line.to => {
                receivers[line.from].push(line.to);
                inner[line.to] = true;
            }
            _ => {}
        }
    }
    let mut processes: Vec<usize> = (0..count).filter(|&item| sketch.items[item] == Column::Between).collect();
    processes.sort_by_key(|&item| (inner[item], !entrance[item]));
    (receivers, processes)
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
