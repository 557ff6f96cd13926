//! What was sent to a route of programs: JSON, or a form.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Form, FromRequest, Json, Request};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::Problem;

/// Reads a body that is JSON, or a form where its `Content-Type` says so.
///
/// What cannot be read is answered 400: `{"detail":"JSON parse error - …"}`.
#[derive(Clone, Copy, Debug)]
pub struct FormOrJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FormOrJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<FormOrJson<T>, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            let form = Form::from_request(request, state).await;
            return form
                .map(|Form(value)| FormOrJson(value))
                .map_err(|rejection| Problem::Other(rejection.status(), rejection.body_text()));
        }
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(FormOrJson(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::Other(
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type in request: send application/json.".to_owned(),
            )),
            Err(JsonRejection::BytesRejection(rejection)) => {
                Err(Problem::Other(rejection.status(), rejection.body_text()))
            }
            Err(rejection) => {
                let text = rejection.body_text();
                let why = text.split_once(": ").map_or(&*text, |(_, why)| why);
                Err(Problem::malformed(format!("JSON parse error - {why}")))
            }
        }
    }
}
