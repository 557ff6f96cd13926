use super::{Family, Network, NetworkError};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use std::net::IpAddr;

#[test]
fn a_network_is_written_canonically_whatever_way_it_came() {
    for (written, canonical) in [
        ("192.0.2.4", "192.0.2.4/32"),
        ("192.0.2.4/32", "192.0.2.4/32"),
        ("198.18.6.0/255.255.255.0", "198.18.6.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::", "2001:db8::/128"),
        ("2001:DB8:94BE:0:0::/64", "2001:db8:94be::/64"),
        ("::/0", "::/0"),
    ] {
        let network = Network::parse_strict(written).expect(written);
        assert_eq!(network.to_string(), canonical);
        assert_eq!(Network::parse_lenient(written), Ok(network));
    }
}

#[test]
fn host_bits_are_refused_or_cleared() {
    for (written, cleared) in
        [("192.0.2.1/24", "192.0.2.0/24"), ("2001:db8::1/64", "2001:db8::/64")]
    {
        assert_eq!(Network::parse_strict(written), Err(NetworkError::HostBits));
        let network = Network::parse_lenient(written).expect(written);
        assert_eq!(network.to_string(), cleared);
    }
}

#[test]
fn ipv4_in_ipv6_s_clothes_can_be_looked_for_and_not_be_added() {
    for text in ["::ffff:192.0.2.4", "::ffff:c000:204/128", "::ffff:0:0/96"] {
        assert_eq!(Network::parse_strict(text), Err(NetworkError::Mapped), "{text}");
        assert!(Network::parse_lenient(text).is_ok(), "{text}");
    }
    for text in ["::/0", "::1.2.3.4", "64:ff9b::192.0.2.4"] {
        assert!(Network::parse_strict(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_network_is_none_either_way() {
    for text in [
        "",
        " ",
        "asdf",
        "123",
        "1.2",
        "1.2.3.4/128",
        "1.2.3.4/-1",
        "1.2.3.4/+8",
        "1.2.3.4/",
        "1.2.3.4/8/8",
        "01.2.3.4",
        "192.0.2.0/255.0.255.0",
        "192.0.2.0/0.0.0.255",
        " 192.0.2.4",
        "256.0.0.0",
        "193.168.0.0/33",
        "gg::",
        "1:",
        "2000::1::1",
        "2001:::::",
        "2000::/129",
        "2000::/255.0.0.0",
        "fe80::1%eth0",
    ] {
        assert_eq!(Network::parse_strict(text), Err(NetworkError::Invalid), "{text:?}");
        assert_eq!(Network::parse_lenient(text), Err(NetworkError::Invalid), "{text:?}");
    }
}

#[test]
fn families_never_meet() {
    let everything = |text| Network::parse_strict(text).expect("it is a network");
    assert!(!everything("0.0.0.0/0").overlaps(&everything("::/0")));
    assert_eq!(Network::from_parts(Family::V4, &[1; 16], 32), None);
}

/// Networks that lie near each other, so that some overlap.
fn networks() -> impl Strategy<Value = Network> {
    let v4 = (any::<u8>(), any::<u8>(), 0..=32_u8)
        .prop_map(|(third, fourth, prefix)| format!("192.0.{third}.{fourth}/{prefix}"));
    let v6 = (any::<u16>(), any::<u16>(), 0..=128_u8)
        .prop_map(|(third, last, prefix)| format!("2001:db8:{third:x}::{last:x}/{prefix}"));
    prop_oneof![v4, v6].prop_map(|text| Network::parse_lenient(&text).expect("it is a network"))
}

proptest! {
    #[test]
    fn overlap_is_what_the_bounds_say(one in networks(), other in networks()) {
        let meet = one.family() == other.family()
            && one.first() <= other.last() && other.first() <= one.last();
        assert_eq!(one.overlaps(&other), meet);
        assert_eq!(other.overlaps(&one), meet);
        // What the database asks: in its range and no wider, or one of the supernets.
        let inside = one.family() == other.family() && one.first() <= other.first()
            && other.first() <= one.last() && other.prefix() >= one.prefix();
        assert_eq!(one.contains(&other), inside);
        assert_eq!(other.contains(&one), one.supernets().any(|wider| wider == other));
        assert_eq!(inside || one.supernets().any(|wider| wider == other), meet);
    }

    #[test]
    fn text_and_parts_lead_back(network in networks()) {
        assert_eq!(network.to_string().parse(), Ok(network));
        let first = network.first();
        assert_eq!(Network::from_parts(network.family(), &first, network.prefix()), Some(network));
        assert_eq!(Family::from_number(network.family().number()), Some(network.family()));
    }

    #[test]
    fn any_text_is_read_or_refused_as_the_libraries_do(text in "[0-9a-f.:/]{0,20}") {
        let plain = text.parse::<IpAddr>().map(|address| address.to_string()).ok();
        let read = Network::parse_lenient(&text).ok().map(|network| network.to_string());
        if let Some(plain) = plain {
            assert!(read.is_some_and(|read| read.starts_with(&plain)));
        } else {
            assert!(read.is_none() || text.contains('/'));
        }
    }
}
