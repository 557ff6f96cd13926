//! `/auth-token/`: the accounts answer it; here it is described.

#![expect(dead_code, reason = "it is only described here")]

use super::problems::{Detail, Faults};
use utoipa::ToSchema;

/// Who wants a token.
#[derive(ToSchema)]
#[schema(example = json!({"username": "ada", "password": "…"}))]
pub(super) struct NameAndPassword {
    /// The name to log in with.
    username: String,
    /// The password.
    password: String,
}

/// What to show from now on.
#[derive(ToSchema)]
pub(super) struct Token {
    /// 40 hexadecimal digits, for `Authorization: Token …`.
    token: String,
}

/// Tells the token of a user: the same one each time.
#[utoipa::path(
    post, path = "/auth-token/", tag = "users", request_body = NameAndPassword,
    responses(
        (status = 200, description = "The token.", body = Token),
        (status = 400, description = "Nobody has this name and password.", body = Faults),
        (status = 429, description = "Too many tries have failed: later.", body = Detail),
    )
)]
pub(super) fn token() {}
