use super::{Full, Users, WISHES_MAX};
use crate::backend::User;
use campanile_manager::ConnectionKey;

fn user(name: &str) -> User {
    User::new(name).unwrap()
}

fn key(serial: u64) -> ConnectionKey {
    ConnectionKey { loop_index: 0, slot: 0, serial }
}

#[test]
fn a_user_has_the_connections_that_are_open_and_places_for_those_to_come() {
    let users = Users::new(Some(2));
    let (mut first, second) = (users.take(&user("ada")).unwrap(), users.take(&user("ada")));
    assert_eq!(users.take(&user("ada")).err(), Some(Full));
    let bob = users.take(&user("bob")).unwrap();
    first.enter(key(1));
    assert_eq!(users.keys_of("ada"), [key(1)]);
    assert_eq!(users.list("", 9), [(user("ada"), 2), (user("bob"), 1)]);
    assert_eq!(users.list("ada", 9), [(user("bob"), 1)]);
    assert_eq!(users.list("", 1), [(user("ada"), 2)]);
    drop(second);
    let third = users.take(&user("ada")).unwrap();
    drop((first, bob, third));
    assert!(users.is_empty() && users.keys_of("ada").is_empty());
}

#[test]
fn who_is_on_the_way_in_learns_of_a_wish_that_came_too_early_for_it() {
    let users = Users::new(None);
    let (ada, bob) = (user("ada"), user("bob"));
    let begun = users.now();
    assert!(!users.is_meant(begun, Some(&ada)) && !users.is_meant(begun, None));
    users.wish(Some("ada"));
    assert!(users.is_meant(begun, Some(&ada)));
    assert!(!users.is_meant(begun, Some(&bob)) && !users.is_meant(begun, None));
    let later = users.now();
    assert!(!users.is_meant(later, Some(&ada)));
    users.wish(None);
    assert!(users.is_meant(later, Some(&bob)) && users.is_meant(later, None));
}

#[test]
fn of_wishes_that_are_forgotten_each_is_taken_to_be_meant() {
    let users = Users::new(None);
    let begun = users.now();
    assert_eq!(users.wishes_forgotten(), 0);
    (0..=WISHES_MAX).for_each(|number| drop(users.wish(Some(&number.to_string()))));
    assert_eq!(users.wishes_forgotten(), 1);
    assert!(users.is_meant(begun, Some(&user("ada"))));
    assert!(!users.is_meant(users.now(), Some(&user("ada"))));
}
