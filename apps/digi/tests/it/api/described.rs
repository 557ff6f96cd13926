//! The description of the API, held to what is there.

use crate::stage::Stage;
use crate::world::World;
use campanile_digi::api::document;
use expect_test::expect;
use serde_json::Value;
use std::fmt::Write as _;

#[test]
fn each_route_is_described_with_its_answers() {
    let document: Value = serde_json::to_value(document()).expect("it is JSON");
    let mut told = String::new();
    for (path, methods) in document["paths"].as_object().expect("it has paths") {
        for (method, operation) in methods.as_object().expect("it has methods") {
            let answers = operation["responses"].as_object().expect("it has answers");
            let answers: Vec<&str> = answers.keys().map(String::as_str).collect();
            let summary = operation["summary"].as_str().or(operation["description"].as_str());
            assert!(summary.is_some_and(|it| !it.is_empty()), "{method} {path}");
            let _ = writeln!(told, "{method} {path}: {}", answers.join(" "));
        }
    }
    expect![[r#"
        get /api/v1/connections/: 200 403
        post /api/v1/connections/: 200 201 400 403 404 429
        delete /api/v1/connections/{id}/: 204 403 404
        get /api/v1/connections/{id}/: 200 403 404
        post /api/v1/connections/{id}/accept/: 200 403 404
        post /api/v1/connections/{id}/block/: 200 403 404
        post /api/v1/connections/{id}/decline/: 200 403 404
        get /api/v1/connections/{id}/messages/: 200 400 403 404
        post /api/v1/connections/{id}/messages/: 200 201 400 403 404 429
        delete /api/v1/connections/{id}/messages/{message_id}/: 204 403 404 429
        patch /api/v1/connections/{id}/messages/{message_id}/: 200 400 403 404 429
        post /api/v1/connections/{id}/read/: 204 400 403 404
        post /api/v1/connections/{id}/unblock/: 200 403 404
        get /api/v1/search/: 200 400 403 404 429
        get /api/v1/users/: 200 403
        get /api/v1/users/me/: 200 403
        post /auth-token/: 200 400 429
        get /health/: 200 503
        get /metrics: 200 403
    "#]]
    .assert_eq(&told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_and_a_page_that_shows_it_are_served() {
    let stage = Stage::start(World::sqlite()).await;
    let served = stage.ask("nobody", "GET openapi.json", "").await;
    assert_eq!(served.json(), serde_json::to_value(document()).expect("it is JSON"));
    for path in ["/schema/", "/schema/page.js", "/schema/style.css"] {
        assert_eq!(stage.ask("nobody", &format!("GET {path}"), "").await.status, 200);
    }
    stage.end().await;
}
