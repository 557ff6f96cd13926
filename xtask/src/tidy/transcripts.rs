//! PROTOCOL.md and the transcripts that prove it belong together.

use super::SourceFile;

/// Returns the transcripts that PROTOCOL.md does not name.
pub(super) fn check(files: &[SourceFile]) -> Vec<String> {
    let page = files.iter().find(|file| file.path == "PROTOCOL.md");
    let page = page.map_or("", |page| page.text.as_str());
    let transcripts = files.iter().map(|file| file.path.as_str());
    transcripts
        .filter(|path| path.starts_with("protocol/") && path.ends_with(".txt"))
        .filter(|path| !page.contains(path))
        .map(|path| format!("{path} is not named in PROTOCOL.md"))
        .collect()
}
