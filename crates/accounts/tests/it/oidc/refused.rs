//! What is no login.

use campanile_accounts::OidcSettings;
use http::StatusCode;
use serde_json::json;

use super::provider::Provider;
use super::{SECRET, accounts_by, begin, by, log_in};
use crate::stage::{Answer, Browser};

fn is_refused(answer: &Answer, words: &str) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert!(answer.body.contains(words), "{}", answer.body);
    assert!(!answer.set_cookies().iter().any(|cookie| cookie.starts_with("sessionid=")));
}

const NOT_BEGUN: &str = "This login was not begun in this browser";
const NOT_PROVED: &str = "does not prove who you are";

#[tokio::test]
async fn claims_for_others_by_others_of_the_past_and_of_other_attempts_are_refused() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    for (claim, value) in [
        ("iss", json!("https://login.example")),
        ("aud", json!("another client")),
        ("aud", json!(["another client"])),
        ("nonce", json!("0".repeat(64))),
        ("nonce", json!(null)),
        ("exp", json!(1_600_000_000)),
    ] {
        let mut browser = Browser::new(&accounts);
        let shown = value.clone();
        let answer = log_in(&mut browser, &provider, |claims| claims[claim] = value).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{claim}: {shown}");
        is_refused(&answer, NOT_PROVED);
        assert_eq!(browser.get("/mine/").await.status, StatusCode::FOUND);
    }
    assert_eq!(accounts.user_count().await.unwrap(), 0);
    assert_eq!(accounts.statistics().provider_logins_refused, 6);
}

#[tokio::test]
async fn claims_that_are_signed_by_others_by_a_shared_secret_or_not_at_all_are_refused() {
    for sign in [
        Provider::sign_with_foreign_key,
        Provider::sign_with_unknown_key,
        Provider::sign_with_shared_secret,
        Provider::do_not_sign,
    ] {
        let provider = Provider::start().await;
        let accounts = accounts_by(by(&provider)).await;
        sign(&provider);
        let answer = log_in(&mut Browser::new(&accounts), &provider, |_| ()).await;
        is_refused(&answer, NOT_PROVED);
        assert_eq!(accounts.user_count().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_way_back_is_for_the_browser_that_went_and_for_once() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    let (mut browser, mut other) = (Browser::new(&accounts), Browser::new(&accounts));

    let back = provider.approve(&begin(&mut browser, "/").await, |_| ());
    is_refused(&other.get(&back).await, NOT_BEGUN);
    begin(&mut other, "/").await;
    is_refused(&other.get(&back).await, NOT_BEGUN);

    let kept = browser.cookies.clone();
    assert_eq!(browser.get(&back).await.status, StatusCode::FOUND);
    is_refused(&browser.get(&back).await, NOT_BEGUN);
    // Nor with the cookie that it should have forgotten: a code is for once.
    browser.cookies = kept;
    is_refused(&browser.get(&back).await, NOT_PROVED);

    let way = begin(&mut browser, "/").await;
    let back = provider.approve(&way, |_| ());
    let wrong = back.replace("state=", "state=0");
    is_refused(&browser.get(&wrong).await, NOT_BEGUN);
    is_refused(&browser.get(&back).await, NOT_BEGUN);
    is_refused(&browser.get("/oidc/callback/").await, NOT_BEGUN);
}

#[tokio::test]
async fn a_code_that_was_made_for_another_attempt_is_refused() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    let (mut browser, mut eve) = (Browser::new(&accounts), Browser::new(&accounts));
    let eves = provider.approve(&begin(&mut eve, "/").await, |_| ());
    let own = provider.approve(&begin(&mut browser, "/").await, |_| ());
    let code = |back: &str| back.split(['=', '&']).nth(1).unwrap().to_owned();
    let mixed = own.replace(&code(&own), &code(&eves));
    is_refused(&browser.get(&mixed).await, NOT_PROVED);
}

#[tokio::test]
async fn what_the_provider_refuses_is_told_and_another_provider_is_not_believed() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    let mut browser = Browser::new(&accounts);
    let state = |back: &str| back.split_once("state=").unwrap().1.to_owned();

    let back = provider.approve(&begin(&mut browser, "/").await, |_| ());
    let path = format!("/oidc/callback/?error=access_denied%3Cb%3E&state={}", state(&back));
    let answer = browser.get(&path).await;
    is_refused(&answer, "The login provider refused: access_denied");
    assert!(!answer.body.contains("<b>"), "{}", answer.body);

    let back = provider.approve(&begin(&mut browser, "/").await, |_| ());
    let answer = browser.get(&format!("{back}&iss=https://evil.example")).await;
    is_refused(&answer, "This login comes from another provider.");
}

#[tokio::test]
async fn names_that_nobody_may_have_here_are_refused() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    for (name, words) in [
        (json!("ann smith"), "cannot be a name here: A name has only letters"),
        (json!("a".repeat(31)), "cannot be a name here: Ensure this field has no more than 30"),
        (json!(null), "cannot be a name here: This field may not be blank"),
    ] {
        let mut browser = Browser::new(&accounts);
        let answer =
            log_in(&mut browser, &provider, |claims| claims["preferred_username"] = name).await;
        is_refused(&answer, words);
    }
}

#[tokio::test]
async fn a_provider_that_is_away_or_says_too_much_is_told_of_with_503() {
    let provider = Provider::start().await;
    let short = OidcSettings { answer_bytes_max: 100, ..by(&provider) };
    let nowhere = OidcSettings { issuer: "http://127.0.0.1:1".to_owned(), ..by(&provider) };
    let open = OidcSettings { issuer: "http://login.example".to_owned(), ..by(&provider) };
    for oidc in [short, nowhere, open] {
        let accounts = accounts_by(oidc).await;
        let mut browser = Browser::new(&accounts);
        let answer = browser.get("/oidc/authenticate/").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        assert!(answer.body.contains("does not answer as it should"), "{}", answer.body);
        assert!(!answer.body.contains(SECRET));
    }

    let accounts = accounts_by(by(&provider)).await;
    let mut browser = Browser::new(&accounts);
    let back = provider.approve(&begin(&mut browser, "/").await, |_| ());
    provider.fail();
    let answer = browser.get(&back).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(!format!("{:?}", accounts.settings()).contains(SECRET));
}

#[tokio::test]
async fn a_provider_that_does_not_know_the_clients_secret_is_told_of_with_503() {
    let provider = Provider::start().await;
    let wrong = Some("another secret".to_owned());
    let accounts = accounts_by(OidcSettings { client_secret: wrong, ..by(&provider) }).await;
    let answer = log_in(&mut Browser::new(&accounts), &provider, |_| ()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
}
