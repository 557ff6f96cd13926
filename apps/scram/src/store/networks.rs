//! Questions about networks, put so that an index answers them in both databases.

use crate::cidr::{Family, Network};
use crate::entities::{ignore_entry, route};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait};

/// A table with a network in each row, and a unique index on (family, first, prefix).
pub(super) trait HasNetwork: EntityTrait {
    const FAMILY: Self::Column;
    const FIRST: Self::Column;
    const LAST: Self::Column;
    const PREFIX: Self::Column;
}

impl HasNetwork for route::Entity {
    const FAMILY: route::Column = route::Column::Family;
    const FIRST: route::Column = route::Column::First;
    const LAST: route::Column = route::Column::Last;
    const PREFIX: route::Column = route::Column::Prefix;
}

impl HasNetwork for ignore_entry::Entity {
    const FAMILY: ignore_entry::Column = ignore_entry::Column::Family;
    const FIRST: ignore_entry::Column = ignore_entry::Column::First;
    const LAST: ignore_entry::Column = ignore_entry::Column::Last;
    const PREFIX: ignore_entry::Column = ignore_entry::Column::Prefix;
}

/// Rows of exactly this network.
pub(super) fn equal<T: HasNetwork>(network: &Network) -> Condition {
    Condition::all()
        .add(T::FAMILY.eq(network.family().number()))
        .add(T::FIRST.eq(network.first().to_vec()))
        .add(T::PREFIX.eq(i16::from(network.prefix())))
}

/// Rows inside this network, or equal: one range of the index.
pub(super) fn inside<T: HasNetwork>(network: &Network) -> Condition {
    Condition::all()
        .add(T::FAMILY.eq(network.family().number()))
        .add(T::FIRST.between(network.first().to_vec(), network.last().to_vec()))
        .add(T::PREFIX.gte(i16::from(network.prefix())))
}

/// Rows that contain this network and are wider.
///
/// They begin where one of its supernets begins, which are at most 32, or 128 for IPv6: so many
/// points of the index.
pub(super) fn wider<T: HasNetwork>(network: &Network) -> Condition {
    let mut begins: Vec<_> = network.supernets().map(|wider| wider.first().to_vec()).collect();
    begins.dedup();
    Condition::all()
        .add(T::FAMILY.eq(network.family().number()))
        .add(T::FIRST.is_in(begins))
        .add(T::PREFIX.lt(i16::from(network.prefix())))
        .add(T::LAST.gte(network.last().to_vec()))
}

/// Rows that have an address in common with this network.
pub(super) fn overlapping<T: HasNetwork>(network: &Network) -> Condition {
    Condition::any().add(inside::<T>(network)).add(wider::<T>(network))
}

/// Makes the network of a row's numbers.
pub(super) fn of_row(family: i16, first: &[u8], prefix: i16) -> Result<Network, DbErr> {
    let network = Family::from_number(family)
        .zip(u8::try_from(prefix).ok())
        .and_then(|(family, prefix)| Network::from_parts(family, first, prefix));
    network.ok_or_else(|| {
        DbErr::Custom(format!("a row's network is none: family {family}, prefix {prefix}"))
    })
}
