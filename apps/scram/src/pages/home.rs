//! The start page: the newest of each action type, and the form to add.

use super::{Typed, View};
use crate::app::App;
use crate::store::entries::Entry;
use crate::store::pages::PageNumber;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use campanile_accounts::{Fields, Problem, render};

#[derive(Template)]
#[template(path = "scram/home.html")]
struct Home {
    page: View,
    typed: Typed,
    faults: Fields,
    columns: Vec<Column>,
}

/// An action type to which entries can be added.
struct Column {
    name: String,
    count: u64,
    newest: Vec<Entry>,
}

pub(super) async fn show(State(app): State<App>, page: View) -> Result<Response, Problem> {
    page.require_public()?;
    home(&app, page, Typed::of([("actiontype", "block")]), Fields::default()).await
}

/// Makes the page, with what was typed into its form and what is wrong with that.
pub(super) async fn home(
    app: &App,
    page: View,
    typed: Typed,
    faults: Fields,
) -> Result<Response, Problem> {
    let mut columns = Vec::new();
    for action_type in app.store.action_types().await? {
        if action_type.available {
            let size = app.settings.recent_limit;
            let newest = app.store.newest_entries(action_type.id, PageNumber { number: 1, size });
            let newest = newest.await?.ok_or(Problem::NotFound)?;
            let (count, newest) = (newest.count, newest.results);
            columns.push(Column { name: action_type.name, count, newest });
        }
    }
    render(&Home { page, typed, faults, columns })
}
