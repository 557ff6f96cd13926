use super::{TOGETHER_MAX, WAITING_MAX, Waiting, Wish};
use crate::cidr::Network;
use crate::entities::entry;
use crate::store::AddError;
use std::net::Ipv4Addr;

fn wish(number: usize) -> Wish {
    let number = u32::try_from(number).expect("it is small");
    let text = Ipv4Addr::from_bits((10 << 24) + number).to_string();
    Wish {
        network: Network::parse_strict(&text).expect("it is a network"),
        action_type: 1,
        row: entry::ActiveModel::default(),
        author: String::new(),
        reason: number.to_string(),
    }
}

fn taken(waiting: &Waiting) -> Vec<String> {
    waiting.take().0.into_iter().map(|wish| wish.reason).collect()
}

#[test]
fn more_than_may_wait_are_told_that_the_server_is_busy() {
    let waiting = Waiting::default();
    for number in 0..WAITING_MAX {
        waiting.push(wish(number)).expect("there is room");
    }
    assert!(matches!(waiting.push(wish(WAITING_MAX)), Err(AddError::Busy)));
    assert_eq!(taken(&waiting).len(), TOGETHER_MAX);
    waiting.push(wish(WAITING_MAX)).expect("there is room again");
}

#[test]
fn what_comes_again_waits_for_the_next_transaction_and_nothing_overtakes_it() {
    let waiting = Waiting::default();
    for number in [1, 2, 1, 3, 1] {
        waiting.push(wish(number)).expect("there is room");
    }
    assert_eq!(taken(&waiting), ["1", "2"]);
    assert_eq!(taken(&waiting), ["1", "3"]);
    assert_eq!(taken(&waiting), ["1"]);
    assert!(taken(&waiting).is_empty());
}
