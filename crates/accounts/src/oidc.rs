//! Login by OpenID Connect: another server says who somebody is, and what groups it has.
//!
//! The authorization code flow with PKCE. A browser is led to the provider by `attempt`, comes back with
//! a code, which `provider` exchanges for claims that are signed; `people` makes a user of them.

mod attempt;
mod claims;
mod description;
mod failure;
mod http;
mod people;
mod provider;
mod rights;
mod settings;

pub(crate) use attempt::{ATTEMPT_FOR, Attempt, AttemptChange};
pub(crate) use provider::Provider;
pub use rights::ProviderGroups;
pub use settings::{OidcSettings, UsernameClaim, is_protected_url};
