//! The words for types in which the two databases differ.

use sea_orm::DbBackend;

/// Puts a database's own names for types in the place of those in brackets: `[id]`, `[bytes]`,
/// `[time]`, `[json]`, `[uuid]`.
///
/// ```
/// use campanile_database::in_words_of;
/// use sea_orm::DbBackend;
///
/// let table = "CREATE TABLE note (id [id], body [bytes])";
/// let of_postgres = in_words_of(DbBackend::Postgres, table);
/// assert_eq!(of_postgres, "CREATE TABLE note (id bigserial PRIMARY KEY, body bytea)");
/// ```
pub fn in_words_of(backend: DbBackend, statement: &str) -> String {
    let postgres = backend == DbBackend::Postgres;
    let words = [
        ("[id]", "bigserial PRIMARY KEY", "integer PRIMARY KEY AUTOINCREMENT"),
        ("[bytes]", "bytea", "blob"),
        ("[time]", "timestamp with time zone", "timestamp_with_timezone_text"),
        ("[json]", "jsonb", "jsonb_text"),
        ("[uuid]", "uuid", "uuid_text"),
    ];
    words.iter().fold(statement.to_owned(), |text, (word, in_postgres, in_sqlite)| {
        text.replace(word, if postgres { in_postgres } else { in_sqlite })
    })
}
