//! Puts the configuration together from its sources.

use super::check::check;
use super::error::{ConfigError, ConfigErrors, Place};
use super::given::{self, Given, Kind};
use super::keys::{Config, Key, SECTIONS};
use super::kinds::Dialect;
use super::nearest::suggestion;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The file that is read when it exists and no other is named.
const DEFAULT_FILE: &str = "campanile.toml";
const PREFIX: &str = "CAMPANILE_";

/// Names the file by a variable rather than a flag; not a setting itself.
const FILE_VARIABLE: &str = "CAMPANILE_CONFIG";

/// Where to read the configuration from.
#[derive(Clone, Default)]
pub struct Sources {
    /// The file that was named; it has to exist then.
    pub file: Option<PathBuf>,
    /// The variables of the environment, all of them.
    pub environment: Vec<(String, String)>,
    /// The flags: how it was typed, the setting's path (`public.listen`), its value.
    pub flags: Vec<(String, String, String)>,
}

/// Names the variables and flags but not what they say: there are secrets among them.
impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        let flags: Vec<_> = self.flags.iter().map(|(flag, ..)| flag).collect();
        let mut sources = formatter.debug_struct("Sources");
        sources.field("file", &self.file).field("environment", &variables);
        sources.field("flags", &flags).finish()
    }
}

/// A configuration, and what somebody should know about how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What is no error, but probably not meant.
    pub warnings: Vec<String>,
    /// Where it was read from, to be read again.
    pub sources: Sources,
}

/// Reads the sources, each over the one before.
///
/// # Errors
///
/// All that is wrong, not only the first.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    let mut loading = Loading::default();
    let file = loading.file(sources);
    loading.environment(&sources.environment);
    loading.flags(&sources.flags);
    loading.defaults_of_dialect();
    if loading.errors.is_empty() {
        check(&loading.config, &loading.places, &mut loading.errors);
    }
    if !loading.errors.is_empty() {
        return Err(ConfigErrors(loading.errors));
    }
    let Loading { config, warnings, .. } = loading;
    Ok(Loaded { config, file, warnings, sources: sources.clone() })
}

/// Looks whether the settings go together, wherever they come from.
///
/// # Errors
///
/// All that do not.
pub(super) fn check_again(config: &Config) -> Result<(), ConfigErrors> {
    let mut errors = Vec::new();
    check(config, &Places::default(), &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
}

/// Where each setting was typed that was, by its path.
pub(super) type Places = HashMap<String, Place>;

#[derive(Default)]
struct Loading {
    config: Config,
    places: Places,
    warnings: Vec<String>,
    errors: Vec<ConfigError>,
}

impl Loading {
    fn file(&mut self, sources: &Sources) -> Option<PathBuf> {
        let variable = sources.environment.iter().find(|(name, _)| name == FILE_VARIABLE);
        let by_variable =
            || variable.filter(|(_, file)| !file.is_empty()).map(|(_, file)| file.into());
        let named = sources.file.clone().or_else(by_variable);
        let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        match std::fs::read_to_string(&path) {
            Ok(text) => self.file_text(&path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
                return None;
            }
            Err(error) => {
                self.error(Place::File(path.clone(), 0), format!("cannot be read: {error}"));
            }
        }
        Some(path)
    }

    fn file_text(&mut self, path: &Path, text: &str) {
        let place = |line| Place::File(path.to_owned(), line);
        let table = match given::document(text) {
            Ok(Given { kind: Kind::Table(table), .. }) => table,
            Ok(_) => unreachable!("a TOML document is a table"),
            Err(fault) => return self.error(place(fault.line), fault.message),
        };
        for (line, name, given) in &table {
            let Some(section) = SECTIONS.iter().find(|section| section.name == name) else {
                let message = unknown_section(name, given);
                self.error(place(*line), message);
                continue;
            };
            let Kind::Table(entries) = &given.kind else {
                self.error(place(*line), format!("{name} is a table; write [{name}]"));
                continue;
            };
            for (line, name, given) in entries {
                match section.keys.iter().find(|key| key.name == name) {
                    Some(key) => self.set(key, given, place(*line)),
                    None => {
                        let message = unknown_key(section.name, name, section.keys);
                        self.error(place(*line), message);
                    }
                }
            }
        }
    }

    fn environment(&mut self, environment: &[(String, String)]) {
        let mut variables: Vec<&(String, String)> =
            environment.iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        variables.sort();
        for (name, text) in variables {
            if text.is_empty() || name == FILE_VARIABLE {
                continue;
            }
            let place = Place::Variable(name.clone());
            if let Some(key) = keys().find(|key| key.variable() == *name) {
                self.set(key, &typed(key, text), place);
            } else if let Some(key) = keys().find(|key| secret_file_variable(key, name)) {
                self.secret_file(key, Path::new(text), place, environment);
            } else {
                let names: Vec<String> = keys().map(Key::variable).collect();
                let suggestion = suggestion(name, names.iter().map(String::as_str));
                self.warnings.push(format!("{name} is the name of no setting{suggestion}"));
            }
        }
    }

    fn secret_file(&mut self, key: &Key, path: &Path, place: Place, all: &[(String, String)]) {
        let variable = key.variable();
        if all.iter().any(|(name, text)| *name == variable && !text.is_empty()) {
            return self
                .error(place, format!("{variable} is set as well; one of them is too many"));
        }
        match std::fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => {
                self.error(place, format!("{} is empty", path.display()));
            }
            Ok(text) => self.set(key, &Given::text(text.trim()), place),
            Err(error) => {
                self.error(place, format!("{} cannot be read: {error}", path.display()));
            }
        }
    }

    fn flags(&mut self, flags: &[(String, String, String)]) {
        for (flag, path, text) in flags {
            let place = Place::Flag(flag.clone());
            if let Some(key) = keys().find(|key| key.path() == *path) {
                self.set(key, &typed(key, text), place);
            } else {
                let paths: Vec<String> = keys().map(Key::path).collect();
                let suggestion = suggestion(path, paths.iter().map(String::as_str));
                self.error(place, format!("unknown setting {path:?}{suggestion}"));
            }
        }
    }

    /// Settles what nobody set and the dialect decides.
    fn defaults_of_dialect(&mut self) {
        let Config { public, limits, .. } = &mut self.config;
        if public.dialect == Dialect::TwoAndAHalf
            && !self.places.contains_key("limits.inactivity_s")
        {
            limits.inactivity = None;
        }
    }

    fn set(&mut self, key: &Key, given: &Given, place: Place) {
        match (key.set)(&mut self.config, given) {
            Ok(()) => {
                self.places.insert(key.path(), place);
            }
            Err(fault) => {
                let place = match place {
                    Place::File(path, line) => {
                        Place::File(path, if fault.line == 0 { line } else { fault.line })
                    }
                    place => place,
                };
                let message = match place {
                    Place::File(..) => format!("[{}] {}: {}", key.section, key.name, fault.message),
                    _ => fault.message,
                };
                self.error(place, message);
            }
        }
    }

    fn error(&mut self, place: Place, message: String) {
        self.errors.push(ConfigError { place, message });
    }
}

fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

fn secret_file_variable(key: &Key, name: &str) -> bool {
    key.is_secret && name.strip_suffix("_FILE").is_some_and(|name| name == key.variable())
}

/// What a variable or a flag says for `key`.
fn typed(key: &Key, text: &str) -> Given {
    if key.is_text { Given::text(text) } else { Given::from_plain(text) }
}

fn unknown_section(name: &str, given: &Given) -> String {
    let suggestion = suggestion(name, SECTIONS.iter().map(|section| section.name));
    match &given.kind {
        Kind::Table(_) => format!("unknown section [{name}]{suggestion}"),
        _ => match keys().find(|key| key.name == name) {
            Some(key) => {
                format!("{name:?} stands outside of its section; put it under [{}]", key.section)
            }
            None => format!("unknown key {name:?} outside of a section{suggestion}"),
        },
    }
}

fn unknown_key(section: &str, name: &str, keys_here: &[Key]) -> String {
    let here = suggestion(name, keys_here.iter().map(|key| key.name));
    let elsewhere = keys().find(|key| key.name == name);
    let hint = match elsewhere {
        Some(key) if here.is_empty() => format!("; it belongs under [{}]", key.section),
        _ => here,
    };
    format!("unknown key {name:?} in [{section}]{hint}")
}
