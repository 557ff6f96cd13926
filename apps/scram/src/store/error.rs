//! Why something was not done. The API makes an answer of each.

use crate::cidr::Network;
use crate::settings::PrefixLimits;
use sea_orm::DbErr;
use std::fmt;

/// Why an entry was not added, in the order of the checks.
#[derive(Debug)]
pub enum AddError {
    /// There is no action type of this name.
    ActionTypeUnknown(String),
    /// There is one, but nothing may be added to it.
    ActionTypeDisabled(String),
    /// The network's prefix is shorter than is allowed.
    TooLarge(PrefixLimits),
    /// No client has this UUID.
    ClientUnknown,
    /// The client is not authorized, or not for this action type.
    ClientNotAllowed,
    /// The user, if there is one, may not add.
    NotPermitted,
    /// It overlaps this network, which must never be acted on.
    Ignored(Network),
    /// Too many wait to be added.
    Busy,
    /// The database failed; nothing has changed.
    Database(DbErr),
}

/// Why entries were not removed.
#[derive(Debug)]
pub enum RemoveError {
    /// The network's prefix is shorter than is allowed.
    TooLarge(PrefixLimits),
    /// The user, if there is one, may not remove.
    NotPermitted,
    /// The database failed; nothing has changed.
    Database(DbErr),
}

/// Why an entry was not found.
#[derive(Debug)]
pub enum FindError {
    /// The network's prefix is shorter than is allowed.
    TooLarge(PrefixLimits),
    /// None is active there, or several are.
    NotOne,
    /// The database failed.
    Database(DbErr),
}

/// Why something beside the entries was not changed.
#[derive(Debug)]
pub enum ChangeError {
    /// There is one already with what must be unique; the text names it.
    Duplicate(&'static str),
    /// There is none such.
    NotFound,
    /// Something else still needs it; the text says what.
    InUse(&'static str),
    /// A value is not possible; the texts say which, and why.
    Invalid(&'static str, &'static str),
    /// The database failed; nothing has changed.
    Database(DbErr),
}

impl ChangeError {
    /// Makes the meaning of an insert's or update's failure plain: what must be unique is `what`.
    pub(super) fn of_unique(error: DbErr, what: &'static str) -> ChangeError {
        match error.sql_err() {
            Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => ChangeError::Duplicate(what),
            _ => ChangeError::Database(error),
        }
    }
}

impl fmt::Display for AddError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddError::ActionTypeUnknown(name) => {
                write!(formatter, "There is no action type {name:?}.")
            }
            AddError::ActionTypeDisabled(name) => {
                write!(formatter, "The action type {name:?} is not available.")
            }
            AddError::TooLarge(limits) => limits.fmt(formatter),
            AddError::ClientUnknown => formatter.write_str("Client does not exist"),
            AddError::ClientNotAllowed => {
                formatter.write_str("This client is not allowed to use this actiontype")
            }
            AddError::NotPermitted => {
                formatter.write_str("You do not have permission to perform this action.")
            }
            AddError::Ignored(_) => formatter
                .write_str("This CIDR is on the ignore list. You are not allowed to add it here."),
            AddError::Busy => formatter.write_str("Too many wait to be added. Try again later."),
            AddError::Database(error) => of_database(error, formatter),
        }
    }
}

impl fmt::Display for RemoveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemoveError::TooLarge(limits) => limits.fmt(formatter),
            RemoveError::NotPermitted => {
                formatter.write_str("You do not have permission to perform this action.")
            }
            RemoveError::Database(error) => of_database(error, formatter),
        }
    }
}

impl fmt::Display for FindError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindError::TooLarge(limits) => limits.fmt(formatter),
            FindError::NotOne => formatter.write_str("No active entry was found."),
            FindError::Database(error) => of_database(error, formatter),
        }
    }
}

impl fmt::Display for ChangeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeError::Duplicate(what) => write!(formatter, "This {what} exists already."),
            ChangeError::NotFound => formatter.write_str("Not found."),
            ChangeError::InUse(by) => write!(formatter, "It is still used by {by}."),
            ChangeError::Invalid(field, why) => write!(formatter, "{field}: {why}"),
            ChangeError::Database(error) => of_database(error, formatter),
        }
    }
}

fn of_database(error: &DbErr, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "The database failed, and nothing was changed: {error}")
}

impl std::error::Error for AddError {}
impl std::error::Error for RemoveError {}
impl std::error::Error for FindError {}
impl std::error::Error for ChangeError {}

impl From<DbErr> for AddError {
    fn from(error: DbErr) -> AddError {
        AddError::Database(error)
    }
}

impl From<DbErr> for RemoveError {
    fn from(error: DbErr) -> RemoveError {
        RemoveError::Database(error)
    }
}

impl From<DbErr> for FindError {
    fn from(error: DbErr) -> FindError {
        FindError::Database(error)
    }
}

impl From<DbErr> for ChangeError {
    fn from(error: DbErr) -> ChangeError {
        ChangeError::Database(error)
    }
}
