//! Requests that another site's page makes a browser send.

use campanile_accounts::{Accounts, Settings, Transport};
use http::StatusCode;

use crate::stage::{Browser, PASSWORD, accounts, accounts_with, add_user, settings};

async fn with_writer() -> Accounts {
    writer_with(settings()).await
}

async fn writer_with(settings: Settings) -> Accounts {
    let accounts = accounts_with(settings).await;
    let mut ann = add_user(&accounts, "ann").await;
    ann.groups = vec!["readwrite".to_owned()];
    accounts.change_user(&ann).await.expect("ann is there");
    accounts
}

#[tokio::test]
async fn a_form_needs_the_token_of_its_own_session() {
    let accounts = with_writer().await;
    add_user(&accounts, "eve").await;
    let mut eve = Browser::new(&accounts);
    eve.log_in("eve").await;
    let eves = eve.cookies["csrftoken"].clone();
    let mut stranger = Browser::new(&accounts);
    let strangers = stranger.get("/auth/login/").await.csrf();

    let mut ann = Browser::new(&accounts);
    ann.log_in("ann").await;
    let anns = ann.cookies["csrftoken"].clone();
    let missing = "CSRF Failed: CSRF token missing.";
    let incorrect = "CSRF Failed: CSRF token incorrect.";
    let cases = [
        (String::new(), missing),
        ("csrfmiddlewaretoken=".to_owned(), missing),
        ("a=csrfmiddlewaretoken=x".to_owned(), missing),
        (format!("csrfmiddlewaretoken={}", "0".repeat(64)), incorrect),
        (format!("csrfmiddlewaretoken={anns}0"), incorrect),
        (format!("csrfmiddlewaretoken={eves}"), incorrect),
        (format!("csrfmiddlewaretoken={strangers}"), incorrect),
    ];
    for (form, why) in cases {
        let answer = ann.post("/write/", &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}");
        assert!(answer.body.contains(why), "{form}: {}", answer.body);
        assert!(answer.body.contains("Perhaps the form is old"));
        assert!(answer.header("content-type").starts_with("text/html"));
    }
    let answer = ann.post("/write/", &format!("x=1&csrfmiddlewaretoken={anns}")).await;
    assert_eq!(answer.status, StatusCode::FOUND);

    // A cookie that somebody else has put there is worth nothing beside a session.
    ann.cookies.insert("csrftoken".to_owned(), eves.clone());
    let answer = ann.post("/write/", &format!("csrfmiddlewaretoken={eves}")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(accounts.statistics().forgeries, 8);
}

#[tokio::test]
async fn strangers_need_the_token_for_forms_too() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    let form = format!("username=ann&password={}", PASSWORD.replace(' ', "+"));
    for path in ["/auth/login/", "/auth/register/", "/auth/logout/", "/search/"] {
        let answer = browser.post(path, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    // Without the cookie a token is nobody's.
    let token = browser.get("/auth/login/").await.csrf();
    browser.cookies.clear();
    let answer = browser.post("/auth/login/", &format!("{form}&csrfmiddlewaretoken={token}")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(accounts.statistics().logins, 0);
}

#[tokio::test]
async fn a_script_sends_the_token_as_a_header() {
    let accounts = with_writer().await;
    let mut ann = Browser::new(&accounts);
    ann.log_in("ann").await;
    let answer = ann.post_json("/api/v1/write/", "{}").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.body, r#"{"detail":"CSRF Failed: CSRF token missing."}"#);
    let token = ann.cookies["csrftoken"].clone();
    let mut ann = ann.with("x-csrftoken", &token);
    assert_eq!(ann.post_json("/api/v1/write/", "{}").await.status, StatusCode::FOUND);
    let mut ann = ann.with("x-csrftoken", "no");
    let answer = ann.post_json("/api/v1/write/", "{}").await;
    assert_eq!(answer.body, r#"{"detail":"CSRF Failed: CSRF token incorrect."}"#);
}

#[tokio::test]
async fn programs_without_a_cookie_need_no_token() {
    let accounts = with_writer().await;
    let ann = accounts.user("ann").await.unwrap().unwrap();
    let token = accounts.token(ann.id).await.unwrap();
    let mut anonymous = Browser::new(&accounts);
    assert_eq!(anonymous.post_json("/api/v1/open/", "{}").await.status, StatusCode::OK);
    let mut program = Browser::new(&accounts).with("authorization", &format!("Token {token}"));
    assert_eq!(program.post_json("/api/v1/write/", "{}").await.status, StatusCode::FOUND);
    // Also beside a cookie, which then does not count.
    let mut ann = Browser::new(&accounts);
    ann.log_in("ann").await;
    let mut ann = ann.with("authorization", &format!("Token {token}"));
    assert_eq!(ann.post_json("/api/v1/write/", "{}").await.status, StatusCode::FOUND);
    // Another scheme is no excuse.
    let mut ann = ann.with("authorization", "Basic YW5uOng=");
    assert_eq!(ann.post_json("/api/v1/write/", "{}").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_foreign_origin_is_refused_even_with_the_token() {
    let allowed =
        Settings { allowed_origins: vec!["https://chat.example".to_owned()], ..settings() };
    let accounts = writer_with(allowed).await;
    let tls = writer_with(Settings { transport: Transport::Tls, ..settings() }).await;
    let cases = [
        (&accounts, "http://stage.example", true),
        (&accounts, "https://stage.example", true),
        (&accounts, "https://chat.example", true),
        (&accounts, "https://evil.example", false),
        (&accounts, "http://stage.example:8080", false),
        (&accounts, "http://stage.example.evil.example", false),
        (&accounts, "null", false),
        (&accounts, "", false),
        (&tls, "https://stage.example", true),
        (&tls, "http://stage.example", false),
    ];
    for (accounts, origin, is_ours) in cases {
        let mut ann = Browser::new(accounts);
        ann.log_in("ann").await;
        let token = ann.cookies["csrftoken"].clone();
        let mut ann = ann.with("origin", origin);
        let answer = ann.post("/write/", &format!("csrfmiddlewaretoken={token}")).await;
        assert_eq!(answer.status == StatusCode::FOUND, is_ours, "{origin:?}");
        assert!(is_ours || answer.body.contains("CSRF Failed: Origin checking failed."));
    }
}

#[tokio::test]
async fn a_form_that_is_too_long_is_not_read_to_its_end() {
    let accounts = accounts().await;
    let mut browser = Browser::new(&accounts);
    let answer = browser.post("/auth/login/", &"a".repeat((64 << 10) + 1)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
