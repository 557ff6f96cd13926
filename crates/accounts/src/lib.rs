//! The people of an application: users, groups, passwords, sessions, tokens, login, and the pages
//! around them, on axum and SeaORM (SQLite or PostgreSQL).
//!
//! An application makes one [`Accounts`], puts its [`migrations`] before its own, and wraps its routes:
//! those of pages by [`Accounts::pages`], those of programs by [`Accounts::api`]. Handlers and consumers
//! ask who is there by extractors.
//!
//! ```
//! use axum::extract::FromRef;
//! use axum::{Json, Router, routing::get};
//! use campanile_accounts::{Accounts, Migrator, Page, Problem, SecurityHeaders, Settings, User};
//! use sea_orm_migration::MigratorTrait as _;
//!
//! #[derive(Clone)]
//! struct App { accounts: Accounts }
//!
//! impl FromRef<App> for Accounts {
//!     fn from_ref(app: &App) -> Accounts { app.accounts.clone() }
//! }
//!
//! async fn home(page: Page) -> String {
//!     format!("Welcome to {}, {}", page.brand().name, page.username().unwrap_or("stranger"))
//! }
//!
//! /// Who is not logged in is answered 403 here; on a page, led to the login.
//! async fn entries(user: User) -> Result<Json<Vec<String>>, Problem> {
//!     user.require(user.is_in("readonly") || user.is_in("readwrite"))?;
//!     Ok(Json(vec!["192.0.2.4/32".to_owned()]))
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let database = sea_orm::Database::connect("sqlite:people.db?mode=rwc").await?;
//! Migrator::up(&database, None).await?;
//! let settings = Settings {
//!     groups: vec!["readonly".to_owned(), "readwrite".to_owned()],
//!     ..Settings::new("SCRAM")
//! };
//! let accounts = Accounts::new(database, settings)?;
//! tokio::spawn(accounts.clone().keep_house());
//!
//! let pages = accounts.pages(Router::new().route("/", get(home)));
//! let api = accounts.api(Router::new().route("/api/v1/entries/", get(entries)));
//! let router: Router = pages
//!     .merge(api)
//!     .merge(accounts.routes())
//!     .layer(SecurityHeaders)
//!     .with_state(App { accounts });
//! # Ok(())
//! # }
//! ```
//!
//! A socket of somebody whose session ends is closed by whoever holds it: [`LoggedIn`] tells when.
//!
//! | module | what it is |
//! | --- | --- |
//! | `accounts`, `settings` | the one value an application holds, and all that applications differ in |
//! | `extract` | who sends a request: [`Caller`], [`User`], [`LoggedIn`] |
//! | `user`, `users` | what a user is, and the table of them |
//! | `session`, `ended`, `token`, `login`, `oidc` | how somebody comes to be known |
//! | `password`, `throttle`, `per_minute`, `first` | how hard that is made for others |
//! | `surface`, `csrf`, `cookies`, `client`, `headers` | what is around every request |
//! | `page`, `bar`, `message`, `pages`, `programs`, `files` | what browsers and programs are answered |
//! | `problem`, `form`, `redirect` | what may go wrong, and what was sent |
//! | [`entity`], `migrations` | the tables |

// In reading order, which the blank lines keep.

mod accounts;

mod settings;

mod extract;

mod user;

mod users;

mod session;

mod ended;

mod token;

mod login;

mod oidc;

mod password;

mod throttle;

mod per_minute;

mod first;

mod surface;

mod csrf;

mod cookies;

mod client;

mod headers;

mod page;

mod bar;

mod message;

mod pages;

mod programs;

mod files;

mod problem;

mod form;

mod redirect;

mod secret;

mod statistics;

mod clock;

pub mod entity;

mod migrations;

pub use self::accounts::Accounts;
pub use bar::{Bar, BarContents, SearchForm};
pub use client::Client;
pub use ended::Ended;
pub use extract::{Caller, LoggedIn};
pub use files::File;
pub use form::FormOrJson;
pub use headers::SecurityHeaders;
pub use login::Credential;
pub use message::{Level, Message};
pub use migrations::{Migrator, migrations};
pub use oidc::{OidcSettings, ProviderGroups, UsernameClaim, is_protected_url};
pub use page::{Page, render};
pub use password::{HashCost, Password};
pub use per_minute::PerMinute;
pub use problem::{Fields, Problem};
pub use redirect::{found, local_path};
pub use session::Session;
pub use settings::{Brand, Link, Settings, Transport};
pub use statistics::Statistics;
pub use user::User;
pub use users::NewUser;
