use super::written;
use proptest::prelude::*;

#[track_caller]
fn check(sql: &str, tables: &[&str]) {
    let written: Vec<_> = written(sql).into_iter().map(|written| written.table).collect();
    assert_eq!(written, tables, "{sql}");
}

#[test]
fn what_is_written_is_seen() {
    check(r#"INSERT INTO "country" ("name") VALUES ($1) RETURNING "id""#, &["country"]);
    check("insert into country (name) values ('x'), ('y')", &["country"]);
    check("INSERT OR REPLACE INTO `country` VALUES (?)", &["country"]);
    check("REPLACE INTO country VALUES (1)", &["country"]);
    check("UPDATE country SET name = 'y'", &["country"]);
    check("UPDATE OR IGNORE country SET name = 'y'", &["country"]);
    check("UPDATE ONLY public.\"Country\" AS c SET name = 'y' FROM city", &["country"]);
    check("DELETE FROM [main].[country] WHERE id = 1", &["country"]);
    check("delete from only country", &["country"]);
    check("MERGE INTO country USING new ON true WHEN MATCHED THEN UPDATE SET a = 1", &["country"]);
    check("TRUNCATE TABLE ONLY country *, public.city RESTART IDENTITY", &["country", "city"]);
    check("INSERT IGNORE INTO `country` VALUES (1)", &["country"]);
    check("DELETE LOW_PRIORITY QUICK FROM country", &["country"]);
    check("UPDATE IGNORE country SET a = 1", &["country"]);
    check("EXPLAIN ANALYZE UPDATE country SET a = 1", &["country"]);
    check("/* why /* nested */ */ -- and\n UPDATE country SET a = 1", &["country"]);
    check(r#"UPDATE "a ""quoted"" name" SET b = 1"#, &["a \"quoted\" name"]);
}

#[test]
fn what_is_written_within_is_seen() {
    check(
        "WITH gone AS (DELETE FROM city RETURNING *) INSERT INTO archive SELECT * FROM gone",
        &["city", "archive"],
    );
    check("UPDATE a SET x = 1; SELECT 1; DELETE FROM b; UPDATE a SET x = 2", &["a", "b"]);
    check(
        "INSERT INTO country (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2",
        &["country"],
    );
    check("INSERT INTO country VALUES (1) ON DUPLICATE KEY UPDATE id = 2", &["country"]);
}

#[test]
fn what_follows_a_list_or_a_definition_is_seen() {
    check("WITH a AS (SELECT ARRAY[[1]] AS b) UPDATE country SET a = 1", &["country"]);
    check("WITH a AS (SELECT ARRAY['x]', 'y']) UPDATE country SET a = 1", &["country"]);
    check("WITH a AS (SELECT b[c[1]] FROM d) UPDATE country SET a = 1", &["country"]);
    check("CREATE TABLE a (b int); INSERT INTO country VALUES (1)", &["country"]);
    check("ALTER TABLE a DROP b; DROP TABLE c; DELETE FROM country", &["country"]);
}

#[test]
fn rows_of_a_statement_are_not_those_written_within_it() {
    let uncounted = |sql| written(sql).iter().map(|table| table.is_uncounted).collect::<Vec<_>>();
    let archive = "WITH gone AS (DELETE FROM city RETURNING *) INSERT INTO archive SELECT 1";
    assert_eq!(uncounted(archive), [true, false]);
    assert_eq!(uncounted("WITH a AS (SELECT 1) UPDATE country SET a = (SELECT 1)"), [false]);
    assert_eq!(uncounted("TRUNCATE country"), [true]);
}

#[test]
fn what_is_only_read_or_defined_is_not() {
    check("SELECT * FROM country FOR UPDATE SKIP LOCKED", &[]);
    check("SELECT * FROM country FOR NO KEY UPDATE", &[]);
    check("SELECT 'UPDATE country SET x', \"delete\" FROM country", &[]);
    check("SELECT 'it''s; DELETE FROM country'", &[]);
    check(r"SELECT E'\'; DELETE FROM country; --'", &[]);
    check("SELECT $$ DELETE FROM country $$, $a$ UPDATE b SET $$ $a$, $1", &[]);
    check("SELECT 1 -- UPDATE country SET x = 1", &[]);
    check("CREATE TABLE city (c int REFERENCES country ON DELETE CASCADE ON UPDATE CASCADE)", &[]);
    check("CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE country SET x = 1; END", &[]);
    check("SELECT replace(name, 'a', 'b') FROM country", &[]);
    check("", &[]);
    check("UPDATE", &[]);
    check("INSERT INTO 'x", &[]);
    check("TRUNCATE", &[]);
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end(sql in r#"([ a-z;.,'"`\[\]$\\*é☃-]|/\*|\*/|UPDATE |INTO |E')*"#) {
        written(&sql);
    }

    #[test]
    fn a_name_in_quotes_is_read_whole(name in "[^\"\0]{1,20}") {
        let found = written(&format!("UPDATE \"{name}\" SET a = 1"));
        prop_assert_eq!(&found[0].table, &name.to_lowercase());
    }
}
