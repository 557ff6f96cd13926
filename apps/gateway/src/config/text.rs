//! The configuration as a text: the commented default, and the one in effect.

use super::keys::{Config, Key, SECTIONS};

/// Returns a `campanile.toml` that changes nothing: every setting commented out at its default, with
/// what it means.
pub fn default_text() -> String {
    let mut text = String::from(HEAD);
    for section in SECTIONS {
        text.push('\n');
        section.doc.iter().for_each(|line| comment(&mut text, line));
        text.push_str(&format!("[{}]\n", section.name));
        for key in section.keys {
            text.push('\n');
            key.doc.iter().for_each(|line| comment(&mut text, line));
            let restart = if key.is_live { "" } else { ". A change takes a restart" };
            comment(&mut text, &format!(" Variable: {}{restart}", key.variable()));
            setting(&mut text, key);
        }
    }
    text
}

const HEAD: &str = "\
# The configuration of Campanile. Each setting stands here at its default, commented out.
#
# A variable of the environment sets over this file, and a flag (--set public.path=/live/) over both.
# An empty variable counts as none. SIGHUP has a running server read all that again.
";

fn comment(text: &mut String, line: &str) {
    text.push('#');
    text.push_str(line);
    text.push('\n');
}

fn setting(text: &mut String, key: &Key) {
    if key.example.is_some() {
        comment(text, " None by default; for example:");
    }
    let shown = match key.example {
        None => key.default.to_owned(),
        Some(example) if key.name == "headers" => {
            text.push_str("#[backend.headers]\n");
            for (name, source) in header_lines(example) {
                text.push_str(&format!("#{name} = {source}\n"));
            }
            return;
        }
        Some(example) => example.replace('\n', " "),
    };
    text.push_str(&format!("#{} = {shown}\n", key.name));
}

/// Takes the example of `[backend.headers]`, an inline table, apart into its lines.
fn header_lines(example: &str) -> Vec<(String, String)> {
    let spaced = example.replace(" - ", "-").replace('\n', " ");
    let inner = spaced.trim().trim_start_matches('{').trim_end_matches('}');
    inner
        .split_inclusive('}')
        .filter_map(|entry| entry.trim_start_matches([',', ' ']).split_once('='))
        .map(|(name, source)| (name.trim().to_owned(), source.trim().to_owned()))
        .collect()
}

/// Returns the settings in effect as TOML, secrets masked.
pub fn effective_text(config: &Config) -> String {
    let mut text = String::new();
    for section in SECTIONS {
        text.push_str(&format!("[{}]\n", section.name));
        for key in section.keys {
            text.push_str(&format!("{} = {}\n", key.name, (key.show)(config)));
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len() + 1);
    text
}
