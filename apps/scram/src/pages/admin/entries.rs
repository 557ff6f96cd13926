//! All entries, active or not.

use super::require_superuser;
use crate::app::App;
use crate::pages::View;
use crate::store::entries::{Entry, Filter};
use crate::store::pages::{Page, PageNumber};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use campanile_accounts::{Problem, render};
use serde::Deserialize;
use url::form_urlencoded;

/// How many names are offered to choose from.
const WHO_MAX: u64 = 200;

#[derive(Template)]
#[template(path = "scram/admin/entries.html")]
struct Entries {
    page: View,
    entries: Page<Entry>,
    asked: Asked,
    number: u64,
    pages: u64,
    whos: Vec<String>,
}

/// What stands behind the `?`.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    active: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    page: String,
}

pub(super) async fn show(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let size = app.settings.pagination_size;
    let filter = asked.filter();
    let on_page = |number| app.store.filtered_entries(&filter, PageNumber { number, size });
    let number = asked.page.parse().unwrap_or(1);
    let (number, entries) = match on_page(number).await? {
        Some(entries) => (number, entries),
        None => (1, on_page(1).await?.ok_or(Problem::NotFound)?),
    };
    let pages = entries.count.div_ceil(size).max(1);
    let whos = app.store.answerable(WHO_MAX).await?;
    render(&Entries { page, entries, asked, number, pages, whos })
}

impl Asked {
    fn filter(&self) -> Filter {
        Filter {
            is_active: match &*self.active {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            who: self.who.clone(),
            text: self.text.trim().to_owned(),
        }
    }

    /// Returns the address of another page of the same list.
    fn link(&self, number: u64) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("active", &self.active)
            .append_pair("who", &self.who)
            .append_pair("text", &self.text)
            .append_pair("page", &number.to_string())
            .finish();
        format!("/admin/entries/?{query}")
    }
}
