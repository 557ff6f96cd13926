//! Many entries in few statements.

use super::changes::ROWS_MAX;
use super::entries::{Others, again, locked};
use super::ignored::Ignored;
use super::networks;
use crate::cidr::Network;
use crate::entities::{entry, ignore_entry, route};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use std::collections::{BTreeSet, HashMap};

/// Writes entries of networks, whose rows are made where there are none, and returns them in the
/// same order. No two are of the same network and action type.
///
/// Networks are locked in their own order, then entries by their numbers, as whoever removes
/// entries does it: so nobody waits for each other in a circle.
pub(super) async fn write_entries(
    transaction: &DatabaseTransaction,
    mut rows: Vec<(Network, entry::ActiveModel)>,
) -> Result<Vec<entry::Model>, DbErr> {
    let routes = routes(transaction, rows.iter().map(|(network, _)| network)).await?;
    for (network, row) in &mut rows {
        row.route_id = Set(*routes.get(network).expect("each network has a row now"));
    }
    if rows.len() > 1 {
        let there = Condition::all().add(entry::Column::RouteId.is_in(routes.values().copied()));
        locked(transaction, there, None, Others::Wait).await?;
    }
    let rows: Vec<entry::ActiveModel> = rows.into_iter().map(|(_, row)| row).collect();
    let mut written = HashMap::with_capacity(rows.len());
    for rows in rows.chunks(ROWS_MAX) {
        let rows = entry::Entity::insert_many(rows.iter().cloned()).on_conflict(again());
        let rows = rows.exec_with_returning(transaction).await?;
        written.extend(rows.into_iter().map(|row| ((row.route_id, row.action_type_id), row)));
    }
    let written = rows.iter().map(|row| {
        let key = (*row.route_id.as_ref(), *row.action_type_id.as_ref());
        written.remove(&key).ok_or(DbErr::RecordNotInserted)
    });
    written.collect()
}

/// Returns the numbers of networks' rows, which are made where there are none.
async fn routes(
    transaction: &DatabaseTransaction,
    networks: impl Iterator<Item = &Network>,
) -> Result<HashMap<Network, i64>, DbErr> {
    let networks: BTreeSet<Network> = networks.copied().collect();
    let networks: Vec<Network> = networks.into_iter().collect();
    let key = [route::Column::Family, route::Column::First, route::Column::Prefix];
    let mut numbers = HashMap::with_capacity(networks.len());
    for networks in networks.chunks(ROWS_MAX) {
        let rows = networks.iter().map(route::ActiveModel::from);
        // One that is there, be it made by another connection at this moment, is taken and locked, as
        // this writes to it what it holds already.
        let same = OnConflict::columns(key).update_column(route::Column::Cidr).to_owned();
        let rows = route::Entity::insert_many(rows).on_conflict(same);
        for row in rows.exec_with_returning(transaction).await? {
            let network = networks::of_row(row.family, &row.first, row.prefix)?;
            numbers.insert(network, row.id);
        }
    }
    Ok(numbers)
}

/// An ignore list of so many networks for each that is looked for is read as a whole: that costs no
/// more than to look for each in the index.
const SHORT: usize = 20;

/// Returns for each network one on the ignore list that it overlaps, if there is any.
pub(super) async fn ignored_among(
    transaction: &DatabaseTransaction,
    among: &[Network],
) -> Result<Vec<Option<Network>>, DbErr> {
    let short = SHORT * among.len();
    let limit = u64::try_from(short + 1).expect("it is a number of rows");
    let rows = ignore_entry::Entity::find().limit(limit).all(transaction).await?;
    if rows.len() <= short {
        let list = Ignored::of(&rows)?;
        return Ok(among.iter().map(|network| list.overlapping(network)).collect());
    }
    let mut found = Vec::with_capacity(among.len());
    for network in among {
        let overlapping = networks::overlapping::<ignore_entry::Entity>(network);
        let row = ignore_entry::Entity::find().filter(overlapping).one(transaction).await?;
        let ignored = row.map(|row| networks::of_row(row.family, &row.first, row.prefix));
        found.push(ignored.transpose()?);
    }
    Ok(found)
}
