//! How the tables are made.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_uniq, boolean, pk_auto, string, string_uniq, text,
};

use crate::entity::{session, token, user};

/// Returns the migrations, which an application puts before its own.
///
/// ```
/// use sea_orm_migration::prelude::*;
///
/// struct Migrator;
///
/// impl MigratorTrait for Migrator {
///     fn migrations() -> Vec<Box<dyn MigrationTrait>> {
///         let mut migrations = campanile_accounts::migrations();
///         migrations.extend(vec![/* its own */]);
///         migrations
///     }
/// }
/// ```
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(First)]
}

/// Makes these tables alone, for an application without others and for tests.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations()
    }
}

struct First;

impl MigrationName for First {
    fn name(&self) -> &str {
        "m20261121_000001_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(users()).await?;
        manager.create_table(sessions()).await?;
        manager.create_table(tokens()).await?;
        for column in [session::Column::UserId, session::Column::ExpiresAt] {
            let name = format!("account_session_{}", column.to_string());
            let index = Index::create().name(name).table(session::Entity).col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(token::Entity).to_owned()).await?;
        manager.drop_table(Table::drop().table(session::Entity).to_owned()).await?;
        manager.drop_table(Table::drop().table(user::Entity).to_owned()).await
    }
}

fn users() -> TableCreateStatement {
    use user::Column;
    Table::create()
        .table(user::Entity)
        .col(pk_auto(Column::Id).big_integer())
        .col(string(Column::Username))
        .col(string_uniq(Column::UsernameKey))
        .col(string(Column::Name))
        .col(string(Column::Email))
        .col(string(Column::Password))
        .col(text(Column::Groups))
        .col(boolean(Column::IsSuperuser))
        .col(boolean(Column::IsActive))
        .col(big_integer(Column::CreatedAt))
        .to_owned()
}

fn sessions() -> TableCreateStatement {
    use session::Column;
    Table::create()
        .table(session::Entity)
        .col(pk_auto(Column::Id).big_integer())
        .col(string_uniq(Column::KeyHash))
        .col(big_integer(Column::UserId))
        .col(big_integer(Column::CreatedAt))
        .col(big_integer(Column::SeenAt))
        .col(big_integer(Column::ExpiresAt))
        .col(string(Column::Address))
        .col(string(Column::UserAgent))
        .foreign_key(&mut to_user(session::Entity, Column::UserId))
        .to_owned()
}

fn tokens() -> TableCreateStatement {
    use token::Column;
    Table::create()
        .table(token::Entity)
        .col(big_integer_uniq(Column::UserId).primary_key())
        .col(string_uniq(Column::Key))
        .col(big_integer(Column::CreatedAt))
        .foreign_key(&mut to_user(token::Entity, Column::UserId))
        .to_owned()
}

/// What belongs to a user goes with it.
fn to_user(from: impl IntoTableRef, column: impl IntoIden) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(from, column)
        .to(user::Entity, user::Column::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
