//! Did you mean: the closest name, found while compiling.

/// Longer names are not compared: constant evaluation is bounded.
const LONGEST: usize = 66;

/// The distance from one name to another in letters inserted, removed or replaced, where it is at most `limit`.
pub(super) const fn distance(from: &str, to: &str, limit: usize) -> Option<usize> {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    if from.len() > LONGEST || to.len() > LONGEST || from.len().abs_diff(to.len()) > limit {
        return None;
    }
    let mut row = [0; LONGEST + 1];
    let mut column = 0;
    while column <= to.len() {
        row[column] = column;
        column += 1;
    }
    let mut line = 1;
    while line <= from.len() {
        let mut diagonal = row[0];
        row[0] = line;
        let mut least = line;
        column = 1;
        while column <= to.len() {
            let above = row[column];
            let mut cost = if from[line - 1] == to[column - 1] { diagonal } else { diagonal + 1 };
            if above + 1 < cost {
                cost = above + 1;
            }
            if row[column - 1] + 1 < cost {
                cost = row[column - 1] + 1;
            }
            diagonal = above;
            row[column] = cost;
            if cost < least {
                least = cost;
            }
            column += 1;
        }
        // It only grows from here.
        if least > limit {
            return None;
        }
        line += 1;
    }
    if row[to.len()] <= limit { Some(row[to.len()]) } else { None }
}

/// How far away a name may be that is suggested for this one: a third of its letters, and two that are swapped.
pub(super) const fn limit(wrong: &str) -> usize {
    if wrong.len() < 4 { 1 } else { wrong.len() / 3 + 1 }
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_counts_inserted_removed_and_replaced_letters_up_to_its_limit() {
        assert_eq!(distance("PID", "PID", 1), Some(0));
        assert_eq!(distance("PIX", "PID", 1), Some(1));
        assert_eq!(distance("PV3", "OBX", 1), None);
        assert_eq!(distance("pateint_name", "patient_name", 4), Some(2));
        assert_eq!(distance("kitten", "sitting", 3), Some(3));
        assert_eq!(distance("", "abc", 3), Some(3));
        assert_eq!(distance(&"x".repeat(70), "x", 99), None);
    }
}
