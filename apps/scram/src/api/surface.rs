//! What is around every request of the API: limits, and what is counted.

use crate::app::App;
use crate::cidr::Network;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Client, Problem};
use http::request::Parts;
use http::{StatusCode, Uri};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is remembered of requests: how they ended, and who has registered lately.
#[derive(Debug)]
pub struct Surface {
    answered: Mutex<BTreeMap<u16, u64>>,
    registrations: Mutex<HashMap<Network, Registrations>>,
    registrations_per_minute_max: u32,
}

/// How often somebody has tried to register since then.
#[derive(Clone, Copy, Debug)]
struct Registrations {
    count: u32,
    since: Instant,
}

/// The longest query of a request, in bytes; more is answered 414.
const QUERY_BYTES_MAX: usize = 2048;

/// Whose registrations are remembered at most; the oldest are forgotten.
const REMEMBERED_MAX: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

impl Surface {
    /// Begins to count.
    pub fn new(registrations_per_minute_max: u32) -> Surface {
        let (answered, registrations) = (Mutex::default(), Mutex::default());
        Surface { answered, registrations, registrations_per_minute_max }
    }

    /// Returns how many requests were answered with each status.
    pub fn answered(&self) -> BTreeMap<u16, u64> {
        lock(&self.answered).clone()
    }

    fn count(&self, status: StatusCode) {
        *lock(&self.answered).entry(status.as_u16()).or_default() += 1;
    }

    /// Lets somebody register, or says how long to wait.
    ///
    /// # Errors
    ///
    /// [`Problem::Throttled`] if there were too many from there in the last minute.
    pub(super) fn let_register(&self, client: &Client) -> Result<(), Problem> {
        let whose = neighbourhood(client.address.unwrap_or(IpAddr::from([0, 0, 0, 0])));
        let mut all = lock(&self.registrations);
        if all.len() >= REMEMBERED_MAX && !all.contains_key(&whose) {
            all.retain(|_, known| known.since.elapsed() < MINUTE);
            let oldest = all.iter().min_by_key(|(_, known)| known.since).map(|(whose, _)| *whose);
            if let Some(oldest) = oldest.filter(|_| all.len() >= REMEMBERED_MAX) {
                all.remove(&oldest);
            }
        }
        let fresh = Registrations { count: 0, since: Instant::now() };
        let known = all.entry(whose).or_insert(fresh);
        if known.since.elapsed() >= MINUTE {
            *known = fresh;
        }
        if known.count >= self.registrations_per_minute_max {
            return Err(Problem::Throttled(MINUTE.saturating_sub(known.since.elapsed())));
        }
        known.count += 1;
        Ok(())
    }
}

/// Whoever has an IPv6 address has the other addresses of its /64, too.
fn neighbourhood(address: IpAddr) -> Network {
    let prefix = if address.is_ipv4() { 32 } else { 64 };
    Network::around(address, prefix).expect("an address has so many bits")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Around every request: no query without end, words for what axum refuses, and a count.
pub(super) async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = if request.uri().query().is_some_and(|query| query.len() > QUERY_BYTES_MAX) {
        let detail = format!("The query is longer than {QUERY_BYTES_MAX} bytes.");
        Problem::Other(StatusCode::URI_TOO_LONG, detail).into_response()
    } else {
        next.run(request).await
    };
    app.surface.count(response.status());
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
pub(super) struct Neighbour(pub(super) bool);

impl FromRequestParts<App> for Neighbour {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Neighbour, Problem> {
        let client = Client::from_request_parts(parts, app).await?;
        let is_passed_on = PASSED_ON.iter().any(|header| parts.headers.contains_key(*header));
        let is_loopback = client.address.is_some_and(|address| address.is_loopback());
        Ok(Neighbour(is_loopback && !is_passed_on))
    }
}

/// What proxies add.
const PASSED_ON: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// Returns the first parameter of a name that stands behind the question mark.
pub(super) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let mut all = url::form_urlencoded::parse(query.as_bytes());
    all.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}
