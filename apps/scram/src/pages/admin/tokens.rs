//! Tokens by which translators are known.

use super::{answer, faults_of, require_superuser, with_status};
use crate::app::App;
use crate::pages::{Typed, View};
use crate::store::translator_tokens::{NAME_CHARACTERS_MAX, TranslatorToken};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use campanile_accounts::{Fields, Problem, render};

const HERE: &str = "/admin/tokens/";

#[derive(Template)]
#[template(path = "scram/admin/tokens.html")]
struct Tokens {
    page: View,
    tokens: Vec<TranslatorToken>,
    action_types: Vec<String>,
    /// The one that was just made: it is shown this once.
    made: Option<Made>,
    typed: Typed,
    faults: Fields,
}

struct Made {
    name: String,
    token: String,
}

pub(super) async fn show(State(app): State<App>, page: View) -> Result<Response, Problem> {
    require_superuser(&page)?;
    list(&app, page, None, Typed::default(), Fields::default()).await
}

async fn list(
    app: &App,
    page: View,
    made: Option<Made>,
    typed: Typed,
    faults: Fields,
) -> Result<Response, Problem> {
    let tokens = app.store.translator_tokens().await?;
    let action_types = app.store.action_types().await?;
    let action_types = action_types.into_iter().map(|known| known.name).collect();
    let status = faults.clone();
    let shown = render(&Tokens { page, tokens, action_types, made, typed, faults })?;
    Ok(with_status(&status, shown))
}

/// Answers with the page itself: a token that is shown once cannot wait for a second request.
pub(super) async fn add(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let mut faults = Fields::default();
    let name = typed.required("name", NAME_CHARACTERS_MAX, &mut faults);
    let action_types: Vec<&str> = typed.all("action_type").collect();
    if action_types.is_empty() {
        faults.add("action_type", "Choose at least one.");
    }
    if faults.iter().next().is_some() {
        return list(&app, page, None, typed, faults).await;
    }
    match app.store.add_translator_token(&name, &action_types).await {
        Ok(token) => {
            let made = Some(Made { name, token });
            list(&app, page, made, Typed::default(), Fields::default()).await
        }
        Err(error) => list(&app, page, None, typed, faults_of(error, "name")?).await,
    }
}

pub(super) async fn remove(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let name = typed.text("name");
    let removed = app.store.remove_translator_token(name).await;
    answer(removed.map(|()| format!("The token of {name} was removed")), HERE)
}
