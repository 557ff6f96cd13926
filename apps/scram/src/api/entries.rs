//! `entries/`: the networks to act on.

use super::base::Base;
use super::listing::{Listing, WhichPage};
use super::problems::{Detail, Faults, rest};
use super::sent::Sent;
use crate::app::{App, author, require_view, require_write};
use crate::cidr::{Network, NetworkError};
use crate::store::entries::{Entry, Find, NewEntry};
use crate::store::{AddError, Author};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use campanile_accounts::{Caller, Problem, User};
use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use http::header::LOCATION;
use http::{HeaderName, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// An entry.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryView {
    /// The network, canonically written.
    #[schema(example = "192.0.2.4/32")]
    route: String,
    /// What is done about it.
    #[schema(example = "block")]
    actiontype: String,
    /// Where this entry is.
    url: String,
    /// Why.
    comment: String,
    /// Who is answerable for it.
    who: String,
    /// When it ends; 9999-12-31T00:00:00Z is never.
    expiration: String,
    /// By which instance it came in.
    originating_scram_instance: String,
    /// Whether it is to be announced.
    is_active: bool,
}

/// What is to be acted on.
#[derive(ToSchema)]
#[schema(example = json!({"route": "192.0.2.4", "comment": "scans ports", "who": "zeek"}))]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct WantedEntry {
    /// A network or an address.
    route: String,
    /// Why.
    comment: String,
    /// What to do about it: `block` if nothing is said.
    actiontype: Option<String>,
    /// When it is to end, in ISO 8601; without a zone it is UTC. Never if nothing is said.
    expiration: Option<String>,
    /// On whose behalf, in at most 30 characters.
    who: Option<String>,
    /// What a program was registered by, in the place of a token.
    uuid: Option<String>,
}

impl EntryView {
    fn of(entry: Entry, base: &Base) -> EntryView {
        EntryView {
            url: base.url(&format!("/api/v1/entries/{}/", entry.network)),
            route: entry.network.to_string(),
            actiontype: entry.action_type,
            comment: entry.comment,
            who: entry.who,
            expiration: iso(entry.expiration),
            originating_scram_instance: entry.originating_scram_instance,
            is_active: entry.is_active,
        }
    }
}

/// Writes a time as the original does: microseconds only where there are any.
fn iso(time: DateTime<Utc>) -> String {
    let whole = time.nanosecond() == 0;
    time.to_rfc3339_opts(if whole { SecondsFormat::Secs } else { SecondsFormat::Micros }, true)
}

/// Lists the active entries by their numbers.
#[utoipa::path(
    get, path = "/entries/", tag = "entries", params(WhichPage),
    responses(
        (status = 200, description = "A page of the active entries.", body = Listing<EntryView>),
        (status = 403, description = "The caller may not see them.", body = Detail),
        (status = 404, description = "There is no such page.", body = Detail),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    user: User,
    which: WhichPage,
) -> Result<Json<Listing<EntryView>>, Problem> {
    require_view(&user)?;
    which.answer(app.store.active_entries(which.number()).await?, EntryView::of)
}

/// Adds an entry. If there is one of this network and action type already, it takes the new
/// comment, who and expiration, and is active.
#[utoipa::path(
    post, path = "/entries/", tag = "entries", request_body = WantedEntry,
    responses(
        (status = 201, description = "It is active now.", body = EntryView),
        (status = 400, description = "A field is wrong, the network is too large, or it is on the \
            ignore list.", body = Faults),
        (status = 403, description = "The caller may not add.", body = Detail),
    )
)]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller,
    base: Base,
    mut sent: Sent,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<EntryView>), Problem> {
    let client = sent.uuid("uuid");
    let wanted = wanted(sent)?;
    let author = Author { client, ..author(&caller) };
    let added = app.store.add(&wanted, &author).await.map_err(|error| match error {
        AddError::NotPermitted if author.user.is_none() => Problem::NotLoggedIn,
        error => error.into(),
    })?;
    let view = EntryView::of(added.entry, &base);
    Ok((StatusCode::CREATED, [(LOCATION, view.url.clone())], Json(view)))
}

/// The most characters of a comment.
const COMMENT_CHARACTERS_MAX: usize = 10_000;

fn wanted(mut sent: Sent) -> Result<NewEntry, Problem> {
    let network = network(&mut sent);
    let comment = sent.required_text("comment", COMMENT_CHARACTERS_MAX);
    let action_type = sent.text("actiontype", 30);
    let expiration = sent.time("expiration");
    let who = sent.text("who", 30);
    let network = checked(sent, network)?;
    let action_type = action_type.unwrap_or_else(|| "block".to_owned());
    Ok(NewEntry { network, action_type, comment, expiration, who })
}

/// Reads the network of a `route`; none if something is wrong with it, which is noted.
pub(super) fn network(sent: &mut Sent) -> Option<Network> {
    let text = sent.required_text("route", 100);
    if text.is_empty() {
        return None;
    }
    match Network::parse_strict(&text) {
        Ok(network) => Some(network),
        Err(error) => {
            sent.fault("route", error.to_string());
            None
        }
    }
}

/// Goes on with the network of a `route` only if nothing is wrong with all that was sent.
pub(super) fn checked(sent: Sent, network: Option<Network>) -> Result<Network, Problem> {
    sent.check()?;
    network.ok_or_else(|| Problem::field("route", NetworkError::Invalid.to_string()))
}

/// Shows the one active entry that is meant, by its number or by a network that overlaps it.
#[utoipa::path(
    get, path = "/entries/{*which}", tag = "entries",
    params(("which" = String, Path, description = "A number, or a network.", example = "192.0.2.4/32")),
    responses(
        (status = 200, description = "The entry.", body = EntryView),
        (status = 400, description = "It is no number or network, or too large a network.", body = Detail),
        (status = 403, description = "The caller may not see it.", body = Detail),
        (status = 404, description = "None is active there, or several are.", body = Detail),
    )
)]
pub(super) async fn show(
    State(app): State<App>,
    user: User,
    base: Base,
    which: Result<Path<String>, PathRejection>,
) -> Result<Json<EntryView>, Problem> {
    require_view(&user)?;
    let entry = app.store.find(meant(which)?).await?;
    Ok(Json(EntryView::of(entry, &base)))
}

/// Ends all active entries that are meant, by a number or by a network that overlaps them.
#[utoipa::path(
    delete, path = "/entries/{*which}", tag = "entries",
    params(("which" = String, Path, description = "A number, or a network.", example = "192.0.2.4/32")),
    responses(
        (status = 204, description = "None is active there now."),
        (status = 400, description = "It is no number or network, or too large a network.", body = Detail),
        (status = 403, description = "The caller may not remove.", body = Detail),
    )
)]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    user: User,
    which: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    require_write(&user)?;
    app.store.remove(meant(which)?, &author(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn meant(which: Result<Path<String>, PathRejection>) -> Result<Find, Problem> {
    const REFUSAL: &str = "Not a valid CIDR or id.";
    Find::parse(&rest(which, REFUSAL)?).map_err(|_| Problem::malformed(REFUSAL))
}
