//! A list of countries that is the same in every tab: axum, SeaORM, and a gateway before them.
//!
//! ```text
//! cargo run -p campanile-binder --example countries --features sea-orm,rabbitmq
//! campanile serve                      # or any high-templar; both ask http://localhost:5000/api/
//! ```
//!
//! Then open <http://localhost:5000/> twice. The environment says what is to be otherwise:
//!
//! | variable | if it is not set |
//! | --- | --- |
//! | `LISTEN` | `127.0.0.1:5000` |
//! | `DATABASE_URL` | `sqlite:countries.db?mode=rwc` |
//! | `GATEWAY_URL` | `http://localhost:8002`; with `RABBITMQ_URL`, none |
//! | `GATEWAY_KEY` | none |
//! | `RABBITMQ_URL` | none |
//! | `WEBSOCKET_URL` | `ws://localhost:8000/ws/` |

mod api;
mod page;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use campanile_binder::live::{LiveDb, Outbox};
use campanile_binder::{Publisher, Room, RoomController, StartError};
use sea_orm::{ConnectionTrait as _, Database, DbErr, Schema};
use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;
use tokio::net::TcpListener;

/// Whoever asks: everybody may see the list.
struct Anybody;

impl<S: Sync> FromRequestParts<S> for Anybody {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Anybody, Infallible> {
        Ok(Anybody)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let publisher = publisher()?;
    let db = open(&publisher).await?;
    let rooms = RoomController::new().register(|_: &Anybody| vec![Room::auto_updates("country")]);
    let router = api::routes(&db)
        .route("/api/bootstrap/", rooms.bootstrap())
        .merge(page::routes(&variable("WEBSOCKET_URL", "ws://localhost:8000/ws/")));

    let listener = TcpListener::bind(variable("LISTEN", "127.0.0.1:5000")).await?;
    tracing::info!("countries on http://{}/", listener.local_addr()?);
    let until = async {
        // Without signals it ends when it is killed.
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router).with_graceful_shutdown(until).await?;
    publisher.close(Duration::from_secs(5)).await;
    Ok(())
}

/// By HTTP, by RabbitMQ, or by both.
fn publisher() -> Result<Publisher, StartError> {
    let mut builder = Publisher::builder();
    if let Ok(url) = std::env::var("RABBITMQ_URL") {
        builder = builder.rabbitmq(url);
    }
    if let Ok(url) = std::env::var("GATEWAY_URL") {
        builder = builder.http(url);
    }
    if let Ok(key) = std::env::var("GATEWAY_KEY") {
        builder = builder.key(key);
    }
    builder.start()
}

/// What is written to `country` is told, even if this process dies between the commit and that.
async fn open(publisher: &Publisher) -> Result<LiveDb, DbErr> {
    let database =
        Database::connect(variable("DATABASE_URL", "sqlite:countries.db?mode=rwc")).await?;
    let schema = Schema::new(database.get_database_backend());
    let table = schema.create_table_from_entity(api::country::Entity).if_not_exists().to_owned();
    database.execute(&table).await?;
    Outbox::prepare(&database).await?;
    let db = LiveDb::wrap(database, publisher.clone());
    Ok(db.watch::<api::country::Entity>().outbox(Outbox::new()).build())
}

fn variable(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}
