//! What is to be told, written down in the transaction that it is about.
//!
//! So it is told even if the process dies between the commit and the telling: by the same program when
//! it runs again, or by another one on the same database, once the dead one has said for a while no more that it is here. A
//! gateway knows by the row's name what it was told before.

use crate::publisher::unique;
use crate::{Pending, Publish, Room, Trigger, TriggerError};
use sea_orm::sea_query::{Expr, Index, OnConflict, Query};
use sea_orm::{
    ActiveValue, ColumnTrait as _, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr,
    EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Schema,
};
use serde::Deserialize;
use serde_json::Value;
use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// A table of what is to be told, `campanile_outbox`, and of who tells it
/// ([`prepare`](Outbox::prepare) makes them).
///
/// What is told is deleted. As long as no gateway is there the rows stay, and are told in their
/// order when there is one; what says the same is told once.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Own>);

#[derive(Debug)]
struct Own {
    /// This process's name in its rows.
    name: String,
    changed: Notify,
}

mod row {
    //! A trigger that is to be told.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "campanile_outbox")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub body: String,
        /// Who tells it.
        pub teller: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod teller {
    //! A process that tells.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "campanile_outbox_teller")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// When it counts as gone unless it says otherwise, in milliseconds since 1970.
        pub here_until: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a row holds.
#[derive(Deserialize)]
struct Body {
    data: Value,
    rooms: Vec<Room>,
}

/// So many rows are read at once.
const ROWS_MAX: u64 = 100;

/// So many rows are written by one statement: databases have a limit for its parameters.
const ROWS_WRITTEN_MAX: usize = 1_000;

/// A process says so often that it is here, and looks for rows of those that are gone.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// So long after it has last said so it is gone.
const GONE_AFTER: Duration = Duration::from_secs(15);

impl Outbox {
    /// Makes an outbox for this process.
    pub fn new() -> Outbox {
        let own = Own { name: unique(), changed: Notify::new() };
        Outbox(Arc::new(own))
    }

    /// Makes the tables that are not there: at the start, or in a migration of the application's.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn prepare(database: &impl ConnectionTrait) -> Result<(), DbErr> {
        let schema = Schema::new(database.get_database_backend());
        for mut table in [
            schema.create_table_from_entity(row::Entity),
            schema.create_table_from_entity(teller::Entity),
        ] {
            database.execute(table.if_not_exists()).await?;
        }
        let mut index = Index::create();
        index.name("campanile_outbox_by_teller").table(row::Entity).if_not_exists();
        index.col(row::Column::Teller).col(row::Column::Id);
        database.execute(&index).await.map(|_| ())
    }

    /// Writes down what a transaction is to tell.
    pub(super) async fn write(
        &self,
        transaction: &DatabaseTransaction,
        pending: Pending,
    ) -> Result<(), DbErr> {
        for triggers in pending.into_triggers().chunks(ROWS_WRITTEN_MAX) {
            let rows = triggers.iter().map(|trigger| row::ActiveModel {
                id: ActiveValue::NotSet,
                body: ActiveValue::Set(trigger.to_json_without_id()),
                name: ActiveValue::Set(trigger.id.clone().unwrap_or_else(unique)),
                teller: ActiveValue::Set(self.0.name.clone()),
            });
            row::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        }
        Ok(())
    }

    /// Has the rows told that are there now.
    pub(super) fn wake(&self) {
        self.0.changed.notify_one();
    }

    /// Starts to tell, for as long as somebody publishes by it.
    pub(super) fn start(&self, database: &DatabaseConnection, publisher: &Arc<dyn Publish>) {
        let teller = Teller { database: database.clone(), publisher: Arc::clone(publisher) };
        tokio::spawn(teller.run(Arc::downgrade(&self.0)));
    }
}

impl Default for Outbox {
    fn default() -> Outbox {
        Outbox::new()
    }
}

struct Teller {
    database: DatabaseConnection,
    publisher: Arc<dyn Publish>,
}

impl Teller {
    async fn run(self, own: Weak<Own>) {
        let mut looked: Option<Instant> = None;
        while let Some(own) = own.upgrade() {
            if looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
                self.look(&own).await;
                looked = Some(Instant::now());
            }
            let told = tokio::select! {
                told = self.tell_all(&own) => told,
                never = self.stay(&own) => match never {},
            };
            match told {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the outbox cannot be read: tried again"),
            }
            // Whoever wakes it holds the outbox, too; without anybody it ends at the next look.
            let _ = tokio::time::timeout(LOOK_EVERY, own.changed.notified()).await;
        }
    }

    /// Looks again and again, so that nobody thinks this process gone while a gateway keeps it waiting.
    async fn stay(&self, own: &Own) -> Infallible {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.look(own).await;
        }
    }

    async fn look(&self, own: &Own) {
        if let Err(error) = self.take_over(own).await {
            tracing::warn!(%error, "the outbox cannot be looked after: tried again");
        }
    }

    /// Tells what is there; returns whether there may be more.
    async fn tell_all(&self, own: &Own) -> Result<bool, DbErr> {
        let rows = row::Entity::find()
            .filter(row::Column::Teller.eq(&own.name))
            .order_by_asc(row::Column::Id)
            .limit(ROWS_MAX)
            .all(&self.database)
            .await?;
        let is_full = rows.len() as u64 == ROWS_MAX;
        let mut rows = rows.into_iter().peekable();
        while let Some(mut row) = rows.next() {
            let mut told = vec![row.id];
            // What follows and says the same is told with it.
            while let Some(name) = rows.peek().and_then(|next| common_name(&row, next)) {
                row.name = name;
                told.extend(rows.next().map(|same| same.id));
            }
            if let Err(why) = self.tell(row).await {
                tracing::warn!("the outbox keeps what it cannot tell now: {why}");
                return Ok(false);
            }
            row::Entity::delete_many()
                .filter(row::Column::Id.is_in(told))
                .exec(&self.database)
                .await?;
        }
        Ok(is_full)
    }

    /// Says that this process is here, and takes over the rows of those that are gone.
    async fn take_over(&self, own: &Own) -> Result<(), DbErr> {
        let now = now();
        let here = teller::ActiveModel {
            name: ActiveValue::Set(own.name.clone()),
            here_until: ActiveValue::Set(now + millis(GONE_AFTER)),
        };
        let mut again = OnConflict::column(teller::Column::Name);
        again.update_column(teller::Column::HereUntil);
        teller::Entity::insert(here)
            .on_conflict(again)
            .exec_without_returning(&self.database)
            .await?;
        let mut all_here = Query::select();
        all_here.column(teller::Column::Name).from(teller::Entity);
        all_here.and_where(teller::Column::HereUntil.gte(now));
        row::Entity::update_many()
            .col_expr(row::Column::Teller, Expr::value(&own.name))
            .filter(row::Column::Teller.not_in_subquery(all_here))
            .exec(&self.database)
            .await?;
        teller::Entity::delete_many()
            .filter(teller::Column::HereUntil.lt(now))
            .exec(&self.database)
            .await
            .map(|_| ())
    }

    async fn tell(&self, row: row::Model) -> Result<(), TriggerError> {
        let Ok(Body { data, rooms }) = serde_json::from_str(&row.body) else {
            tracing::error!(row = row.id, "a row of the outbox is no trigger: it is left out");
            return Ok(());
        };
        let trigger = Trigger { data, rooms, id: Some(row.name) };
        match self.publisher.deliver(trigger).await {
            Err(TriggerError::Refused(why)) => {
                // It would be so for ever, and nothing else would be told.
                tracing::error!(row = row.id, "what the outbox tells is refused, and lost: {why}");
                Ok(())
            }
            told => told,
        }
    }
}

/// Returns the name of two that are as good as one; none: they are not.
///
/// It is that of just these: a gateway that was told one of them already is to be told of the other.
fn common_name(row: &row::Model, other: &row::Model) -> Option<String> {
    let says_nothing = row.body.starts_with(r#"{"data": "", "#);
    if !says_nothing || row.body != other.body {
        return None;
    }
    // Those that an application has named are not ours to rename.
    let number = |row: &row::Model| u128::from_str_radix(&row.name, 16).ok();
    Some(format!("{:032x}", number(row)? ^ number(other)?))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    millis(since)
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
