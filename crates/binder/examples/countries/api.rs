//! The countries: written with SeaORM as always, told without a word about it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use campanile_binder::live::LiveDb;
use sea_orm::{
    ActiveModelTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _, QueryOrder as _,
    QuerySelect as _, Set, TransactionSession as _, TransactionTrait as _,
};
use serde::{Deserialize, Serialize};

pub(crate) mod country {
    //! A country.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
    #[sea_orm(table_name = "country")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is sent to add or rename a country.
#[derive(Deserialize)]
struct Name {
    name: String,
}

/// What is sent to add many at once.
#[derive(Deserialize)]
struct Names {
    names: Vec<String>,
    /// Whether to think better of it before the end.
    #[serde(default)]
    roll_back: bool,
}

/// The list: those that were added first, and how many there are.
#[derive(Serialize)]
struct List {
    countries: Vec<country::Model>,
    count: u64,
}

/// More are not shown.
const SHOWN_MAX: u64 = 200;

struct Problem(DbErr);

pub(crate) fn routes(db: &LiveDb) -> Router {
    Router::new()
        .route("/api/country/", get(list).post(add))
        .route("/api/country/many/", post(add_many))
        .route("/api/country/{id}/", delete(remove).put(rename))
        .with_state(db.clone())
}

async fn list(State(db): State<LiveDb>) -> Result<Json<List>, Problem> {
    let all = country::Entity::find().order_by_asc(country::Column::Id);
    let countries = all.limit(SHOWN_MAX).all(&db).await?;
    let count = country::Entity::find().count(&db).await?;
    Ok(Json(List { countries, count }))
}

async fn add(
    State(db): State<LiveDb>,
    Json(Name { name }): Json<Name>,
) -> Result<(StatusCode, Json<country::Model>), Problem> {
    let country = named(name).insert(&db).await?;
    Ok((StatusCode::CREATED, Json(country)))
}

/// One transaction, and so one update.
async fn add_many(
    State(db): State<LiveDb>,
    Json(Names { names, roll_back }): Json<Names>,
) -> Result<StatusCode, Problem> {
    let transaction = db.begin().await?;
    for chunk in names.chunks(1_000) {
        let rows = chunk.iter().cloned().map(named);
        country::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    if roll_back {
        transaction.rollback().await?;
        return Ok(StatusCode::CONFLICT);
    }
    transaction.commit().await?;
    Ok(StatusCode::CREATED)
}

async fn rename(
    State(db): State<LiveDb>,
    Path(id): Path<i32>,
    Json(Name { name }): Json<Name>,
) -> Result<Json<country::Model>, Problem> {
    let country = country::ActiveModel { id: Set(id), name: Set(name) };
    Ok(Json(country.update(&db).await?))
}

async fn remove(State(db): State<LiveDb>, Path(id): Path<i32>) -> Result<StatusCode, Problem> {
    country::Entity::delete_by_id(id).exec(&db).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(name: String) -> country::ActiveModel {
    country::ActiveModel { name: Set(name), ..Default::default() }
}

impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Problem {
        Problem(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self.0 {
            DbErr::RecordNotUpdated => StatusCode::NOT_FOUND.into_response(),
            error => {
                tracing::error!(%error, "the database has failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
