//! What is around every request of an API: limits, and what is counted.

use axum::extract::{FromRef, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Accounts, Client, Problem};
use http::request::Parts;
use http::{StatusCode, Uri};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How requests have ended.
#[derive(Debug, Default)]
pub struct Requests {
    answered: Mutex<BTreeMap<u16, u64>>,
}

/// The longest query of a request, in bytes; more is answered 414.
const QUERY_BYTES_MAX: usize = 2048;

impl Requests {
    /// Returns how many requests were answered with each status.
    pub fn answered(&self) -> BTreeMap<u16, u64> {
        lock(&self.answered).clone()
    }

    fn count(&self, status: StatusCode) {
        *lock(&self.answered).entry(status.as_u16()).or_default() += 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Around every request of an API, as a middleware: no query without end, words for what axum refuses,
/// and a count.
pub async fn around(
    State(requests): State<Arc<Requests>>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let response = if request.uri().query().is_some_and(|query| query.len() > QUERY_BYTES_MAX) {
        let detail = format!("The query is longer than {QUERY_BYTES_MAX} bytes.");
        Problem::Other(StatusCode::URI_TOO_LONG, detail).into_response()
    } else {
        next.run(request).await
    };
    requests.count(response.status());
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    // The router adds `Allow`.
    let detail = format!("Method \"{method}\" not allowed.");
    Problem::Other(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
}

/// Whether a request comes from this very machine.
///
/// Where a proxy has passed it on whose word is not asked for, it may come from anywhere.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for Neighbour
where
    Accounts: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Neighbour, Problem> {
        let client = Client::from_request_parts(parts, state).await?;
        let is_passed_on = PASSED_ON.iter().any(|header| parts.headers.contains_key(*header));
        let is_loopback = client.address.is_some_and(|address| address.is_loopback());
        Ok(Neighbour(is_loopback && !is_passed_on))
    }
}

/// What proxies add.
const PASSED_ON: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// Returns the first parameter of a name that stands behind the question mark.
pub fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let mut all = url::form_urlencoded::parse(query.as_bytes());
    all.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}
