//! Words that may not stay in the source: unfinished work, and tests that are quietly left out.

use super::SourceFile;

/// The words, in halves so that this file does not hold them, and the endings of the files they are sought in.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("FIX", "ME", &[".rs", ".js", ".py", ".md", ".toml", "/test", "/run"]),
    ("todo", "!(", &[".rs"]),
    ("unimplemented", "!(", &[".rs"]),
    ("dbg", "!(", &[".rs"]),
    ("#[ign", "ore", &[".rs"]),
    ("```ign", "ore", &[".rs"]),
    ("#[al", "low(", &[".rs"]),
    ("#![al", "low(", &[".rs"]),
    ("test.sk", "ip", &[".js", ".mjs"]),
    ("it.sk", "ip", &[".js", ".mjs"]),
    ("test.on", "ly", &[".js", ".mjs"]),
    ("mark.sk", "ip", &[".py"]),
    ("pytest.sk", "ip", &[".py"]),
];

/// Returns each such word with its place.
pub(super) fn check(file: &SourceFile) -> Vec<String> {
    let mut complaints = Vec::new();
    for (half, rest, endings) in WORDS {
        let word = format!("{half}{rest}");
        let sought_here = endings.iter().any(|ending| file.path.ends_with(ending));
        if !sought_here || !file.text.contains(&word) {
            continue;
        }
        for (index, _) in file.text.lines().enumerate().filter(|(_, line)| line.contains(&word)) {
            complaints.push(format!("{}:{}: {word} may not stay", file.path, index + 1));
        }
    }
    complaints
}
