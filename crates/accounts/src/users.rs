//! The table of users.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, SqlErr,
};

use crate::clock::now;
use crate::entity::{PasswordHash, user};
use crate::secret::Secret;
use crate::user::{fault, key, normal};
use crate::{Accounts, Fields, Password, Problem, User};

/// What a new user is made of.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name to log in with.
    pub username: String,
    /// The password.
    pub password: Password,
    /// What it wants to be called: perhaps empty.
    pub name: String,
    /// Its address: perhaps empty.
    pub email: String,
    /// Its groups, of those in the [settings](crate::Settings::groups).
    pub groups: Vec<String>,
    /// Whether it may do everything.
    pub is_superuser: bool,
}

impl NewUser {
    /// Makes it of a name and a password, in no group.
    pub fn new(username: impl Into<String>, password: impl Into<Password>) -> NewUser {
        NewUser {
            username: username.into(),
            password: password.into(),
            name: String::new(),
            email: String::new(),
            groups: Vec::new(),
            is_superuser: false,
        }
    }
}

impl Accounts {
    /// Makes a user.
    ///
    /// # Errors
    ///
    /// [`Problem::Invalid`] if the name is taken or bad (`username`), the password is weak (`password`)
    /// or a group is unknown (`groups`).
    pub async fn create_user(&self, new: NewUser) -> Result<User, Problem> {
        let mut fields = Fields::default();
        let username = normal(&new.username);
        if let Some(fault) = fault(&username, self.settings()) {
            fields.add("username", fault);
        } else if self.user(&username).await?.is_some() {
            fields.add("username", TAKEN);
        }
        for fault in new.password.faults(&username, self.settings()) {
            fields.add("password", fault);
        }
        self.check_groups(&new.groups, &mut fields);
        fields.check()?;
        let password = self.0.hasher.hash(new.password).await?;
        let row = user::ActiveModel {
            id: NotSet,
            username_key: Set(key(&username)),
            username: Set(username),
            name: Set(new.name),
            email: Set(new.email),
            password: Set(password),
            groups: Set(new.groups.join(" ")),
            is_superuser: Set(new.is_superuser),
            is_active: Set(true),
            created_at: Set(now()),
        };
        match row.insert(self.writer()).await {
            Ok(row) => Ok(User::from(row)),
            Err(error) => Err(taken_or(error)),
        }
    }

    /// Finds a user by its name, in whatever case.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn user(&self, username: &str) -> Result<Option<User>, Problem> {
        Ok(self.user_row(username).await?.map(User::from))
    }

    /// Finds a user by its number.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn user_by_id(&self, id: i64) -> Result<Option<User>, Problem> {
        Ok(user::Entity::find_by_id(id).one(self.database()).await?.map(User::from))
    }

    /// Returns a page of all users, by their names.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn users(&self, offset: u64, limit: u64) -> Result<Vec<User>, Problem> {
        let all = user::Entity::find().order_by_asc(user::Column::UsernameKey);
        let rows = all.offset(offset).limit(limit).all(self.database()).await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// Returns how many users there are.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn user_count(&self) -> Result<u64, Problem> {
        Ok(user::Entity::find().count(self.database()).await?)
    }

    /// Stores what a user wants to be called, its address, its groups and whether it is active and a
    /// superuser. Where it may do something else than before, its sessions end; if it is not active
    /// any more, its token too.
    ///
    /// # Errors
    ///
    /// [`Problem::NotFound`] if there is no such user, [`Problem::Invalid`] if a group is unknown.
    pub async fn change_user(&self, changed: &User) -> Result<(), Problem> {
        let mut fields = Fields::default();
        self.check_groups(&changed.groups, &mut fields);
        fields.check()?;
        let before = self.user_by_id(changed.id).await?.ok_or(Problem::NotFound)?;
        let row = user::ActiveModel {
            id: Set(changed.id),
            name: Set(changed.name.clone()),
            email: Set(changed.email.clone()),
            groups: Set(changed.groups.join(" ")),
            is_superuser: Set(changed.is_superuser),
            is_active: Set(changed.is_active),
            ..Default::default()
        };
        row.update(self.writer()).await?;
        let may = |user: &User| (user.is_active, user.is_superuser, user.groups.clone());
        if may(&before) != may(changed) {
            self.end_sessions(changed.id, None).await?;
        }
        if before.is_active && !changed.is_active {
            self.remove_token(changed.id).await?;
        }
        Ok(())
    }

    /// Ends a user's account for good, but keeps its name, so that nobody else takes it and is taken for
    /// this one: nobody can log in by it, and nothing else of it is kept.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn close_account(&self, user: &User) -> Result<(), Problem> {
        let closed = User {
            name: String::new(),
            email: String::new(),
            groups: Vec::new(),
            is_superuser: false,
            is_active: false,
            ..user.clone()
        };
        self.change_user(&closed).await?;
        // Of a password that nobody knows.
        let password = Password::from(Secret::random::<32>().reveal());
        self.store_password(user.id, self.0.hasher.hash(password).await?).await
    }

    /// Removes a user, and with it its sessions and its token.
    ///
    /// # Errors
    ///
    /// If the database fails, or something of the application's still belongs to the user.
    pub async fn remove_user(&self, id: i64) -> Result<(), Problem> {
        self.end_sessions(id, None).await?;
        self.remove_token(id).await?;
        user::Entity::delete_by_id(id).exec(self.writer()).await?;
        Ok(())
    }

    pub(crate) async fn user_row(&self, username: &str) -> Result<Option<user::Model>, Problem> {
        let named = user::Entity::find().filter(user::Column::UsernameKey.eq(key(username)));
        Ok(named.one(self.database()).await?)
    }

    pub(crate) async fn store_password(
        &self,
        user_id: i64,
        password: PasswordHash,
    ) -> Result<(), Problem> {
        let row =
            user::ActiveModel { id: Set(user_id), password: Set(password), ..Default::default() };
        row.update(self.writer()).await?;
        Ok(())
    }

    fn check_groups(&self, groups: &[String], fields: &mut Fields) {
        for group in groups.iter().filter(|group| !self.settings().groups.contains(group)) {
            fields.add("groups", format!("There is no group \"{group}\"."));
        }
    }
}

const TAKEN: &str = "A user with that username already exists.";

/// Two may have asked for one name at once; the database decides.
fn taken_or(error: DbErr) -> Problem {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Problem::field("username", TAKEN),
        _ => Problem::from(error),
    }
}
