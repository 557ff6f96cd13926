//! `users/`: who asks; nobody is told of others.

use super::base::Base;
use super::listing::{Listing, WhichPage};
use super::problems::{Detail, name};
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use campanile_accounts::{Problem, User};
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct UserView {
    /// The name to log in with.
    username: String,
    /// What it wants to be called.
    name: String,
    /// Where this user is.
    url: String,
}

impl UserView {
    fn of(user: User, base: &Base) -> UserView {
        let url = base.url(&format!("/api/v1/users/{}/", user.username));
        UserView { username: user.username, name: user.name, url }
    }
}

/// Lists the caller alone.
#[utoipa::path(
    get, path = "/users/", tag = "users", params(WhichPage),
    responses(
        (status = 200, description = "A page of one.", body = Listing<UserView>),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "There is no such page.", body = Detail),
    )
)]
pub(super) async fn list(user: User, which: WhichPage) -> Result<Json<Listing<UserView>>, Problem> {
    which.answer_of_all(vec![user], UserView::of)
}

/// Shows the caller, by its name or as `me`.
#[utoipa::path(
    get, path = "/users/{name}/", tag = "users",
    params(("name" = String, Path, description = "Its name, or me.", example = "me")),
    responses(
        (status = 200, description = "The caller.", body = UserView),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "This is somebody else, or nobody.", body = Detail),
    )
)]
pub(super) async fn show(
    user: User,
    base: Base,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<UserView>, Problem> {
    let name = self::name(name)?;
    let is_itself = name == "me" || name == user.username;
    if is_itself { Ok(Json(UserView::of(user, &base))) } else { Err(Problem::NotFound) }
}
