//! People: registered, found, known.

use crate::stage::{PASSWORD, Stage, ask};
use crate::world::{World, on_both};
use expect_test::expect;
use std::fmt::Write as _;

on_both! {
    people_register_get_a_token_and_are_found_by_name
}

async fn people_register_get_a_token_and_are_found_by_name(world: World) {
    let stage = Stage::start(world).await;
    let mut told = String::new();
    for body in [
        r#"{"username":"eva","password":"seven ravens fly"}"#,
        r#"{"username":"EVA","password":"seven ravens fly"}"#,
        r#"{"username":"e v a","password":"seven ravens fly"}"#,
        r#"{"username":"","password":"seven ravens fly"}"#,
        r#"{"username":"eve","password":"short"}"#,
        r#"{"username":"eve","password":"password"}"#,
        r#"{"username":"evelinchen","password":"evelinchen"}"#,
        r#"{"username":"x234567890123456789012345678901","password":"seven ravens fly"}"#,
    ] {
        let answer = stage.ask("nobody", "POST register/", body).await;
        let _ = writeln!(told, "{} {}", answer.status, answer.body);
    }
    let json = ("Content-Type", "application/json");
    for password in [PASSWORD, "wrong"] {
        let body = format!(r#"{{"username":"eva","password":"{password}"}}"#);
        let answer = ask(stage.address(), "POST /auth-token/", &[json], &body).await;
        let _ = writeln!(told, "token: {} {}", answer.status, answer.body.len());
    }
    stage.ask("ann", "POST @/block/", "").await;
    for (name, what) in [
        ("eva", "GET users/me/"),
        ("nobody", "GET users/me/"),
        ("nobody", "GET users/?search=a"),
        ("eva", "GET users/?search=A"),
        ("eva", "GET users/?search=e"),
        ("eva", "GET users/"),
        ("eva", "GET users/?search=%25"),
        ("eva", "GET users/?search=_"),
        ("eva", "GET users/?search=%00"),
        ("bob", "GET users/?search=an"),
        ("ann", "GET users/?search=bo"),
    ] {
        let answer = stage.ask(name, what, "").await;
        let _ = writeln!(told, "{name} {what}: {} {}", answer.status, answer.body);
    }
    expect![[r#"
        201 {"username":"eva"}
        400 {"username":["A user with that username already exists."]}
        400 {"username":["A name has only letters, digits and @/./+/-/_ characters."]}
        400 {"username":["This field may not be blank."]}
        400 {"password":["This password is too short. It must contain at least 8 characters."]}
        400 {"password":["This password is too common."]}
        400 {"password":["The password is too similar to the username."]}
        400 {"username":["Ensure this field has no more than 30 characters."]}
        token: 200 52
        token: 400 68
        eva GET users/me/: 200 {"username":"eva","name":""}
        nobody GET users/me/: 403 {"detail":"Authentication credentials were not provided."}
        nobody GET users/?search=a: 403 {"detail":"Authentication credentials were not provided."}
        eva GET users/?search=A: 200 {"results":[{"username":"ann","name":""}]}
        eva GET users/?search=e: 200 {"results":[]}
        eva GET users/: 200 {"results":[]}
        eva GET users/?search=%25: 200 {"results":[]}
        eva GET users/?search=_: 200 {"results":[]}
        eva GET users/?search=%00: 200 {"results":[]}
        bob GET users/?search=an: 200 {"results":[]}
        ann GET users/?search=bo: 200 {"results":[{"username":"bob","name":""}]}
    "#]]
    .assert_eq(&told);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_with_a_cookie_must_show_the_token_against_forgery_and_by_a_token_need_not() {
    let stage = Stage::start(World::sqlite()).await;
    let (cookies, csrf) = stage.log_in("ann").await;
    let what = format!("POST connections/{}/messages/", stage.id);
    let own = format!("http://{}", stage.address());
    let json = ("Content-Type", "application/json");
    let cookie = ("Cookie", cookies.as_str());
    for (headers, status) in [
        (vec![json, cookie], 403),
        (vec![json, cookie, ("X-CSRFToken", "0")], 403),
        (vec![json, cookie, ("X-CSRFToken", &csrf), ("Origin", "http://evil.example")], 403),
        (vec![json, cookie, ("X-CSRFToken", &csrf), ("Origin", &own)], 201),
        (vec![json, cookie, ("X-CSRFToken", &csrf)], 201),
    ] {
        let answer = ask(stage.address(), &what, &headers, r#"{"message":"x"}"#).await;
        assert_eq!(answer.status, status, "{headers:?} {answer:?}");
    }
    let what = "GET /api/v1/users/me/";
    assert_eq!(ask(stage.address(), what, &[cookie], "").await.status, 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_registration_is_closed_there_is_none() {
    let stage = Stage::with(World::sqlite(), &[("DIGI_REGISTRATION", "no")]).await;
    let body = r#"{"username":"eva","password":"seven ravens fly"}"#;
    assert_eq!(stage.ask("nobody", "POST register/", body).await.status, 404);
    assert_eq!(stage.ask("nobody", "GET /auth/register/", "").await.status, 404);
    stage.end().await;
}
