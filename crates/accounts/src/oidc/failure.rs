//! How it is told that the provider failed, or that what it sent proves nothing.

use std::error::Error;

use http::StatusCode;

use crate::Problem;

/// Writes down how the provider failed.
pub(super) fn log(issuer: &str, error: &dyn Error) {
    tracing::error!(issuer, error = causes(error), "the login provider failed");
}

/// Says that the provider failed, of which the log has more.
pub(super) fn unavailable(issuer: &str) -> Problem {
    let text = format!(
        "The login provider {issuer} does not answer as it should, so nobody can log in now. Try \
         again in a moment; the log of the server says what is wrong."
    );
    Problem::Other(StatusCode::SERVICE_UNAVAILABLE, text)
}

/// Says that what came back from the provider proves nothing.
pub(super) fn refused(why: &str) -> Problem {
    tracing::warn!(why, "a login by the provider is refused");
    Problem::Forbidden(
        "What the login provider sent does not prove who you are; the log of the server says why. \
         Log in again."
            .to_owned(),
    )
}

/// Returns an error with its causes.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
