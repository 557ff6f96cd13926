//! The store, the API and the sockets on a real SQLite and a real PostgreSQL, and real processes.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod api;
mod commands;
mod conversations;
mod corpus;
mod crowds;
mod history;
mod messages;
mod outbox;
mod pages;
mod peer;
mod processes;
mod sockets;
mod stage;
mod world;

/// Waits until something is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..24_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("waited in vain for {what}");
}
