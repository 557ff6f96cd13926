//! Lists of entries for administrators: filtered, active or not.

use super::Entry;
use super::row::{self, Row};
use crate::cidr::Network;
use crate::entities::{entry, route};
use crate::store::pages::{Page, PageNumber};
use crate::store::{Store, networks};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

/// Which entries an administrator wants to see; all that is said must be true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whether they are active; none is both.
    pub is_active: Option<bool>,
    /// Who is answerable for them, exactly; empty is everybody.
    pub who: String,
    /// A network that they overlap, or a part of their comment in any case; empty is anything.
    pub text: String,
}

impl Store {
    /// Returns a page of the entries that pass a filter, the newest first; none if it lies beyond
    /// the end.
    ///
    /// No index helps with comments: it is for people, who ask seldom.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn filtered_entries(
        &self,
        filter: &Filter,
        page: PageNumber,
    ) -> Result<Option<Page<Entry>>, DbErr> {
        let query = row::select().filter(filter.condition());
        let count = query.clone().count(self.database.read()).await?;
        let rows = query
            .order_by_desc(entry::Column::Id)
            .offset(page.offset())
            .limit(page.size)
            .into_model()
            .all(self.database.read())
            .await?;
        Ok(page.page(count, Row::entries(rows)?))
    }

    /// Returns whoever is answerable for an entry, each once, up to a limit.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn answerable(&self, limit: u64) -> Result<Vec<String>, DbErr> {
        entry::Entity::find()
            .select_only()
            .column(entry::Column::Who)
            .distinct()
            .order_by_asc(entry::Column::Who)
            .limit(limit)
            .into_tuple()
            .all(self.database.read())
            .await
    }
}

impl Filter {
    fn condition(&self) -> Condition {
        let mut condition = Condition::all();
        if let Some(is_active) = self.is_active {
            condition = condition.add(entry::Column::IsActive.eq(is_active));
        }
        if !self.who.is_empty() {
            condition = condition.add(entry::Column::Who.eq(&self.who));
        }
        if self.text.is_empty() {
            return condition;
        }
        condition.add(match Network::parse_lenient(&self.text) {
            Ok(network) => networks::overlapping::<route::Entity>(&network),
            Err(_) => Condition::all().add(comment_has(&self.text)),
        })
    }
}

fn comment_has(text: &str) -> Expr {
    let escaped = text.to_lowercase().replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let comment = Expr::col((entry::Entity, entry::Column::Comment));
    Expr::from(Func::lower(comment)).like(LikeExpr::new(format!("%{escaped}%")).escape('\\'))
}
