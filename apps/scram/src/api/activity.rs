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
    /// What was made of a network that was not canonically written, and whether entries are left out;
    /// null if neither is so.
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

/// How many active entries strangers are told at most, the first that were made; who may see entries is
/// told as many as any question is answered with.
const STRANGERS_MAX: usize = 1000;

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
    let may_view = caller.as_ref().is_ok_and(|caller| caller.user().is_some_and(may_view));
    if !app.settings.public_pages && !may_view {
        // All networks are inside 0.0.0.0/0.
        caller?.user().ok_or(Problem::NotLoggedIn)?;
        return Err(Problem::forbidden());
    }
    let text = parameter(&uri, "cidr").unwrap_or_default();
    if text.is_empty() {
        return Ok(refuse("cidr parameter is required"));
    }
    let Ok(network) = Network::parse_lenient(&text) else {
        return Ok(refuse("invalid ip address or network"));
    };
    let mut activity = match may_view {
        true => app.store.activity(&network).await?,
        false => app.store.activity_up_to(&network, STRANGERS_MAX as u64 + 1).await?,
    };
    let is_cut = !may_view && activity.inside.len() > STRANGERS_MAX;
    if is_cut {
        activity.inside.truncate(STRANGERS_MAX);
    }
    let active = |is_active, route: &Network| Active { is_active, route: route.to_string() };
    let mut results: Vec<_> =
        activity.inside.iter().map(|entry| active(true, &entry.network)).collect();
    if results.is_empty() {
        results.push(active(false, &network));
    }
    let mut covered_by: Vec<_> =
        activity.covered_by.iter().map(|entry| entry.network.to_string()).collect();
    covered_by.dedup();
    let warnings = [normalized(&text, &network), is_cut.then(only_the_first)];
    let warnings: Vec<_> = warnings.into_iter().flatten().collect();
    let warning = (!warnings.is_empty()).then(|| warnings.join(" "));
    let view = ActivityView { results, warning, covered_by };
    Ok(Json(view).into_response())
}

fn only_the_first() -> String {
    format!(
        "Only the first {STRANGERS_MAX} of the active entries there are named: all are to who may see \
         entries."
    )
}

fn normalized(text: &str, network: &Network) -> Option<String> {
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
