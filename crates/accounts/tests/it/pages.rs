//! What is around the pages: headers, messages, problems.

use std::sync::Arc;

use async_trait::async_trait;
use campanile_accounts::{Bar, BarContents, Brand, Link, Problem, SearchForm, Settings, User};
use http::StatusCode;

use crate::stage::{Browser, accounts, accounts_with, add_user, settings};

#[tokio::test]
async fn every_response_says_what_browsers_must_not_do() {
    let accounts = accounts().await;
    let mut browser = Browser::new(&accounts);
    let style = "/static/accounts/style.css";
    for path in ["/", "/auth/login/", "/nowhere/", "/mine/", "/api/v1/me/", style] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
    }
    let login = browser.get("/auth/login/").await;
    assert_eq!(login.header("cache-control"), "private, no-store");
    for inline in ["<script", "<style", "style=", "onclick", "javascript:"] {
        assert!(!login.body.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn the_style_sheet_is_sent_once() {
    let accounts = accounts().await;
    let mut browser = Browser::new(&accounts);
    let answer = browser.get("/static/accounts/style.css").await;
    assert_eq!(answer.header("content-type"), "text/css; charset=utf-8");
    assert!(answer.body.contains("color-scheme: light dark"));
    let tag = answer.header("etag").to_owned();
    let answer = browser.with("if-none-match", &tag).get("/static/accounts/style.css").await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn a_message_is_shown_once_on_the_next_page() {
    let accounts = accounts().await;
    let mut ann = add_user(&accounts, "ann").await;
    ann.groups = vec!["readwrite".to_owned()];
    accounts.change_user(&ann).await.unwrap();
    let mut browser = Browser::new(&accounts);
    browser.log_in("ann").await;
    let token = browser.cookies["csrftoken"].clone();
    browser.post("/write/", &format!("csrfmiddlewaretoken={token}")).await;
    // A page that leads on shows none.
    browser.get("/write/").await;
    assert_eq!(browser.get("/").await.body, r#"home of ann: ["written"]"#);
    assert_eq!(browser.get("/").await.body, "home of ann: []");
    // What somebody else has put there is text, or nothing.
    let planted = "%5B%7B%22level%22%3A%22error%22%2C%22text%22%3A%22%3Cb%3E%22%7D%5D";
    browser.cookies.insert("messages".to_owned(), planted.to_owned());
    let page = browser.get("/auth/sessions/").await;
    assert!(page.body.contains(r#"<p class="message error">&#60;b&#62;</p>"#), "{}", page.body);
    for nonsense in ["", "%", "7", "%5B7%5D", "%FF"] {
        browser.cookies.insert("messages".to_owned(), nonsense.to_owned());
        assert_eq!(browser.get("/").await.body, "home of ann: []");
    }
}

#[tokio::test]
async fn problems_are_pages_of_the_application() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    let answer = browser.get("/nowhere/").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("The page you are looking for was not found."));
    assert!(answer.body.contains("<title>Not found · Stage</title>"));
    browser.log_in("ann").await;
    let answer = browser.get("/write/").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("You do not have permission to perform this action."));
    assert!(answer.body.contains(">ann</a>") && answer.body.contains("Log out"));
}

#[tokio::test]
async fn everybody_sees_the_links_that_concern_them() {
    let link = |label: &str, group: Option<&str>| Link {
        path: format!("/{label}/"),
        label: label.to_owned(),
        group: group.map(str::to_owned),
    };
    let brand = Brand {
        name: "A & B".to_owned(),
        logo: Some("/static/logo.svg".to_owned()),
        styles: vec!["/static/own.css".to_owned()],
        links: vec![link("entries", None), link("add", Some("readwrite"))],
        own_page: Some("/me/".to_owned()),
    };
    let accounts = accounts_with(Settings { brand, ..settings() }).await;
    let mut ann = add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    let page = browser.get("/auth/login/").await.body;
    assert!(page.contains("A &#38; B") && page.contains(r#"<img src="/static/logo.svg""#));
    assert!(page.contains(r#"<link rel="stylesheet" href="/static/own.css">"#));
    assert!(page.contains(">entries</a>") && !page.contains(">add</a>"));
    ann.is_superuser = true;
    accounts.change_user(&ann).await.unwrap();
    browser.log_in("ann").await;
    let page = browser.get("/auth/sessions/").await.body;
    assert!(page.contains(">add</a>") && page.contains(r#"<a href="/me/">ann</a>"#));
}

/// Says who looks, and lets strangers search for nothing.
#[derive(Debug)]
struct OwnBar;

#[async_trait]
impl Bar for OwnBar {
    async fn contents(&self, user: Option<&User>) -> Result<BarContents, Problem> {
        let search =
            SearchForm { path: "/find/", field: "what", label: "Search", placeholder: "a word" };
        let badge = user.map(|user| format!("<{}>", user.username));
        Ok(BarContents { search: badge.is_some().then_some(search), badge })
    }
}

#[tokio::test]
async fn what_an_application_has_in_the_bar_stands_on_every_page() {
    let accounts = accounts_with(Settings { bar: Some(Arc::new(OwnBar)), ..settings() }).await;
    add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    let page = browser.get("/auth/login/").await.body;
    assert!(!page.contains("badge") && !page.contains("search"), "{page}");
    browser.log_in("ann").await;
    for path in ["/auth/sessions/", "/auth/password/", "/nowhere/"] {
        let page = browser.get(path).await.body;
        assert!(page.contains(r#"<span class="badge">&#60;ann&#62;</span>"#), "{path}: {page}");
        assert!(page.contains(r#"role="search" method="post" action="/find/""#), "{path}: {page}");
    }
}
