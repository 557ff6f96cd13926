//! An entry is added.

use super::form::expiration;
use super::{Typed, View, home};
use crate::app::{App, author};
use crate::cidr::Network;
use crate::store::AddError;
use crate::store::entries::NewEntry;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Caller, Fields, Message, Problem, found};
use http::StatusCode;

/// The original has no limit; a form as a whole has one.
const COMMENT_CHARACTERS_MAX: usize = 10_000;

pub(super) async fn add(
    State(app): State<App>,
    caller: Caller,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    page.require_public()?;
    let author = author(&caller);
    if !author.may_write {
        return Ok(denied());
    }
    let added = match wanted(&typed) {
        Ok(wanted) => app.store.add(&wanted, &author).await,
        Err(faults) => return again(&app, page, typed, faults).await,
    };
    match added {
        Ok(_) => Ok((Message::success("Entry successfully added"), found("/")).into_response()),
        Err(AddError::NotPermitted | AddError::ClientUnknown | AddError::ClientNotAllowed) => {
            Ok(denied())
        }
        Err(error @ (AddError::Busy | AddError::Database(_))) => Err(error.into()),
        Err(error @ (AddError::ActionTypeUnknown(_) | AddError::ActionTypeDisabled(_))) => {
            again(&app, page, typed, Fields::of("actiontype", error.to_string())).await
        }
        Err(AddError::Ignored(network)) => {
            let fault = format!("{} It overlaps {network}.", AddError::Ignored(network));
            again(&app, page, typed, Fields::of("route", fault)).await
        }
        Err(error @ AddError::TooLarge(_)) => {
            again(&app, page, typed, Fields::of("route", error.to_string())).await
        }
    }
}

fn denied() -> Response {
    (Message::error("Permission Denied"), found("/")).into_response()
}

/// Shows the form again, with what was typed.
async fn again(app: &App, page: View, typed: Typed, faults: Fields) -> Result<Response, Problem> {
    let shown = home::home(app, page, typed, faults).await?;
    Ok((StatusCode::BAD_REQUEST, shown).into_response())
}

fn wanted(typed: &Typed) -> Result<NewEntry, Fields> {
    let mut faults = Fields::default();
    let route = typed.required("route", 100, &mut faults);
    let network = Network::parse_strict(&route);
    if let (Err(error), false) = (&network, route.is_empty()) {
        faults.add("route", error.to_string());
    }
    let action_type = typed.required("actiontype", 30, &mut faults);
    let comment = typed.required("comment", COMMENT_CHARACTERS_MAX, &mut faults);
    let expiration = expiration(typed.text("expiration")).unwrap_or_else(|fault| {
        faults.add("expiration", fault);
        None
    });
    match network {
        Ok(network) if faults.iter().next().is_none() => {
            Ok(NewEntry { network, action_type, comment, expiration, who: None })
        }
        _ => Err(faults),
    }
}
