//! Spans of a process that makes none.

use campanile_manager::Watch;
use http::HeaderMap;
use std::sync::Arc;

/// A part of a trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span;

/// Sends what spans there are; none.
#[derive(Debug)]
pub struct Sending;

/// Begins to send spans; here it has none.
///
/// # Errors
///
/// Never.
pub fn start() -> Result<Sending, String> {
    Ok(Sending)
}

impl Span {
    /// Begins a span for a request, in the trace that its headers name.
    pub fn of_request(_name: &'static str, _headers: &HeaderMap) -> Span {
        Span
    }

    /// Begins a span in the trace that a `traceparent` names, or in a trace of its own.
    pub fn within(_name: &'static str, _traceparent: Option<&str>) -> Span {
        Span
    }

    /// Begins a span that is a part of this one.
    #[must_use]
    pub fn part(&self, _name: &'static str) -> Span {
        Span
    }

    /// Notes a number.
    pub fn note(&self, _key: &'static str, _number: usize) {}

    /// Notes that it failed, by what kind of failure.
    pub fn fail(&self, _why: &'static str) {}

    /// Returns the name of this span for others, where it is recorded.
    pub fn traceparent(&self) -> Option<String> {
        None
    }

    /// Returns what makes spans of the loops' parts, from now on.
    pub fn watch(&self) -> Option<Arc<dyn Watch>> {
        None
    }
}
