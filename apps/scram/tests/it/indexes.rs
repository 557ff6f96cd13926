//! With 100,000 entries an index answers, not a scan.

use crate::world::{World, network, on_both};
use campanile_scram::store::Store;
use campanile_scram::store::entries::Find;
use campanile_scram::store::pages::PageNumber;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

on_both! {
    no_question_about_networks_scans_a_table
}

/// How many networks there are, in each family.
const NETWORKS: u32 = 50_000;

async fn no_question_about_networks_scans_a_table(world: World) {
    let store = world.instance("scram1").await;
    fill(&store).await;
    for (text, inside, wider) in [
        ("10.0.7.7", 1, 0),
        ("10.0.7.0/24", 256, 0),
        ("fd00::1", 1, 0),
        ("fd00::/112", 50_000, 0),
        ("192.0.2.1", 0, 1),
    ] {
        let network = network(text);
        let activity = store.activity(&network).await.expect("it is read");
        assert_eq!((activity.inside.len(), activity.covered_by.len()), (inside, wider), "{text}");
        if inside > 1000 {
            // For half of a table, reading all of it is the better plan.
            continue;
        }
        for (question, query) in store.questions(&network) {
            let plan = plan(&store, query).await;
            assert!(!scans(&plan), "{question} {text}:\n{plan}");
        }
    }
    let page = PageNumber { number: 1001, size: 100 };
    let page = store.active_entries(page).await.expect("it is read").expect("it is the last");
    assert_eq!((page.count, page.results.len(), page.has_next), (100_001, 1, false));
    let found = store.find(Find::Overlapping(network("10.0.7.7"))).await.expect("it is one");
    assert_eq!(found.network, network("10.0.7.7"));
}

/// Puts networks of one address into both families, and one that is wide, without a word to anybody.
async fn fill(store: &Store) {
    let postgres = store.database().backend() == DbBackend::Postgres;
    let (numbers, bytes) = if postgres {
        (
            format!("generate_series(0, {}) AS numbers (n)", NETWORKS - 1),
            postgres_bytes as fn(_) -> _,
        )
    } else {
        let numbers = format!(
            "(WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers
                WHERE n < {}) SELECT n FROM numbers)",
            NETWORKS - 1
        );
        (numbers, sqlite_bytes as fn(_) -> _)
    };
    let (v4, v6) = (bytes("0000000000000000000000000a"), bytes("fd0000000000000000000000"));
    let wide = |last: &str| {
        let digits = format!("000000000000000000000000c00002{last}");
        if postgres { format!("decode('{digits}', 'hex')") } else { format!("x'{digits}'") }
    };
    let (first, last) = (wide("00"), wide("ff"));
    for statement in [
        format!(
            "INSERT INTO route (cidr, family, first, last, prefix)
             SELECT 'v4-' || n, 4, {v4}, {v4}, 32 FROM {numbers}"
        ),
        format!(
            "INSERT INTO route (cidr, family, first, last, prefix)
             SELECT 'v6-' || n, 6, {v6}, {v6}, 128 FROM {numbers}"
        ),
        format!(
            "INSERT INTO route (cidr, family, first, last, prefix)
             VALUES ('192.0.2.0/24', 4, {first}, {last}, 24)"
        ),
        "INSERT INTO entry (route_id, action_type_id, comment, made, expiration)
         SELECT id, 1, '', '2026-01-01T00:00:00+00:00', '9999-12-31T00:00:00+00:00' FROM route"
            .to_owned(),
        "INSERT INTO ignore_entry (cidr, family, first, last, prefix, comment)
         SELECT cidr, family, first, last, prefix, '' FROM route"
            .to_owned(),
        "ANALYZE".to_owned(),
    ] {
        store.database().read().execute_unprepared(&statement).await.expect(&statement);
    }
}

/// Sixteen bytes that begin with these digits and end with the number.
fn postgres_bytes(begin: &str) -> String {
    format!("decode('{begin}' || lpad(to_hex(n), {}, '0'), 'hex')", 32 - begin.len())
}

fn sqlite_bytes(begin: &str) -> String {
    format!("unhex('{begin}' || printf('%0{}x', n))", 32 - begin.len())
}

async fn plan(store: &Store, query: Statement) -> String {
    let postgres = store.database().backend() == DbBackend::Postgres;
    let explain = if postgres { "EXPLAIN " } else { "EXPLAIN QUERY PLAN " };
    let query = Statement { sql: format!("{explain}{}", query.sql), ..query };
    let rows = store.database().read().query_all_raw(query).await.expect("it is explained");
    let line = |row: &sea_orm::QueryResult| row.try_get_by_index(if postgres { 0 } else { 3 });
    let lines: Vec<String> = rows.iter().map(|row| line(row).expect("a line")).collect();
    lines.join("\n")
}

/// Says whether a plan reads a whole table. Action types are a handful, and read by either.
fn scans(plan: &str) -> bool {
    plan.lines().any(|line| {
        let is_scan = line.contains("Seq Scan") || line.trim_start().starts_with("SCAN ");
        is_scan && !line.contains("action_type")
    })
}
