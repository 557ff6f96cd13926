//! An application's settings from its environment: a table of variables, and what each must be.
//!
//! ```
//! use campanile_environment::{Environment, Variable};
//!
//! const VARIABLES: &[Variable] = &[("NOTES_PER_PAGE", "20", "notes on a page, 1 to 100")];
//!
//! let lookup = |name: &str| (name == "NOTES_PER_PAGE").then(|| "many".to_owned());
//! let environment = Environment { variables: VARIABLES, secrets: &[], lookup: &lookup };
//! let error = environment.value("NOTES_PER_PAGE").number(1, 100).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "The environment's NOTES_PER_PAGE is \"many\", which cannot be used. It is: notes on a page, \
//!      1 to 100. Set it to such a value, or unset it for the default."
//! );
//! ```

mod instance;
mod nearest;
mod secret;
mod secret_url;
mod unknown;

pub use nearest::nearest;
pub use secret::Secret;
pub use secret_url::SecretUrl;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// A variable's name, what it is when nothing is said, and what it must be.
pub type Variable = (&'static str, &'static str, &'static str);

/// Variables, wherever they are.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// All that are known.
    pub variables: &'static [Variable],
    /// The names of those whose values no error may show.
    pub secrets: &'static [&'static str],
    /// Returns what a variable is set to.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
}

/// A variable as it was set, or its default.
#[derive(Clone)]
pub struct Value {
    name: &'static str,
    text: String,
    wanted: &'static str,
    is_secret: bool,
}

/// Why an application does not start: which variable, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    name: &'static str,
    value: String,
    wanted: &'static str,
    reason: Option<String>,
}

/// Returns the names of the variables that are set for this process.
pub fn set_for_process() -> Vec<String> {
    std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
}

/// Returns a variable of this process.
pub fn of_process(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

impl Environment<'_> {
    /// Returns a variable's value; an empty one counts as not set.
    ///
    /// # Panics
    ///
    /// If no such variable is known.
    pub fn value(&self, name: &str) -> Value {
        let found = self.variables.iter().find(|(variable, ..)| *variable == name);
        let (name, default, wanted) = found.expect("each variable stands in the table");
        let set = (self.lookup)(name).map(|text| text.trim().to_owned());
        let text = set.filter(|text| !text.is_empty()).unwrap_or_else(|| (*default).to_owned());
        Value { name, text, wanted, is_secret: self.secrets.contains(name) }
    }
}

impl Value {
    /// Returns it as it is.
    pub fn text(self) -> String {
        self.text
    }

    /// Returns it; none if it is empty.
    pub fn if_any(self) -> Option<Value> {
        (!self.text.is_empty()).then_some(self)
    }

    /// Returns it as it is, for nobody to see.
    pub fn secret(self) -> Secret {
        Secret::new(self.text)
    }

    /// Returns it as a URL that may hold a password; whether it is one is seen by whoever opens it.
    pub fn url(self) -> SecretUrl {
        SecretUrl::new(self.text)
    }

    /// Returns it as it is, if it is such a text.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it is not; so for all that follow.
    pub fn such(self, is_one: impl Fn(&str) -> bool) -> Result<String, SettingsError> {
        if is_one(&self.text) { Ok(self.text) } else { Err(self.refused()) }
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if that is not possible.
    pub fn parsed<T: FromStr>(self) -> Result<T, SettingsError> {
        self.text.parse().map_err(|_| self.refused())
    }

    /// Reads where to listen: an IP address and a port.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it is none. Of a name, or a port alone, it says what to write.
    pub fn listen(self) -> Result<SocketAddr, SettingsError> {
        if let Ok(address) = self.text.parse() {
            return Ok(address);
        }
        let (host, port) = self.text.rsplit_once(':').unwrap_or(("", &self.text));
        let Some(port) = port.parse::<u16>().ok().filter(|_| !host.contains(':')) else {
            return Err(self.refused());
        };
        let reason = format!(
            "{:?} has no IP address: write 127.0.0.1:{port} to be reached from this machine alone, \
             or 0.0.0.0:{port} from others, too.",
            self.text
        );
        Err(self.because(&reason))
    }

    /// Reads a number of a range.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it is none of them.
    pub fn number<T>(self, min: T, max: T) -> Result<T, SettingsError>
    where
        T: FromStr + PartialOrd + Copy,
    {
        match self.text.parse() {
            Ok(number) if min <= number && number <= max => Ok(number),
            _ => Err(self.refused()),
        }
    }

    /// Reads a time of at least a second; none for 0.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it is longer.
    pub fn seconds(self, most: u64) -> Result<Option<Duration>, SettingsError> {
        let seconds = self.number(0, most)?;
        Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
    }

    /// Reads a word that stands for something, in whatever case.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it is none of them.
    pub fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T, SettingsError> {
        let meant = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&self.text));
        meant.map(|(_, meaning)| *meaning).ok_or_else(|| self.refused())
    }

    /// Reads several, with commas between; none are none.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if one of them is not as it must be.
    pub fn list<T>(self, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, SettingsError> {
        let items = self.text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let items: Option<Vec<T>> = items.map(read).collect();
        items.ok_or_else(|| self.refused())
    }

    /// Reads several IP addresses, with commas between.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if one of them is none.
    pub fn addresses(self) -> Result<Vec<IpAddr>, SettingsError> {
        self.list(|address| address.parse().ok())
    }

    /// Says that it cannot be used.
    pub fn refused(self) -> SettingsError {
        let value = if self.is_secret { "(hidden)".to_owned() } else { self.text };
        SettingsError { name: self.name, value, wanted: self.wanted, reason: None }
    }

    /// Says that it cannot be used, and why. The reason must show no secret.
    pub fn because(self, reason: &impl fmt::Display) -> SettingsError {
        SettingsError { reason: Some(reason.to_string()), ..self.refused() }
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Environment({} variables)", self.variables.len())
    }
}

/// Without what it is set to.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Value({})", self.name)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SettingsError { name, value, wanted, reason } = self;
        if let Some(reason) = reason {
            return write!(
                formatter,
                "The environment's {name} cannot be used. {reason} It is: {wanted}."
            );
        }
        write!(
            formatter,
            "The environment's {name} is {value:?}, which cannot be used. It is: {wanted}. \
             Set it to such a value, or unset it for the default."
        )
    }
}

impl std::error::Error for SettingsError {}
