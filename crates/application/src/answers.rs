//! What programs are told that did not get what they wanted, and how they get a token, as an API's
//! description says it. The accounts answer so.

#![expect(dead_code, reason = "it is only described here")]

use serde::Serialize;
use utoipa::ToSchema;

/// Why something was not done.
#[derive(Serialize, ToSchema)]
pub struct Detail {
    /// A sentence for a person.
    #[schema(example = "You do not have permission to perform this action.")]
    detail: String,
}

/// Which fields were wrong, and why; or, as `detail`, what else was.
#[derive(Serialize, ToSchema)]
pub struct Faults {
    /// For each field that was wrong, sentences for a person.
    #[serde(flatten)]
    #[schema(example = json!({"username": ["This field is required."]}))]
    fields: std::collections::BTreeMap<String, Vec<String>>,
}

/// Who wants a token.
#[derive(ToSchema)]
#[schema(example = json!({"username": "ada", "password": "…"}))]
pub struct NameAndPassword {
    /// The name to log in with.
    username: String,
    /// The password.
    password: String,
}

/// What to show from now on.
#[derive(ToSchema)]
pub struct Token {
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
pub fn token() {}
