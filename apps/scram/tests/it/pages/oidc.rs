//! With a provider of OpenID Connect; the ways to and from it are tested with the accounts.

use super::browser::Browser;
use crate::stage::Stage;
use crate::world::{World, on_both};

/// Where nobody listens.
const VARIABLES: [(&str, &str); 5] = [
    ("SCRAM_AUTH_METHOD", "oidc"),
    ("OIDC_OP_ISSUER", "http://127.0.0.1:1"),
    ("OIDC_RP_CLIENT_ID", "scram"),
    ("OIDC_RP_CLIENT_SECRET", "s3cret"),
    ("SCRAM_PUBLIC_URL", "http://127.0.0.1:8000"),
];

async fn the_login_leads_to_the_provider_and_says_so_where_it_is_away(world: World) {
    let stage = Stage::start(world, &VARIABLES).await;
    let mut browser = Browser::new(&stage);
    let login = browser.get("/auth/login/?next=/entries/").await;
    login.has(&["/oidc/authenticate/?next=/entries/", "http://127.0.0.1:1"]);
    login.lacks(&["type=\"password\"", "/auth/register/"]);
    let away = browser.get("/oidc/authenticate/").await;
    assert_eq!(away.status, 503);
    away.has(&["The login provider http://127.0.0.1:1 does not answer as it should"]);
    assert_eq!(browser.get("/oidc/callback/?code=x&state=y").await.status, 403);
    assert_eq!(browser.get("/auth/password/").await.status, 404);
    stage.end().await;
}

on_both! {
    the_login_leads_to_the_provider_and_says_so_where_it_is_away
}
