//! `cargo xtask deb`: the Debian package, by cargo-deb.

use std::fs;
use std::path::PathBuf;

/// Builds the package. Its configuration file is what this very binary prints as the default.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let mut build = crate::cargo();
    build.args(["build", "--release", "--locked", "--package", "campanile-gateway"]);
    crate::finish(build)?;
    let release = target().join("release");
    let printed = crate::command(release.join("campanile")).arg("default-config").output();
    let printed = printed.map_err(|error| format!("campanile default-config: {error}"))?;
    if !printed.status.success() {
        return Err(format!("campanile default-config ended with {}", printed.status));
    }
    let path = release.join("campanile.toml");
    fs::write(&path, printed.stdout).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut package = crate::cargo();
    package.args(["deb", "--no-build", "--package", "campanile-gateway"]).args(arguments);
    crate::finish(package).map_err(|error| format!("{error} (cargo install cargo-deb)"))
}

/// Returns the folder that cargo builds into.
fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    crate::root().join(target.map_or_else(|| PathBuf::from("target"), PathBuf::from))
}
