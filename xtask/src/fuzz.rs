//! `cargo xtask fuzz`: runs the fuzz targets one after the other.

use std::fs;

/// How long each target runs when nothing is said.
const SECONDS: u32 = 300;

/// Runs the targets named, or all, each for `--seconds N`.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let (mut targets, seconds) = understand(arguments)?;
    if targets.is_empty() {
        targets = all_targets()?;
    }
    let mut version = crate::cargo();
    version.args(["fuzz", "--version"]);
    crate::finish(version)
        .map_err(|_| "cargo-fuzz is not here: cargo install cargo-fuzz".to_owned())?;
    for target in targets {
        println!("== {target}, {seconds} s");
        let mut fuzz = crate::cargo();
        fuzz.args(["fuzz", "run", &target, "--", &format!("-max_total_time={seconds}")]);
        // cargo-fuzz asks for sanitizer flags, which a stable compiler has only under this name.
        fuzz.env("RUSTC_BOOTSTRAP", "1");
        crate::finish(fuzz)?;
    }
    Ok(())
}

fn understand(arguments: &[&str]) -> Result<(Vec<String>, u32), String> {
    let (mut targets, mut seconds) = (Vec::new(), SECONDS);
    let mut arguments = arguments.iter();
    while let Some(&argument) = arguments.next() {
        if argument == "--seconds" {
            let given = arguments.next().and_then(|given| given.parse().ok());
            seconds = given.ok_or("--seconds wants a number")?;
        } else {
            targets.push(argument.to_owned());
        }
    }
    Ok((targets, seconds))
}

fn all_targets() -> Result<Vec<String>, String> {
    let folder = crate::root().join("fuzz/fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut targets: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    targets.sort();
    Ok(targets)
}
