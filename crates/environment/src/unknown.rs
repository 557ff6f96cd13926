//! Variables that are set, and that nobody reads.

use crate::nearest::{distance, nearest};
use crate::{Environment, Variable};

/// So many characters may differ in a name that has not the application's own beginning.
const FAR: usize = 2;

impl Environment<'_> {
    /// Says of each variable that is set, and that is none of those that are known, which one may be
    /// meant: of those that begin as the application's own do, and those that are nearly a known one.
    /// `others` are read by somebody else.
    pub fn unknown(
        &self,
        prefix: &str,
        others: &[&str],
        set: impl IntoIterator<Item = String>,
    ) -> Vec<String> {
        let known = || self.variables.iter().map(|(name, ..): &Variable| *name);
        let is_known = |name: &str| others.contains(&name) || known().any(|known| known == name);
        let is_near = |name: &str| known().any(|known| distance(name, known) <= FAR);
        let mut names: Vec<String> = set
            .into_iter()
            .filter(|name| !is_known(name) && (name.starts_with(prefix) || is_near(name)))
            .collect();
        names.sort_unstable();
        let sentences = names.iter().map(|name| match nearest(name, known()) {
            Some(meant) => format!("{name} is set, and is not known. Did you mean {meant}?"),
            None => format!("{name} is set, and is not known: it changes nothing."),
        });
        sentences.collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Environment, Variable};

    #[test]
    fn a_misspelt_variable_is_told_with_the_one_that_may_be_meant() {
        const VARIABLES: &[Variable] =
            &[("NOTES_LISTEN", "", "an address"), ("PER_PAGE", "20", "notes on a page")];
        let environment = Environment { variables: VARIABLES, secrets: &[], lookup: &|_| None };
        let set = ["NOTES_LISTEN", "NOTES_LISTN", "PERPAGE", "NOTES_COLOUR", "NOTES_BIN", "PAGER"];
        let told = environment.unknown("NOTES_", &["NOTES_BIN"], set.map(str::to_owned));
        assert_eq!(
            told,
            [
                "NOTES_COLOUR is set, and is not known: it changes nothing.",
                "NOTES_LISTN is set, and is not known. Did you mean NOTES_LISTEN?",
                "PERPAGE is set, and is not known. Did you mean PER_PAGE?",
            ]
        );
    }
}
