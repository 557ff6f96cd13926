//! Finding entries.

use super::row::{self, Row, active};
use super::{Entry, Find};
use crate::cidr::Network;
use crate::entities::{action_type, entry, ignore_entry, route};
use crate::store::pages::{Page, PageNumber};
use crate::store::{FindError, Store, networks};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, JoinType, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationTrait, Statement,
};

/// Which entries are active about a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Those inside it or equal, up to the limit.
    pub inside: Vec<Entry>,
    /// Those of wider networks that contain it, up to the limit.
    pub covered_by: Vec<Entry>,
}

/// What a search found, active or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Entries inside the network or equal, up to the limit.
    pub inside: Vec<Entry>,
    /// Entries of wider networks that contain it, up to the limit.
    pub containing: Vec<Entry>,
}

/// How many entries a question without pages answers with at most.
pub(crate) const FOUND_MAX: u64 = 100_000;

impl Store {
    /// Finds the one active entry that is meant.
    ///
    /// # Errors
    ///
    /// [`FindError::NotOne`] also if there are several.
    pub async fn find(&self, find: Find) -> Result<Entry, FindError> {
        let condition = self.meaning(find).ok_or(FindError::TooLarge(self.limits))?;
        let mut found = self.rows(condition.add(active()), 2).await?;
        match (found.pop(), found.is_empty()) {
            (Some(entry), true) => Ok(entry),
            _ => Err(FindError::NotOne),
        }
    }

    /// Returns an entry by its number, active or not.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn entry(&self, id: i64) -> Result<Option<Entry>, DbErr> {
        Ok(self.rows(Condition::all().add(entry::Column::Id.eq(id)), 1).await?.pop())
    }

    /// Returns entries by their numbers, active or not, in no order.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn entries(&self, ids: &[i64]) -> Result<Vec<Entry>, DbErr> {
        let condition = Condition::all().add(entry::Column::Id.is_in(ids.iter().copied()));
        self.rows(condition, FOUND_MAX).await
    }

    /// Returns a page of the active entries by their numbers; none if it lies beyond the end.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn active_entries(&self, page: PageNumber) -> Result<Option<Page<Entry>>, DbErr> {
        self.page(active(), sea_orm::Order::Asc, page).await
    }

    /// Returns a page of an action type's active entries, the newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn newest_entries(
        &self,
        action_type: i64,
        page: PageNumber,
    ) -> Result<Option<Page<Entry>>, DbErr> {
        let condition = active().add(entry::Column::ActionTypeId.eq(action_type));
        self.page(condition, sea_orm::Order::Desc, page).await
    }

    /// Returns what is active about a network.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn activity(&self, network: &Network) -> Result<Activity, DbErr> {
        self.activity_up_to(network, FOUND_MAX).await
    }

    /// Returns the same, up to so many entries of each kind: those that were made first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn activity_up_to(&self, network: &Network, limit: u64) -> Result<Activity, DbErr> {
        let inside = networks::inside::<route::Entity>(network).add(active());
        let wider = networks::wider::<route::Entity>(network).add(active());
        Ok(Activity {
            inside: self.rows(inside, limit).await?,
            covered_by: self.rows(wider, limit).await?,
        })
    }

    /// Searches for all that was ever said about a network.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn search(&self, network: &Network, limit: u64) -> Result<Found, DbErr> {
        Ok(Found {
            inside: self.rows(networks::inside::<route::Entity>(network), limit).await?,
            containing: self.rows(networks::wider::<route::Entity>(network), limit).await?,
        })
    }

    /// Returns how many entries are active.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn active_count(&self) -> Result<u64, DbErr> {
        entry::Entity::find().filter(active()).count(self.database.read()).await
    }

    /// Returns how many entries of each action type are active, by its name; only if there are any.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn active_counts(&self) -> Result<Vec<(String, i64)>, DbErr> {
        entry::Entity::find()
            .select_only()
            .join(JoinType::InnerJoin, entry::Relation::ActionType.def())
            .column(action_type::Column::Name)
            .column_as(Expr::col((entry::Entity, entry::Column::Id)).count(), "count")
            .filter(active())
            .group_by(action_type::Column::Name)
            .order_by_asc(action_type::Column::Name)
            .into_tuple()
            .all(self.database.read())
            .await
    }

    /// Returns the networks of an action type's active entries after an entry's number, with these
    /// numbers, in their order: what a translator that connects is told, in pieces.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn active_networks(
        &self,
        action_type: i64,
        after: i64,
        limit: u64,
    ) -> Result<Vec<(i64, Network)>, DbErr> {
        let rows: Vec<(i64, i16, Vec<u8>, i16)> = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .join(JoinType::InnerJoin, entry::Relation::Route.def())
            .columns([route::Column::Family, route::Column::First, route::Column::Prefix])
            .filter(active())
            .filter(entry::Column::ActionTypeId.eq(action_type))
            .filter(entry::Column::Id.gt(after))
            .order_by_asc(entry::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(self.database.read())
            .await?;
        let network = |(id, family, first, prefix): (i64, i16, Vec<u8>, i16)| {
            networks::of_row(family, &first, prefix).map(|network| (id, network))
        };
        rows.into_iter().map(network).collect()
    }

    /// Returns the entries after a number, active or not, by their numbers.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn entries_after(&self, after: i64, limit: u64) -> Result<Vec<Entry>, DbErr> {
        self.rows(Condition::all().add(entry::Column::Id.gt(after)), limit).await
    }

    /// Returns the condition of being meant; none if that network is larger than is allowed.
    pub(super) fn meaning(&self, find: Find) -> Option<Condition> {
        match find {
            Find::Id(id) => Some(Condition::all().add(entry::Column::Id.eq(id))),
            Find::Overlapping(network) if self.limits.allow(&network) => {
                let overlapping = networks::overlapping::<route::Entity>(&network);
                Some(Condition::all().add(overlapping))
            }
            Find::Overlapping(_) => None,
        }
    }

    /// Returns the statements that are asked about a network, with their names; for a test to
    /// look at their plans.
    #[doc(hidden)]
    pub fn questions(&self, network: &Network) -> Vec<(&'static str, Statement)> {
        let backend = self.database.backend();
        let entries = |condition| row::select().filter(condition).build(backend);
        let ignored = networks::overlapping::<ignore_entry::Entity>(network);
        vec![
            ("inside", entries(networks::inside::<route::Entity>(network).add(active()))),
            ("wider", entries(networks::wider::<route::Entity>(network).add(active()))),
            ("overlapping", {
                let overlapping = networks::overlapping::<route::Entity>(network);
                entries(Condition::all().add(overlapping).add(active()))
            }),
            ("ignored", ignore_entry::Entity::find().filter(ignored).build(backend)),
        ]
    }

    async fn rows(&self, condition: Condition, limit: u64) -> Result<Vec<Entry>, DbErr> {
        let query = row::select().filter(condition).order_by_asc(entry::Column::Id).limit(limit);
        Row::entries(query.into_model().all(self.database.read()).await?)
    }

    async fn page(
        &self,
        condition: Condition,
        order: sea_orm::Order,
        page: PageNumber,
    ) -> Result<Option<Page<Entry>>, DbErr> {
        let counted = entry::Entity::find().filter(condition.clone());
        let count = counted.count(self.database.read()).await?;
        // The pages before are passed over in the index alone; only this one's rows are fetched.
        let ids: Vec<Id> = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .filter(condition)
            .order_by(entry::Column::Id, order.clone())
            .offset(page.offset())
            .limit(page.size)
            .into_model()
            .all(self.database.read())
            .await?;
        let these = entry::Column::Id.is_in(ids.into_iter().map(|row| row.id));
        let rows = row::select().filter(these).order_by(entry::Column::Id, order).into_model();
        Ok(page.page(count, Row::entries(rows.all(self.database.read()).await?)?))
    }
}

#[derive(FromQueryResult)]
struct Id {
    id: i64,
}
