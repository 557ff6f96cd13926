//! What is told even if the process dies after its commit.

use crate::heard::Heard;
use crate::world::{World, country};
use campanile_binder::live::{LiveDb, Outbox};
use campanile_binder::{Trigger, room};
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, Set, Statement, TransactionSession as _,
    TransactionTrait as _,
};
use std::collections::HashSet;

async fn live(world: &World) -> (LiveDb, Heard) {
    let (database, heard, outbox) = (world.database().await, Heard::default(), Outbox::new());
    Outbox::prepare(&database).await.expect("the tables are made");
    let db = LiveDb::wrap(database, heard.clone()).watch::<country::Entity>().outbox(outbox);
    (db.build(), heard)
}

async fn save(db: &LiveDb) {
    let country = country::ActiveModel { name: Set("Norway".to_owned()), ..Default::default() };
    country.insert(db).await.expect("it is inserted");
}

async fn rows(db: &LiveDb) -> i64 {
    let count = "SELECT COUNT(*) AS rows FROM campanile_outbox";
    let count = Statement::from_string(db.get_database_backend(), count);
    let row = db.inner().query_one_raw(count).await.expect("it is counted").expect("a row");
    row.try_get("", "rows").expect("it is a number")
}

/// Until when the process that is here the longest is.
async fn here_until(db: &LiveDb) -> i64 {
    let until = "SELECT MAX(here_until) AS until FROM campanile_outbox_teller";
    let until = Statement::from_string(db.get_database_backend(), until);
    let row = db.inner().query_one_raw(until).await.expect("it is read").expect("a row");
    row.try_get("", "until").expect("it is a number")
}

async fn until_empty(db: &LiveDb) {
    for _ in 0..6_000 {
        if rows(db).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("there are rows left");
}

#[tokio::test]
async fn what_is_committed_is_told_and_what_is_told_is_forgotten() {
    for world in World::each().await {
        let (db, heard) = live(&world).await;
        save(&db).await;
        heard.wait_for(1).await;
        until_empty(&db).await;
        assert_eq!(heard.take(), [r#"{"data": "", "rooms": [{"auto-updates": "country"}]}"#]);

        let transaction = db.begin().await.expect("it begins");
        for number in 0..250 {
            transaction.publish(Trigger::new(number, [room! { "news": 1 }]));
        }
        transaction.commit().await.expect("it is committed");
        heard.wait_for(250).await;
        let expected = |number| format!(r#"{{"data": {number}, "rooms": [{{"news": 1}}]}}"#);
        assert_eq!(heard.take(), (0..250).map(expected).collect::<Vec<_>>());

        let transaction = db.begin().await.expect("it begins");
        transaction.publish(Trigger::new("never", [room! { "news": 1 }]));
        transaction.rollback().await.expect("it is rolled back");
        until_empty(&db).await;
        assert_eq!(heard.take(), [""; 0]);
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_kept_and_told_once_when_it_can() {
    for world in World::each().await {
        let (db, heard) = live(&world).await;
        heard.is_away(true);
        for _ in 0..20 {
            save(&db).await;
        }
        assert_eq!(rows(&db).await, 20);
        assert_eq!(heard.take(), [""; 0]);
        heard.is_away(false);
        // What says the same is told once.
        heard.wait_for(1).await;
        until_empty(&db).await;
        assert!(heard.take().len() < 20);
    }
}

#[tokio::test]
async fn what_is_saved_after_an_answer_was_lost_is_told_under_another_name() {
    for world in World::each().await {
        let (db, heard) = live(&world).await;
        heard.is_mute(true);
        save(&db).await;
        let first = heard.ids(1).await.remove(0);
        // The gateway knows that name: under it, it would not tell anybody of this one.
        save(&db).await;
        while heard.ids(1).await.contains(&first) {}
        heard.is_mute(false);
        until_empty(&db).await;
    }
}

#[tokio::test]
async fn a_process_says_that_it_is_here_while_a_gateway_keeps_it_waiting() {
    let world = World::sqlite().await;
    let (db, heard) = live(&world).await;
    heard.is_slow();
    save(&db).await;
    heard.wait_for(1).await;
    let before = here_until(&db).await;
    for _ in 0..6_000 {
        if here_until(&db).await > before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it counts as gone");
}

#[tokio::test]
async fn a_transaction_may_tell_more_than_a_statement_has_parameters() {
    for world in World::each().await {
        let (db, heard) = live(&world).await;
        heard.is_away(true);
        let transaction = db.begin().await.expect("it begins");
        for number in 0..20_000 {
            transaction.publish(Trigger::new(number, [room! { "news": 1 }]));
        }
        transaction.commit().await.expect("it is committed");
        assert_eq!(rows(&db).await, 20_000);
    }
}

#[tokio::test]
async fn what_a_process_left_is_told_by_another_under_the_same_names() {
    for world in World::each().await {
        let (db, heard) = live(&world).await;
        heard.is_away(true);
        let transaction = db.begin().await.expect("it begins");
        for number in 0..3 {
            transaction.publish(Trigger::new(number, [room! { "news": 1 }]));
        }
        transaction.commit().await.expect("it is committed");
        // As if it had died: its task ends with it, and it counts as gone some time later.
        drop(db);
        let database = world.database().await;
        let expire = "UPDATE campanile_outbox_teller SET here_until = 0";
        let names = HashSet::<String>::from_iter({
            let names = "SELECT name FROM campanile_outbox";
            let names = Statement::from_string(database.get_database_backend(), names);
            let rows = database.query_all_raw(names).await.expect("they are read");
            rows.into_iter().map(|row| row.try_get("", "name").expect("it is a text"))
        });
        let (_db, heard) = live(&world).await;
        // The dead one may have said once more that it is here.
        let expire = async {
            loop {
                database.execute_unprepared(expire).await.expect("it is executed");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        let told = tokio::select! {
            told = heard.ids(3) => told,
            () = expire => unreachable!("it has no end"),
        };
        assert_eq!(HashSet::from_iter(told), names);
    }
}
