//! Links between documents lead somewhere.

use super::SourceFile;
use std::path::Path;

/// Returns the links of a Markdown file to files that are not there.
pub(super) fn check(file: &SourceFile, root: &Path) -> Vec<String> {
    if !file.path.ends_with(".md") {
        return Vec::new();
    }
    let at = root.join(&file.path);
    let folder = at.parent().unwrap_or(root);
    let dead = targets(&file.text).into_iter().filter(|target| !folder.join(target).exists());
    dead.map(|target| format!("{}: the link to {target} leads nowhere", file.path)).collect()
}

/// Returns the relative link targets of a Markdown text, without their fragments.
pub(super) fn targets(markdown: &str) -> Vec<&str> {
    let after = markdown.split("](").skip(1);
    let inside = after.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    inside
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains(':') && !target.contains(' '))
        .collect()
}
