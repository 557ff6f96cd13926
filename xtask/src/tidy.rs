//! `cargo xtask tidy`: the rules of the house that no compiler knows. Also a test: `cargo test -p xtask`.

mod arrows;
mod functions;
mod links;
mod purity;
mod transcripts;
mod words;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

/// Folders with nothing of ours in them.
const FOLDERS_LEFT_OUT: &[&str] =
    &[".git", "target", "node_modules", "corpus", "artifacts", "__pycache__"];

/// A file of the project as the rules see it.
pub(crate) struct SourceFile {
    /// Its path from the folder of the workspace, with `/`.
    path: String,
    text: String,
}

/// Checks everything, and names each breach on a line of its own.
pub(crate) fn run() -> Result<(), String> {
    let complaints = check(&crate::root())?;
    if complaints.is_empty() {
        println!("tidy");
        return Ok(());
    }
    Err(complaints.join("\n"))
}

/// Returns the breaches of every rule in the workspace at `root`.
fn check(root: &Path) -> Result<Vec<String>, String> {
    let files = read_tree(root)?;
    let mut complaints = arrows::check(&arrows::metadata()?);
    for file in &files {
        complaints.extend(words::check(file));
        complaints.extend(functions::check(file));
        complaints.extend(purity::check(file));
        complaints.extend(links::check(file, root));
    }
    complaints.extend(transcripts::check(&files));
    Ok(complaints)
}

fn read_tree(root: &Path) -> Result<Vec<SourceFile>, String> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_symlink() || FOLDERS_LEFT_OUT.contains(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                files.extend(read_file(root, &path));
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Returns the file, or none when it is not text.
fn read_file(root: &Path, path: &PathBuf) -> Option<SourceFile> {
    let text = fs::read_to_string(path).ok()?;
    let path = path.strip_prefix(root).ok()?.to_str()?.to_owned();
    Some(SourceFile { path, text })
}
