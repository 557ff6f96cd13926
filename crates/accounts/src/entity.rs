//! The tables, for applications that join theirs to them.
//!
//! Times are seconds since 1970. Their names begin with `account_`, since `user` means something
//! else to PostgreSQL.

use std::fmt;

use sea_orm::DeriveValueType;

/// The hash of a password in PHC's format. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(pub(crate) String);

/// The token of a user, 40 hexadecimal digits. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct TokenKey(pub(crate) String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

/// The users.
pub mod user {
    use sea_orm::entity::prelude::*;

    use super::PasswordHash;

    /// A user.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_user")]
    pub struct Model {
        /// Its number, never given twice.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Its name, as it was chosen.
        pub username: String,
        /// Its name in lower case.
        #[sea_orm(unique)]
        pub username_key: String,
        /// What it wants to be called.
        pub name: String,
        /// Its address.
        pub email: String,
        /// The hash of its password.
        pub password: PasswordHash,
        /// Its groups, with spaces between.
        pub groups: String,
        /// Whether it may do everything.
        pub is_superuser: bool,
        /// Whether it may log in.
        pub is_active: bool,
        /// When it was made.
        pub created_at: i64,
    }

    /// Nothing is declared here: [`session`](super::session) and [`token`](super::token) do.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The sessions.
pub mod session {
    use sea_orm::entity::prelude::*;

    /// A session.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_session")]
    pub struct Model {
        /// Its number, never given twice.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The hash of what its cookie holds.
        #[sea_orm(unique)]
        pub key_hash: String,
        /// Whose it is.
        pub user_id: i64,
        /// When it began.
        pub created_at: i64,
        /// When it was last used, to the minute.
        pub seen_at: i64,
        /// When it is over, if it is not used before.
        pub expires_at: i64,
        /// The address it began from.
        pub address: String,
        /// The program it began with.
        pub user_agent: String,
    }

    /// To whom it belongs.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        /// Its user.
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id"
        )]
        User,
    }

    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tokens of programs.
pub mod token {
    use sea_orm::entity::prelude::*;

    use super::TokenKey;

    /// The one token of a user. It is shown again when it is asked for, and so stored as it is.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_token")]
    pub struct Model {
        /// Whose it is.
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: i64,
        /// The token.
        #[sea_orm(unique)]
        pub key: TokenKey,
        /// When it was made.
        pub created_at: i64,
    }

    /// To whom it belongs.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        /// Its user.
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id"
        )]
        User,
    }

    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}
