//! Which file names a service takes: `*` and `?`, as in a shell.

/// Whether `name` matches `pattern`: `*` stands for any characters, `?` for one. A name with a leading dot is hidden:
/// only a pattern with a leading dot matches it.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on when the characters after the last `*` do not fit: one more character under the `*`.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((star, at)) => {
                    retry = Some((star, at + 1));
                    p = star + 1;
                    n = at + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters_and_a_question_mark_for_one() {
        let all = [
            ("*", "a.csv", true),
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.tmp", false),
            ("order-??.csv", "order-17.csv", true),
            ("order-??.csv", "order-7.csv", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXcYb", false),
            ("", "", true),
            ("", "a", false),
            ("m?rz", "märz", true),
        ];
        for (pattern, name, expected) in all {
            assert_eq!(matches(pattern, name), expected, "`{pattern}` and `{name}`");
        }
    }

    #[test]
    fn a_hidden_name_needs_a_pattern_that_says_so() {
        assert!(!matches("*", ".work"));
        assert!(matches(".*", ".work"));
    }

    #[test]
    fn many_stars_do_not_take_exponential_time() {
        assert!(!matches(&"*a".repeat(40), &"a".repeat(39)));
        assert!(!matches(&format!("{}b", "*a".repeat(40)), &"a".repeat(4_000)));
    }
}
