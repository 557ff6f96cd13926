use super::PerMinute;
use crate::Problem;
use std::time::{Duration, Instant};

/// Says which of these, each a second and an address, may; or how many seconds they have to wait.
fn check(remembered_max: usize, script: &[(u64, &str, Result<(), u64>)]) {
    let limit = PerMinute::new(2, remembered_max);
    let begin = Instant::now();
    for &(second, address, expected) in script {
        let now = begin + Duration::from_secs(second);
        let answer = match limit.once_more_at(address.parse().ok(), now) {
            Ok(()) => Ok(()),
            Err(Problem::Throttled(wait)) => Err(wait.as_secs()),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(answer, expected, "{address} in second {second}");
    }
}

#[test]
fn an_address_waits_for_the_end_of_its_minute_and_another_does_not() {
    check(
        100,
        &[
            (0, "192.0.2.1", Ok(())),
            (10, "::ffff:192.0.2.1", Ok(())),
            (20, "192.0.2.1", Err(40)),
            (20, "192.0.2.2", Ok(())),
            (59, "192.0.2.1", Err(1)),
            (60, "192.0.2.1", Ok(())),
            (61, "192.0.2.1", Ok(())),
            (61, "192.0.2.1", Err(59)),
            (62, "2001:db8::1", Ok(())),
            (62, "2001:db8::2", Ok(())),
            (62, "2001:db8::3", Err(60)),
            (62, "2001:db8:0:1::1", Ok(())),
            (63, "nowhere", Ok(())),
            (63, "unix socket", Ok(())),
            (63, "nowhere", Err(60)),
        ],
    );
}

#[test]
fn the_oldest_is_forgotten_where_there_is_no_room() {
    check(
        2,
        &[
            (0, "192.0.2.1", Ok(())),
            (0, "192.0.2.1", Ok(())),
            (1, "192.0.2.2", Ok(())),
            (1, "192.0.2.2", Ok(())),
            (2, "192.0.2.1", Err(58)),
            (3, "192.0.2.3", Ok(())),
            (4, "192.0.2.2", Err(57)),
            (4, "192.0.2.1", Ok(())),
        ],
    );
}
