//! The configuration: a file, the environment, flags, each over the one before; parsed once, from
//! what was typed to what it means.

mod change;
mod check;
mod descriptors;
mod error;
mod given;
mod headers;
mod keys;
mod kinds;
mod load;
pub(crate) mod nearest;
mod networks;
mod slow;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use change::Change;
pub use descriptors::raise_descriptor_limit;
pub use error::{ConfigError, ConfigErrors, Place};
pub use headers::{HeaderSource, HeaderSources, Source};
pub use keys::{
    Backend, Broker, Config, Explain, Hooks, Internal, Key, Limits, Log, Loops, Public, SECTIONS,
    Section, Trigger,
};
pub use kinds::{
    BackendUrl, Dialect, ExchangeName, HookPath, LogFilter, LogFormat, Origins, Secret, Secrets,
    TriggerMatch, Unaware, UrlPath,
};
pub use load::{Loaded, Sources, load};
pub use networks::{AddressHeader, Networks};
pub use slow::SlowRooms;
pub use text::{default_text, effective_text};
