//! The WebSockets of browsers.
//!
//! | module | is |
//! | --- | --- |
//! | `chat` | a conversation's socket: what was missed, then each event, and what its browser sends |
//! | `inbox` | a list's socket: each line that changes |
//! | `admission` | who is let in, and until when |
//! | `typing` | whether the other writes |
//! | `request` | what browsers send, read |

// In reading order, which the blank lines keep.

mod chat;

mod inbox;

mod admission;

mod typing;

mod request;

use crate::app::App;
use crate::settings::Settings;
use axum::Router;
use campanile_consumer::{Limits, consumer_with_state};
use std::time::Duration;

/// After how much silence a browser is sent a ping.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Returns the routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/ws/chat/{id}/", consumer_with_state::<chat::Chat, App>())
        .route("/ws/inbox/", consumer_with_state::<inbox::Inbox, App>())
}

/// Returns what the sockets may hold and wait for.
pub fn limits(settings: &Settings) -> Limits {
    Limits {
        message_bytes_max: settings.limits.frame_bytes_max,
        ping_every: Some(PING_EVERY),
        ..Limits::default()
    }
}
