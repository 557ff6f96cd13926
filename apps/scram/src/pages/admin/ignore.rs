//! Networks that must never be acted on.

use super::{answer, done, faults_of, require_superuser, with_status};
use crate::app::{App, author};
use crate::cidr::Network;
use crate::entities::{ignore_entry, ignore_entry_history};
use crate::pages::{Typed, View};
use crate::settings::PrefixLimits;
use crate::store::RemoveError;
use crate::store::entries::{Entry, Find};
use crate::store::pages::{Page, PageNumber};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use campanile_accounts::{Caller, Fields, Problem, render};
use serde::Deserialize;
use url::form_urlencoded;

const HERE: &str = "/admin/ignore/";
const COMMENT_CHARACTERS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "scram/admin/ignore.html")]
struct Ignored {
    page: View,
    ignored: Page<ignore_entry::Model>,
    number: u64,
    typed: Typed,
    faults: Fields,
}

#[derive(Template)]
#[template(path = "scram/admin/ignore_one.html")]
struct OneIgnored {
    page: View,
    network: Network,
    comment: String,
    /// What is active there all the same.
    overlapping: Vec<Entry>,
    history: Vec<ignore_entry_history::Model>,
    faults: Fields,
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    page: String,
    #[serde(default)]
    route: String,
}

pub(super) async fn show(
    State(app): State<App>,
    Query(which): Query<Which>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let number = which.page.parse().unwrap_or(1);
    list(&app, page, number, Typed::default(), Fields::default()).await
}

async fn list(
    app: &App,
    page: View,
    number: u64,
    typed: Typed,
    faults: Fields,
) -> Result<Response, Problem> {
    let size = app.settings.pagination_size;
    let ignored = app.store.ignore_entries(PageNumber { number, size }).await?;
    let ignored = ignored.ok_or(Problem::NotFound)?;
    let status = faults.clone();
    let shown = render(&Ignored { page, ignored, number, typed, faults })?;
    Ok(with_status(&status, shown))
}

pub(super) async fn add(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let author = require_superuser(&page)?;
    let mut faults = Fields::default();
    let route = typed.required("route", 100, &mut faults);
    let comment = typed.required("comment", COMMENT_CHARACTERS_MAX, &mut faults);
    let network = match Network::parse_strict(&route) {
        Ok(network) if faults.iter().next().is_none() => network,
        Ok(_) => return list(&app, page, 1, typed, faults).await,
        Err(error) => {
            if !route.is_empty() {
                faults.add("route", error.to_string());
            }
            return list(&app, page, 1, typed, faults).await;
        }
    };
    match app.store.ignore(&network, &comment, &author).await {
        Ok(_) => Ok(done(format!("{network} is ignored from now on"), &path_of(&network))),
        Err(error) => list(&app, page, 1, typed, faults_of(error, "route")?).await,
    }
}

pub(super) async fn show_one(
    State(app): State<App>,
    Query(which): Query<Which>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    one(&app, page, &which.route, Fields::default()).await
}

async fn one(app: &App, page: View, route: &str, faults: Fields) -> Result<Response, Problem> {
    let network = network(route)?;
    let row = app.store.ignored(&network).await?.ok_or(Problem::NotFound)?;
    let activity = app.store.activity(&network).await?;
    let overlapping = activity.covered_by.into_iter().chain(activity.inside).collect();
    let history = app.store.history_of_ignore_entry(row.id).await?;
    let (comment, status) = (row.comment, faults.clone());
    let shown = render(&OneIgnored { page, network, comment, overlapping, history, faults })?;
    Ok(with_status(&status, shown))
}

pub(super) async fn comment(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let author = require_superuser(&page)?;
    let network = network(typed.text("route"))?;
    let mut faults = Fields::default();
    let comment = typed.required("comment", COMMENT_CHARACTERS_MAX, &mut faults);
    if faults.iter().next().is_some() {
        return one(&app, page, typed.text("route"), faults).await;
    }
    let changed = app.store.comment_on_ignored(&network, &comment, &author).await;
    answer(changed.map(|_| "The comment was changed".to_owned()), &path_of(&network))
}

pub(super) async fn remove(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let author = require_superuser(&page)?;
    let network = network(typed.text("route"))?;
    let removed = app.store.unignore(&network, &author).await;
    answer(removed.map(|()| format!("{network} is not ignored any more")), HERE)
}

/// Makes all active entries that overlap inactive, however large the network is.
pub(super) async fn end_entries(
    State(app): State<App>,
    caller: Caller,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let network = network(typed.text("route"))?;
    app.store.ignored(&network).await?.ok_or(Problem::NotFound)?;
    let any_size = app.store.with_limits(PrefixLimits { v4: 0, v6: 0 });
    match any_size.remove(Find::Overlapping(network), &author(&caller)).await {
        Ok(ended) => {
            let count = ended.len();
            let entries = if count == 1 { "entry is" } else { "entries are" };
            Ok(done(format!("{count} {entries} no longer active"), &path_of(&network)))
        }
        Err(RemoveError::NotPermitted) => Err(Problem::forbidden()),
        Err(RemoveError::TooLarge(limits)) => Err(Problem::malformed(limits.to_string())),
        Err(RemoveError::Database(error)) => Err(Problem::from(error)),
    }
}

fn network(route: &str) -> Result<Network, Problem> {
    Network::parse_strict(route).map_err(|_| Problem::NotFound)
}

/// Its page. A network in a path would be two of its parts.
fn path_of(network: &Network) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("route", &network.to_string())
        .finish();
    format!("{HERE}one/?{query}")
}
