//! What a user is.

use unicode_normalization::UnicodeNormalization as _;

use crate::{Problem, Settings, entity};

/// Somebody who has an account. As an extractor it takes only who is logged in, by a session or a
/// token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The number of its row.
    pub id: i64,
    /// Its name, as it was chosen; two never differ in case alone.
    pub username: String,
    /// What it wants to be called: perhaps empty.
    pub name: String,
    /// Its address: perhaps empty.
    pub email: String,
    /// Its groups.
    pub groups: Vec<String>,
    /// Whether it may do everything.
    pub is_superuser: bool,
    /// Whether it may log in. Who may not is never a caller.
    pub is_active: bool,
    /// When the account was made, in seconds since 1970.
    pub created_at: i64,
}

impl User {
    /// Returns whether the user is in a group; a superuser is in each.
    pub fn is_in(&self, group: &str) -> bool {
        self.is_superuser || self.groups.iter().any(|known| known == group)
    }

    /// Goes on only if the user may do what is asked for.
    ///
    /// # Errors
    ///
    /// [`Problem::Forbidden`] if not.
    pub fn require(&self, is_allowed: bool) -> Result<(), Problem> {
        if is_allowed { Ok(()) } else { Err(Problem::forbidden()) }
    }
}

impl From<entity::user::Model> for User {
    fn from(row: entity::user::Model) -> User {
        User {
            id: row.id,
            username: row.username,
            name: row.name,
            email: row.email,
            groups: row.groups.split_whitespace().map(str::to_owned).collect(),
            is_superuser: row.is_superuser,
            is_active: row.is_active,
            created_at: row.created_at,
        }
    }
}

/// Returns a name in the one form of those that look alike to Unicode: `ａdmin` is `admin`.
pub(crate) fn normal(username: &str) -> String {
    username.nfkc().collect()
}

/// Returns that by which a user is found: two names that differ in case are one.
pub(crate) fn key(username: &str) -> String {
    normal(username).to_lowercase()
}

/// Returns what is wrong with a name that somebody wants to have; none if nothing is.
pub(crate) fn fault(username: &str, settings: &Settings) -> Option<String> {
    let characters_max = settings.username_characters_max;
    let is_allowed = |it: char| it.is_alphanumeric() || "_.@+-".contains(it);
    if username.is_empty() {
        Some("This field may not be blank.".to_owned())
    } else if username.chars().count() > characters_max {
        Some(format!("Ensure this field has no more than {characters_max} characters."))
    } else if !username.chars().all(is_allowed) {
        Some("A name has only letters, digits and @/./+/-/_ characters.".to_owned())
    } else {
        None
    }
}
