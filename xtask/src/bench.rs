//! `cargo xtask bench`: the benchmark built as it is released.

/// Runs `campanile bench` with the arguments as given.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let mut bench = crate::cargo();
    bench.args(["run", "--quiet", "--release", "--package", "campanile-gateway", "--", "bench"]);
    bench.args(arguments);
    crate::finish(bench)
}
