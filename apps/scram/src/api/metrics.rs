//! `/metrics`: what was counted, as Prometheus reads it.

use super::problems::Detail;
use super::surface::Neighbour;
use crate::app::App;
use axum::extract::State;
use axum::response::Response;
use campanile_accounts::{Caller, Problem};
use campanile_application::numbers;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use sea_orm::DbErr;

/// A name and a value, such as a status.
type Labels = [(&'static str, String); 1];

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
    let mut registry = Registry::with_prefix("scram");
    entries(&app, &mut registry).await?;
    around(&app, &mut registry);
    Ok(numbers::answer(&registry))
}

async fn entries(app: &App, registry: &mut Registry) -> Result<(), DbErr> {
    let active = Family::<Labels, Gauge>::default();
    for (name, count) in app.store.active_counts().await? {
        active.get_or_create(&[("action_type", name)]).set(count);
    }
    registry.register("entries_active", "Entries that are active", active);
    let connected = Family::<Labels, Gauge>::default();
    for row in app.store.action_types().await? {
        let count = app.translators.of(&row.name).len();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        connected.get_or_create(&[("action_type", row.name)]).set(count);
    }
    registry.register("translators_connected", "Translators at this instance", connected);
    let lag = app.store.lag(&app.settings.instance).await?;
    registry.register("events_lag", "Changes not told to translators", ConstGauge::new(lag));
    let waiting = i64::try_from(app.store.waiting()).unwrap_or(i64::MAX);
    registry.register("entries_waiting", "Adds that wait to be written", ConstGauge::new(waiting));
    let done = app.store.statistics();
    for (name, help, count) in [
        ("entries_added", "Entries added, or added again, by this instance", done.added),
        ("entries_transactions", "Transactions begun to write them", done.transactions),
        ("entries_removed", "Entries removed by this instance", done.removed),
        ("entries_expired", "Entries that this instance has let expire", done.expired),
    ] {
        registry.register(name, help, ConstCounter::new(count));
    }
    let refused = done.refused.into_iter().map(|(reason, count)| (reason.to_owned(), count));
    let about = ("entries_refused", "Entries that were not added");
    numbers::by_label(registry, about, "reason", refused);
    Ok(())
}

fn around(app: &App, registry: &mut Registry) {
    let answered = app.surface.answered().into_iter();
    let answered = answered.map(|(status, count)| (status.to_string(), count));
    let about = ("api_requests", "Requests for the API");
    numbers::by_label(registry, about, "status", answered);
    numbers::statistics(registry, "accounts", app.accounts.statistics().iter());
    numbers::statistics(registry, "sockets", app.translators.statistics().iter());
}
