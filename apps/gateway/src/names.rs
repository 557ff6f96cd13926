//! The names that connections have for clients and operators.
//!
//! A name is a uuid that says nothing to whoever reads it, and takes no memory: it is the
//! connection's key under a permutation that only this process knows, so it can be turned back.

#[cfg(test)]
mod tests;

use campanile_manager::ConnectionKey;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// Turns keys into names and names into keys; clones give the same ones.
#[derive(Clone, Debug, Default)]
pub struct Names {
    seed: RandomState,
}

/// The name of a connection: 122 bits in the shape of a random uuid (RFC 9562 §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Uuid(u128);

/// Bits of one half of what a uuid carries.
const HALF_BITS: u32 = 61;
const HALF: u128 = (1 << HALF_BITS) - 1;
/// Rounds of the Feistel network: with four, nobody who sees names can tell them from random ones.
const ROUNDS: u8 = 4;

impl Names {
    /// Returns the name of a connection.
    pub fn name(&self, key: ConnectionKey) -> Uuid {
        let bits =
            u128::from(key.serial) | u128::from(key.slot) << 64 | u128::from(key.loop_index) << 96;
        let (mut left, mut right) = (bits >> HALF_BITS, bits & HALF);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.mix(round, right));
        }
        Uuid::from_bits(left << HALF_BITS | right)
    }

    /// Returns the key of the connection with this name. A name that this process did not give has
    /// none, or that of a connection which never was.
    pub fn key(&self, name: Uuid) -> Option<ConnectionKey> {
        let bits = name.bits();
        let (mut left, mut right) = (bits >> HALF_BITS, bits & HALF);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.mix(round, left), left);
        }
        let bits = left << HALF_BITS | right;
        let loop_index = u16::try_from(bits >> 96).ok()?;
        let (slot, serial) = ((bits >> 64) as u32, bits as u64);
        Some(ConnectionKey { loop_index, slot, serial })
    }

    fn mix(&self, round: u8, half: u128) -> u128 {
        u128::from(self.seed.hash_one((round, half))) & HALF
    }
}

impl Uuid {
    /// Makes one of 122 bits, around the marks of a random uuid.
    const fn from_bits(bits: u128) -> Uuid {
        let (low, middle, high) = (bits & ((1 << 62) - 1), bits >> 62 & 0xfff, bits >> 74);
        Uuid(high << 80 | 0x4 << 76 | middle << 64 | 0b10 << 62 | low)
    }

    const fn bits(self) -> u128 {
        (self.0 >> 80) << 74 | (self.0 >> 64 & 0xfff) << 62 | self.0 & ((1 << 62) - 1)
    }

    const fn is_random(self) -> bool {
        self.0 >> 76 & 0xf == 0x4 && self.0 >> 62 & 0b11 == 0b10
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |shift: u32, digits: u32| (self.0 >> shift) & ((1 << (4 * digits)) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            group(96, 8),
            group(80, 4),
            group(64, 4),
            group(48, 4),
            group(0, 12)
        )
    }
}

/// A text is not the name of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAName;

impl FromStr for Uuid {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Uuid, NotAName> {
        let groups = text.split('-').map(str::len);
        let digits = text.replace('-', "");
        let is_shaped =
            groups.eq([8, 4, 4, 4, 12]) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let uuid = u128::from_str_radix(&digits, 16).map(Uuid).map_err(|_| NotAName)?;
        if is_shaped && uuid.is_random() { Ok(uuid) } else { Err(NotAName) }
    }
}
