//! What people see.
//!
//! One file is one page. All of them work as plain HTML, whose forms come here; the modules in
//! `static/` make them alive by what programs may use, too. A list of conversations is on several.

mod chat;
mod home;
mod search;
mod settings;

mod inbox;
mod times;

use crate::app::App;
use axum::Router;
use axum::routing::{get, post};
use campanile_accounts::{Accounts, Brand, File, Link, Problem};
use chat::forms;

/// Returns how the pages look.
pub(crate) fn brand() -> Brand {
    let link = |path: &str, label: &str| Link {
        path: path.to_owned(),
        label: label.to_owned(),
        group: None,
    };
    Brand {
        name: "DIGI".to_owned(),
        logo: Some(LOGO.to_owned()),
        styles: vec![STYLE.to_owned()],
        links: vec![link("/", "Chats"), link("/search/", "Search")],
        own_page: Some("/settings/".to_owned()),
    }
}

const LOGO: &str = "/static/digi/logo.svg";
const STYLE: &str = "/static/digi/style.css";

/// Returns the routes; a path that is nobody's is answered here.
pub fn routes(accounts: &Accounts) -> Router<App> {
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/people/ask/", post(home::ask))
        .route("/chat/{id}/", get(chat::show).post(forms::say))
        .route("/chat/{id}/edit/", post(forms::edit))
        .route("/chat/{id}/delete/", post(forms::delete))
        .route("/chat/{id}/read/", post(forms::mark_read))
        .route("/chat/{id}/answer/", post(forms::answer))
        .route("/search/", get(search::show))
        .route("/settings/", get(settings::show).post(settings::rename))
        .route("/settings/delete/", post(settings::delete))
        .fallback(async || Problem::NotFound);
    accounts.pages(pages).merge(files())
}

fn files() -> Router<App> {
    const STYLE_FILE: File = File::css(include_str!("../static/style.css"));
    const LOGO_FILE: File = File::svg(include_str!("../static/logo.svg"));
    let routes = Router::new().route(STYLE, STYLE_FILE.route()).route(LOGO, LOGO_FILE.route());
    MODULES.iter().fold(routes, |routes, (name, text)| {
        routes.route(&format!("/static/digi/{name}"), File::javascript(text).route())
    })
}

macro_rules! modules {
    ($($name:literal)+) => { &[$(($name, include_str!(concat!("../static/", $name)))),+] };
}

/// The ES modules, by their names: each names the others it needs by these.
const MODULES: &[(&str, &str)] = modules! {
    "chat.js" "home.js" "people.js" "search.js"
    "conversation.js" "line.js" "outgoing.js" "history.js"
    "log.js" "bubbles.js" "composer.js" "inbox.js" "lines.js"
    "api.js" "text.js" "times.js"
};
