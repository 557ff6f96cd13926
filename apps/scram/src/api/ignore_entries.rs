//! `ignore_entries/`: networks that must never be acted on.

use super::base::Base;
use super::entries::{checked, network};
use super::listing::{Listing, WhichPage};
use super::problems::{Detail, Faults, rest};
use super::sent::Sent;
use crate::app::{App, require_view, require_write};
use crate::cidr::Network;
use crate::entities::ignore_entry;
use crate::store::ChangeError;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use campanile_accounts::{Problem, User};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A network that must never be acted on.
#[derive(Serialize, ToSchema)]
pub(super) struct IgnoreEntryView {
    /// The network, canonically written.
    #[schema(example = "10.0.0.0/8")]
    route: String,
    /// Why.
    comment: String,
}

/// A network that is not to be acted on from now on.
#[derive(Serialize, ToSchema)]
pub(super) struct Ignored {
    /// The network, canonically written.
    #[schema(example = "10.0.0.0/8")]
    route: String,
    /// Why.
    comment: String,
    /// Entries that overlap it and are active, as they were before: remove them if they should end.
    still_active: Vec<String>,
}

/// What must never be acted on.
#[derive(ToSchema)]
#[schema(example = json!({"route": "10.0.0.0/8", "comment": "our own"}))]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct WantedIgnoreEntry {
    /// A network or an address.
    route: String,
    /// Why, in at most 100 characters.
    comment: String,
}

/// What else may be said of it.
#[derive(ToSchema)]
#[schema(example = json!({"comment": "still our own"}))]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct WantedComment {
    /// The network as it is, if it is sent.
    route: Option<String>,
    /// Why, in at most 100 characters.
    comment: Option<String>,
}

impl IgnoreEntryView {
    fn of(row: ignore_entry::Model, _: &Base) -> IgnoreEntryView {
        IgnoreEntryView { route: row.cidr, comment: row.comment }
    }
}

const COMMENT_CHARACTERS_MAX: usize = 100;

/// Lists the networks that must never be acted on, by their numbers.
#[utoipa::path(
    get, path = "/ignore_entries/", tag = "ignore entries", params(WhichPage),
    responses(
        (status = 200, description = "A page of them.", body = Listing<IgnoreEntryView>),
        (status = 403, description = "The caller may not see them.", body = Detail),
        (status = 404, description = "There is no such page.", body = Detail),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    user: User,
    which: WhichPage,
) -> Result<Json<Listing<IgnoreEntryView>>, Problem> {
    require_view(&user)?;
    which.answer(app.store.ignore_entries(which.number()).await?, IgnoreEntryView::of)
}

/// Puts a network on the list. Entries that are active there stay so, and are told.
#[utoipa::path(
    post, path = "/ignore_entries/", tag = "ignore entries", request_body = WantedIgnoreEntry,
    responses(
        (status = 201, description = "It is on the list.", body = Ignored),
        (status = 400, description = "A field is wrong, or the network is on the list already.",
            body = Faults),
        (status = 403, description = "The caller may not change the list.", body = Detail),
    )
)]
pub(super) async fn add(
    State(app): State<App>,
    user: User,
    mut sent: Sent,
) -> Result<(StatusCode, Json<Ignored>), Problem> {
    require_write(&user)?;
    let network = network(&mut sent);
    let comment = sent.required_text("comment", COMMENT_CHARACTERS_MAX);
    let network = checked(sent, network)?;
    let added = app.store.ignore(&network, &comment, &user.username).await;
    let row = added.map_err(|error| match error {
        ChangeError::Duplicate(_) => {
            Problem::field("route", "ignore entry with this route already exists.")
        }
        error => error.into(),
    })?;
    let activity = app.store.activity(&network).await?;
    let overlapping = activity.covered_by.iter().chain(&activity.inside);
    let still_active = overlapping.map(|entry| entry.network.to_string()).collect();
    let view = Ignored { route: row.cidr, comment: row.comment, still_active };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Shows what the list says of exactly this network.
#[utoipa::path(
    get, path = "/ignore_entries/{*network}", tag = "ignore entries",
    params(("network" = String, Path, description = "The network.", example = "10.0.0.0/8")),
    responses(
        (status = 200, description = "It is on the list.", body = IgnoreEntryView),
        (status = 400, description = "It is no network.", body = Detail),
        (status = 403, description = "The caller may not see it.", body = Detail),
        (status = 404, description = "It is not on the list.", body = Detail),
    )
)]
pub(super) async fn show(
    State(app): State<App>,
    user: User,
    base: Base,
    which: Result<Path<String>, PathRejection>,
) -> Result<Json<IgnoreEntryView>, Problem> {
    require_view(&user)?;
    let row = app.store.ignored(&meant(which)?).await?.ok_or(Problem::NotFound)?;
    Ok(Json(IgnoreEntryView::of(row, &base)))
}

/// Gives a network on the list another comment, which must be sent.
#[utoipa::path(
    put, path = "/ignore_entries/{*network}", tag = "ignore entries", request_body = WantedIgnoreEntry,
    params(("network" = String, Path, description = "The network.", example = "10.0.0.0/8")),
    responses(
        (status = 200, description = "It has this comment now.", body = IgnoreEntryView),
        (status = 400, description = "A field is wrong, or the route another.", body = Faults),
        (status = 403, description = "The caller may not change the list.", body = Detail),
        (status = 404, description = "It is not on the list.", body = Detail),
    )
)]
pub(super) async fn replace(
    State(app): State<App>,
    user: User,
    base: Base,
    which: Result<Path<String>, PathRejection>,
    mut sent: Sent,
) -> Result<Json<IgnoreEntryView>, Problem> {
    require_write(&user)?;
    let meant = meant(which)?;
    let same = network(&mut sent);
    let comment = sent.required_text("comment", COMMENT_CHARACTERS_MAX);
    sent.check()?;
    let row = comment_on(&app, &user, meant, same, Some(&comment)).await?;
    Ok(Json(IgnoreEntryView::of(row, &base)))
}

/// Gives a network on the list another comment, if one is sent.
#[utoipa::path(
    patch, path = "/ignore_entries/{*network}", tag = "ignore entries", request_body = WantedComment,
    params(("network" = String, Path, description = "The network.", example = "10.0.0.0/8")),
    responses(
        (status = 200, description = "It has this comment now.", body = IgnoreEntryView),
        (status = 400, description = "A field is wrong, or the route another.", body = Faults),
        (status = 403, description = "The caller may not change the list.", body = Detail),
        (status = 404, description = "It is not on the list.", body = Detail),
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    user: User,
    base: Base,
    which: Result<Path<String>, PathRejection>,
    mut sent: Sent,
) -> Result<Json<IgnoreEntryView>, Problem> {
    require_write(&user)?;
    let meant = meant(which)?;
    let same = if sent.has("route") { network(&mut sent) } else { None };
    let comment = sent.text("comment", COMMENT_CHARACTERS_MAX);
    sent.check()?;
    let row = comment_on(&app, &user, meant, same, comment.as_deref()).await?;
    Ok(Json(IgnoreEntryView::of(row, &base)))
}

/// Gives an entry of the list another comment, if there is one.
async fn comment_on(
    app: &App,
    user: &User,
    meant: Network,
    same: Option<Network>,
    comment: Option<&str>,
) -> Result<ignore_entry::Model, Problem> {
    refuse_another(meant, same)?;
    match comment {
        Some(comment) => Ok(app.store.comment_on_ignored(&meant, comment, &user.username).await?),
        None => app.store.ignored(&meant).await?.ok_or(Problem::NotFound),
    }
}

/// Takes exactly this network off the list.
#[utoipa::path(
    delete, path = "/ignore_entries/{*network}", tag = "ignore entries",
    params(("network" = String, Path, description = "The network.", example = "10.0.0.0/8")),
    responses(
        (status = 204, description = "It is not on the list now."),
        (status = 400, description = "It is no network.", body = Detail),
        (status = 403, description = "The caller may not change the list.", body = Detail),
    )
)]
pub(super) async fn remove(
    State(app): State<App>,
    user: User,
    which: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    require_write(&user)?;
    match app.store.unignore(&meant(which)?, &user.username).await {
        Ok(()) | Err(ChangeError::NotFound) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

fn meant(which: Result<Path<String>, PathRejection>) -> Result<Network, Problem> {
    const REFUSAL: &str = "Not a valid CIDR.";
    Network::parse_lenient(&rest(which, REFUSAL)?).map_err(|_| Problem::malformed(REFUSAL))
}

/// An entry of the list is its network: another one is another entry.
fn refuse_another(meant: Network, sent: Option<Network>) -> Result<(), Problem> {
    if sent.is_some_and(|sent| sent != meant) {
        let why = "The route of an ignore entry cannot change: add another, and delete this one.";
        return Err(Problem::field("route", why));
    }
    Ok(())
}
