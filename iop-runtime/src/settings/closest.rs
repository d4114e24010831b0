//! Did you mean: the nearest of the names that would have been right.

/// The candidate nearest to `word` by edit distance, if one is near enough to have been meant.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the word: more would suggest names that have nothing to do with it.
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, removals, replacements and swaps of neighbours that make `from` into `to`, without regard to case.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.to_lowercase().chars().collect();
    let to: Vec<char> = to.to_lowercase().chars().collect();
    // One row for each letter of `from`, and one for none.
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (line, have) in from.iter().enumerate() {
        let mut row = vec![line + 1];
        for (column, want) in to.iter().enumerate() {
            let above = &rows[line];
            let mut least = (above[column] + usize::from(have != want)).min(above[column + 1] + 1).min(row[column] + 1);
            if line > 0 && column > 0 && *have == to[column - 1] && from[line - 1] == *want {
                least = least.min(rows[line - 1][column - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_one_that_was_meant_and_a_strange_one_finds_none() {
        let names = ["call_interval", "pool_size", "out"];
        assert_eq!(closest("call_intervall", names), Some("call_interval"));
        assert_eq!(closest("poolsize", names), Some("pool_size"));
        assert_eq!(closest("POOL_SIZE", names), Some("pool_size"));
        assert_eq!(closest("otu", names), Some("out"));
        assert_eq!(closest("colour", names), None);
    }

    #[test]
    fn the_distance_counts_insertions_removals_replacements_and_swaps() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("tabel", "table"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
