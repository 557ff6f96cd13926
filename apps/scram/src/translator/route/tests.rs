use super::*;
use serde_json::json;

fn read(message: &Value) -> Result<String, Refusal> {
    let message = message.as_object().expect("a test gives an object");
    Route::read(message, &Defaults::default()).map(|route| route.to_string())
}

#[test]
fn a_route_alone_gets_the_defaults_of_its_family() {
    let v4 = read(&json!({"route": "192.0.2.4/32"})).unwrap();
    assert_eq!(v4, "192.0.2.4/32 by AS 65400, community 65400:666, next hop 192.0.2.199");
    let v6 = read(&json!({"route": "2001:db8:c::1/64", "dst": "ignored"})).unwrap();
    assert_eq!(v6, "2001:db8:c::/64 by AS 65400, community 65400:666, next hop 100::1");
}

#[test]
fn a_community_is_large_where_one_half_does_not_fit_a_standard_one() {
    let community = |asn: u32, community: u32| {
        let attributes = Attributes { asn, community, next_hop: [192, 0, 2, 1].into() };
        let made = attributes.community();
        assert_eq!(Attributes::from_parts(asn, made, attributes.next_hop), Some(attributes));
        made.to_string()
    };
    assert_eq!(community(54_321, 444), "54321:444");
    assert_eq!(community(65_535, 65_535), "65535:65535");
    assert_eq!(community(65_536, 444), "65536:444:0");
    assert_eq!(community(54_321, 65_536), "54321:65536:0");
    assert_eq!(community(4_200_000_000, 321), "4200000000:321:0");
    assert_eq!(community(4_294_967_294, u32::MAX), "4294967294:4294967295:0");
}

#[test]
fn attributes_that_no_translator_makes_are_not_taken_for_ours() {
    let next_hop = [192, 0, 2, 1].into();
    let foreign = [
        // The community of another autonomous system, and a large one where a standard one does.
        (64_512, Community::Standard(65_400 << 16 | 666)),
        (65_400, Community::Large(65_400, 666, 0)),
        (4_200_000_000, Community::Large(4_200_000_000, 321, 1)),
    ];
    for (asn, community) in foreign {
        assert_eq!(Attributes::from_parts(asn, community, next_hop), None, "{community}");
    }
}

#[test]
fn what_gobgpd_would_take_but_cannot_be_meant_is_refused() {
    let route = "192.0.2.4/32";
    let cases = [
        (json!({}), Refusal::Route),
        (json!({"route": 3}), Refusal::Route),
        (json!({"route": null}), Refusal::Route),
        (json!({"route": "192.0.2.4/33"}), Refusal::Route),
        (json!({"route": "::ffff:192.0.2.4/128"}), Refusal::Route),
        (json!({"route": route, "asn": 0}), Refusal::Asn),
        (json!({"route": route, "asn": -1}), Refusal::Asn),
        (json!({"route": route, "asn": 4_294_967_295_u64}), Refusal::Asn),
        (json!({"route": route, "asn": 4_294_967_296_u64}), Refusal::Asn),
        (json!({"route": route, "asn": "65400"}), Refusal::Asn),
        (json!({"route": route, "asn": 65400.5}), Refusal::Asn),
        (json!({"route": route, "asn": true}), Refusal::Asn),
        (json!({"route": route, "asn": null}), Refusal::Asn),
        (json!({"route": route, "community": -1}), Refusal::Community),
        (json!({"route": route, "community": 4_294_967_296_u64}), Refusal::Community),
        (json!({"route": route, "community": "666"}), Refusal::Community),
        (json!({"route": route, "next_hop": 3}), Refusal::NextHop),
        (json!({"route": route, "next_hop": "nowhere"}), Refusal::NextHop),
        (json!({"route": route, "next_hop": "2001:db8::1"}), Refusal::NextHop),
        (json!({"route": "2001:db8::/32", "next_hop": "192.0.2.1"}), Refusal::NextHop),
    ];
    for (message, expected) in cases {
        assert_eq!(read(&message), Err(expected), "{message}");
    }
}

#[test]
fn the_ends_of_each_range_are_taken() {
    let numbers = [(1_u32, 0_u32), (4_294_967_294, u32::MAX)];
    for (asn, community) in numbers {
        read(&json!({"route": "::/0", "asn": asn, "community": community, "next_hop": "::"}))
            .unwrap();
    }
}
