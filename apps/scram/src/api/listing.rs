//! Lists: pages of them, with the addresses of their neighbours.

use super::base::Base;
use super::surface::parameter;
use crate::app::App;
use crate::store::pages::{Page, PageNumber};
use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri};
use campanile_accounts::Problem;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Listing<T> {
    /// How many there are on all pages.
    count: u64,
    /// The address of the next page; null on the last.
    next: Option<String>,
    /// The address of the page before; null on the first.
    previous: Option<String>,
    /// Those of this page.
    results: Vec<T>,
}

/// Which page of a list is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichPage {
    /// The number of the page; 1 is the first.
    #[param(example = 1)]
    page: Option<u64>,
    #[param(ignore)]
    size: u64,
    #[param(ignore)]
    base: Base,
    #[param(ignore)]
    path: String,
}

impl WhichPage {
    /// Returns which part of the list it is.
    pub(super) fn number(&self) -> PageNumber {
        PageNumber { number: self.page.unwrap_or(1), size: self.size }
    }

    /// Answers with a page, each of which is shown by `view`; there may be none of that number.
    pub(super) fn answer<R, T>(
        &self,
        page: Option<Page<R>>,
        view: impl Fn(R, &Base) -> T,
    ) -> Result<Json<Listing<T>>, Problem> {
        let page = page.ok_or_else(no_page)?;
        let number = self.number().number;
        Ok(Json(Listing {
            count: page.count,
            next: page.has_next.then(|| self.address(number + 1)),
            previous: (number > 1).then(|| self.address(number - 1)),
            results: page.results.into_iter().map(|row| view(row, &self.base)).collect(),
        }))
    }

    /// Answers with a page of a list that is all here.
    pub(super) fn answer_of_all<R, T>(
        &self,
        all: Vec<R>,
        view: impl Fn(R, &Base) -> T,
    ) -> Result<Json<Listing<T>>, Problem> {
        self.answer(self.number().page_of(all), view)
    }

    fn address(&self, number: u64) -> String {
        let path = self.base.url(&self.path);
        if number == 1 { path } else { format!("{path}?page={number}") }
    }
}

impl FromRequestParts<App> for WhichPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<WhichPage, Problem> {
        let page = match parameter(&parts.uri, "page") {
            Some(text) if !text.is_empty() => Some(number(&text).ok_or_else(no_page)?),
            _ => None,
        };
        let base = Base::from_request_parts(parts, app).await?;
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let path = uri.path().to_owned();
        Ok(WhichPage { page, size: app.settings.pagination_size, base, path })
    }
}

/// Reads digits, and no sign.
fn number(text: &str) -> Option<u64> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

fn no_page() -> Problem {
    Problem::Other(StatusCode::NOT_FOUND, "Invalid page.".to_owned())
}
