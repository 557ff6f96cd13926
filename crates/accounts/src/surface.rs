//! What is around every request, of pages and of programs.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, LOCATION, VARY};
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cookies::{Cookies, MESSAGES, SessionChange, cookie, session_cookie};
use crate::csrf::{CsrfToken, is_unsafe, of_session};
use crate::message::Messages;
use crate::oidc::AttemptChange;
use crate::secret::Secret;
use crate::token::token_of;
use crate::{Accounts, Caller, Client, Page, Problem, Settings, found};

/// Around what programs ask for. A browser sends its cookies by itself, so with them the token is
/// asked for; an `Authorization` it does not.
pub(crate) async fn api(
    State(accounts): State<Accounts>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let settings = accounts.settings();
    let by_cookie = session_cookie(settings, request.headers()).is_some()
        && token_of(request.headers()).is_none();
    let request = match by_cookie && is_unsafe(request.method()) {
        true => checked(&accounts, request).await?,
        false => request,
    };
    Ok(kept_private(next.run(request).await))
}

/// Around pages: the anti-forgery token is asked for in each case, also of strangers who log in.
pub(crate) async fn page(
    State(accounts): State<Accounts>,
    mut request: Request,
    next: Next,
) -> Response {
    let settings = accounts.settings();
    let client = Client::of(settings, request.headers(), request.extensions());
    let csrf = CsrfToken::of(settings, request.headers());
    let had_messages = cookie(settings, request.headers(), MESSAGES).is_some();
    let asked = Asked::of(settings, &request);
    request.extensions_mut().insert(csrf.clone());
    let checked = match asked.is_unsafe && token_of(request.headers()).is_none() {
        true => checked(&accounts, request).await,
        false => Ok(request),
    };
    let response = match checked {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let attempt = response.extensions().get::<AttemptChange>().cloned();
    let mut response = told(&accounts, &csrf, &asked, response).await;
    let cookies = Cookies::new(settings, &client);
    write_cookies(&cookies, &csrf, had_messages, &mut response);
    if let Some(attempt) = &attempt {
        cookies.attempt(response.headers_mut(), attempt);
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
    kept_private(response)
}

/// Keeps a response, unless it says otherwise, out of every cache.
fn kept_private(mut response: Response) -> Response {
    let private = HeaderValue::from_static("private, no-store");
    response.headers_mut().entry(CACHE_CONTROL).or_insert(private);
    response
}

/// What is remembered of a request until its response is there.
struct Asked {
    is_unsafe: bool,
    is_get: bool,
    path_and_query: String,
    session: Option<Secret>,
}

impl Asked {
    fn of(settings: &Settings, request: &Request) -> Asked {
        let uri = request.extensions().get::<axum::extract::OriginalUri>();
        let uri = uri.map_or(request.uri(), |original| &original.0);
        Asked {
            is_unsafe: is_unsafe(request.method()),
            is_get: request.method() == Method::GET,
            path_and_query: uri.path_and_query().map_or("/", |it| it.as_str()).to_owned(),
            session: session_cookie(settings, request.headers()),
        }
    }

    /// Returns who sees the page of a problem; none if the problem is that this cannot be known.
    async fn caller(&self, accounts: &Accounts, problem: &Problem) -> Option<Caller> {
        if matches!(problem, Problem::Busy | Problem::Unavailable) {
            return None;
        }
        Caller::by_session(accounts, self.session.as_ref()).await.ok()
    }
}

async fn checked(accounts: &Accounts, request: Request) -> Result<Request, Problem> {
    let settings = accounts.settings();
    let client = Client::of(settings, request.headers(), request.extensions());
    let csrf = CsrfToken::of(settings, request.headers());
    let checked = csrf.check(settings, &client, request).await;
    checked.inspect_err(|_| accounts.0.counters.forgeries.one_more())
}

/// Makes a problem a page, or leads to the login.
async fn told(
    accounts: &Accounts,
    csrf: &CsrfToken,
    asked: &Asked,
    response: Response,
) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    if problem != Problem::NotLoggedIn {
        let caller = asked.caller(accounts, &problem).await;
        return Page::of(accounts, csrf, caller.as_ref()).await.problem(&problem);
    }
    let next = if asked.is_get { &*asked.path_and_query } else { "/" };
    found(&format!("/auth/login/?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC)))
}

fn write_cookies(
    cookies: &Cookies<'_>,
    csrf: &CsrfToken,
    had_messages: bool,
    response: &mut Response,
) {
    let change = response.extensions_mut().remove::<SessionChange>();
    let messages = response.extensions_mut().remove::<Messages>();
    let is_shown =
        response.status() == StatusCode::OK && !response.headers().contains_key(LOCATION);
    let headers = response.headers_mut();
    match &change {
        Some(SessionChange::Begun(session)) => cookies.csrf(headers, &of_session(session)),
        Some(SessionChange::Ended) => cookies.csrf(headers, &Secret::random::<32>()),
        None if csrf.is_new => cookies.csrf(headers, &csrf.token),
        None => {}
    }
    if let Some(change) = &change {
        cookies.session(headers, change);
    }
    match messages {
        Some(messages) => cookies.messages(headers, &messages.write()),
        None if had_messages && is_shown => cookies.messages(headers, ""),
        None => {}
    }
}
