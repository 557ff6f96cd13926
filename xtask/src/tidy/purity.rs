//! The absences of the pure crates: no socket, no clock, no thread, no log.

use super::SourceFile;

/// The crates without effects, by their folders.
const PURE: &[(&str, &str)] =
    &[("campanile-wire", "crates/wire/src/"), ("campanile-hub", "crates/hub/src/")];

/// What would be an effect.
const EFFECTS: &[&str] = &[
    "std::net",
    "std::fs",
    "std::thread",
    "std::env",
    "std::process",
    "Instant::now",
    "SystemTime",
    "tokio::",
    "mio::",
    "tracing::",
    "log::",
    "println!",
];

/// Returns whether the crate of that name is a pure one.
pub(super) fn is_pure(name: &str) -> bool {
    PURE.iter().any(|(pure, _)| *pure == name)
}

/// Returns the effects that a pure crate's source names; its tests and fuzz harnesses may have a clock.
pub(super) fn check(file: &SourceFile) -> Vec<String> {
    let pure = PURE.iter().any(|(_, folder)| file.path.starts_with(folder));
    if !pure
        || !file.path.ends_with(".rs")
        || ["tests", "fuzz"].iter().any(|part| file.path.contains(part))
    {
        return Vec::new();
    }
    let code = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut complaints = Vec::new();
    for (index, line) in code.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
        for effect in EFFECTS.iter().filter(|effect| line.contains(**effect)) {
            complaints.push(format!("{}:{}: {effect} in a pure crate", file.path, index + 1));
        }
    }
    complaints
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}
