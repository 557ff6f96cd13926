//! "Did you mean": which known name somebody may have meant.

/// Returns the known name that differs least, if it differs little.
///
/// ```
/// use campanile_environment::nearest;
///
/// assert_eq!(nearest("Redirct", ["block", "redirect"]), Some("redirect"));
/// assert_eq!(nearest("null_route", ["block", "redirect"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (name.chars().count() / 3).max(1) + 1;
    let nearest = known.into_iter().map(|known| (distance(name, known), known)).min();
    nearest.filter(|(distance, _)| *distance <= far).map(|(_, known)| known)
}

/// Returns how many characters must be put in, left out or exchanged to make one of the other,
/// whatever their case.
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (row, character) in one.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, &with) in other.iter().enumerate() {
            let exchanged = before[column] + usize::from(character != with);
            let least = exchanged.min(before[column + 1] + 1).min(current[column] + 1);
            current.push(least);
        }
        before = current;
    }
    before[other.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_name_that_differs_little_is_meant() {
        let known = ["block", "redirect", "shunt"];
        assert_eq!(nearest("blok", known), Some("block"));
        assert_eq!(nearest("Redirct", known), Some("redirect"));
        assert_eq!(nearest("null_route", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
