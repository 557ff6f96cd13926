//! What outlives the death of PostgreSQL.

use crate::world::{ada, wanted};
use campanile_broker::testing::Postgres;
use campanile_scram::database;
use campanile_scram::settings::PrefixLimits;
use campanile_scram::store::Store;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_for_is_there_when_postgresql_was_killed_and_is_back() {
    let Some(mut server) = Postgres::start() else { return };
    let url = server.database("scram");
    let open = async || {
        let database = database::open(&url, 8).await.expect("the database opens");
        Store::new(database, "scram1", PrefixLimits { v4: 8, v6: 32 })
    };
    for round in 1..=3 {
        let store = open().await;
        let adds = (0..20).map(|host| {
            let store = store.clone();
            async move {
                let wanted = wanted(&format!("192.0.{round}.{host}"));
                store.add(&wanted, &ada()).await.expect("it is added");
            }
        });
        futures_util::future::join_all(adds).await;
        server.kill();
        server.restart();
        let store = open().await;
        let counts = store.active_counts().await.expect("they are counted");
        assert_eq!(counts, [("block".to_owned(), round * 20)]);
        assert_eq!(store.last_event().await.expect("it is read"), round * 20);
    }
}
