//! A gateway together with its backend, and clients who come to it.

use super::backend::{Answer, Backend};
use super::campanile::{Campanile, Start, backend_address, own_address};
use super::client::{Client, Incoming};

/// Starts a gateway whose backend answers every bootstrap by these rooms.
pub(crate) async fn start(
    rooms: &'static str,
    prepare: impl FnOnce(Start) -> Start,
) -> (Campanile, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), move |_| Answer::json(200, rooms)).await;
    (prepare(Start::new(own)).ready().await, backend)
}

/// Connects somebody with these headers.
///
/// # Errors
///
/// The status of a refusal.
pub(crate) async fn open(campanile: &Campanile, headers: &[(&str, &str)]) -> Result<Client, u16> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let headers: Vec<(String, String)> = headers.iter().map(owned).collect();
    Client::open(campanile.public, "/ws/", &headers).await
}

/// Reads the greeting of somebody who is let in.
pub(crate) async fn is_greeted(client: &mut Client) {
    let greeting = client.next().await;
    assert!(matches!(greeting, Some(Incoming::Text(text)) if text.contains("true")));
}
