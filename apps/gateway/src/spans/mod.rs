//! Traces: the way of a trigger from its request to the sockets, and the questions to the backend, as
//! spans for OpenTelemetry.
//!
//! Only with the feature `otel`, and only where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to send them.
//! Without the feature a [`Span`] is nothing and costs nothing. Nothing of what is published or of who
//! connects gets into a span: only names of this page, numbers and outcomes.
//!
//! | span | from | to |
//! | --- | --- | --- |
//! | `trigger` | its request was read | it was answered |
//! | `publish` | it was given to the broker | the broker confirmed |
//! | `arrival` | a node had it from the broker | its loops had it |
//! | `mailbox` | it was posted to the loops | a loop took it |
//! | `deliver` | a loop took it | that turn's writes were done |
//! | `bootstrap` | the backend was asked | it answered |

#[cfg(not(feature = "otel"))]
mod none;
#[cfg(feature = "otel")]
mod otel;

#[cfg(not(feature = "otel"))]
pub use none::{Span, start};
#[cfg(feature = "otel")]
pub use otel::{Span, start};

/// The name under which a trace crosses HTTP and brokers: a header, and a key of a trigger (W3C Trace
/// Context).
pub const TRACEPARENT: &str = "traceparent";
