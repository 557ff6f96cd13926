use super::api::{Api, PathOf, is_local, path, route};
use super::messages::{AddPath, Part};
use super::v3::V3;
use super::v4::V4;
use crate::translator::route::{Defaults, Route};
use prost::Message;
use serde_json::json;
use std::fmt::Write;

fn read(message: &serde_json::Value) -> Route {
    let message = message.as_object().expect("a test gives an object");
    Route::read(message, &Defaults::default()).unwrap()
}

fn hex(message: &impl Part) -> String {
    message.encode_to_vec().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    })
}

#[test]
fn an_add_for_version_4_has_the_bytes_that_scram_s_own_translator_sends() {
    let path = Some(path::<V4>(&read(&json!({"route": "192.0.2.4/32"}))));
    assert_eq!(
        hex(&AddPath { table: V4::GLOBAL, path }),
        "08011a460a0f0a0d082012093139322e302e322e34120412020802120f220d0a0b3139322e302e322e313939120b\
         1a090a0708021203f8fe0312094a070a059a85e0fb0f4a0408011001"
    );
}

#[test]
fn what_is_announced_is_recognised_when_it_is_listed() {
    let messages = [
        json!({"route": "192.0.2.4/32"}),
        json!({"route": "198.51.100.0/24", "asn": 4_200_000_000_u32, "community": 321}),
        json!({"route": "2001:db8:a::/64"}),
        json!({"route": "2001:db8:c::1/64", "asn": 54_321, "community": 70_000, "next_hop": "2001:db8::1"}),
    ];
    for message in messages {
        recognise::<V3>(&message);
        recognise::<V4>(&message);
    }
}

fn recognise<A: Api>(message: &serde_json::Value) {
    let announced = read(message);
    let listed = PathOf::<A>::decode(path::<A>(&announced).encode_to_vec().as_slice()).unwrap();
    assert!(is_local::<A>(&listed));
    assert_eq!(route::<A>(&listed), Some(announced));
}

#[test]
fn a_path_that_a_translator_would_not_make_is_not_recognised() {
    let mut foreign = path::<V3>(&read(&json!({"route": "192.0.2.4/32"})));
    foreign.attributes.pop();
    assert_eq!(route::<V3>(&foreign), None, "no community");
    foreign.attributes.clear();
    assert_eq!(route::<V3>(&foreign), None, "no attributes");
    assert_eq!(route::<V4>(&PathOf::<V4>::default()), None, "nothing at all");
    let learnt = PathOf::<V3> { neighbor_ip: "192.0.2.77".to_owned(), ..Default::default() };
    assert!(!is_local::<V3>(&learnt));
}
