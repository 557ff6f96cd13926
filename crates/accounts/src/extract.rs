//! Who sends a request.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use crate::cookies::session_cookie;
use crate::ended::Ended;
use crate::secret::Secret;
use crate::token::token_of;
use crate::{Accounts, Credential, Problem, User};

/// Who sends a request. A token that is none is a [`Problem`], not nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody who is known.
    Anonymous,
    /// Somebody, and by what that is known.
    User(User, Credential),
}

/// Who is logged in, and when that ends: for consumers, which outlive the request.
///
/// ```
/// use campanile_accounts::LoggedIn;
/// use campanile_consumer::{Accept, Close, CloseCode, Consumer, Context, Refusal, Scope};
///
/// struct Chat;
///
/// impl Consumer for Chat {
///     type User = LoggedIn;
///     type Request = String;
///     type Event = ();
///
///     async fn connect(
///         scope: Scope<LoggedIn>,
///         context: &mut Context<Self>,
///     ) -> Result<Accept<Self>, Refusal> {
///         let client = context.client();
///         let ended = scope.user.ended.clone();
///         let close_then = async move {
///             ended.wait().await;
///             client.close(CloseCode::of_application(4401), "the session has ended");
///         };
///         context.spawn(close_then).map_err(|_| Refusal::forbidden())?;
///         Ok(Accept::new(Chat))
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// Who it is.
    pub user: User,
    /// By what that is known.
    pub credential: Credential,
    /// Tells when that is over.
    pub ended: Ended,
}

impl Caller {
    /// Returns who it is; none if nobody is known.
    pub fn user(&self) -> Option<&User> {
        match self {
            Caller::Anonymous => None,
            Caller::User(user, _) => Some(user),
        }
    }

    async fn find(accounts: &Accounts, parts: &Parts) -> Result<Caller, Problem> {
        if let Some(token) = token_of(&parts.headers) {
            let user = accounts.user_by_token(token).await?;
            let user = user.ok_or_else(|| Problem::Forbidden("Invalid token.".to_owned()))?;
            let credential = Credential::Token(user.id);
            return Ok(Caller::User(user, credential));
        }
        let cookie = session_cookie(accounts.settings(), &parts.headers);
        Caller::by_session(accounts, cookie.as_ref()).await
    }

    pub(crate) async fn by_session(
        accounts: &Accounts,
        cookie: Option<&Secret>,
    ) -> Result<Caller, Problem> {
        let Some(cookie) = cookie else { return Ok(Caller::Anonymous) };
        let found = accounts.user_by_session(cookie).await?;
        Ok(found.map_or(Caller::Anonymous, |(user, session)| {
            Caller::User(user, Credential::Session(session))
        }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Accounts: FromRef<S>,
{
    type Rejection = Problem;

    /// Asks the database once for each request, however many extractors ask here.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Caller, Problem> {
        if let Some(known) = parts.extensions.get::<Caller>() {
            return Ok(known.clone());
        }
        let caller = Caller::find(&Accounts::from_ref(state), parts).await?;
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Credential
where
    Accounts: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Credential, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::Anonymous => Err(Problem::NotLoggedIn),
            Caller::User(_, credential) => Ok(credential),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User
where
    Accounts: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<User, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::Anonymous => Err(Problem::NotLoggedIn),
            Caller::User(user, _) => Ok(user),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LoggedIn
where
    Accounts: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<LoggedIn, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::Anonymous => Err(Problem::NotLoggedIn),
            Caller::User(user, credential) => {
                let ended = Accounts::from_ref(state).ended(credential)?;
                Ok(LoggedIn { user, credential, ended })
            }
        }
    }
}
