//! The tables.

use campanile_accounts::{Accounts, Migrator};
use campanile_broker::testing::Postgres;
use sea_orm::ConnectOptions;
use sea_orm_migration::MigratorTrait as _;

use crate::stage::{add_user, migrated, on_both, settings};

#[tokio::test]
async fn they_can_be_made_taken_away_and_made_again() {
    on_both(async |database| {
        Migrator::down(&database, None).await.unwrap();
        Migrator::up(&database, None).await.unwrap();
        let accounts = Accounts::new(database, settings()).unwrap();
        add_user(&accounts, "ann").await;
    })
    .await;
}

#[tokio::test]
async fn users_come_in_pages_by_their_names() {
    on_both(async |database| {
        let accounts = Accounts::new(database, settings()).unwrap();
        for name in ["cleo", "Bob", "ann", "Dan"] {
            add_user(&accounts, name).await;
        }
        let names = async |offset, limit| {
            let users = accounts.users(offset, limit).await.unwrap();
            users.into_iter().map(|user| user.username).collect::<Vec<_>>()
        };
        assert_eq!(names(0, 3).await, ["ann", "Bob", "cleo"]);
        assert_eq!(names(3, 3).await, ["Dan"]);
        assert_eq!(accounts.user("BOB").await.unwrap().unwrap().username, "Bob");
    })
    .await;
}

#[tokio::test]
async fn while_the_database_is_away_nobody_is_let_in_and_afterwards_all_is_as_before() {
    let Some(mut server) = Postgres::start() else { return };
    let mut options = ConnectOptions::new(server.database("people"));
    options.acquire_timeout(std::time::Duration::from_secs(2));
    let accounts = Accounts::new(migrated(options).await, settings()).unwrap();
    add_user(&accounts, "ann").await;
    let mut browser = crate::stage::Browser::new(&accounts);
    browser.log_in("ann").await;

    server.kill();
    for path in ["/mine/", "/api/v1/me/"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, http::StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.body.to_lowercase().contains("sql"), "{}", answer.body);
    }
    server.restart();
    assert_eq!(browser.get("/mine/").await.body, "ann");
}
