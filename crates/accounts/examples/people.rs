//! An application that has nothing but its people. Its log has the link for the first administrator:
//! `cargo run -p campanile-accounts --example people`

use std::net::SocketAddr;
use std::time::Instant;

use askama::Template;
use axum::response::Response;
use axum::{Router, routing::get};
use campanile_accounts::{
    Accounts, Brand, Client, Link, Migrator, NewUser, Page, Problem, SecurityHeaders, Settings,
    User, render,
};
use sea_orm::{ConnectOptions, Database};
use sea_orm_migration::MigratorTrait as _;

#[derive(Template)]
#[template(
    source = r#"{% extends "accounts/base.html" %}
        {% block title %}Home{% endblock %}
        {% block main %}<h1>Hello{% if let Some(name) = page.username() %}, {{ name }}{% endif %}</h1>
        <ul>{% for user in users %}<li>{{ user.username }}</li>{% endfor %}</ul>{% endblock %}"#,
    ext = "html"
)]
struct Home {
    page: Page,
    users: Vec<User>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let database = Database::connect(options).await?;
    Migrator::up(&database, None).await?;
    let link = Link { path: "/".to_owned(), label: "Home".to_owned(), group: None };
    let brand = Brand { name: "People".to_owned(), links: vec![link], ..Brand::default() };
    let settings = Settings { brand, registration: true, ..Settings::new("") };
    let accounts = Accounts::new(database, settings)?;
    if let Some(path) = accounts.first_administrator_path().await? {
        tracing::info!("make the first administrator at http://127.0.0.1:8005{path}");
    }
    if std::env::args().nth(1).as_deref() == Some("--measure") {
        return Ok(measure(&accounts).await?);
    }
    tokio::spawn(accounts.clone().keep_house());

    let home = {
        let accounts = accounts.clone();
        async move |page: Page| -> Result<Response, Problem> {
            render(&Home { users: accounts.users(0, 100).await?, page })
        }
    };
    let routes = Router::new().route("/", get(home)).fallback(async || Problem::NotFound);
    let routes = accounts.pages(routes).merge(accounts.routes());
    let router = routes.layer(SecurityHeaders).with_state(accounts);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8005").await?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

/// Says what a login costs.
async fn measure(accounts: &Accounts) -> Result<(), Problem> {
    const TIMES: u32 = 20;
    accounts.create_user(NewUser::new("ann", "seven ravens")).await?;
    for (what, name, password) in
        [("right", "ann", "seven ravens"), ("wrong", "ann", "x"), ("nobody", "bob", "x")]
    {
        let mut times = Vec::new();
        for number in 0..TIMES {
            let address = Some([192, 0, 2, number.to_be_bytes()[3]].into());
            let client = Client { address, ..Client::default() };
            let begin = Instant::now();
            let user = accounts.authenticate(name, password.into(), &client).await?;
            times.push(begin.elapsed());
            assert_eq!(user.is_some(), what == "right");
        }
        times.sort();
        let [fastest, median] = [times[0], times[times.len() / 2]];
        tracing::info!("{what}: {median:.1?} in the middle of {TIMES}, {fastest:.1?} at best");
    }
    Ok(())
}
