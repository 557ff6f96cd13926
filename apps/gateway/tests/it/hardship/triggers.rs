//! Triggers of every bad shape, beyond those of `protocol/trigger.txt`.

use super::{Witness, metric, start};
use crate::support::http;
use expect_test::expect;

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_trigger_is_answered_by_what_is_wrong_with_it() {
    let (campanile, _backend) = start(|start| start).await;
    let mut witness = Witness::subscribe(&campanile).await;
    let many = vec!["{}"; 10_001].join(",");
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let long = "x".repeat(5 << 20);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("half an object", br#"{"rooms":[]"#.to_vec()),
        ("more after the object", br#"{"rooms":[],"data":1}]"#.to_vec()),
        ("not UTF-8", b"{\"rooms\":[],\"data\":\"\xff\"}".to_vec()),
        ("a form", b"rooms=zoo&data=1".to_vec()),
        ("null", b"null".to_vec()),
        ("a text", b"\"rooms\"".to_vec()),
        ("rooms is null", br#"{"rooms":null,"data":1}"#.to_vec()),
        ("rooms is a text", br#"{"rooms":"zoo","data":1}"#.to_vec()),
        ("rooms is a number", br#"{"rooms":5,"data":1}"#.to_vec()),
        ("rooms is one room", br#"{"rooms":{"room":"witness"},"data":1}"#.to_vec()),
        ("rooms holds no room", br#"{"rooms":[null,5,"x",[],[["a",1]]],"data":1}"#.to_vec()),
        ("rooms are too many", format!(r#"{{"rooms":[{many}],"data":1}}"#).into_bytes()),
        ("match is unknown", br#"{"rooms":[],"data":1,"match":"all"}"#.to_vec()),
        ("match is a list", br#"{"rooms":[],"data":1,"match":[]}"#.to_vec()),
        ("deep data", format!(r#"{{"rooms":[],"data":{deep}}}"#).into_bytes()),
        ("deep rooms", format!(r#"{{"data":1,"rooms":{deep}}}"#).into_bytes()),
        ("too long", format!(r#"{{"rooms":[],"data":"{long}"}}"#).into_bytes()),
    ];
    let mut transcript = String::new();
    for (name, body) in cases {
        let answer = http::post(campanile.internal, "/trigger/", &[], &body).await;
        let answer = answer.expect("triggers are answered");
        transcript.push_str(&format!("{name}: {} {}\n", answer.status, answer.body.trim_end()));
        witness.is_unharmed(&campanile).await;
    }
    expect![[r#"
        nothing: 400 the body is not JSON: EOF while parsing a value at line 1 column 0
        half an object: 400 the body is not JSON: EOF while parsing an object at line 1 column 11
        more after the object: 400 the body is not JSON: trailing characters at line 1 column 22
        not UTF-8: 400 the body is not JSON: invalid utf-8 sequence of 1 bytes from index 20
        a form: 400 the body is not JSON: expected value at line 1 column 1
        null: 400 rooms not specified
        a text: 400 rooms not specified
        rooms is null: 400 rooms is not a list
        rooms is a text: 400 rooms is not a list
        rooms is a number: 400 rooms is not a list
        rooms is one room: 200 publish success
        rooms holds no room: 200 publish success
        rooms are too many: 400 more than 10000 rooms
        match is unknown: 400 match is neither "literal" nor "pattern"
        match is a list: 400 match is neither "literal" nor "pattern"
        deep data: 200 publish success
        deep rooms: 200 publish success
        too long: 413 more than 1048576 bytes
    "#]]
    .assert_eq(&transcript);
    assert_eq!(metric(&campanile, "campanile_trigger_rooms_skipped_total").await, 7);
    let bad = transcript.lines().filter(|line| !line.contains(": 200 ")).count();
    let counted = metric(&campanile, r#"campanile_triggers_total{outcome="bad"}"#).await;
    assert_eq!(counted, bad as u64);
}
