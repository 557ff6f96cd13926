//! What a request is about: a conversation and perhaps a message of it, by the ids in the path.

use crate::app::App;
use crate::store::Membership;
use axum::extract::{FromRequestParts, Path};
use campanile_accounts::{Problem, User};
use http::request::Parts;
use std::collections::HashMap;

/// A conversation of the caller's. Whatever is wrong with an id, it is looked up, and not found.
pub(crate) struct Asked {
    /// That the caller is in it.
    pub(crate) membership: Membership,
    /// The number of the message; none if the path names no message, and no row's if it is no id.
    pub(super) message: Option<i64>,
}

impl Asked {
    /// Returns the number of the message in the path.
    pub(super) fn message(&self) -> i64 {
        self.message.unwrap_or(crate::ids::NOTHING)
    }
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asked, Problem> {
        let user = User::from_request_parts(parts, app).await?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, app).await;
        // What is no text is no id.
        let path = path.map(|Path(path)| path).unwrap_or_default();
        let id = path.get("id").map(String::as_str).unwrap_or_default();
        let membership = app.store.membership(user.id, app.frames.conversation_of(id)).await?;
        let message = path.get("message_id").map(|id| app.frames.message_of(id));
        Ok(Asked { membership, message })
    }
}
