//! `/metrics`: what was counted, as Prometheus reads it.

use super::problems::Detail;
use crate::app::App;
use axum::extract::State;
use axum::response::Response;
use campanile_accounts::{Caller, Problem};
use campanile_application::{Neighbour, numbers};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Tells what was counted since the start, for Prometheus. It needs a superuser, or a caller on the
/// same machine.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses(
        (status = 200, description = "Numbers in the text format of OpenMetrics.", body = String,
            content_type = "application/openmetrics-text"),
        (status = 403, description = "The caller may not see them.", body = Detail),
    )
)]
pub(super) async fn metrics(
    State(app): State<App>,
    caller: Caller,
    Neighbour(is_neighbour): Neighbour,
) -> Result<Response, Problem> {
    if !is_neighbour {
        let user = caller.user().ok_or(Problem::NotLoggedIn)?;
        user.require(user.is_superuser)?;
    }
    let mut registry = Registry::with_prefix("digi");
    let gauges = [
        ("sockets_open", "WebSockets at this process", app.sockets.statistics().consumers),
        ("rooms_open", "Conversations with a socket at this process", count(app.presence.rooms())),
        ("users_here", "Users with a socket at this process", count(app.presence.users())),
        ("unpublished", "Events that no process has published yet", app.store.waiting().await?),
    ];
    for (name, help, value) in gauges {
        registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
    }
    let answered = app.requests.answered().into_iter();
    let answered = answered.map(|(status, count)| (status.to_string(), count));
    let about = ("api_requests", "Requests for the API");
    numbers::by_label(&mut registry, about, "status", answered);
    numbers::statistics(&mut registry, "messages", app.counters.iter());
    numbers::statistics(&mut registry, "accounts", app.accounts.statistics().iter());
    numbers::statistics(&mut registry, "consumers", app.sockets.statistics().iter());
    Ok(numbers::answer(&registry))
}

fn count(number: usize) -> u64 {
    number as u64
}
