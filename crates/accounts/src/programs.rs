//! What programs ask for: a token, an account.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};

use crate::{Accounts, Client, Fields, FormOrJson, NewUser, Password, Problem, files};

/// Returns the routes to be put within [`Accounts::api`].
pub(crate) fn routes(accounts: &Accounts) -> Router<Accounts> {
    match accounts.has_registration() {
        true => Router::new().route("/api/v1/register/", post(register)),
        false => Router::new(),
    }
}

/// Returns the routes for which it does not matter who asks: who wants a token sends a password with
/// it, which nobody can forge.
pub(crate) fn open_routes() -> Router<Accounts> {
    Router::new()
        .route("/auth-token/", post(token))
        .route("/static/accounts/style.css", files::STYLE.route())
}

#[derive(Deserialize)]
struct NameAndPassword {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<Password>,
}

impl NameAndPassword {
    fn present(self) -> Result<(String, Password), Problem> {
        let mut fields = Fields::default();
        let mut check = |name, is_blank: Option<bool>| match is_blank {
            None => fields.add(name, "This field is required."),
            Some(true) => fields.add(name, "This field may not be blank."),
            Some(false) => {}
        };
        check("username", self.username.as_ref().map(|name| name.trim().is_empty()));
        check("password", self.password.as_ref().map(Password::is_empty));
        fields.check()?;
        let username = self.username.unwrap_or_default().trim().to_owned();
        Ok((username, self.password.unwrap_or_default()))
    }
}

#[derive(Serialize)]
struct Token {
    token: String,
}

async fn token(
    State(accounts): State<Accounts>,
    client: Client,
    FormOrJson(sent): FormOrJson<NameAndPassword>,
) -> Result<([(HeaderName, &'static str); 1], Json<Token>), Problem> {
    let (username, password) = sent.present()?;
    let Some(user) = accounts.authenticate(&username, password, &client).await? else {
        return Err(Problem::field(Fields::NONE, "Unable to log in with provided credentials."));
    };
    let token = accounts.token(user.id).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Token { token })))
}

#[derive(Serialize)]
struct Registered {
    username: String,
}

async fn register(
    State(accounts): State<Accounts>,
    client: Client,
    FormOrJson(sent): FormOrJson<NameAndPassword>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let (username, password) = sent.present()?;
    accounts.let_register(&client)?;
    let user = accounts.create_user(NewUser::new(username, password)).await?;
    Ok((StatusCode::CREATED, Json(Registered { username: user.username })))
}
