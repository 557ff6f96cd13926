//! What people see.
//!
//! One file is one page. Each page knows who looks at it by a `View`; what was typed into a form
//! comes as `Typed`, and stands there again, with its faults, if it cannot be used.

mod add;
mod admin;
mod entries;
mod entry;
mod home;
mod people;
mod search;

mod bar;
mod form;
mod view;

use crate::app::App;
use axum::Router;
use axum::routing::{get, post};
pub(crate) use bar::Bar;
use campanile_accounts::{Accounts, File, Problem};
use form::Typed;
use view::View;

/// Where the style sheet of these pages is.
pub(crate) const STYLE: &str = "/static/scram/style.css";

/// Where the picture in the bar is.
pub(crate) const LOGO: &str = "/static/scram/logo.svg";

/// Returns the routes; a path that is nobody's is answered here.
pub fn routes(accounts: &Accounts) -> Router<App> {
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/add/", post(add::add))
        .route("/entries/", get(entries::show))
        .route("/entries/last-event/", get(entries::last_event))
        .route("/entries/withdraw/", post(entries::withdraw))
        .route("/search/", get(search::lead_home).post(search::search))
        .route("/{id}/", get(entry::show))
        .route("/delete/{id}/", post(entry::deactivate))
        .route("/users/~redirect/", get(people::lead_to_oneself))
        .route("/users/~update/", get(people::show_update).post(people::update))
        .route("/users/{name}/", get(people::show))
        .merge(admin::routes())
        .fallback(async || Problem::NotFound);
    accounts.pages(pages).merge(files())
}

fn files() -> Router<App> {
    const STYLE_FILE: File = File::css(include_str!("../static/style.css"));
    const LOGO_FILE: File = File::svg(include_str!("../static/logo.svg"));
    let module = |text| File::javascript(text).route();
    Router::new()
        .route(STYLE, STYLE_FILE.route())
        .route(LOGO, LOGO_FILE.route())
        .route("/static/scram/expiration.js", module(include_str!("../static/expiration.js")))
        .route("/static/scram/status.js", module(include_str!("../static/status.js")))
        .route("/static/scram/changed.js", module(include_str!("../static/changed.js")))
        .route("/static/scram/checks.js", module(include_str!("../static/checks.js")))
}
