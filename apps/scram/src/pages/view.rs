//! What each page of SCRAM knows besides its own matter.

use crate::app::{self, App};
use axum::extract::FromRequestParts;
use campanile_accounts::{Page, Problem, User};
use http::request::Parts;
use std::ops::Deref;

/// A page of the accounts', and who may see it.
#[derive(Debug)]
pub(super) struct View {
    page: Page,
    is_public: bool,
}

impl View {
    /// Returns whether who looks at it may see entries in full.
    pub(super) fn may_view(&self) -> bool {
        self.user().is_some_and(app::may_view)
    }

    /// Returns whether who looks at it may add and remove entries.
    pub(super) fn may_write(&self) -> bool {
        self.user().is_some_and(app::may_write)
    }

    /// Returns whether who looks at it may do everything.
    pub(super) fn is_superuser(&self) -> bool {
        self.user().is_some_and(|user| user.is_superuser)
    }

    /// Returns who looks at it, if somebody is known.
    ///
    /// # Errors
    ///
    /// [`Problem::NotLoggedIn`] leads to the login.
    pub(super) fn require_user(&self) -> Result<&User, Problem> {
        self.user().ok_or(Problem::NotLoggedIn)
    }

    /// Goes on only with who may see entries in full.
    ///
    /// # Errors
    ///
    /// [`Problem::NotLoggedIn`] or [`Problem::Forbidden`] for others.
    pub(super) fn require_view(&self) -> Result<(), Problem> {
        app::require_view(self.require_user()?)
    }

    /// Goes on only with who may add and remove entries.
    ///
    /// # Errors
    ///
    /// [`Problem::NotLoggedIn`] or [`Problem::Forbidden`] for others.
    pub(super) fn require_write(&self) -> Result<(), Problem> {
        app::require_write(self.require_user()?)
    }

    /// Goes on with everybody, unless the settings hide the public pages.
    ///
    /// # Errors
    ///
    /// As [`require_view`](Self::require_view), if they do.
    pub(super) fn require_public(&self) -> Result<(), Problem> {
        if self.is_public { Ok(()) } else { self.require_view() }
    }
}

impl Deref for View {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl FromRequestParts<App> for View {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<View, Problem> {
        let page = Page::from_request_parts(parts, app).await?;
        Ok(View { page, is_public: app.settings.public_pages })
    }
}
