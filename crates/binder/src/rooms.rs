//! Which rooms somebody may enter.

use crate::Room;
use async_trait::async_trait;
use std::error::Error;
use std::sync::Arc;

/// Why the rooms for a user could not be told.
pub type RoomsError = Box<dyn Error + Send + Sync>;

/// Whoever knows rooms that a user may enter. Closures that return rooms know, too.
///
/// ```
/// use campanile_binder::{Room, RoomsError, RoomsForUser, room};
///
/// struct User { branch: String }
/// struct Branches;
///
/// #[async_trait::async_trait]
/// impl RoomsForUser<User> for Branches {
///     async fn rooms_for_user(&self, user: &User) -> Result<Vec<Room>, RoomsError> {
///         // … perhaps a query …
///         Ok(vec![room! { "branch": user.branch.as_str() }])
///     }
/// }
/// ```
#[async_trait]
pub trait RoomsForUser<U: Sync>: Send + Sync {
    /// Lists the rooms that a user may enter.
    async fn rooms_for_user(&self, user: &U) -> Result<Vec<Room>, RoomsError>;
}

#[async_trait]
impl<U: Sync, F> RoomsForUser<U> for F
where
    F: Fn(&U) -> Vec<Room> + Send + Sync,
{
    async fn rooms_for_user(&self, user: &U) -> Result<Vec<Room>, RoomsError> {
        Ok(self(user))
    }
}

/// Asks all who know rooms of a user. A clone asks the same.
///
/// ```
/// use campanile_binder::{Room, RoomController, room};
///
/// struct User { name: String, is_staff: bool }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let controller = RoomController::new()
///     .register(|user: &User| vec![room! { "user": user.name.as_str() }])
///     .register(|user: &User| match user.is_staff {
///         true => vec![room! { "location": Room::ANY }],
///         false => vec![],
///     });
/// let ada = User { name: "ada".to_owned(), is_staff: true };
/// let rooms = controller.list_rooms_for_user(&ada).await.unwrap();
/// assert_eq!(rooms, [room! { "user": "ada" }, room! { "location": "*" }]);
/// # }
/// ```
pub struct RoomController<U>(Vec<Arc<dyn RoomsForUser<U>>>);

impl<U: Sync> RoomController<U> {
    /// Makes a controller that allows nothing yet.
    pub fn new() -> RoomController<U> {
        RoomController(Vec::new())
    }

    /// Asks this one, too, from now on.
    #[must_use]
    pub fn register(mut self, knows: impl RoomsForUser<U> + 'static) -> RoomController<U> {
        self.0.push(Arc::new(knows));
        self
    }

    /// Lists all rooms that a user may enter: in the order of registration, each once.
    ///
    /// # Errors
    ///
    /// That of the first who could not tell: half of the rooms would be a wrong answer.
    pub async fn list_rooms_for_user(&self, user: &U) -> Result<Vec<Room>, RoomsError> {
        let mut rooms = Vec::new();
        for knows in &self.0 {
            for room in knows.rooms_for_user(user).await? {
                if !rooms.contains(&room) {
                    rooms.push(room);
                }
            }
        }
        Ok(rooms)
    }
}

impl<U: Sync> Default for RoomController<U> {
    fn default() -> RoomController<U> {
        RoomController::new()
    }
}

impl<U> Clone for RoomController<U> {
    fn clone(&self) -> RoomController<U> {
        RoomController(self.0.clone())
    }
}

impl<U> std::fmt::Debug for RoomController<U> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RoomController").field("registered", &self.0.len()).finish()
    }
}
