//! Which translators are let in.

use super::translator::Translator;
use crate::app::App;
use crate::entities::action_type;
use crate::settings::TranslatorAuth;
use crate::store::action_types::is_name;
use campanile_accounts::Problem;
use campanile_consumer::{Consumer, Refusal, Scope};

/// A translator that may come in.
pub(super) struct Admitted {
    /// Of which action type it hears.
    pub(super) action_type: action_type::Model,
    /// The name of its token, if it has one.
    pub(super) name: Option<String>,
    /// The token, to ask again whether it still holds. It is not to be shown.
    pub(super) token: Option<String>,
}

/// Lets a translator in that has shown a token for the action type of its path, if it must.
pub(super) async fn admit(
    app: &App,
    scope: &Scope<<Translator as Consumer>::User>,
) -> Result<Admitted, Refusal> {
    let wanted = scope.param("action_type")?;
    let token = scope.header("authorization").and_then(token_of).map(str::to_owned);
    let name = match &token {
        Some(token) => name_of(app, wanted, token).await?,
        None => None,
    };
    if name.is_none() && app.settings.translator_auth == TranslatorAuth::Required {
        let why = if token.is_some() {
            "its token does not hold for this action type"
        } else {
            "it shows no token"
        };
        let detail = "A token for this action type is needed: Authorization: Token …";
        return Err(Refusal::new(Problem::Forbidden(detail.to_owned())).because(why));
    }
    let found = match is_name(wanted) {
        true => app.store.action_type(wanted).await.map_err(failed)?,
        false => None,
    };
    let action_type = found.ok_or_else(|| Refusal::new(Problem::NotFound))?;
    let token = token.filter(|_| name.is_some());
    Ok(Admitted { action_type, name, token })
}

/// Says whether a translator that was let in may stay. While the database fails it may.
pub(super) async fn is_still_admitted(app: &App, action_type: &str, token: Option<&str>) -> bool {
    let Some(token) = token else { return true };
    let Ok(found) = app.store.translator_token(token).await else { return true };
    found.is_some_and(|found| found.action_types.iter().any(|name| name == action_type))
}

/// Returns the name of a token that holds for an action type; none if it does not.
async fn name_of(app: &App, action_type: &str, token: &str) -> Result<Option<String>, Refusal> {
    let found = app.store.translator_token(token).await.map_err(failed)?;
    let found = found.filter(|found| found.action_types.iter().any(|name| name == action_type));
    Ok(found.map(|found| found.name))
}

fn token_of(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("token").then_some(token.trim())
}

fn failed(error: sea_orm::DbErr) -> Refusal {
    Refusal::new(Problem::from(error))
}
