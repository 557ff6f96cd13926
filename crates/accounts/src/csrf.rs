//! Forgery: another site's page makes a browser send a request here, with the cookies it has here.
//!
//! Such a page cannot read the anti-forgery token, so it is asked for: in the header `X-CSRFToken`,
//! or in a form's field `csrfmiddlewaretoken`. With a session it is derived from the session's cookie,
//! so that nobody can bring one of their own; before that, it is what another cookie holds.

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::cookies::{CSRF, cookie, session_cookie};
use crate::secret::Secret;
use crate::{Client, Problem, Settings};

/// The token of a request: to be written into the page, and to be compared with what was sent.
#[derive(Clone, Debug)]
pub(crate) struct CsrfToken {
    pub(crate) token: Secret,
    /// Whether the browser has another one, or none.
    pub(crate) is_new: bool,
}

const HEADER: &str = "x-csrftoken";
const FIELD: &[u8] = b"csrfmiddlewaretoken";

impl CsrfToken {
    pub(crate) fn of(settings: &Settings, headers: &HeaderMap) -> CsrfToken {
        let known = cookie(settings, headers, CSRF).and_then(Secret::read::<32>);
        let session = session_cookie(settings, headers);
        let token = match &session {
            Some(session) => of_session(session),
            None => known.clone().unwrap_or_else(Secret::random::<32>),
        };
        let is_new = known.is_none_or(|known| !known.is(token.reveal()));
        CsrfToken { token, is_new }
    }

    /// Lets a request through that holds this token and comes from a page of ours.
    pub(crate) async fn check(
        &self,
        settings: &Settings,
        client: &Client,
        request: Request,
    ) -> Result<Request, Problem> {
        check_origin(settings, client, request.headers())?;
        if let Some(sent) = request.headers().get(HEADER) {
            self.compare(sent.to_str().ok())?;
            return Ok(request);
        }
        if !is_form(request.headers()) {
            return Err(Problem::Forged("CSRF token missing."));
        }
        let (parts, body) = request.into_parts();
        let form = read(body, settings.form_bytes_max).await?;
        self.compare(field(&form).as_deref())?;
        Ok(Request::from_parts(parts, Body::from(form)))
    }

    fn compare(&self, sent: Option<&str>) -> Result<(), Problem> {
        match sent {
            None | Some("") => Err(Problem::Forged("CSRF token missing.")),
            Some(sent) if self.token.is(sent) => Ok(()),
            Some(_) => Err(Problem::Forged("CSRF token incorrect.")),
        }
    }
}

/// Returns the token that belongs to a session.
pub(crate) fn of_session(session: &Secret) -> Secret {
    session.derive("csrf")
}

/// Returns whether a method may change something.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Refuses what a browser says to come from another site's page.
fn check_origin(settings: &Settings, client: &Client, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_ours = match origin.split_once("://") {
        Some(("https", authority)) => authority.eq_ignore_ascii_case(host),
        // A page that came in plain text may have been changed on its way.
        Some(("http", authority)) => !client.is_tls && authority.eq_ignore_ascii_case(host),
        _ => false,
    };
    let is_allowed = settings.allowed_origins.iter().any(|it| it.eq_ignore_ascii_case(origin));
    if is_ours || is_allowed { Ok(()) } else { Err(Problem::Forged("Origin checking failed.")) }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(form) => Ok(form.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::Other(
            http::StatusCode::PAYLOAD_TOO_LARGE,
            format!("The form is longer than {bytes_max} bytes."),
        )),
        Err(_) => Err(Problem::malformed("The request ends before its end.")),
    }
}

/// Returns the field of a form that holds the token. It is of letters and digits, so nothing in it
/// needs to be decoded.
fn field(form: &[u8]) -> Option<String> {
    let mut fields = form.split(|byte| *byte == b'&');
    let value = fields.find_map(|field| field.strip_prefix(FIELD)?.strip_prefix(b"="))?;
    Some(String::from_utf8_lossy(value).into_owned())
}
