//! `actiontypes/`: what can be done about a network.

use super::base::Base;
use super::listing::{Listing, WhichPage};
use super::problems::{Detail, name};
use crate::app::{App, require_view};
use crate::entities::action_type;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use campanile_accounts::{Problem, User};
use serde::Serialize;
use utoipa::ToSchema;

/// An action type.
#[derive(Serialize, ToSchema)]
pub(super) struct ActionTypeView {
    /// Its number.
    pk: i64,
    /// Its name.
    #[schema(example = "block")]
    name: String,
    /// Whether entries may be added to it.
    available: bool,
}

impl ActionTypeView {
    fn of(row: action_type::Model, _: &Base) -> ActionTypeView {
        ActionTypeView { pk: row.id, name: row.name, available: row.available }
    }
}

/// Lists the action types by their numbers.
#[utoipa::path(
    get, path = "/actiontypes/", tag = "action types", params(WhichPage),
    responses(
        (status = 200, description = "A page of them.", body = Listing<ActionTypeView>),
        (status = 403, description = "The caller may not see them.", body = Detail),
        (status = 404, description = "There is no such page.", body = Detail),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    user: User,
    which: WhichPage,
) -> Result<Json<Listing<ActionTypeView>>, Problem> {
    require_view(&user)?;
    which.answer_of_all(app.store.action_types().await?, ActionTypeView::of)
}

/// Shows an action type.
#[utoipa::path(
    get, path = "/actiontypes/{name}/", tag = "action types",
    params(("name" = String, Path, description = "Its name.", example = "block")),
    responses(
        (status = 200, description = "The action type.", body = ActionTypeView),
        (status = 403, description = "The caller may not see it.", body = Detail),
        (status = 404, description = "There is none of this name.", body = Detail),
    )
)]
pub(super) async fn show(
    State(app): State<App>,
    user: User,
    base: Base,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<ActionTypeView>, Problem> {
    require_view(&user)?;
    let found = app.store.action_type(&self::name(name)?).await?.ok_or(Problem::NotFound)?;
    Ok(Json(ActionTypeView::of(found, &base)))
}
