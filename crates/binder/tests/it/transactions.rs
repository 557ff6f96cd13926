//! What is told of what is touched in transactions of sqlx's.

use crate::heard::Heard;
use crate::world::World;
use campanile_binder::{Live, LivePool, Trigger, room};
use sqlx::SqlitePool;

struct Country;

impl Live for Country {
    const NAME: &'static str = "country";
}

const COUNTRY: &str = r#"{"data": "", "rooms": [{"auto-updates": "country"}]}"#;

#[tokio::test]
async fn what_a_transaction_touches_is_told_when_it_is_committed() {
    let (world, heard) = (World::sqlite().await, Heard::default());
    let pool = SqlitePool::connect(&world.url).await.expect("the database opens");
    let live = LivePool::new(pool, heard.clone());
    let insert = "INSERT INTO country (name) VALUES ('Norway')";

    let mut transaction = live.begin().await.expect("it begins");
    for _ in 0..3 {
        sqlx::query(insert).execute(&mut *transaction).await.expect("it is inserted");
        transaction.touch::<Country>();
    }
    transaction.publish(Trigger::new("three", [room! { "news": 1 }]));
    assert_eq!(heard.take(), [""; 0]);
    transaction.commit().await.expect("it is committed");
    assert_eq!(heard.take(), [COUNTRY, r#"{"data": "three", "rooms": [{"news": 1}]}"#]);

    let mut transaction = live.begin().await.expect("it begins");
    transaction.touch::<Country>();
    transaction.rollback().await.expect("it is rolled back");
    let mut transaction = live.begin().await.expect("it begins");
    transaction.touch::<Country>();
    drop(transaction);
    assert_eq!(heard.take(), [""; 0]);

    let mut outer = live.begin().await.expect("it begins");
    let mut inner = outer.begin().await.expect("it begins");
    sqlx::query(insert).execute(&mut *inner).await.expect("it is inserted");
    inner.touch_name("never");
    inner.rollback().await.expect("it is rolled back");
    let mut inner = outer.begin().await.expect("it begins");
    inner.touch::<Country>();
    inner.commit().await.expect("it is committed");
    assert_eq!(heard.take(), [""; 0]);
    outer.commit().await.expect("it is committed");
    assert_eq!(heard.take(), [COUNTRY]);
    let count = "SELECT COUNT(*) FROM country";
    let count: i64 = sqlx::query_scalar(count).fetch_one(live.inner()).await.expect("it counts");
    assert_eq!(count, 3);
    live.push_default_update::<Country>();
    assert_eq!(heard.take(), [COUNTRY]);
}
