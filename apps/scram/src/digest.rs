//! What a set of networks has in common with another one, told in a few bytes.
//!
//! A server and a translator compare what should be announced with what is. Each network falls into
//! one of [`BUCKETS`] by its hash; for each bucket the sum of its hashes is compared, and only the
//! networks of buckets that differ are listed. Sums do not depend on an order, so neither side sorts.

use crate::cidr::Network;
use std::fmt::Write;

/// How many buckets there are.
pub const BUCKETS: usize = 256;

/// The sums of all buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(Box<[u64; BUCKETS]>);

impl Default for Digest {
    fn default() -> Digest {
        Digest(Box::new([0; BUCKETS]))
    }
}

impl Digest {
    /// Counts a network in.
    pub fn add(&mut self, network: &Network) {
        let hash = hash(network);
        let sum = &mut self.0[usize::from(bucket_of(hash))];
        *sum = sum.wrapping_add(hash);
    }

    /// Returns the sums as text: 16 hexadecimal digits for each bucket.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|sum| format!("{sum:016x}")).collect()
    }

    /// Reads what [`texts`](Self::texts) has written; none if it is something else.
    pub fn read(texts: &[&str]) -> Option<Digest> {
        let sums: Option<Vec<u64>> = texts.iter().map(|text| sum(text)).collect();
        Some(Digest(sums?.into_boxed_slice().try_into().ok()?))
    }

    /// Returns the buckets in which two sets differ.
    pub fn differing(&self, other: &Digest) -> Vec<u8> {
        let differs = |bucket: &u8| self.0[usize::from(*bucket)] != other.0[usize::from(*bucket)];
        (0..=u8::MAX).filter(differs).collect()
    }
}

/// Returns the bucket into which a network falls.
pub fn bucket(network: &Network) -> u8 {
    bucket_of(hash(network))
}

fn bucket_of(hash: u64) -> u8 {
    hash.to_be_bytes()[0]
}

fn sum(text: &str) -> Option<u64> {
    let is_hash = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// FNV-1a of 64 bits, of the canonical text.
fn hash(network: &Network) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    write!(hash, "{network}").expect("it takes everything");
    // The low bits of FNV are the better ones: its high byte alone is uneven.
    hash.0.rotate_left(56)
}

struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Digest, bucket};
    use crate::cidr::Network;

    fn network(number: u32) -> Network {
        let text = std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string();
        Network::parse_strict(&text).expect("it is a network")
    }

    #[test]
    fn sets_differ_where_a_network_is_in_one_of_them_only_whatever_the_order() {
        let (mut one, mut other) = (Digest::default(), Digest::default());
        (0..1000).for_each(|number| one.add(&network(number)));
        (0..1000).rev().for_each(|number| other.add(&network(number)));
        assert_eq!(one, other);
        other.add(&network(1000));
        assert_eq!(one.differing(&other), [bucket(&network(1000))]);
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let mut digest = Digest::default();
        digest.add(&network(7));
        let texts = digest.texts();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(Digest::read(&texts), Some(digest));
        assert_eq!(Digest::read(&texts[1..]), None);
        assert_eq!(Digest::read(&["+000000000000007"; BUCKETS]), None);
    }

    #[test]
    fn networks_are_spread_over_all_buckets() {
        let mut counts = [0; BUCKETS];
        (0..25_600).for_each(|number| counts[usize::from(bucket(&network(number)))] += 1);
        assert!(counts.iter().all(|count| (30..300).contains(count)), "{counts:?}");
    }
}
