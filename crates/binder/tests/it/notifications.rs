//! What PostgreSQL itself tells of what was written.

use crate::heard::Heard;
use crate::world::World;
use campanile_binder::postgres::{self, Notifications};
use sqlx::{AssertSqlSafe, PgPool};

const COUNTRY: &str = r#"{"data": "", "rooms": [{"auto-updates": "country"}]}"#;

async fn execute(pool: &PgPool, statement: impl Into<String>) {
    let statement = AssertSqlSafe(statement.into());
    sqlx::raw_sql(statement).execute(pool).await.expect("it is executed");
}

#[tokio::test]
async fn whoever_writes_to_postgresql_it_is_told_once_a_transaction() {
    let Some(mut world) = World::postgres().await else { return };
    let pool = PgPool::connect(&world.url).await.expect("the database opens");
    for statement in postgres::watch("country", "country") {
        execute(&pool, statement).await;
    }
    for statement in postgres::watch("public.city_district", "it's a city") {
        execute(&pool, statement).await;
    }
    let heard = Heard::default();
    let names = ["country", "it's a city"];
    let listening = Notifications::listen(pool.clone(), heard.clone(), names).await;
    let listening = tokio::spawn(listening.expect("it listens").run());

    // Something may have been written while no backend was there.
    heard.wait_for(2).await;
    let city = r#"{"data": "", "rooms": [{"auto-updates": "it's a city"}]}"#;
    assert_eq!(heard.take(), [COUNTRY, city]);

    execute(&pool, "INSERT INTO country (name) VALUES ('a')").await;
    heard.wait_for(1).await;
    let transaction = "BEGIN; INSERT INTO country (name) VALUES ('b'); \
                       UPDATE country SET name = 'c'; DELETE FROM country; COMMIT";
    execute(&pool, transaction).await;
    execute(&pool, "BEGIN; INSERT INTO country (name) VALUES ('d'); ROLLBACK").await;
    execute(&pool, "INSERT INTO city_district VALUES ('Oslo', 1)").await;
    heard.wait_for(3).await;
    assert_eq!(heard.take(), [COUNTRY, COUNTRY, city]);

    execute(&pool, postgres::unwatch("country")).await;
    execute(&pool, "INSERT INTO country (name) VALUES ('e')").await;
    execute(&pool, "TRUNCATE city_district").await;
    heard.wait_for(1).await;
    assert_eq!(heard.take(), [city]);

    // Whatever was written meanwhile is not heard; so all is told when it is back.
    world.server().kill();
    world.server().restart();
    heard.wait_for(2).await;
    assert_eq!(heard.take(), [COUNTRY, city]);
    let delete = "DELETE FROM city_district";
    while sqlx::raw_sql(delete).execute(&pool).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    heard.wait_for(1).await;
    assert_eq!(heard.take(), [city]);
    listening.abort();
}
