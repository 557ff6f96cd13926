//! Why a database could not be opened, and what to do about it.

use crate::Application;
use sea_orm::DbErr;
use std::fmt;

/// Why the database could not be opened. Its text says what to do.
#[derive(Debug)]
pub struct OpenError {
    pub(crate) application: Application,
    pub(crate) cause: Cause,
}

#[derive(Debug)]
pub(crate) enum Cause {
    /// The URL is neither `sqlite:` nor `postgres:`.
    Scheme,
    /// It cannot be reached or read; says where it should be, without a password, and why.
    Unreachable(String, DbErr),
    /// Its tables could not be brought up to date.
    Migration(DbErr),
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Application { name, variable, .. } = self.application;
        match &self.cause {
            Cause::Scheme => write!(
                formatter,
                "{variable} is neither sqlite: nor postgres:. Write \
                 sqlite:///var/lib/{name}/{name}.db or postgres://user:password@host/name."
            ),
            Cause::Unreachable(place, error) => write!(
                formatter,
                "The database {place} could not be opened ({error}). Is {variable} right, \
                 does the server run, and may this user read and write there?"
            ),
            Cause::Migration(error) => write!(
                formatter,
                "The tables could not be brought up to date ({error}). Nothing was lost. Has a \
                 newer version written them, or may this user not change them?"
            ),
        }
    }
}

impl std::error::Error for OpenError {}
