//! Places, taken and given back.

use super::{Full, Places};
use std::net::{IpAddr, Ipv4Addr};

#[test]
fn a_place_is_given_back_with_its_permit_and_a_refusal_takes_none() {
    let address = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    let places = Places::new(3, Some(2));
    let first = places.take(address(1)).expect("all are free");
    let second = places.take(address(1)).expect("two of one address may come");
    assert_eq!(places.take(address(1)).err(), Some(Full::Address));
    let third = places.take(address(2)).expect("another address may come");
    assert_eq!(places.take(address(3)).err(), Some(Full::All));
    assert_eq!(places.taken(), 3);
    drop((first, second, third));
    assert_eq!(places.taken(), 0);
    assert!(places.lock().is_empty());
}
