//! All that was ever said about a network.

use super::{Typed, View};
use crate::app::App;
use crate::cidr::Network;
use crate::store::entries::Entry;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Problem, found, render};
use http::StatusCode;

/// How many entries are shown of those inside the network, and of those around it.
const SHOWN_MAX: u64 = 1000;

#[derive(Template)]
#[template(path = "scram/search.html")]
struct SearchPage {
    page: View,
    asked: String,
    found: Option<Hits>,
}

struct Hits {
    network: Network,
    /// The same network, active or not.
    equal: Vec<Entry>,
    inside: Vec<Entry>,
    containing: Vec<Entry>,
    is_cut: bool,
}

pub(super) async fn lead_home() -> Response {
    found("/")
}

pub(super) async fn search(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    page.require_public()?;
    let asked = typed.text("cidr").to_owned();
    let without_spaces: String = asked.split_whitespace().collect();
    let Ok(network) = Network::parse_lenient(&without_spaces) else {
        let shown = render(&SearchPage { page, asked, found: None })?;
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    let found = app.store.search(&network, SHOWN_MAX).await?;
    let is_cut = found.inside.len().max(found.containing.len()) as u64 >= SHOWN_MAX;
    let (equal, inside) = found.inside.into_iter().partition(|entry| entry.network == network);
    let containing = found.containing;
    let found = Some(Hits { network, equal, inside, containing, is_cut });
    render(&SearchPage { page, asked, found })
}
