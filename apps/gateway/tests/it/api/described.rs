//! The description of the API, held to what is answered.

use super::{World, start};
use serde_json::{Value, json};

/// Every route that there is, so that none comes or goes unnoticed.
const ROUTES: [&str; 16] = [
    "delete /api/v1/connections/{connection}",
    "delete /api/v1/users/{user}",
    "get /api/v1/config",
    "get /api/v1/connections",
    "get /api/v1/connections/{connection}",
    "get /api/v1/explain",
    "get /api/v1/rooms",
    "get /api/v1/rooms/connections",
    "get /api/v1/status",
    "get /api/v1/tail",
    "get /api/v1/users",
    "post /api/v1/connections/{connection}/revalidate",
    "post /api/v1/disconnect",
    "post /api/v1/publish",
    "post /api/v1/revalidate",
    "post /api/v1/users/{user}/revalidate",
];

async fn document(world: &World) -> Value {
    let (status, document) = world.ask("GET /openapi.json").await;
    assert_eq!(status, 200);
    document
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("there are paths") {
        for (method, said) in methods.as_object().expect("a path has methods") {
            all.push((method.clone(), path.clone(), said.clone()));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_and_every_reference_leads_somewhere() {
    let world = start("").await;
    let document = document(&world).await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let mut found: Vec<String> =
        operations(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    found.sort();
    assert_eq!(found, ROUTES);
    for (method, path, said) in operations(&document) {
        assert!(said["summary"].is_string(), "{method} {path} says what it does");
        assert!(said["operationId"].is_string() && said["tags"].is_array(), "{method} {path}");
        for named in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            let parameters = said["parameters"].as_array().expect("it has parameters");
            let is_it = |it: &&Value| it["name"] == named && it["in"] == "path";
            assert!(parameters.iter().any(|it| is_it(&it)), "{method} {path}: {named}");
        }
    }
    check_references(&document, &document);
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

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_answered_as_it_is_described() {
    let world = start("").await;
    let document = document(&world).await;
    for (method, path, said) in operations(&document) {
        // Some of them end her connection.
        let (_ada, name) = world.connect("ada", &[r#"{"zoo":1,"animal":"penguin"}"#]).await;
        let path = path.strip_prefix("/api/v1").expect("it stands there");
        let path = path.replace("{connection}", &name).replace("{user}", "ada");
        let mut query = Vec::new();
        for parameter in said["parameters"].as_array().into_iter().flatten() {
            let (at, example) = (&parameter["in"], &parameter["example"]);
            assert!(at != "path" || !example.is_null(), "{method} {path}: {parameter}");
            if at == "query" && !example.is_null() {
                let example =
                    example.as_str().map_or(example.to_string(), |text| text.replace(' ', "%20"));
                let name = parameter["name"].as_str().expect("a name");
                query.push(format!("{name}={example}"));
            }
        }
        let what = format!("{} {path}?{}", method.to_uppercase(), query.join("&"));
        let body = example_body(&document, &said);
        let (status, answer) = world.ask_with(&what, &[], &body).await;
        let described = &said["responses"][status.to_string()];
        assert!(described.is_object(), "{what}: {status} is not described: {answer}");
        assert!(status == 200, "{what}: {status}: {answer}");
        let schema = &described["content"]["application/json"]["schema"];
        check_shape(&document, schema, &answer, &what);
    }
}

fn example_body(document: &Value, said: &Value) -> String {
    let schema = &said["requestBody"]["content"]["application/json"]["schema"];
    let Some(reference) = schema["$ref"].as_str() else { return String::new() };
    let schema = document.pointer(&reference[1..]).expect("it leads somewhere");
    let example =
        if schema["example"].is_null() { &schema["examples"][0] } else { &schema["example"] };
    assert!(example.is_object(), "{schema} has an example");
    example.to_string()
}

/// Checks that what is required is there, and that nothing is there which is not described.
fn check_shape(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(&reference[1..]).expect("it leads somewhere");
        return check_shape(document, schema, value, at);
    }
    if let Some(list) = value.as_array() {
        list.iter().for_each(|one| check_shape(document, &schema["items"], one, at));
        return;
    }
    let parts: Vec<&Value> =
        schema["allOf"].as_array().map_or(vec![schema], |all| all.iter().collect());
    let parts: Vec<&Value> = parts
        .iter()
        .map(|part| match part["$ref"].as_str() {
            Some(reference) => document.pointer(&reference[1..]).expect("it leads somewhere"),
            None => part,
        })
        .collect();
    let described = |name: &str| parts.iter().find_map(|part| part["properties"].get(name));
    for required in parts.iter().filter_map(|part| part["required"].as_array()).flatten() {
        let name = required.as_str().expect("a name");
        assert!(value.get(name).is_some(), "{at}: {name} is missing in {value}");
    }
    if parts.iter().all(|part| part["properties"].is_null()) {
        return;
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let schema = described(name).unwrap_or_else(|| panic!("{at}: {name} is not described"));
        check_shape(document, schema, member, &format!("{at}.{name}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_nothing_from_elsewhere_and_no_key() {
    let world = start("[internal]\nkey = \"s3cret\"\n").await;
    for (path, kind) in [
        ("/api/v1", "text/html"),
        ("/api/v1/", "text/html"),
        ("/api/v1/page.js", "text/javascript"),
        ("/api/v1/style.css", "text/css"),
        ("/api/v1/openapi.json", "application/json"),
    ] {
        let answer = crate::support::http::get(world.campanile.internal, path).await;
        let answer = answer.expect("every request is answered");
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.head.contains(&format!("content-type: {kind}")), "{path}: {}", answer.head);
        assert!(!answer.body.contains("http://") && !answer.body.contains("https://"), "{path}");
    }
    assert_eq!(world.ask("GET /status").await.1["error"]["code"], json!("unauthorized"));
}
