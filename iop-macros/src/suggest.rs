//! Did you mean: the closest of the names that exist, or all of them.

/// The name among `known` that `wrong` was probably meant to be: a third of its letters may differ.
pub(crate) fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `a`, `b`, `c`, each in backticks.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut previous_letter = None;
    for (row, letter) in from.chars().enumerate() {
        let mut current = vec![row + 1];
        let mut left = row + 1;
        for (column, (&other, above)) in to.iter().zip(last.windows(2)).enumerate() {
            let &[diagonal, up] = above else { continue };
            left = (left + 1).min(up + 1).min(diagonal + usize::from(letter != other));
            let swapped = column.checked_sub(1).and_then(|before| Some((*to.get(before)?, *before_last.get(before)?)));
            if let (Some((before, cost)), Some(previous)) = (swapped, previous_letter)
                && letter == before
                && other == previous
            {
                left = left.min(cost + 1);
            }
            current.push(left);
        }
        previous_letter = Some(letter);
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_inserted_removed_replaced_and_swapped_letters() {
        assert_eq!(distance("router", "router"), 0);
        assert_eq!(distance("ruoter", "router"), 1);
        assert_eq!(distance("greter", "greeter"), 1);
        assert_eq!(distance("clocks", "clock"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_name_that_is_too_far_away_is_not_suggested() {
        assert_eq!(closest("greter", ["clock", "greeter"]), Some("greeter"));
        assert_eq!(closest("archive", ["clock", "greeter"]), None);
        assert_eq!(closest("a", ["b"]), Some("b"));
    }
}
