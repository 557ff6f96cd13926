//! The ratchet on long functions.

use super::SourceFile;

/// The most lines a function has, its signature counted.
const LINES_MAX: usize = 70;

/// Functions that are longer, with the most lines each may have. The list only gets shorter.
const LONGER: &[(&str, &str, usize)] = &[];

/// Returns the functions of a file that are too long. A test may be: its script is prose.
pub(super) fn check(file: &SourceFile) -> Vec<String> {
    if !file.path.ends_with(".rs") || file.path.contains("tests") {
        return Vec::new();
    }
    let long = lengths(&file.text).into_iter().filter(|(name, lines)| *lines > limit(file, name));
    long.map(|(name, lines)| format!("{}: fn {name} has {lines} lines", file.path)).collect()
}

fn limit(file: &SourceFile, name: &str) -> usize {
    let known = LONGER.iter().find(|(path, function, _)| *path == file.path && *function == name);
    known.map_or(LINES_MAX, |(_, _, lines)| *lines)
}

/// Returns each function's name and number of lines, trusting the indentation to be rustfmt's.
pub(super) fn lengths(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let closing = format!("{indent}}}");
        let ends = |line: &&str| {
            *line == closing || line.ends_with(';') && line.starts_with(&format!("{indent})"))
        };
        let whole = line.ends_with(['}', ';']);
        let rest = lines[start + 1..].iter().position(ends);
        let count = if whole { 1 } else { rest.map_or(1, |rest| rest + 2) };
        found.push((name.to_owned(), count));
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let only_modifiers = before.split_whitespace().all(|word| {
        word.starts_with("pub")
            || matches!(word, "in" | "const" | "async" | "unsafe" | "extern" | "\"C\"")
    });
    let end = after.find(['(', '<'])?;
    (only_modifiers && end > 0).then_some(&after[..end])
}
