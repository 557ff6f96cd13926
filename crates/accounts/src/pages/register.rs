//! Making an account: one's own, or the first one of all.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::login::Next;
use crate::{
    Accounts, Caller, Client, Fields, FormOrJson, NewUser, Page, Password, Problem, local_path,
    render,
};

#[derive(Deserialize)]
pub(super) struct RegisterForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password1: Password,
    #[serde(default)]
    password2: Password,
    #[serde(default)]
    next: String,
}

impl RegisterForm {
    fn new_user(&self) -> Result<NewUser, Fields> {
        if self.password1.is_same(&self.password2) {
            return Ok(NewUser::new(self.username.trim(), self.password1.clone()));
        }
        Err(Fields::of("password2", "The two passwords are not the same."))
    }
}

#[derive(Template)]
#[template(path = "accounts/register.html")]
struct RegisterPage<'a> {
    page: Page,
    is_first: bool,
    username: &'a str,
    next: &'a str,
    faults: Fields,
}

pub(super) async fn show(
    page: Page,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Problem> {
    let next = local_path(&next).unwrap_or_default();
    render(&RegisterPage { page, is_first: false, username: "", next, faults: Fields::default() })
}

pub(super) async fn register(
    State(accounts): State<Accounts>,
    caller: Caller,
    client: Client,
    page: Page,
    FormOrJson(form): FormOrJson<RegisterForm>,
) -> Result<Response, Problem> {
    let made = match form.new_user() {
        Ok(new) => {
            accounts.let_register(&client)?;
            accounts.create_user(new).await
        }
        Err(faults) => Err(Problem::Invalid(faults)),
    };
    let next = local_path(&form.next).unwrap_or("/");
    match made {
        Ok(user) => accounts.log_in(&caller, &user, &client, next).await,
        Err(Problem::Invalid(faults)) => {
            let username = &form.username;
            render(&RegisterPage { page, is_first: false, username, next, faults })
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn show_first(
    State(accounts): State<Accounts>,
    page: Page,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    accounts.check_first_link(&token).await?;
    let faults = Fields::default();
    render(&RegisterPage { page, is_first: true, username: "", next: "", faults })
}

pub(super) async fn make_first(
    State(accounts): State<Accounts>,
    caller: Caller,
    client: Client,
    page: Page,
    Path(token): Path<String>,
    FormOrJson(form): FormOrJson<RegisterForm>,
) -> Result<Response, Problem> {
    accounts.check_first_link(&token).await?;
    let made = match form.new_user() {
        Ok(new) => accounts.make_first(&token, new).await,
        Err(faults) => Err(Problem::Invalid(faults)),
    };
    match made {
        Ok(user) => accounts.log_in(&caller, &user, &client, "/").await,
        Err(Problem::Invalid(faults)) => {
            let username = &form.username;
            render(&RegisterPage { page, is_first: true, username, next: "", faults })
        }
        Err(problem) => Err(problem),
    }
}
