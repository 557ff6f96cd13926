//! The answer to a gateway that asks who somebody is.

use crate::RoomController;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use serde_json::json;

impl<U: Send + Sync + 'static> RoomController<U> {
    /// Makes the route by which a gateway asks who somebody is and which rooms they may enter.
    ///
    /// The gateway passes the cookies and the token of its client on, so that `U`, any extractor of
    /// axum's, finds the user as in any other request; its rejection is the answer if there is none,
    /// and lets nobody in: it should be a 401 or 403.
    ///
    /// ```
    /// use axum::Router;
    /// use axum::extract::FromRequestParts;
    /// use axum::http::{StatusCode, request::Parts};
    /// use campanile_binder::{RoomController, room};
    ///
    /// struct User(String);
    ///
    /// impl<S: Sync> FromRequestParts<S> for User {
    ///     type Rejection = StatusCode;
    ///
    ///     async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<User, StatusCode> {
    ///         let name = parts.headers.get("x-user").ok_or(StatusCode::FORBIDDEN)?;
    ///         Ok(User(name.to_str().map_err(|_| StatusCode::FORBIDDEN)?.to_owned()))
    ///     }
    /// }
    ///
    /// let rooms = RoomController::new().register(|user: &User| vec![room! { "user": user.0.clone() }]);
    /// let app: Router = Router::new().route("/api/bootstrap/", rooms.bootstrap());
    /// ```
    ///
    /// It answers `{"allowed_rooms": […]}`, or 500 if the rooms could not be told: the gateway lets
    /// nobody in then, and its client tries again.
    pub fn bootstrap<S>(self) -> MethodRouter<S>
    where
        U: FromRequestParts<S>,
        S: Clone + Send + Sync + 'static,
    {
        get(async move |user: U| self.answer(&user).await)
    }

    async fn answer(&self, user: &U) -> Response {
        match self.list_rooms_for_user(user).await {
            Ok(rooms) => Json(json!({ "allowed_rooms": rooms })).into_response(),
            Err(error) => {
                tracing::error!(%error, "the rooms for a user cannot be told: nobody is let in");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
