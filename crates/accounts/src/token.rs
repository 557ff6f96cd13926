//! Tokens: a program is known by a header, `Authorization: Token …`.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::clock::now;
use crate::entity::{TokenKey, token, user};
use crate::secret::Secret;
use crate::{Accounts, Credential, Problem, User};

/// Returns what a program says to be its token; none if it does not come with any.
///
/// Another scheme than `Token` is somebody else's: a proxy's before this, perhaps.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("token").then_some(token.trim())
}

impl Accounts {
    /// Returns a user's token, 40 hexadecimal digits: the same one each time, made the first time.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn token(&self, user_id: i64) -> Result<String, Problem> {
        let of_user = || token::Entity::find_by_id(user_id);
        if let Some(row) = of_user().one(self.database()).await? {
            return Ok(row.key.0);
        }
        let key = TokenKey(Secret::random::<20>().reveal().to_owned());
        let row =
            token::ActiveModel { user_id: Set(user_id), key: Set(key), created_at: Set(now()) };
        // Where two ask at once for the first time, both get the one that came first.
        let first_stays = OnConflict::column(token::Column::UserId).do_nothing().to_owned();
        let insert = token::Entity::insert(row).on_conflict(first_stays);
        insert.exec_without_returning(self.writer()).await?;
        let row = of_user().one(self.database()).await?;
        Ok(row.ok_or(Problem::NotFound)?.key.0)
    }

    /// Takes a user's token back; whoever [waits](crate::Ended) for it is told. The next is another.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn remove_token(&self, user_id: i64) -> Result<(), Problem> {
        token::Entity::delete_by_id(user_id).exec(self.writer()).await?;
        self.0.watch.end(Credential::Token(user_id));
        Ok(())
    }

    pub(crate) async fn user_by_token(&self, token: &str) -> Result<Option<User>, Problem> {
        let Some(key) = Secret::read::<20>(token) else { return Ok(None) };
        let found = token::Entity::find()
            .filter(token::Column::Key.eq(key.reveal()))
            .find_also_related(user::Entity)
            .one(self.database())
            .await?;
        let user = found.and_then(|(_, user)| user).filter(|user| user.is_active);
        Ok(user.map(User::from))
    }
}
