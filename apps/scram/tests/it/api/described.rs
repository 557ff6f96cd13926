//! The description of the API, held to what is answered.

use crate::stage::Stage;
use crate::world::World;
use expect_test::expect;
use serde_json::Value;

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("there are paths") {
        for (method, said) in methods.as_object().expect("a path has methods") {
            all.push((method.to_uppercase(), path.clone(), said.clone()));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_and_every_description_is_a_route() {
    let stage = Stage::start(World::sqlite(), &[]).await;
    let document = stage.ask("nobody", "GET /schema/", "").await.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let operations = operations(&document);
    let mut all: Vec<_> =
        operations.iter().map(|(method, path, _)| format!("{method} {path}\n")).collect();
    all.sort();
    expect![[r#"
        DELETE /api/v1/entries/{which}/
        DELETE /api/v1/ignore_entries/{network}/
        GET /api/v1/
        GET /api/v1/actiontypes/
        GET /api/v1/actiontypes/{name}/
        GET /api/v1/entries/
        GET /api/v1/entries/{which}/
        GET /api/v1/ignore_entries/
        GET /api/v1/ignore_entries/{network}/
        GET /api/v1/is_active/
        GET /api/v1/users/
        GET /api/v1/users/{name}/
        GET /health/
        GET /metrics
        GET /process_updates/
        PATCH /api/v1/ignore_entries/{network}/
        POST /api/v1/entries/
        POST /api/v1/ignore_entries/
        POST /api/v1/register_client/
        POST /auth-token/
        POST /process_updates/
        PUT /api/v1/ignore_entries/{network}/
    "#]]
    .assert_eq(&all.concat());
    for (method, path, said) in operations {
        assert!(said["summary"].is_string(), "{method} {path} says what it does");
        let mut real = path.clone();
        for it in said["parameters"].as_array().into_iter().flatten() {
            let name = it["name"].as_str().expect("a name").trim_start_matches('*');
            let example = it["example"].as_str().map(|text| text.replace('/', "%2F"));
            if it["in"] == "query" {
                real += &format!("?{name}={}", example.as_deref().unwrap_or("1"));
            }
            real = real.replace(&format!("{{{name}}}"), &example.unwrap_or_default());
        }
        assert!(!real.contains('{'), "{method} {path} describes each part of its path");
        let example = example(&document, &said);
        // It asks for a password.
        let answer = match &*path {
            "/auth-token/" => continue,
            _ => stage.ask("ada", &format!("{method} {real}"), &example).await,
        };
        let described = &said["responses"][answer.status.to_string()];
        assert!(described.is_object(), "{method} {real}: {answer:?}");
        // Examples are good; what they name may not be there.
        assert!(answer.status < 300 || answer.status == 404, "{method} {real}: {answer:?}");
        if let Some(body) = described["content"]["application/json"]["schema"].as_object() {
            check_shape(&document, &Value::Object(body.clone()), &answer.json(), &real);
        }
    }
    check_references(&document, &document);
    stage.end().await;
}

fn example(document: &Value, said: &Value) -> String {
    let schema = &said["requestBody"]["content"]["application/json"]["schema"];
    let Some(reference) = schema["$ref"].as_str() else { return String::new() };
    let schema = document.pointer(&reference[1..]).expect("it leads somewhere");
    assert!(schema["example"].is_object(), "{schema} has an example");
    schema["example"].to_string()
}

fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').expect("a reference within the document");
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            members.values().for_each(|member| check_references(document, member));
        }
        Value::Array(list) => list.iter().for_each(|member| check_references(document, member)),
        _ => {}
    }
}

/// Checks that what is required is there, and that nothing is there which is not described.
fn check_shape(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(&reference[1..]).expect("it leads somewhere");
        return check_shape(document, schema, value, at);
    }
    if let Some(list) = value.as_array() {
        return list.iter().for_each(|one| check_shape(document, &schema["items"], one, at));
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        assert!(value.get(name).is_some(), "{at}: {name} is missing in {value}");
    }
    let Some(described) = schema["properties"].as_object() else { return };
    if !schema["additionalProperties"].is_null() {
        return;
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let schema = described.get(name).unwrap_or_else(|| panic!("{at}: {name} is not described"));
        check_shape(document, schema, member, &format!("{at}.{name}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_nothing_from_elsewhere_and_no_login() {
    let stage = Stage::start(World::sqlite(), &[]).await;
    for (path, kind) in [
        ("/schema/", "application/json"),
        ("/api/v1/openapi.json", "application/json"),
        ("/schema/swagger-ui/", "text/html"),
        ("/schema/redoc/", "text/html"),
        ("/schema/page.js", "text/javascript"),
        ("/schema/style.css", "text/css"),
    ] {
        let answer = stage.ask("nobody", &format!("GET {path}"), "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(kind), "{path}: {}", answer.head);
        assert!(answer.header("content-security-policy").starts_with("default-src 'self'"));
        assert!(!answer.body.contains("http://") && !answer.body.contains("https://"), "{path}");
    }
    stage.end().await;
}
