use super::*;

fn bulk(text: &[u8]) -> Value {
    Value::BulkString(text.to_vec())
}

#[test]
fn ids_are_ordered_by_time_and_then_by_number() {
    let read = |text: &str| id(&bulk(text.as_bytes())).expect("it is an id");
    assert!(read("9-5") < read("10-0") && read("10-0") < read("10-1"));
    assert_eq!(read("1700000000000-7").to_string(), "1700000000000-7");
    assert!(id(&bulk(b"7")).is_err() && id(&Value::Nil).is_err());
}

#[test]
fn an_entry_of_another_shape_is_an_empty_one() {
    let entry = |id: &[u8], fields: &[&[u8]]| {
        let fields = fields.iter().map(|field| bulk(field)).collect();
        Value::Array(vec![bulk(id), Value::Array(fields)])
    };
    let entries = vec![
        entry(b"1-0", &[b"to", b"rooms", b"body", b"{}"]),
        entry(b"1-1", &[b"body", b"{}"]),
        entry(b"1-2", &[b"\xff", b"\xfe"]),
        entry(b"1-3", &[b"body"]),
        Value::Nil,
    ];
    let read = streams(Value::Map(vec![(bulk(b"s"), Value::Array(entries))]));
    let expected = |number, to: &[u8], body: &'static [u8]| Entry {
        id: EntryId(1, number),
        to: to.to_vec(),
        body: Bytes::from_static(body),
    };
    let none = b"".as_slice();
    let all = vec![
        expected(0, b"rooms", b"{}"),
        expected(1, none, b"{}"),
        expected(2, none, b""),
        expected(3, none, b""),
    ];
    assert_eq!(read, [(b"s".to_vec(), all)]);
    assert_eq!(streams(Value::Nil), []);
}
