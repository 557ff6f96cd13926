//! Which names channels and groups may have: those of Django Channels, in ASCII.

use std::fmt;

/// A name is shorter than this many characters.
pub const NAME_LENGTH_END: usize = 100;

/// How a name is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    what: &'static str,
    name: String,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NameError { what, name } = self;
        write!(
            f,
            "{name:?} is no name of a {what}: it must have 1 to 99 ASCII letters, digits, hyphens, \
             underscores or periods, and a channel's may have one ! behind the first of them"
        )
    }
}

impl std::error::Error for NameError {}

/// Checks the name of a channel: `worker`, or `specific.1f…!7a…`.
///
/// # Errors
///
/// If no channel may have that name.
pub fn check_channel(name: &str) -> Result<(), NameError> {
    let (before, after) = name.split_once('!').unwrap_or((name, ""));
    check(name, "channel", !before.is_empty() && is_plain(before) && is_plain(after))
}

/// Checks the name of a channel that is known to everybody: one without `!`.
///
/// # Errors
///
/// If no general channel may have that name.
pub fn check_general(name: &str) -> Result<(), NameError> {
    check(name, "general channel", !name.is_empty() && is_plain(name))
}

/// Checks the name of a group.
///
/// # Errors
///
/// If no group may have that name.
pub fn check_group(name: &str) -> Result<(), NameError> {
    check(name, "group", !name.is_empty() && is_plain(name))
}

/// Returns the part up to and including `!`, which names the inbox of a process; the whole name if
/// it has none.
pub fn non_local(channel: &str) -> &str {
    channel.split_inclusive('!').next().unwrap_or(channel)
}

fn check(name: &str, what: &'static str, is_valid: bool) -> Result<(), NameError> {
    if is_valid && name.len() < NAME_LENGTH_END {
        return Ok(());
    }
    // It may be somebody's megabyte.
    Err(NameError { what, name: name.chars().take(NAME_LENGTH_END).collect() })
}

fn is_plain(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Returns 32 random hexadecimal digits.
pub(crate) fn random_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    format!("{:032x}", u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::{check_channel, check_group, non_local};
    use crate::vectors::{list, text, vectors};

    #[test]
    fn names_are_those_of_django_channels_but_ascii_and_without_a_newline() {
        for case in list(&vectors("names")) {
            let name = text(&case["name"]);
            let refused_here = !name.is_ascii() || name.ends_with('\n');
            assert_eq!(
                case["channel"] == true && !refused_here,
                check_channel(name).is_ok(),
                "{case}"
            );
            assert_eq!(case["group"] == true && !refused_here, check_group(name).is_ok(), "{case}");
            assert_eq!(case["non_local"], non_local(name));
        }
    }
}
