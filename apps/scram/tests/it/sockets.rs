//! The WebSockets of translators and browsers, with a server that runs.

mod browser;
mod comparison;
mod gobgpd;
mod instances;
mod malformed;
mod original;
pub(crate) mod peer;
mod translator;
