//! Where a database is, and whether anybody is there.

use crate::{Application, WAIT};
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{Connection as _, Error};
use std::time::Duration;
use url::Url;

/// How long the first attempt to connect may take before it is said that it takes long.
const FIRST_TRY: Duration = Duration::from_secs(5);

/// Says at once why PostgreSQL cannot be reached: the pool tries in silence until its time is up, and
/// then only knows that it is.
pub(crate) async fn warn_if_away(application: &Application, url: &str) {
    let at = || place(application, url);
    match tokio::time::timeout(FIRST_TRY, PgConnection::connect(url)).await {
        Ok(Ok(connection)) => drop(connection.close().await),
        Ok(Err(Error::Io(error))) => {
            tracing::warn!(%error, at = at(), "PostgreSQL is not there yet: trying for {WAIT:?}");
        }
        // The pool does not try that again, and says why.
        Ok(Err(_)) => {}
        Err(_) => {
            tracing::warn!(at = at(), "PostgreSQL does not answer yet: trying for {WAIT:?}");
        }
    }
}

/// Returns where a database is, without who asks for it, nor by which password.
pub(crate) fn place(application: &Application, url: &str) -> String {
    match Url::parse(url) {
        Ok(url) if url.has_host() => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
        }
        Ok(url) => url.path().to_owned(),
        Err(_) => application.variable.to_owned(),
    }
}
