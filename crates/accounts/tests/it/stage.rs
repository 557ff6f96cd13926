//! An application with accounts, and browsers of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use campanile_accounts::{
    Accounts, Caller, Client, HashCost, Message, Migrator, NewUser, Page, Problem, SecurityHeaders,
    Settings, User, found,
};
use campanile_broker::testing::Postgres;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait as _;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "seven ravens at noon";

/// What an application has besides accounts.
#[derive(Clone)]
struct App {
    accounts: Accounts,
}

impl FromRef<App> for Accounts {
    fn from_ref(app: &App) -> Accounts {
        app.accounts.clone()
    }
}

/// Returns settings with which hashing a password takes no time.
pub(crate) fn settings() -> Settings {
    Settings {
        groups: vec!["readonly".to_owned(), "readwrite".to_owned()],
        registration: true,
        registrations_per_minute_max: 1_000,
        hash_cost: HashCost { memory_kib: 8, passes: 1, lanes: 1 },
        hashes_waiting_max: 1_000,
        ..Settings::new("Stage")
    }
}

pub(crate) async fn sqlite() -> DatabaseConnection {
    let mut options = ConnectOptions::new("sqlite::memory:");
    // Each connection would have a database of its own, and lose it when it is idle.
    options.max_connections(1).min_connections(1).idle_timeout(Duration::from_hours(1));
    migrated(options).await
}

pub(crate) async fn migrated(options: ConnectOptions) -> DatabaseConnection {
    let database = Database::connect(options).await.expect("the database is there");
    Migrator::up(&database, None).await.expect("the tables can be made");
    database
}

/// Runs a test on SQLite and, where it is installed, on PostgreSQL.
pub(crate) async fn on_both<F: Future<Output = ()>>(test: impl Fn(DatabaseConnection) -> F) {
    test(sqlite().await).await;
    let Some(server) = Postgres::start() else { return };
    test(migrated(ConnectOptions::new(server.database("people"))).await).await;
}

pub(crate) async fn accounts() -> Accounts {
    accounts_with(settings()).await
}

pub(crate) async fn accounts_with(settings: Settings) -> Accounts {
    Accounts::new(sqlite().await, settings).expect("the settings are good")
}

pub(crate) async fn add_user(accounts: &Accounts, name: &str) -> User {
    accounts.create_user(NewUser::new(name, PASSWORD)).await.expect("the name is free")
}

/// An application with a page for everybody, one for users, one for those who may write, and the same
/// for programs.
pub(crate) fn router(accounts: &Accounts) -> Router {
    let pages = Router::new()
        .route("/", get(home))
        .route("/mine/", get(async |user: User| user.username))
        .route("/write/", get(write).post(write))
        .route("/search/", post(async || found("/")))
        .fallback(async || Problem::NotFound);
    let api = Router::new()
        .route("/api/v1/me/", get(me).post(me))
        .route("/api/v1/write/", post(write))
        .route("/api/v1/open/", post(async |_: Caller| "open"));
    let app = App { accounts: accounts.clone() };
    let routes = accounts.pages(pages).merge(accounts.api(api)).merge(accounts.routes());
    routes.layer(SecurityHeaders).with_state(app)
}

async fn home(page: Page) -> String {
    let messages: Vec<&str> = page.messages().iter().map(|message| &*message.text).collect();
    format!("home of {}: {messages:?}", page.username().unwrap_or("nobody"))
}

async fn me(user: User, client: Client) -> Json<serde_json::Value> {
    let address = client.address.map(|address| address.to_string());
    Json(serde_json::json!({ "username": user.username, "address": address }))
}

async fn write(user: User) -> Result<Response, Problem> {
    user.require(user.is_in("readwrite"))?;
    Ok((Message::success("written"), found("/")).into_response())
}

/// A browser: it keeps cookies, and sends them by itself.
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) address: SocketAddr,
    pub(crate) headers: HeaderMap,
}

/// What a browser was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are text"))
    }

    /// Returns the lines by which cookies are set, without what is secret in them.
    pub(crate) fn set_cookies(&self) -> Vec<String> {
        let lines = self.headers.get_all(SET_COOKIE).into_iter();
        let lines = lines.map(|line| line.to_str().expect("cookies are text"));
        let hidden = lines.map(|line| match line.split_once('=') {
            Some((name, rest)) => {
                let (value, rest) = rest.split_once(';').unwrap_or((rest, ""));
                let shown = if value.is_empty() { "" } else { "…" };
                format!("{name}={shown};{rest}")
            }
            None => line.to_owned(),
        });
        hidden.collect()
    }

    /// Returns the anti-forgery token in a form of the page.
    pub(crate) fn csrf(&self) -> String {
        let (_, rest) = self
            .body
            .split_once(r#"name="csrfmiddlewaretoken" value=""#)
            .unwrap_or_else(|| panic!("no form: {}", self.body));
        rest.split('"').next().expect("the value ends").to_owned()
    }
}

impl Browser {
    pub(crate) fn new(accounts: &Accounts) -> Browser {
        let address = "192.0.2.7:40000".parse().expect("it is an address");
        let headers = HeaderMap::new();
        Browser { router: router(accounts), cookies: BTreeMap::new(), address, headers }
    }

    /// Sets a header that is sent with each request.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Browser {
        self.headers.insert(name, value.parse().expect("it is a header"));
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None, String::new()).await
    }

    /// Sends a form as it is.
    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let kind = Some("application/x-www-form-urlencoded");
        self.send(Method::POST, path, kind, form.to_owned()).await
    }

    pub(crate) async fn post_json(&mut self, path: &str, json: &str) -> Answer {
        self.send(Method::POST, path, Some("application/json"), json.to_owned()).await
    }

    /// Opens a page, and sends the form in it.
    pub(crate) async fn fill(&mut self, path: &str, form: &str) -> Answer {
        let page = self.get(path).await;
        let path = path.split('?').next().expect("a path has a begin");
        self.post(path, &format!("csrfmiddlewaretoken={}&{form}", page.csrf())).await
    }

    pub(crate) async fn log_in(&mut self, name: &str) -> Answer {
        let form = format!("username={name}&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.fill("/auth/login/", &form).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
        answer
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: String,
    ) -> Answer {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("it is a path");
        request.headers_mut().insert(HOST, "stage.example".parse().expect("it is a host"));
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        request.headers_mut().insert(COOKIE, cookies.parse().expect("they are cookies"));
        if let Some(kind) = kind {
            request.headers_mut().insert(CONTENT_TYPE, kind.parse().expect("it is a type"));
        }
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.router.clone().oneshot(request).await;
        let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("the body is short");
        self.keep_cookies(&parts.headers);
        let body = String::from_utf8(body.to_vec()).expect("the body is text");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().expect("cookies are text");
            let (name, rest) = line.split_once('=').expect("a cookie has a value");
            let value = rest.split(';').next().expect("a value ends").to_owned();
            if line.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value);
            }
        }
    }
}
