//! How many messages a channel may hold, by its name.

/// A pattern for names, as Python's `fnmatch` reads it: `*`, `?`, `[ab-d]`, `[!ab]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<char>);

impl Glob {
    /// Makes one; every text is a pattern.
    pub fn new(pattern: &str) -> Glob {
        Glob(pattern.chars().collect())
    }

    /// Says whether the whole name is as the pattern says.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut pattern, mut rest) = (&self.0[..], &name[..]);
        // The latest star, and what it has not swallowed: only it has to be tried again.
        let mut star: Option<(&[char], &[char])> = None;
        loop {
            if let ['*', after @ ..] = pattern {
                (pattern, star) = (after, Some((after, rest)));
            } else if rest.is_empty() && pattern.is_empty() {
                return true;
            } else if let Some((after, left)) = one(pattern, rest) {
                (pattern, rest) = (after, left);
            } else if let Some((after, [_, left @ ..])) = star {
                (pattern, rest, star) = (after, left, Some((after, left)));
            } else {
                return false;
            }
        }
    }
}

/// Matches one character; returns the rest of the pattern and of the name.
fn one<'a, 'b>(pattern: &'a [char], name: &'b [char]) -> Option<(&'a [char], &'b [char])> {
    let (character, left) = name.split_first()?;
    let (first, after) = pattern.split_first()?;
    if *first == '['
        && let Some((set, after)) = set(after)
    {
        let (set, wanted) = set.strip_prefix(&['!']).map_or((set, true), |set| (set, false));
        return (contains(set, *character) == wanted).then_some((after, left));
    }
    (*first == '?' || first == character).then_some((after, left))
}

/// Returns what stands before the closing bracket, and what behind. A first `]` is one of the set.
fn set(pattern: &[char]) -> Option<(&[char], &[char])> {
    let first = if pattern.first() == Some(&'!') { 2 } else { 1 };
    let end = first + pattern.get(first..)?.iter().position(|character| *character == ']')?;
    Some((&pattern[..end], &pattern[end + 1..]))
}

fn contains(mut set: &[char], character: char) -> bool {
    while let Some((first, rest)) = set.split_first() {
        if let ['-', last, after @ ..] = rest {
            if (*first..=*last).contains(&character) {
                return true;
            }
            set = after;
        } else {
            if *first == character {
                return true;
            }
            set = rest;
        }
    }
    false
}

/// How many messages channels may hold: the first pattern that fits their name says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacities {
    /// Patterns for full channel names, in order.
    pub globs: Vec<(Glob, usize)>,
    /// What holds for the others.
    pub default: usize,
}

impl Capacities {
    /// Returns how many messages the channel of that name may hold.
    pub fn of(&self, channel: &str) -> usize {
        let found = self.globs.iter().find(|(glob, _)| glob.matches(channel));
        found.map_or(self.default, |(_, capacity)| *capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::{Capacities, Glob};
    use crate::vectors::{list, text, vectors};

    #[test]
    fn the_first_glob_that_matches_wins_as_in_channels_redis() {
        let recorded = vectors("capacity");
        let glob = |line: &serde_json::Value| {
            let (glob, capacity) = text(line).split_once('=').unwrap();
            (Glob::new(glob), capacity.parse().unwrap())
        };
        let capacities = Capacities {
            globs: list(&recorded["channel_capacity_globs_in_order"]).iter().map(glob).collect(),
            default: recorded["capacity"].as_u64().unwrap() as usize,
        };
        for case in list(&recorded["cases"]) {
            assert_eq!(case["capacity"], capacities.of(text(&case["channel"])), "{case}");
        }
    }

    #[test]
    fn a_glob_matches_as_pythons_does() {
        let cases = [
            ("http.request", "http.request", true),
            ("http.request", "http.request2", false),
            ("specific.*", "specific.abc!def", true),
            ("*a*b", "xxaxxbxb", true),
            ("*a*b", "xxaxxbxc", false),
            ("w?rk[1-3]", "work2", true),
            ("w?rk[1-3]", "work4", false),
            ("[!a-c]x", "dx", true),
            ("[!a-c]x", "bx", false),
            ("[]]x", "]x", true),
            ("[ab", "[ab", true),
            ("", "", true),
            ("*", "", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }
}
