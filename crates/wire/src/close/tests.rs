use super::CloseCode;

#[test]
fn codes_travel_that_are_defined_or_free_for_libraries_and_applications() {
    let may_travel = (0..=u16::MAX).filter(|number| CloseCode::from_wire(*number).is_some());
    let expected = [1000..=1003, 1007..=1014, 3000..=4999].into_iter().flatten();
    assert!(may_travel.eq(expected));
}
