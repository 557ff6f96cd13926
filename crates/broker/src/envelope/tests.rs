use super::*;

#[test]
fn an_envelope_gives_back_its_id_and_its_body() {
    let id = Id::random();
    let wrapped = wrap(id, b"{\"rooms\": []}");
    assert_eq!(unwrap(&wrapped), (Some(id), Bytes::from_static(b"{\"rooms\": []}")));
    assert_eq!(id.to_string().len(), 36);
}

#[test]
fn what_is_in_no_envelope_is_a_body() {
    let long = format!("campanile/1 {}", "z".repeat(40));
    for text in ["{\"rooms\": []}", "", "campanile/1 ", "campanile/1 12\n{}", &long] {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        assert_eq!(unwrap(&bytes), (None, bytes.clone()), "{text}");
    }
}

#[test]
fn a_copy_is_known_until_thousands_came_after_it() {
    let mut seen = Seen::default();
    assert!(!seen.is_copy(Id(0)));
    assert!(seen.is_copy(Id(0)));
    for number in 1..=REMEMBERED as u128 {
        assert!(!seen.is_copy(Id(number)));
    }
    assert!(!seen.is_copy(Id(0)));
    assert_eq!((seen.ids.len(), seen.order.len()), (REMEMBERED, REMEMBERED));
}
