//! What somebody has named, and does not exist.

use super::told::Failure;
use campanile_environment::nearest;

/// Says that there is no such thing, which one may have been meant, and where all are listed.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    list: &str,
) -> Failure {
    let meant = match nearest(name, known) {
        Some(meant) => format!("Did you mean {meant:?}? "),
        None => String::new(),
    };
    Failure::of(format!("There is no {what} {name:?}. {meant}`{list}` shows all."))
}
