//! What every page needs.

use std::fmt;

use askama::Template;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{Html, IntoResponse as _, Response};
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::cookies::{MESSAGES, cookie};
use crate::csrf::CsrfToken;
use crate::message::Messages;
use crate::secret::Secret;
use crate::{Accounts, BarContents, Brand, Caller, Link, Message, Problem, User};

/// What every page needs: who looks at it, the anti-forgery token, messages and the brand. It is
/// extracted on routes within [`Accounts::pages`].
///
/// The templates of an application extend `accounts/base.html`, which asks for a field `page`; its
/// `askama.toml` says where that is: `dirs = ["templates", "../../crates/accounts/templates"]`. They
/// fill the blocks `title` and `main`, and if they like `head`, `bar` (what stands between the brand
/// and the user's name) and `class` (of `main`: `narrow` for forms). Each form has
/// `{% include "accounts/csrf.html" %}`; scripts find the token in `<meta name="csrf-token">`.
///
/// ```
/// use askama::Template;
/// use axum::response::Response;
/// use campanile_accounts::{Page, Problem, render};
///
/// #[derive(Template)]
/// #[template(
///     source = r#"{% extends "accounts/base.html" %}
///         {% block title %}Entries{% endblock %}
///         {% block main %}<h1>{{ entries.len() }} entries</h1>{% endblock %}"#,
///     ext = "html"
/// )]
/// struct Entries { page: Page, entries: Vec<String> }
///
/// async fn entries(page: Page) -> Result<Response, Problem> {
///     render(&Entries { page, entries: vec![] })
/// }
/// ```
#[derive(Clone)]
pub struct Page {
    accounts: Accounts,
    csrf: Secret,
    user: Option<User>,
    messages: Vec<Message>,
    bar: BarContents,
    path: String,
    /// It is not known who looks at it: it tells that something went wrong.
    is_outside: bool,
}

impl Page {
    /// Makes one for a problem. Without a caller it is not known whether there is one.
    pub(crate) async fn of(accounts: &Accounts, csrf: &CsrfToken, caller: Option<&Caller>) -> Page {
        let bar = match caller {
            // A page that tells what went wrong is not to fail, too.
            Some(caller) => bar(accounts, caller).await.unwrap_or_default(),
            None => BarContents::default(),
        };
        Page {
            bar,
            accounts: accounts.clone(),
            csrf: csrf.token.clone(),
            is_outside: caller.is_none(),
            user: caller.and_then(Caller::user).cloned(),
            messages: Vec::new(),
            path: String::new(),
        }
    }

    /// Returns how the application's pages look.
    pub fn brand(&self) -> &Brand {
        &self.accounts.settings().brand
    }

    /// Returns who looks at it; none if nobody is logged in.
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Returns the name of who looks at it.
    pub fn username(&self) -> Option<&str> {
        self.user().map(|user| &*user.username)
    }

    /// Returns the anti-forgery token, for forms and scripts.
    pub fn csrf(&self) -> &str {
        self.csrf.reveal()
    }

    /// Returns the messages that are to be shown, once.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Returns what else stands in the bar.
    pub fn bar(&self) -> &BarContents {
        &self.bar
    }

    /// Returns the page's own path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what stands in the bar for who looks at it.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        let sees = |link: &&Link| match &link.group {
            None => true,
            Some(group) => self.user().is_some_and(|user| user.is_in(group)),
        };
        self.brand().links.iter().filter(sees)
    }

    /// Returns whether strangers may register.
    pub fn registration(&self) -> bool {
        self.accounts.has_registration()
    }

    /// Returns whether people log in by passwords, rather than by a provider.
    pub fn has_passwords(&self) -> bool {
        self.accounts.has_passwords()
    }

    /// Returns whether it tells that something went wrong, and so does not know who looks at it.
    pub fn is_outside(&self) -> bool {
        self.is_outside
    }

    pub(crate) fn problem(self, problem: &Problem) -> Response {
        let status = problem.status();
        let text = match problem {
            Problem::NotFound => "The page you are looking for was not found.".to_owned(),
            Problem::Forged(_) => {
                format!(
                    "{problem} Perhaps the form is old: go back, load it again, and send it anew."
                )
            }
            other => other.to_string(),
        };
        let page = Wrong { page: self, title: title(status), text };
        let mut response = (status, render(&page)).into_response();
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("user", &self.user).field("path", &self.path).finish()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page
where
    Accounts: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Page, Problem> {
        let accounts = Accounts::from_ref(state);
        let caller = Caller::from_request_parts(parts, state).await?;
        let Some(csrf) = parts.extensions.get::<CsrfToken>() else {
            tracing::error!("{} is not within Accounts::pages", parts.uri.path());
            return Err(Problem::Unavailable);
        };
        let messages = cookie(accounts.settings(), &parts.headers, MESSAGES).map(Messages::read);
        Ok(Page {
            bar: bar(&accounts, &caller).await?,
            csrf: csrf.token.clone(),
            user: caller.user().cloned(),
            messages: messages.unwrap_or_default().0,
            path: parts.uri.path().to_owned(),
            is_outside: false,
            accounts,
        })
    }
}

async fn bar(accounts: &Accounts, caller: &Caller) -> Result<BarContents, Problem> {
    match &accounts.settings().bar {
        Some(bar) => bar.contents(caller.user()).await,
        None => Ok(BarContents::default()),
    }
}

/// Makes a page of a template.
///
/// # Errors
///
/// If the template fails, which the log tells.
pub fn render(template: &impl Template) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        Problem::Unavailable
    })?;
    Ok(Html(text).into_response())
}

/// The page of a problem.
#[derive(Template)]
#[template(path = "accounts/problem.html")]
struct Wrong {
    page: Page,
    title: &'static str,
    text: String,
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        _ if status.is_client_error() => "This does not work",
        _ => "Something went wrong here",
    }
}
