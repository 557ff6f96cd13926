//! What people see.

use crate::app::App;
use axum::Router;
use campanile_accounts::{Accounts, Brand, Problem};

/// Returns how the pages look.
pub(crate) fn brand() -> Brand {
    Brand::default()
}

/// Returns the routes; a path that is nobody's is answered here.
pub fn routes(accounts: &Accounts) -> Router<App> {
    accounts.pages(Router::new().fallback(async || Problem::NotFound))
}
