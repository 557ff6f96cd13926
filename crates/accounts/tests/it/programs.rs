//! Programs: tokens, and the shape of errors.

use campanile_accounts::{Accounts, Settings, Transport};
use expect_test::{Expect, expect};
use http::StatusCode;

use crate::stage::{Browser, accounts, accounts_with, add_user, on_both, settings};

const ANN: &str = r#"{"username":"ann","password":"seven ravens at noon"}"#;

async fn check(accounts: &Accounts, script: &str, expected: Expect) {
    let mut program = Browser::new(accounts);
    let mut transcript = String::new();
    for json in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let answer = program.post_json("/auth-token/", json).await;
        transcript += &format!("{json}\n  {} {}\n", answer.status.as_u16(), answer.body);
    }
    expected.assert_eq(&transcript);
}

#[tokio::test]
async fn a_token_is_the_same_one_each_time_until_it_is_taken_back() {
    on_both(async |database| {
        let accounts = Accounts::new(database, settings()).unwrap();
        let ann = add_user(&accounts, "ann").await;
        let mut program = Browser::new(&accounts);
        let first = program.post_json("/auth-token/", ANN).await;
        assert_eq!(first.status, StatusCode::OK);
        assert_eq!(first.header("cache-control"), "no-store");
        let again =
            program.post("/auth-token/", "username=Ann&password=seven+ravens+at+noon").await;
        assert_eq!(first.body, again.body);
        let token =
            first.body.strip_prefix(r#"{"token":""#).unwrap().strip_suffix(r#""}"#).unwrap();
        assert!(token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));

        let header = format!("Token {token}");
        let mut program = Browser::new(&accounts).with("authorization", &header);
        let answer = program.get("/api/v1/me/").await;
        assert_eq!(answer.body, r#"{"address":"192.0.2.7","username":"ann"}"#);

        accounts.remove_token(ann.id).await.unwrap();
        let answer = program.get("/api/v1/me/").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.body, r#"{"detail":"Invalid token."}"#);
        assert_ne!(accounts.token(ann.id).await.unwrap(), token);
    })
    .await;
}

#[tokio::test]
async fn two_who_ask_for_the_first_token_at_once_get_the_same() {
    on_both(async |database| {
        let accounts = Accounts::new(database, settings()).unwrap();
        let ann = add_user(&accounts, "ann").await;
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let accounts = accounts.clone();
            asking.spawn(async move { accounts.token(ann.id).await.unwrap() });
        }
        let tokens = asking.join_all().await;
        assert!(tokens.iter().all(|token| *token == tokens[0]));
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_request_for_a_token_is_told_in_django_s_words() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    let script = r#"
        {"username":"ann","password":"x"}
        {"username":"nobody","password":"x"}
        {"username":"ann"}
        {"password":""}
        {}
        {"username":
        [1]
    "#;
    check(&accounts, script, expect![[r#"
        {"username":"ann","password":"x"}
          400 {"non_field_errors":["Unable to log in with provided credentials."]}
        {"username":"nobody","password":"x"}
          400 {"non_field_errors":["Unable to log in with provided credentials."]}
        {"username":"ann"}
          400 {"password":["This field is required."]}
        {"password":""}
          400 {"username":["This field is required."],"password":["This field may not be blank."]}
        {}
          400 {"username":["This field is required."],"password":["This field is required."]}
        {"username":
          400 {"detail":"JSON parse error - username: EOF while parsing a value at line 1 column 12"}
        [1]
          400 {"detail":"JSON parse error - [0]: invalid type: integer `1`, expected a string at line 1 column 2"}
    "#]]).await;
    let mut program = Browser::new(&accounts);
    let answer = program.get("/auth-token/").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
    let answer =
        program.send(http::Method::POST, "/auth-token/", Some("text/xml"), ANN.into()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn who_may_not_is_told_so_in_json() {
    let accounts = accounts().await;
    let ann = add_user(&accounts, "ann").await;
    let mut stranger = Browser::new(&accounts);
    let answer = stranger.get("/api/v1/me/").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.body, r#"{"detail":"Authentication credentials were not provided."}"#);
    let token = accounts.token(ann.id).await.unwrap();
    let mut ann = Browser::new(&accounts).with("authorization", &format!("token {token}"));
    let answer = ann.post_json("/api/v1/write/", "{}").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.body, r#"{"detail":"You do not have permission to perform this action."}"#);
    let wrong = [token[1..].to_owned(), format!("{token}0"), token.to_uppercase(), String::new()];
    for wrong in wrong.into_iter().chain(["' OR 1=1 --".to_owned()]) {
        let mut program = Browser::new(&accounts).with("authorization", &format!("Token {wrong}"));
        assert_eq!(program.get("/api/v1/me/").await.body, r#"{"detail":"Invalid token."}"#);
    }
}

#[tokio::test]
async fn a_client_is_where_the_last_proxy_says_that_it_is() {
    let proxies = vec!["192.0.2.7".parse().unwrap(), "192.0.2.8".parse().unwrap()];
    let behind = Settings { transport: Transport::Proxies(proxies), ..settings() };
    let (behind, direct) = (accounts_with(behind).await, accounts().await);
    let cases = [
        (&behind, "198.51.100.1", "198.51.100.1"),
        (&behind, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (&behind, "203.0.113.9, 198.51.100.1, 192.0.2.8", "198.51.100.1"),
        (&behind, "nonsense", "192.0.2.7"),
        (&behind, "192.0.2.8", "192.0.2.7"),
        (&direct, "198.51.100.1", "192.0.2.7"),
    ];
    for (accounts, forwarded, address) in cases {
        if accounts.user("ann").await.unwrap().is_none() {
            add_user(accounts, "ann").await;
        }
        let ann = accounts.user("ann").await.unwrap().unwrap();
        let token = format!("Token {}", accounts.token(ann.id).await.unwrap());
        let program = Browser::new(accounts).with("authorization", &token);
        let answer = program.with("x-forwarded-for", forwarded).get("/api/v1/me/").await;
        assert_eq!(
            answer.body,
            format!(r#"{{"address":"{address}","username":"ann"}}"#),
            "{forwarded}"
        );
    }
}
