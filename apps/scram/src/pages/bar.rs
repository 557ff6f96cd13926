//! What stands in the bar of each page.

use crate::app::may_view;
use crate::store::Store;
use async_trait::async_trait;
use campanile_accounts::{BarContents, Problem, SearchForm, User};

/// How many entries are active, and a field to search for a network.
#[derive(Debug)]
pub(crate) struct Bar {
    store: Store,
    /// Whether strangers see it.
    is_public: bool,
}

const SEARCH: SearchForm = SearchForm {
    path: "/search/",
    field: "cidr",
    label: "Search for a network",
    placeholder: "192.0.2.4 or 2001:db8::/32",
};

impl Bar {
    pub(crate) fn new(store: Store, is_public: bool) -> Bar {
        Bar { store, is_public }
    }
}

#[async_trait]
impl campanile_accounts::Bar for Bar {
    async fn contents(&self, user: Option<&User>) -> Result<BarContents, Problem> {
        if !self.is_public && !user.is_some_and(may_view) {
            return Ok(BarContents::default());
        }
        let badge = format!("Blocks: {}", self.store.active_count().await?);
        Ok(BarContents { badge: Some(badge), search: Some(SEARCH) })
    }
}
