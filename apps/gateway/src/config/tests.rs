//! What is said about a configuration, for every way to get it wrong.

mod changes;
mod defaults;
mod headers;
mod refusals;
mod rules;
mod slow;
mod sources;

use super::load::{Sources, load};
use super::{Config, effective_text};
use expect_test::Expect;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Loads `file` as campanile.toml beside variables `NAME=value` and flags `path=value`, a line each, and
/// compares the complaints and warnings; with neither, the settings that are not at their default.
fn check(file: &str, variables: &str, flags: &str, expected: &Expect) {
    let written = written("toml", file);
    let split = |line: &str| {
        let (name, value) = line.trim().split_once('=').expect("a line is NAME=value");
        (name.to_owned(), value.to_owned())
    };
    let lines = |text: &str| {
        text.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect::<Vec<_>>()
    };
    let sources = Sources {
        file: Some(written.path.clone()),
        environment: lines(variables).iter().map(|line| split(line)).collect(),
        flags: lines(flags)
            .iter()
            .map(|line| split(line))
            .map(|(path, value)| (format!("--set {path}"), path, value))
            .collect(),
    };
    let said = match load(&sources) {
        Err(errors) => errors.to_string(),
        Ok(loaded) => {
            let defaults = effective_text(&Config::default());
            let changed = effective_text(&loaded.config);
            let changed = changed.lines().filter(|line| !defaults.lines().any(|old| old == *line));
            let warnings = loaded.warnings.iter().map(|warning| format!("warning: {warning}"));
            warnings.chain(changed.map(str::to_owned)).collect::<Vec<_>>().join("\n")
        }
    };
    let said = said.replace(&written.path.display().to_string(), "campanile.toml");
    let said = if said.is_empty() { "nothing to say".to_owned() } else { said };
    expected.assert_eq(&format!("{said}\n"));
}

/// A file in a folder of its own, removed with it.
struct Written {
    folder: PathBuf,
    path: PathBuf,
}

fn written(extension: &str, text: &str) -> Written {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("campanile-config-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("the temporary directory can be written");
    let path = folder.join(format!("campanile.{extension}"));
    std::fs::write(&path, text).expect("the temporary directory can be written");
    Written { folder, path }
}

impl Drop for Written {
    fn drop(&mut self) {
        // What is left behind harms no other test.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
