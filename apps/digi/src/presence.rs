//! Who is here.
//!
//! A user is here while a socket is open at any process, and for a while longer, in which a page may
//! be loaded anew. Each process writes down who has come to it and gone, and that it lives itself: so
//! whoever asks knows it of all processes, and of one that was killed somebody else says who is gone.
//! Messages alone would not do: nobody could ask, and who is killed says nothing.

mod keeper;
mod seats;

pub use keeper::Keeper;
pub use seats::{Seat, TooMany};

use crate::store::{Here, Store};
use sea_orm::DbErr;
use seats::Seats;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Who is here. Clones are the same.
#[derive(Clone, Debug)]
pub struct Presence {
    store: Store,
    seats: Arc<Seats>,
}

/// Whether a user is here, as others are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Who.
    pub user: String,
    /// Whether it is here.
    pub online: bool,
    /// When it was here last.
    pub last_seen: Option<String>,
}

impl Presence {
    /// Begins with nobody; each user may have so many sockets.
    pub fn new(store: Store, sockets_per_user_max: usize) -> Presence {
        Presence { store, seats: Arc::new(Seats::new(sockets_per_user_max)) }
    }

    /// Returns whether these users are here, at whatever process; who never was is not among them.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn of(
        &self,
        users: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, Here>, DbErr> {
        self.store.whereabouts(users).await
    }

    /// Takes a place for a socket of a user, and of a conversation if it is one's.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if the user has as many as may be.
    pub fn seat(&self, user: i64, room: Option<i64>) -> Result<Seat, TooMany> {
        Seats::take(&self.seats, user, room)
    }

    /// Returns how many conversations have a socket at this process.
    pub fn rooms(&self) -> usize {
        self.seats.rooms()
    }

    /// Returns how many users have a socket at this process.
    pub fn users(&self) -> usize {
        self.seats.users()
    }
}
