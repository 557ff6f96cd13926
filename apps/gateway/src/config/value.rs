//! How a setting is read from what was typed, and shown again. One trait; the plain types here, those
//! with a meaning of their own beside it in `kinds.rs`.

use super::given::{Fault, Given, Kind};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A type that a setting may have.
pub(super) trait Value: Sized {
    /// Whether a variable's or flag's text is the value as it stands, rather than TOML.
    const IS_TEXT: bool = false;

    /// Gives the typed value its meaning.
    ///
    /// # Errors
    ///
    /// When it has none for this type.
    fn read(given: &Given) -> Result<Self, Fault>;

    /// Returns the value as TOML, secrets masked.
    fn show(&self) -> String;

    /// Returns the number that a setting's range applies to; none when there is nothing to compare.
    fn measure(&self) -> Option<f64> {
        None
    }
}

/// Shows `text` as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Value for bool {
    fn read(given: &Given) -> Result<Self, Fault> {
        match given.kind {
            Kind::Truth(truth) => Ok(truth),
            _ => Err(given.is_not("true or false")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for usize {
    fn read(given: &Given) -> Result<Self, Fault> {
        match given.kind {
            Kind::Whole(number) => {
                usize::try_from(number).map_err(|_| given.is_not("a whole number from 0 on"))
            }
            _ => Err(given.is_not("a whole number")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }

    #[expect(clippy::cast_precision_loss, reason = "no limit comes near 2^52")]
    fn measure(&self) -> Option<f64> {
        Some(*self as f64)
    }
}

/// A time in seconds; fractions are fine.
impl Value for Duration {
    #[expect(clippy::cast_precision_loss, reason = "no time comes near 2^52 seconds")]
    fn read(given: &Given) -> Result<Self, Fault> {
        let seconds = match given.kind {
            Kind::Whole(number) => number as f64,
            Kind::Number(number) => number,
            _ => return Err(given.is_not("a number of seconds")),
        };
        Duration::try_from_secs_f64(seconds).map_err(|_| given.is_not("a number of seconds"))
    }

    fn show(&self) -> String {
        self.as_secs_f64().to_string()
    }

    fn measure(&self) -> Option<f64> {
        Some(self.as_secs_f64())
    }
}

impl Value for SocketAddr {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        let not = "an address; write it as \"127.0.0.1:8000\" or \"[::1]:8000\"";
        let Kind::Text(text) = &given.kind else { return Err(given.is_not(not)) };
        text.parse().map_err(|_| given.is_not(not))
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Value for PathBuf {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        match &given.kind {
            Kind::Text(text) if text.starts_with('/') => Ok(PathBuf::from(text)),
            _ => Err(given.is_not("a path that begins with \"/\"")),
        }
    }

    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

/// A setting that may be absent: typed as `""`, or as 0 where it is a number.
impl<T: Value> Value for Option<T> {
    const IS_TEXT: bool = T::IS_TEXT;

    fn read(given: &Given) -> Result<Self, Fault> {
        match &given.kind {
            Kind::Text(text) if text.is_empty() => Ok(None),
            Kind::Whole(0) => Ok(None),
            Kind::Number(0.0) => Ok(None),
            _ => T::read(given).map(Some),
        }
    }

    fn show(&self) -> String {
        match self {
            Some(value) => value.show(),
            None if T::IS_TEXT => "\"\"".to_owned(),
            None => "0".to_owned(),
        }
    }

    fn measure(&self) -> Option<f64> {
        self.as_ref().and_then(T::measure)
    }
}
