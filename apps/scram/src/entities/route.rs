//! A network that was ever acted on. Made on demand, never removed.

use crate::cidr::Network;
use sea_orm::entity::prelude::*;
use sea_orm::{NotSet, Set};

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "route")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// As it is written canonically.
    pub cidr: String,
    /// 4 or 6.
    pub family: i16,
    /// The first address, 16 bytes: what ranges are asked of.
    pub first: Vec<u8>,
    /// The last address, likewise.
    pub last: Vec<u8>,
    /// How many leading bits its addresses share.
    pub prefix: i16,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A network's row, before it has a number.
impl From<&Network> for ActiveModel {
    fn from(network: &Network) -> ActiveModel {
        ActiveModel {
            id: NotSet,
            cidr: Set(network.to_string()),
            family: Set(network.family().number()),
            first: Set(network.first().to_vec()),
            last: Set(network.last().to_vec()),
            prefix: Set(network.prefix().into()),
        }
    }
}
