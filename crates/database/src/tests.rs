use super::{Application, Database, Held, WAIT, in_words_of};
use campanile_broker::testing::{Folder, Postgres};
use sea_orm::ConnectionTrait;
use sea_orm_migration::prelude::*;
use std::time::Instant;

const NOTES: Application =
    Application { name: "notes", variable: "NOTES_DATABASE_URL", migration_lock: 7 };

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Notes)]
    }
}

struct Notes;

impl MigrationName for Notes {
    fn name(&self) -> &'static str {
        "m1_notes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Notes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let table = "CREATE TABLE note (id [id], text text NOT NULL)";
        let table = in_words_of(connection.get_database_backend(), table);
        connection.execute_unprepared(&table).await.map(|_| ())
    }
}

async fn open(url: &str) -> Result<Database, String> {
    Database::open::<Migrator>(&NOTES, url, 4).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_is_wrong_names_the_variable_and_what_to_do() {
    let error = open("mysql://localhost/notes").await.expect_err("it is none of the two");
    assert_eq!(
        error,
        "NOTES_DATABASE_URL is neither sqlite: nor postgres:. Write \
         sqlite:///var/lib/notes/notes.db or postgres://user:password@host/name."
    );
    let error = open("sqlite:///nowhere/at/all.db").await.expect_err("there is no such folder");
    assert!(error.contains("Is NOTES_DATABASE_URL right"), "{error}");
}

#[tokio::test]
async fn what_is_deleted_from_sqlite_is_not_left_in_its_file() {
    let folder = Folder::new("database");
    let file = folder.path().join("notes.db");
    let database = open(&format!("sqlite://{}", file.display())).await.expect("it opens");
    let secret = "a zebra crossed here ".repeat(500);
    for statement in
        [format!("INSERT INTO note (text) VALUES ('{secret}')"), "DELETE FROM note".into()]
    {
        let transaction = database.write().await.expect("it has its turn");
        transaction.execute_unprepared(&statement).await.expect("it is written");
        transaction.commit().await.expect("it is kept");
    }
    database.close().await.expect("it closes");
    let left = std::fs::read(file).expect("it is there");
    assert!(!left.windows(7).any(|window| window == b"a zebra"));
}

/// In one process, several handles to a file: as several processes have them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_writes_to_sqlite_is_told_that_it_is_locked() {
    let folder = Folder::new("database");
    let url = format!("sqlite://{}/notes.db", folder.path().display());
    let mut writers = Vec::new();
    for _ in 0..4 {
        let database = open(&url).await.expect("it opens");
        writers.extend((0..4).map(|_| tokio::spawn(write(database.clone(), 10))));
    }
    for writer in writers {
        writer.await.expect("it does not fail");
    }
    assert_eq!(count(&open(&url).await.expect("it opens")).await, 160);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_make_the_tables_once() {
    let Some(server) = Postgres::start() else { return };
    let url = server.database("notes");
    let starts = (0..4).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { open(&url).await })
    });
    let starts: Vec<_> = starts.collect();
    for start in starts {
        let database = start.await.expect("it does not fail").expect("it opens");
        write(database, 1).await;
    }
    assert_eq!(count(&open(&url).await.expect("it opens")).await, 4);
}

#[test]
fn a_second_server_on_a_file_is_told_who_has_it_until_that_one_ends() {
    let folder = Folder::new("database");
    let path = folder.path().join("notes.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let first = Held::take(&url, "127.0.0.1:8000").expect("nobody has it");
    assert!(first.is_some());
    let error = Held::take(&url, "127.0.0.1:8001").expect_err("the first has it");
    let (path, process) = (path.display(), std::process::id());
    assert_eq!(
        error,
        format!(
            "Another server works on {path} already: process {process}, at 127.0.0.1:8000. End that \
             one first."
        )
    );
    drop(first);
    assert!(Held::take(&url, "127.0.0.1:8001").is_ok_and(|held| held.is_some()));
    for shared in ["postgres://localhost/notes", "sqlite::memory:", "sqlite:///nowhere/at/all.db"] {
        assert!(Held::take(shared, "x").is_ok_and(|held| held.is_none()), "{shared}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_while_postgresql_is_away_is_told_so_soon() {
    let Some(mut server) = Postgres::start() else { return };
    let database = open(&server.database("notes")).await.expect("it opens");
    write(database.clone(), 1).await;
    server.kill();
    let began = Instant::now();
    // Who served a connection may answer once more before it sees that it is alone.
    let mut refused = 0;
    while refused < 3 && began.elapsed() < WAIT {
        let asked = database.read().execute_unprepared("SELECT 1").await;
        refused += u32::from(asked.is_err());
    }
    assert!(began.elapsed() < WAIT, "{:?}", began.elapsed());
    server.restart();
    // The rest of the old connections is found broken, too.
    let mut answered = 0;
    while answered < 10 {
        answered += u32::from(database.read().execute_unprepared("SELECT 1").await.is_ok());
    }
    assert_eq!(count(&database).await, 1);
}

/// Writes notes after reading, which in SQLite is where a lock cannot be waited for.
async fn write(database: Database, notes: u32) {
    for _ in 0..notes {
        let transaction = database.write().await.expect("it has its turn");
        let read = transaction.execute_unprepared("SELECT count(*) FROM note").await;
        read.expect("it is read");
        let insert = "INSERT INTO note (text) VALUES ('a note')";
        transaction.execute_unprepared(insert).await.expect("it is written");
        transaction.commit().await.expect("it is kept");
    }
}

async fn count(database: &Database) -> i64 {
    let rows =
        Query::select().expr(Expr::col(Asterisk).count()).from(Alias::new("note")).to_owned();
    let row = database.read().query_one(&rows).await.expect("it is read");
    row.expect("a count is a row").try_get_by_index(0).expect("it is a number")
}
