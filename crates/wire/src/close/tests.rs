use super::CloseCode;

#[test]
fn codes_travel_that_are_defined_or_free_for_libraries_and_applications() {
    let may_travel = (0..=u16::MAX).filter(|number| CloseCode::from_wire(*number).is_some());
    let expected = [1000..=1003, 1007..=1014, 3000..=4999].into_iter().flatten();
    assert!(may_travel.eq(expected));
}

#[test]
fn an_applications_own_codes_are_made_of_their_numbers() {
    const ENTRY_DENIED: CloseCode = CloseCode::of_application(4003);
    assert_eq!(Some(ENTRY_DENIED), CloseCode::from_wire(4003));
}

#[test]
#[should_panic(expected = "from 3000 to 4999")]
fn an_application_has_no_codes_of_the_protocols() {
    CloseCode::of_application(1000);
}
