//! `cargo xtask ci`: what CI runs.

/// Runs `./test` with the arguments as given.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let mut test = crate::command("./test");
    test.args(arguments);
    crate::finish(test)
}
