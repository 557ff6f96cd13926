//! `/api/v1/`: which collections there are.

use super::base::Base;
use super::problems::Detail;
use axum::Json;
use campanile_accounts::User;
use std::collections::BTreeMap;

/// Each collection.
const COLLECTIONS: [&str; 6] =
    ["actiontypes", "entries", "ignore_entries", "is_active", "register_client", "users"];

/// Lists the collections, each with its address.
#[utoipa::path(
    get, path = "/api/v1/", tag = "users",
    responses(
        (status = 200, description = "The collections.", body = BTreeMap<String, String>),
        (status = 403, description = "Nobody is logged in.", body = Detail),
    )
)]
pub(super) async fn collections(_: User, base: Base) -> Json<BTreeMap<&'static str, String>> {
    let address = |name| (name, base.url(&format!("/api/v1/{name}/")));
    Json(COLLECTIONS.into_iter().map(address).collect())
}
