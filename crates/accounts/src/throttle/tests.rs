use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Throttle;
use crate::Problem;
use crate::statistics::Counters;

/// Somebody who guesses, in a time of its own.
struct Guesser {
    throttle: Throttle,
    counters: Arc<Counters>,
    now: Instant,
}

impl Guesser {
    fn new(keys_max: usize) -> Guesser {
        let counters = Arc::<Counters>::default();
        let throttle = Throttle::new(keys_max, Arc::clone(&counters));
        Guesser { throttle, counters, now: Instant::now() }
    }

    /// Tries, and fails; or returns how many seconds to wait.
    fn fails(&self, name: &str, address: &str) -> Result<(), u64> {
        self.tries(name, address).map(drop)
    }

    fn tries(&self, name: &str, address: &str) -> Result<super::Attempt, u64> {
        let address: IpAddr = address.parse().expect("it is an address");
        match self.throttle.attempt_at(name, Some(address), 5, self.now) {
            Ok(attempt) => Ok(attempt),
            Err(Problem::Throttled(wait)) => Err(wait.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

#[test]
fn each_failure_more_doubles_the_wait_up_to_a_quarter_of_an_hour() {
    let mut guesser = Guesser::new(100);
    for _ in 0..5 {
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Ok(()));
    }
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Err(wait));
        guesser.pass(wait - 1);
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Err(1));
        guesser.pass(1);
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Ok(()));
    }
}

#[test]
fn a_success_forgets_the_failures_and_so_does_an_hour() {
    let mut guesser = Guesser::new(100);
    for _ in 0..4 {
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Ok(()));
    }
    let attempt = guesser.tries("ann", "192.0.2.1").expect("it is the fifth");
    guesser.throttle.succeeded(attempt);
    for _ in 0..5 {
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Ok(()));
    }
    assert_eq!(guesser.fails("ann", "192.0.2.1"), Err(1));
    guesser.pass(3_600);
    for _ in 0..5 {
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Ok(()));
    }
    assert_eq!(guesser.fails("ann", "192.0.2.1"), Err(1));
}

#[test]
fn one_address_cannot_try_one_password_on_everybody() {
    let guesser = Guesser::new(1_000);
    for number in 0..100 {
        assert_eq!(guesser.fails(&format!("user{number}"), "192.0.2.1"), Ok(()));
    }
    assert_eq!(guesser.fails("user100", "192.0.2.1"), Err(1));
    assert_eq!(guesser.fails("user100", "192.0.2.2"), Ok(()));
}

#[test]
fn who_has_a_network_of_ipv6_has_one_address() {
    let guesser = Guesser::new(1_000);
    for number in 0..5 {
        assert_eq!(guesser.fails("ann", &format!("2001:db8::{number}")), Ok(()));
    }
    assert_eq!(guesser.fails("ann", "2001:db8::ffff:1"), Err(1));
    assert_eq!(guesser.fails("ann", "2001:db8:0:1::1"), Ok(()));
    // The same address in the other family's clothes.
    for _ in 0..5 {
        assert_eq!(guesser.fails("ann", "192.0.2.1"), Ok(()));
    }
    assert_eq!(guesser.fails("ann", "::ffff:192.0.2.1"), Err(1));
}

#[test]
fn where_no_address_is_known_names_are_slowed_one_by_one() {
    let guesser = Guesser::new(1_000);
    let attempt = |name: &str| guesser.throttle.attempt_at(name, None, 5, guesser.now).is_ok();
    assert!((0..200).all(|number| attempt(&format!("user{number}"))));
    assert!((0..5).all(|_| attempt("ann")) && !attempt("ann"));
}

#[test]
fn no_more_failures_are_remembered_than_there_is_room_for() {
    let mut guesser = Guesser::new(100);
    for number in 0..1_000 {
        guesser.pass(1);
        let _ = guesser
            .fails(&format!("user{number}"), &format!("10.0.{}.{}", number / 256, number % 256));
    }
    assert!(guesser.throttle.lock().len() <= 100);
    assert!(guesser.counters.read().failures_displaced > 800);
}
