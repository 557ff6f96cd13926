//! What programs ask for: the REST API below `/api/v1/`, its description, and health.

use crate::app::App;
use axum::Router;
use campanile_accounts::Accounts;

/// Returns the routes.
pub fn routes(accounts: &Accounts) -> Router<App> {
    accounts.api(Router::new())
}
