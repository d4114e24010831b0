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

/// Insertions, removals and replacements that make `from` into `to`, without regard to case.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, have) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        row[0] = left;
        for (column, want) in to.iter().enumerate() {
            let above = row[column + 1];
            left = (diagonal + usize::from(have != *want)).min(above + 1).min(left + 1);
            diagonal = above;
            row[column + 1] = left;
        }
    }
    row[to.len()]
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
        assert_eq!(closest("colour", names), None);
    }

    #[test]
    fn the_distance_counts_insertions_removals_and_replacements() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
