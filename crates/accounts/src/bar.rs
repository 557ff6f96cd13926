//! What an application has in the bar of its pages.

use std::fmt;

use async_trait::async_trait;

use crate::{Problem, User};

/// What an application puts into the bar of all its pages, those of the accounts included: it is asked
/// for each of them.
#[async_trait]
pub trait Bar: fmt::Debug + Send + Sync {
    /// Returns what stands there for who looks at the page; none if nobody is logged in.
    async fn contents(&self, user: Option<&User>) -> Result<BarContents, Problem>;
}

/// What stands in the bar, between the links and the user's name. The application's own style sheet
/// says how it looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BarContents {
    /// A few words, of the class `badge`.
    pub badge: Option<String>,
    /// A form of the class `search`.
    pub search: Option<SearchForm>,
}

/// A form of one field, which is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchForm {
    /// Where it goes.
    pub path: &'static str,
    /// The name of the field.
    pub field: &'static str,
    /// What is searched for, for those who do not see the form.
    pub label: &'static str,
    /// An example of it.
    pub placeholder: &'static str,
}
