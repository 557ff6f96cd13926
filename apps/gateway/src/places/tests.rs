//! Places, taken and given back.

use super::{Full, Places};
use std::net::{IpAddr, Ipv4Addr};

#[test]
fn a_place_is_given_back_with_its_permit_and_a_refusal_takes_none() {
    let address = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    let places = Places::new(3, Some(2));
    let take = |address| {
        let mut permit = places.take()?;
        permit.belong_to(address).map(|()| permit)
    };
    let first = take(address(1)).expect("all are free");
    let second = take(address(1)).expect("two of one address may come");
    assert_eq!(take(address(1)).err(), Some(Full::Address));
    let third = take(address(2)).expect("another address may come");
    assert_eq!(take(address(3)).err(), Some(Full::All));
    assert_eq!(places.taken(), 3);
    let mut third = third;
    assert_eq!(third.belong_to(address(1)), Err(Full::Address));
    third.belong_to(address(3)).expect("it has none yet");
    drop((first, second, third));
    assert_eq!(places.taken(), 0);
    assert!(places.lock().is_empty());
}

#[test]
fn addresses_of_one_ipv6_network_are_one_and_mapped_ones_are_ipv4() {
    let places = Places::new(10, Some(1));
    let take = |address: &str| {
        let mut permit = places.take()?;
        permit.belong_to(address.parse().expect("an address")).map(|()| permit)
    };
    let _first = take("2001:db8:0:1::1").expect("all are free");
    assert_eq!(take("2001:db8:0:1:ffff::2").err(), Some(Full::Address));
    let _other = take("2001:db8:0:2::1").expect("another network may come");
    let _mapped = take("::ffff:192.0.2.1").expect("an IPv4 address may come");
    assert_eq!(take("192.0.2.1").err(), Some(Full::Address));
    let _neighbour = take("::ffff:192.0.2.2").expect("it is another");
}
