//! `is_active/`: whether something is done about a network. Anybody may ask, where pages are public.

use super::problems::Detail;
use super::surface::parameter;
use crate::app::{App, may_view};
use crate::cidr::Network;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Caller, Problem};
use http::{StatusCode, Uri};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Which network is asked about.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what is read by name")]
pub(super) struct Which {
    /// A network or an address.
    #[param(example = "192.0.2.6")]
    cidr: String,
}

/// What is done about a network.
#[derive(Serialize, ToSchema)]
pub(super) struct ActivityView {
    /// Each active entry inside the network, or equal; or, if there is none, that there is none.
    results: Vec<Active>,
    /// What was made of a network that was not canonically written; null if it was.
    warning: Option<String>,
    /// Active entries of wider networks, which contain it.
    #[schema(example = json!(["192.0.2.0/24"]))]
    covered_by: Vec<String>,
}

/// Whether something is done about one network.
#[derive(Serialize, ToSchema)]
pub(super) struct Active {
    is_active: bool,
    #[schema(example = "192.0.2.6/32")]
    route: String,
}

/// Why there is no answer.
#[derive(Serialize, ToSchema)]
pub(super) struct Refusal {
    #[schema(example = "cidr parameter is required")]
    error: &'static str,
}

/// Tells which active entries are inside a network, and which contain it. Anybody may ask, unless
/// strangers are to see nothing (`SCRAM_PUBLIC_PAGES=no`).
#[utoipa::path(
    get, path = "/is_active/", tag = "entries", params(Which),
    responses(
        (status = 200, description = "What is active there.", body = ActivityView),
        (status = 400, description = "There is no network to look for.", body = Refusal),
        (status = 403, description = "The caller may not see it.", body = Detail),
    )
)]
pub(super) async fn is_active(
    State(app): State<App>,
    caller: Result<Caller, Problem>,
    uri: Uri,
) -> Result<Response, Problem> {
    if !app.settings.public_pages {
        // All networks are inside 0.0.0.0/0.
        let caller = caller?;
        let user = caller.user().ok_or(Problem::NotLoggedIn)?;
        user.require(may_view(user))?;
    }
    let text = parameter(&uri, "cidr").unwrap_or_default();
    if text.is_empty() {
        return Ok(refuse("cidr parameter is required"));
    }
    let Ok(network) = Network::parse_lenient(&text) else {
        return Ok(refuse("invalid ip address or network"));
    };
    let activity = app.store.activity(&network).await?;
    let active = |is_active, route: &Network| Active { is_active, route: route.to_string() };
    let mut results: Vec<_> =
        activity.inside.iter().map(|entry| active(true, &entry.network)).collect();
    if results.is_empty() {
        results.push(active(false, &network));
    }
    let mut covered_by: Vec<_> =
        activity.covered_by.iter().map(|entry| entry.network.to_string()).collect();
    covered_by.dedup();
    let view = ActivityView { results, warning: warning(&text, &network), covered_by };
    Ok(Json(view).into_response())
}

fn warning(text: &str, network: &Network) -> Option<String> {
    let canonical = network.to_string();
    (text != canonical).then(|| {
        format!(
            "Input CIDR '{text}' was not canonical and was normalized to '{canonical}' for the search."
        )
    })
}

fn refuse(error: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, Json(Refusal { error })).into_response()
}
