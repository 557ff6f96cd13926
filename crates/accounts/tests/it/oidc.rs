//! Login by OpenID Connect, with a provider of the test's own.

mod provider;
mod refused;
mod rights;

use campanile_accounts::{Accounts, OidcSettings, ProviderGroups, Settings, UsernameClaim};
use http::StatusCode;

use crate::oidc::provider::Provider;
use crate::stage::{Answer, Browser, accounts_with, settings};

const CLIENT: &str = "scram";
const SECRET: &str = "s3cret of the client";

fn by(provider: &Provider) -> OidcSettings {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let meant = |theirs: &str, ours: &str| (theirs.to_owned(), ours.to_owned());
    OidcSettings {
        client_secret: Some(SECRET.to_owned()),
        groups: ProviderGroups {
            superuser: list(&["svc_admin"]),
            denied: list(&["svc_denied"]),
            groups: vec![meant("svc_readwrite", "readwrite"), meant("svc_readonly", "readonly")],
        },
        ..OidcSettings::new(&provider.issuer(), CLIENT, "http://stage.example/")
    }
}

async fn accounts_by(oidc: OidcSettings) -> Accounts {
    accounts_with(Settings { oidc: Some(oidc), ..settings() }).await
}

/// Logs in as somebody of whom the provider says what it usually does, changed by `change`.
async fn log_in(
    browser: &mut Browser,
    provider: &Provider,
    change: impl FnOnce(&mut serde_json::Value),
) -> Answer {
    let way = begin(browser, "/mine/").await;
    let back = provider.approve(&way, change);
    browser.get(&back).await
}

/// Begins a login, and returns where it leads.
async fn begin(browser: &mut Browser, next: &str) -> String {
    let answer = browser.get(&format!("/oidc/authenticate/?next={next}")).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
    answer.header("location").to_owned()
}

#[tokio::test]
async fn who_logs_in_at_the_provider_is_logged_in_here_and_comes_to_where_it_wanted() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    let mut browser = Browser::new(&accounts);

    let wanted = browser.get("/mine/").await;
    assert_eq!(wanted.header("location"), "/auth/login/?next=%2Fmine%2F");
    let page = browser.get(wanted.header("location")).await;
    assert!(page.body.contains(r#"href="/oidc/authenticate/?next=/mine/""#), "{}", page.body);
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);

    let begun = browser.get("/oidc/authenticate/?next=/mine/").await;
    let cookies = begun.set_cookies();
    let of_attempt = "oidclogin=…; Path=/; Max-Age=600; SameSite=Lax; HttpOnly";
    assert!(cookies.iter().any(|cookie| cookie == of_attempt), "{cookies:?}");
    let way = begun.header("location");
    for part in ["code_challenge_method=S256", "scope=openid+profile+email", "response_type=code"] {
        assert!(way.contains(part), "{way}");
    }
    let back = browser.get(&provider.approve(way, |_| ())).await;
    assert_eq!((back.status, back.header("location")), (StatusCode::FOUND, "/mine/"), "{back:?}");
    assert_eq!(browser.get("/mine/").await.body, "ann");
    assert!(!browser.cookies.contains_key("oidclogin"));

    let ann = accounts.user("ann").await.unwrap().expect("it was made");
    assert_eq!((&*ann.name, &*ann.email), ("Ann Example", "ann@site.example"));
    assert_eq!(accounts.statistics().provider_logins, 1);

    let csrf = browser.cookies["csrftoken"].clone();
    let out = browser.post("/auth/logout/", &format!("csrfmiddlewaretoken={csrf}")).await;
    assert_eq!((out.status, out.header("location")), (StatusCode::FOUND, "/"));
    assert_eq!(browser.get("/").await.body, "home of nobody: []");
}

#[tokio::test]
async fn with_a_provider_nobody_logs_in_or_registers_by_a_password() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    assert_eq!(accounts.first_administrator_path().await.unwrap(), None);
    let mut browser = Browser::new(&accounts);
    for path in ["/auth/register/", "/auth/password/", "/auth/first/x/"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let login = browser.post("/auth/login/", "username=ann&password=x").await;
    assert!(login.status.is_client_error(), "{login:?}");

    let passwords = crate::stage::accounts().await;
    let answer = Browser::new(&passwords).get("/oidc/authenticate/").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_address_is_a_name_where_that_is_set_and_only_if_it_is_verified() {
    let provider = Provider::start().await;
    let oidc = OidcSettings { username: UsernameClaim::Email, ..by(&provider) };
    let accounts = accounts_by(oidc).await;
    let mut browser = Browser::new(&accounts);
    let answer = log_in(&mut browser, &provider, |claims| {
        claims.as_object_mut().unwrap().remove("email_verified");
    });
    let answer = answer.await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("does not say that it has verified"), "{}", answer.body);
    let answer = log_in(&mut browser, &provider, |_| ()).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
    assert_eq!(browser.get("/mine/").await.body, "ann@site.example");
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_asked_for_once_it_is_used_and_not_more_often_than_is_set() {
    let provider = Provider::start().await;
    let oidc = OidcSettings { keys_again_after: std::time::Duration::ZERO, ..by(&provider) };
    let accounts = accounts_by(oidc).await;
    let mut browser = Browser::new(&accounts);
    assert_eq!(log_in(&mut browser, &provider, |_| ()).await.status, StatusCode::FOUND);
    provider.change_key("two");
    assert_eq!(log_in(&mut browser, &provider, |_| ()).await.status, StatusCode::FOUND);
    assert_eq!(provider.keys_asked(), 2);

    // Another one, who has asked just now, does not ask again for each token of a stranger's.
    let patient = accounts_by(by(&provider)).await;
    let mut browser = Browser::new(&patient);
    assert_eq!(log_in(&mut browser, &provider, |_| ()).await.status, StatusCode::FOUND);
    let before = provider.keys_asked();
    provider.sign_with_unknown_key();
    for _ in 0..3 {
        let answer = log_in(&mut browser, &provider, |_| ()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(provider.keys_asked(), before);
}

#[tokio::test]
async fn a_provider_that_signs_by_rsa_is_understood() {
    let provider = Provider::start().await;
    provider.sign_by_rsa();
    let accounts = accounts_by(by(&provider)).await;
    let answer = log_in(&mut Browser::new(&accounts), &provider, |_| ()).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
}
