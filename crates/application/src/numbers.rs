//! What was counted, as Prometheus reads it.

use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers with all numbers of a registry.
pub fn answer(registry: &Registry) -> Response {
    let mut text = String::new();
    encode(&mut text, registry).expect("a string takes every text");
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}

/// Registers what was counted for each value of a label.
pub fn by_label(
    registry: &mut Registry,
    (name, help): (&str, &str),
    label: &'static str,
    counts: impl Iterator<Item = (String, u64)>,
) {
    let family = Family::<[(&'static str, String); 1], Counter>::default();
    for (value, count) in counts {
        family.get_or_create(&[(label, value)]).inc_by(count);
    }
    registry.register(name, help, family);
}

/// Registers statistics: names, what they count, and how many, of a part of the program.
pub fn statistics<'a>(
    registry: &mut Registry,
    of: &str,
    counted: impl Iterator<Item = (&'a str, &'a str, u64)>,
) {
    for (name, help, count) in counted {
        // The encoder writes the last full stop.
        let help = help.trim_end_matches('.');
        registry.register(format!("{of}_{name}"), help, ConstCounter::new(count));
    }
}
