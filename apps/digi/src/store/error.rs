//! Why something was not done. The API and the sockets make an answer of each.

use sea_orm::DbErr;
use std::fmt;

/// Why something was not found.
#[derive(Debug)]
pub enum FindError {
    /// There is none such, or it is not for this user.
    NotFound,
    /// The database failed.
    Database(DbErr),
}

/// Why a conversation was not changed.
#[derive(Debug)]
pub enum ConversationError {
    /// There is none such, or it is not for this user.
    NotFound,
    /// Nobody talks to oneself.
    Oneself,
    /// It is not this user's to do.
    Forbidden,
    /// This user has asked for so many in a day already.
    TooMany(u64),
    /// The database failed; nothing has changed.
    Database(DbErr),
}

/// Why a message was not written.
#[derive(Debug)]
pub enum WriteError {
    /// There is none such, it was deleted, or the two do not talk.
    NotFound,
    /// It is the other's.
    NotOwner,
    /// The text is blank, or has what none may have; this says what.
    Invalid(&'static str),
    /// The text has more characters than so many.
    TooLong(usize),
    /// The database failed; nothing has changed.
    Database(DbErr),
}

impl fmt::Display for FindError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindError::NotFound => formatter.write_str("Not found."),
            FindError::Database(error) => of_database(error, formatter),
        }
    }
}

impl fmt::Display for ConversationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConversationError::NotFound => formatter.write_str("Not found."),
            ConversationError::Oneself => formatter.write_str("You cannot talk to yourself."),
            ConversationError::Forbidden => {
                formatter.write_str("You do not have permission to perform this action.")
            }
            ConversationError::TooMany(most) => {
                write!(formatter, "You may ask for {most} conversations in a day. Try tomorrow.")
            }
            ConversationError::Database(error) => of_database(error, formatter),
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::NotFound => formatter.write_str("Not found."),
            WriteError::NotOwner => formatter.write_str("This message is not yours."),
            WriteError::Invalid(why) => formatter.write_str(why),
            WriteError::TooLong(most) => {
                write!(formatter, "A message has at most {most} characters.")
            }
            WriteError::Database(error) => of_database(error, formatter),
        }
    }
}

fn of_database(error: &DbErr, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "The database failed, and nothing was changed: {error}")
}

impl std::error::Error for FindError {}
impl std::error::Error for ConversationError {}
impl std::error::Error for WriteError {}

impl From<DbErr> for FindError {
    fn from(error: DbErr) -> FindError {
        FindError::Database(error)
    }
}

impl From<FindError> for WriteError {
    fn from(error: FindError) -> WriteError {
        match error {
            FindError::NotFound => WriteError::NotFound,
            FindError::Database(error) => WriteError::Database(error),
        }
    }
}

impl From<DbErr> for ConversationError {
    fn from(error: DbErr) -> ConversationError {
        ConversationError::Database(error)
    }
}

impl From<DbErr> for WriteError {
    fn from(error: DbErr) -> WriteError {
        WriteError::Database(error)
    }
}
