//! What the project wants to reach, beside what was measured: the page of the figures says by itself where it falls short.

use std::fmt::Write as _;

use serde::Serialize;

use crate::report::{Table, rounded};

/// One thing to reach.
#[derive(Debug, Serialize)]
pub(crate) struct Goal {
    what: &'static str,
    bound: Bound,
    /// `None` where something of it was not measured.
    figure: Option<f64>,
}

/// What a figure is to keep to.
#[derive(Debug, Clone, Copy, Serialize)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// The goals of a part, in the tables that it has measured.
pub(crate) fn of(part: &str, tables: &[Table]) -> Vec<Goal> {
    match (part, tables) {
        ("memory", [table]) => in_memory(table),
        ("durable", [chains, commits, queues, restate]) => durable([chains, commits, queues, restate]),
        ("growth", [backlogs, ..]) => growth(backlogs),
        _ => Vec::new(),
    }
}

fn in_memory(table: &Table) -> Vec<Goal> {
    let iop = "iop, transient";
    // The worst of the columns, so that no column hides behind another one.
    let worst = |others: &[&str]| {
        let of_column = |column: &String| {
            let best = others.iter().filter_map(|other| table.figure(other, column)).min_by(f64::total_cmp)?;
            Some(table.figure(iop, column)? / best)
        };
        table.columns.iter().map(of_column).collect::<Option<Vec<f64>>>()?.into_iter().max_by(f64::total_cmp)
    };
    vec![
        Goal {
            what: "transient, the worst column, × tokio channels",
            bound: Bound::AtMost(1.0),
            figure: worst(&["tokio mpsc + oneshot"]),
        },
        Goal {
            what: "transient, the worst column, × the faster of kameo and ractor",
            bound: Bound::AtMost(0.6),
            figure: worst(&["kameo", "ractor"]),
        },
    ]
}

fn durable([chains, commits, queues, restate]: [&Table; 4]) -> Vec<Goal> {
    let of_loop = |column| ratio(chains.figure("iop", column), chains.figure("plain SQLite loop, same rows", column));
    let of_queue =
        |column| ratio(queues.figure("apalis", column), queues.figure("iop, a chain of three items", column));
    let of_restate = ratio(
        restate.figure("Restate, a chain of two hops, by hand", "64 callers"),
        restate.figure("iop, a chain of three items, 256 B", "64 callers"),
    );
    let goal = |what, bound, figure| Goal { what, bound, figure };
    vec![
        goal(
            "a chain of 1 caller, 256 B, in fdatasyncs",
            Bound::AtMost(2.5),
            commits.figure("time of a chain, in fdatasyncs", "1 caller, 256 B"),
        ),
        goal("16 callers, 256 B, × the plain loop", Bound::AtLeast(0.5), of_loop("16, 256 B")),
        goal("256 callers, 256 B, × the plain loop", Bound::AtLeast(0.5), of_loop("256, 256 B")),
        goal("16 callers, 2 KiB, × the plain loop", Bound::AtLeast(0.5), of_loop("16, 2 KiB")),
        goal("256 callers, 2 KiB, × the plain loop", Bound::AtLeast(0.5), of_loop("256, 2 KiB")),
        goal("1 caller, a chain, × as fast as a job of apalis", Bound::AtLeast(10.0), of_queue("1 caller")),
        goal("16 callers, a chain, × as fast as a job of apalis", Bound::AtLeast(10.0), of_queue("16")),
        goal("64 callers, × as fast as a chain of Restate", Bound::AtLeast(20.0), of_restate),
        goal(
            "messages per commit, 256 callers, 256 B",
            Bound::AtLeast(100.0),
            commits.figure("messages per commit", "256, 256 B"),
        ),
    ]
}

fn growth(backlogs: &Table) -> Vec<Goal> {
    let (Some(fewest), Some(most)) = (backlogs.columns.first(), backlogs.columns.last()) else { return Vec::new() };
    let of_most = |row| backlogs.figure(row, most);
    let goal = |what, bound, figure| Goal { what, bound: Bound::AtMost(bound), figure };
    let memory = "memory, MiB";
    vec![
        goal("memory of the largest backlog, MiB", 100.0, of_most(memory)),
        goal("the same, × the smallest backlog", 1.1, ratio(of_most(memory), backlogs.figure(memory, fewest))),
        goal("start with the largest backlog, ms", 2_000.0, of_most("start until the first is worked on, ms")),
        goal("first page of the largest backlog, ms", 50.0, of_most("first page, ms")),
    ]
}

fn ratio(above: Option<f64>, below: Option<f64>) -> Option<f64> {
    Some(above? / below?)
}

/// The goals as a table of a page; nothing where there are none.
pub(crate) fn text(goals: &[Goal]) -> String {
    if goals.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n### To reach\n\n| | to reach | measured | reached |\n|---|---:|---:|---|\n");
    for Goal { what, bound, figure } in goals {
        let (words, bound, reached) = match bound {
            Bound::AtMost(bound) => ("at most", bound, figure.map(|figure| figure <= *bound)),
            Bound::AtLeast(bound) => ("at least", bound, figure.map(|figure| figure >= *bound)),
        };
        let measured = figure.map_or_else(|| "not measured".to_owned(), rounded);
        let verdict = reached.map_or("", |reached| if reached { "yes" } else { "no" });
        let _ = writeln!(text, "| {what} | {words} {} | {measured} | {verdict} |", rounded(*bound));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Row;

    fn table(columns: &[&str], rows: &[(&str, &[f64])]) -> Table {
        Table {
            title: String::new(),
            unit: String::new(),
            base: String::new(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: rows
                .iter()
                .map(|(name, figures)| Row {
                    name: (*name).to_owned(),
                    figures: figures.iter().copied().map(Some).collect(),
                })
                .collect(),
            curves: false,
        }
    }

    #[test]
    fn the_worst_column_decides() {
        let rows: &[(&str, &[f64])] = &[
            ("tokio mpsc + oneshot", &[10.0, 10.0]),
            ("kameo", &[20.0, 50.0]),
            ("ractor", &[40.0, 40.0]),
            ("iop, transient", &[8.0, 22.0]),
        ];
        let text = text(&of("memory", &[table(&["a", "b"], rows)]));
        assert!(text.contains("× tokio channels | at most 1.00 | 2.20 | no |"), "{text}");
        assert!(text.contains("kameo and ractor | at most 0.60 | 0.55 | yes |"), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_not_called_reached() {
        let backlog = table(&["10", "1000"], &[("memory, MiB", &[20.0, 21.0])]);
        let text = text(&of("growth", &[backlog]));
        assert!(text.contains("smallest backlog | at most 1.10 | 1.05 | yes |"), "{text}");
        assert!(text.contains("first page of the largest backlog, ms | at most 50.0 | not measured |  |"), "{text}");
    }
}
