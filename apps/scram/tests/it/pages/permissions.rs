//! Who may see and do what: the rows of the permission table that are about pages.

use super::browser::Browser;
use crate::stage::Stage;
use crate::world::{World, add, on_both};

const EVERYBODY: [&str; 5] = ["nobody", "dan", "cleo", "bob", "ada"];

async fn browser_of(stage: &Stage, name: &str) -> Browser {
    match name {
        "nobody" => Browser::new(stage),
        name => Browser::of(stage, name).await,
    }
}

/// The browsers of everybody, in that order.
async fn browsers(stage: &Stage) -> Vec<Browser> {
    let mut browsers = Vec::new();
    for name in EVERYBODY {
        browsers.push(browser_of(stage, name).await);
    }
    browsers
}

/// What each is answered, in the order of [`EVERYBODY`]: a status, or where it leads.
async fn answers(browsers: &mut [Browser], what: &str) -> String {
    let (method, path) = what.split_once(' ').unwrap();
    let mut answers = Vec::new();
    for (name, browser) in EVERYBODY.into_iter().zip(browsers) {
        let path = path.replace("NAME", name);
        let answer = match method {
            "GET" => browser.get(&path).await,
            "ADD" => {
                let fields = [("route", "192.0.2.9"), ("actiontype", "block"), ("comment", "x")];
                browser.fill(&path, &fields).await
            }
            "SEARCH" => browser.fill(&path, &[("cidr", "192.0.2.1")]).await,
            _ => browser.fill(&path, &[]).await,
        };
        answers.push(match answer.led() {
            (302, path) if path.starts_with("/auth/login/?next=") => "login".to_owned(),
            (302, path) => path.to_owned(),
            (status, _) => status.to_string(),
        });
    }
    answers.join(" ")
}

async fn every_kind_of_user_may_what_the_table_says(world: World) {
    let stage = Stage::start(world, &[]).await;
    add(&stage.app().store, "192.0.2.1").await;
    let mut everybody = browsers(&stage).await;
    let table = [
        ("GET /", "200 200 200 200 200"),
        ("GET /entries/", "200 200 200 200 200"),
        ("GET /entries/last-event/", "200 200 200 200 200"),
        ("SEARCH /search/", "200 200 200 200 200"),
        ("GET /1/", "login 403 200 200 200"),
        ("ADD /add/", "/ / / / /"),
        ("POST /delete/1/", "login 403 403 / /"),
        ("POST /entries/withdraw/", "login 403 403 404 404"),
        ("GET /users/NAME/", "login 200 200 200 200"),
        ("GET /users/bob/", "login 404 404 200 200"),
        ("GET /users/nobody-at-all/", "login 404 404 404 404"),
        ("GET /users/~update/", "login 200 200 200 200"),
        ("GET /users/~redirect/", "login /users/dan/ /users/cleo/ /users/bob/ /users/ada/"),
        ("GET /nowhere/", "404 404 404 404 404"),
    ];
    for (what, expected) in table {
        assert_eq!(answers(&mut everybody, what).await, expected, "{what}");
    }
    let admin = ["", "action-types/", "ignore/", "clients/", "templates/", "entries/", "users/"];
    for path in admin.into_iter().chain(["tokens/", "action-types/block/", "templates/1/"]) {
        let what = format!("GET /admin/{path}");
        assert_eq!(answers(&mut everybody, &what).await, "login 403 403 403 200", "{what}");
    }
    let changes = ["action-types/", "ignore/", "clients/", "templates/", "users/", "tokens/"];
    for path in changes {
        let what = format!("POST /admin/{path}");
        assert_eq!(answers(&mut everybody, &what).await, "login 403 403 403 400", "{what}");
    }
    let changes = [
        "action-types/block/",
        "action-types/block/remove/",
        "ignore/one/",
        "ignore/one/remove/",
        "ignore/one/end-entries/",
        "clients/1/",
        "clients/1/remove/",
        "templates/1/remove/",
        "templates/places/",
        "templates/places/1/remove/",
        "users/1/",
        "users/1/password/",
        "tokens/remove/",
    ];
    for path in changes {
        let what = format!("POST /admin/{path}");
        let answer = answers(&mut everybody, &what).await;
        assert!(answer.starts_with("login 403 403 403 "), "{what}: {answer}");
    }
    stage.end().await;
}

async fn who_may_not_add_is_told_so_and_sees_no_form(world: World) {
    let stage = Stage::start(world, &[]).await;
    let form = [("route", "192.0.2.9"), ("actiontype", "block"), ("comment", "x")];
    for (name, may_add) in [("nobody", false), ("dan", false), ("cleo", false), ("bob", true)] {
        let mut browser = browser_of(&stage, name).await;
        let home = browser.get("/").await;
        assert_eq!(home.body.contains(r#"action="/add/""#), may_add, "{name}");
        home.lacks(&[r#"href="/admin/""#]);
        assert_eq!(browser.fill("/add/", &form).await.led(), (302, "/"));
        let home = browser.get("/").await;
        assert_eq!(home.body.contains("Permission Denied"), !may_add, "{name}");
    }
    let mut ada = Browser::of(&stage, "ada").await;
    ada.get("/").await.has(&[r#"href="/admin/""#]);
    for path in ["/", "/admin/", "/auth/sessions/", "/auth/password/", "/nowhere/"] {
        ada.get(path).await.has(&["Blocks: 1", r#"name="cidr""#]);
    }
    stage.end().await;
}

async fn no_form_is_taken_without_its_token(world: World) {
    let stage = Stage::start(world, &[]).await;
    add(&stage.app().store, "192.0.2.1").await;
    let mut ada = Browser::of(&stage, "ada").await;
    let paths = [
        "/add/",
        "/search/",
        "/delete/1/",
        "/entries/withdraw/",
        "/users/~update/",
        "/admin/action-types/",
        "/admin/users/",
        "/admin/tokens/",
        "/auth/logout/",
    ];
    for path in paths {
        for fields in [&[][..], &[("csrfmiddlewaretoken", "guessed")][..]] {
            let answer = ada.post(path, fields).await;
            assert_eq!(answer.status, 403, "{path}");
            answer.has(&["CSRF Failed"]);
        }
    }
    ada.get("/1/").await.has(&["Deactivate Entry"]);
    stage.end().await;
}

async fn the_public_pages_can_be_hidden(world: World) {
    let stage = Stage::start(world, &[("SCRAM_PUBLIC_PAGES", "no")]).await;
    let mut everybody = browsers(&stage).await;
    for (what, expected) in [
        ("GET /", "login 403 200 200 200"),
        ("GET /entries/", "login 403 200 200 200"),
        ("GET /entries/last-event/", "login 403 200 200 200"),
        ("SEARCH /search/", "login 403 200 200 200"),
        ("ADD /add/", "login 403 / / /"),
        ("GET /api/v1/is_active/?cidr=0.0.0.0/0", "403 403 200 200 200"),
        ("GET /auth/login/", "200 200 200 200 200"),
        ("GET /users/NAME/", "login 200 200 200 200"),
    ] {
        assert_eq!(answers(&mut everybody, what).await, expected, "{what}");
    }
    for (browser, sees) in everybody.iter_mut().zip([false, false, true, true, true]) {
        let login = browser.get("/auth/login/").await;
        assert_eq!(login.body.contains("Blocks: "), sees);
        assert_eq!(login.body.contains(r#"name="cidr""#), sees);
    }
    stage.end().await;
}

async fn every_page_says_what_browsers_must_not_do(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut ada = Browser::of(&stage, "ada").await;
    let files = ["/static/scram/style.css", "/static/scram/status.js", "/static/scram/checks.js"];
    for path in ["/", "/entries/", "/admin/", "/nowhere/"].into_iter().chain(files) {
        let page = ada.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        page.lacks(&["https://", "<script>", "<style"]);
    }
    for path in files {
        let file = ada.get(path).await;
        assert_eq!(file.status, 200, "{path}");
        assert!(!file.header("etag").is_empty() && !file.header("cache-control").is_empty());
    }
    stage.end().await;
}

on_both! {
    every_kind_of_user_may_what_the_table_says
    who_may_not_add_is_told_so_and_sees_no_form
    no_form_is_taken_without_its_token
    the_public_pages_can_be_hidden
    every_page_says_what_browsers_must_not_do
}
