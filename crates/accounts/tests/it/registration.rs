//! Making one's own account.

use campanile_accounts::{Accounts, NewUser, Problem, Settings};
use expect_test::{Expect, expect};
use http::StatusCode;

use crate::stage::{Browser, accounts, accounts_with, add_user, on_both, settings};

/// Registers by JSON, each with its answer.
async fn check(accounts: &Accounts, script: &str, expected: Expect) {
    let mut browser = Browser::new(accounts);
    let mut transcript = String::new();
    for json in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let answer = browser.post_json("/api/v1/register/", json).await;
        transcript += &format!("{json}\n  {} {}\n", answer.status.as_u16(), answer.body);
    }
    expected.assert_eq(&transcript);
}

#[tokio::test]
async fn programs_register_and_are_told_what_is_wrong_with_which_field() {
    let script = r#"
        {"username":"Ann","password":"seven ravens"}
        {"username":"ann","password":"seven ravens"}
        {"username":"ＡＮＮ","password":"seven ravens"}
        {"username":"müller.2+x@y_z-","password":"seven ravens"}
        {"username":"a b","password":"seven ravens"}
        {"username":"<b>","password":"seven ravens"}
        {"username":"","password":"seven ravens"}
        {"username":"abcdefghijabcdefghijabcdefghijk","password":"seven ravens"}
        {"username":"bob","password":"ravens7"}
        {"username":"bob","password":"Password123!"}
        {"username":"bob","password":"19840312"}
        {"username":"bob","password":"aaaaaaaaaaaaa"}
        {"username":"bobington","password":"Bobington1"}
        {"username":"bobington","password":"bobingto"}
        {"username":"a b","password":"x"}
        {"username":"bob"}
        {}
        {"username":7,"password":"seven ravens"}
        {"username":
        []
    "#;
    let expected = expect![[r#"
        {"username":"Ann","password":"seven ravens"}
          201 {"username":"Ann"}
        {"username":"ann","password":"seven ravens"}
          400 {"username":["A user with that username already exists."]}
        {"username":"ＡＮＮ","password":"seven ravens"}
          400 {"username":["A user with that username already exists."]}
        {"username":"müller.2+x@y_z-","password":"seven ravens"}
          201 {"username":"müller.2+x@y_z-"}
        {"username":"a b","password":"seven ravens"}
          400 {"username":["A name has only letters, digits and @/./+/-/_ characters."]}
        {"username":"<b>","password":"seven ravens"}
          400 {"username":["A name has only letters, digits and @/./+/-/_ characters."]}
        {"username":"","password":"seven ravens"}
          400 {"username":["This field may not be blank."]}
        {"username":"abcdefghijabcdefghijabcdefghijk","password":"seven ravens"}
          400 {"username":["Ensure this field has no more than 30 characters."]}
        {"username":"bob","password":"ravens7"}
          400 {"password":["This password is too short. It must contain at least 8 characters."]}
        {"username":"bob","password":"Password123!"}
          400 {"password":["This password is too common."]}
        {"username":"bob","password":"19840312"}
          400 {"password":["This password is too common."]}
        {"username":"bob","password":"aaaaaaaaaaaaa"}
          400 {"password":["This password is too common."]}
        {"username":"bobington","password":"Bobington1"}
          400 {"password":["The password is too similar to the username."]}
        {"username":"bobington","password":"bobingto"}
          400 {"password":["The password is too similar to the username."]}
        {"username":"a b","password":"x"}
          400 {"username":["A name has only letters, digits and @/./+/-/_ characters."],"password":["This password is too short. It must contain at least 8 characters."]}
        {"username":"bob"}
          400 {"password":["This field is required."]}
        {}
          400 {"username":["This field is required."],"password":["This field is required."]}
        {"username":7,"password":"seven ravens"}
          400 {"detail":"JSON parse error - username: invalid type: integer `7`, expected a string at line 1 column 13"}
        {"username":
          400 {"detail":"JSON parse error - username: EOF while parsing a value at line 1 column 12"}
        []
          400 {"username":["This field is required."],"password":["This field is required."]}
    "#]];
    check(&accounts().await, script, expected).await;
}

#[tokio::test]
async fn a_name_is_taken_once_also_by_many_who_want_it_at_once() {
    on_both(async |database| {
        let accounts = Accounts::new(database, settings()).unwrap();
        let mut tries = tokio::task::JoinSet::new();
        for name in ["ann", "Ann", "ANN", "ann", "aNN"] {
            let accounts = accounts.clone();
            tries.spawn(
                async move { accounts.create_user(NewUser::new(name, "seven ravens")).await },
            );
        }
        let made = tries.join_all().await;
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
        let taken = Problem::field("username", "A user with that username already exists.");
        assert!(made.iter().flat_map(|made| made.as_ref().err()).all(|error| *error == taken));
    })
    .await;
}

#[tokio::test]
async fn people_register_on_a_page_and_are_logged_in() {
    let accounts = accounts().await;
    add_user(&accounts, "eve").await;
    let mut browser = Browser::new(&accounts);
    let form = "username=ann&password1=seven+ravens&password2=seven+ravens";
    let mistake = form.replace("password2=seven", "password2=eight");
    let answer = browser.fill("/auth/register/", &mistake).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("The two passwords are not the same."));
    let answer = browser.fill("/auth/register/", &form.replace("ann", "EVE")).await;
    assert!(answer.body.contains("A user with that username already exists."));
    assert!(answer.body.contains(r#"value="EVE""#), "{}", answer.body);

    let answer = browser.fill("/auth/register/", &format!("{form}&next=/mine/")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::FOUND, "/mine/"));
    assert_eq!(browser.get("/").await.body, "home of ann: []");
    let mut other = Browser::new(&accounts);
    let form = form.replace("ann", "bob");
    let answer = other.fill("/auth/register/", &format!("{form}&next=//evil.example")).await;
    assert_eq!(answer.header("location"), "/");
}

#[tokio::test]
async fn where_registration_is_closed_there_is_no_trace_of_it() {
    let accounts = accounts_with(Settings { registration: false, ..settings() }).await;
    let mut browser = Browser::new(&accounts);
    let login = browser.get("/auth/login/").await;
    assert!(!login.body.to_lowercase().contains("register"), "{}", login.body);
    assert_eq!(browser.get("/auth/register/").await.status, StatusCode::NOT_FOUND);
    let json = r#"{"username":"ann","password":"seven ravens"}"#;
    let token = browser.cookies["csrftoken"].clone();
    let mut browser = browser.with("x-csrftoken", &token);
    assert_eq!(browser.post_json("/api/v1/register/", json).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post_json("/auth/register/", json).await.status, StatusCode::NOT_FOUND);
    assert_eq!(accounts.user_count().await.unwrap(), 0);
}

#[tokio::test]
async fn from_one_address_only_so_many_register_in_a_minute_by_page_and_program_together() {
    let settings = Settings { registrations_per_minute_max: 3, ..settings() };
    let accounts = accounts_with(settings).await;
    let mut program = Browser::new(&accounts);
    let json = |name: &str| format!(r#"{{"username":"{name}","password":"seven ravens"}}"#);
    for (name, status) in [("ann", StatusCode::CREATED), ("ann", StatusCode::BAD_REQUEST)] {
        assert_eq!(program.post_json("/api/v1/register/", &json(name)).await.status, status);
    }
    let mut browser = Browser::new(&accounts);
    let form = "username=bob&password1=seven+ravens&password2=seven+ravens";
    let mistake = form.replace("password2=seven", "password2=eight");
    assert_eq!(browser.fill("/auth/register/", &mistake).await.status, StatusCode::OK);
    assert_eq!(browser.fill("/auth/register/", form).await.status, StatusCode::FOUND);

    let answer = program.post_json("/api/v1/register/", &json("cleo")).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    let mut browser = Browser::new(&accounts);
    let answer = browser.fill("/auth/register/", &form.replace("bob", "dan")).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.body.contains("Too many tries"), "{}", answer.body);
    assert_eq!(accounts.statistics().registrations_throttled, 2);
    assert_eq!(accounts.user_count().await.unwrap(), 2);

    let mut elsewhere = Browser::new(&accounts);
    elsewhere.address = "198.51.100.9:1".parse().unwrap();
    let answer = elsewhere.post_json("/api/v1/register/", &json("cleo")).await;
    assert_eq!(answer.status, StatusCode::CREATED);
}
