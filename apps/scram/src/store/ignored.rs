//! The ignore list in memory, for questions about many networks.

use super::networks;
use crate::cidr::Network;
use crate::entities::ignore_entry;
use sea_orm::DbErr;
use std::collections::BTreeSet;

/// The networks of ignore entries.
pub(super) struct Ignored(BTreeSet<Key>);

/// A network in the order of its first address: family, first address, prefix.
type Key = (i16, [u8; 16], u8);

impl Ignored {
    pub(super) fn of(rows: &[ignore_entry::Model]) -> Result<Ignored, DbErr> {
        let key = |row: &ignore_entry::Model| {
            networks::of_row(row.family, &row.first, row.prefix).map(|network| key(&network))
        };
        Ok(Ignored(rows.iter().map(key).collect::<Result<_, _>>()?))
    }

    /// Returns one that has an address in common with this network.
    pub(super) fn overlapping(&self, network: &Network) -> Option<Network> {
        let family = network.family().number();
        // Whatever begins within the network overlaps it; what begins before must contain it.
        let within = (family, network.first(), 0)..=(family, network.last(), u8::MAX);
        let inside =
            self.0.range(within).next().and_then(|(_, first, prefix)| {
                Network::from_parts(network.family(), first, *prefix)
            });
        inside.or_else(|| network.supernets().find(|wider| self.0.contains(&key(wider))))
    }
}

fn key(network: &Network) -> Key {
    (network.family().number(), network.first(), network.prefix())
}
