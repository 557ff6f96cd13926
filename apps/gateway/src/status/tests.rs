use super::{Status, Time, date};
use campanile_manager::Statistics;
use expect_test::expect;
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn the_numbers_are_those_of_all_loops_together() {
    let statistics = Statistics {
        rooms: 5,
        publications: 7,
        messages_received: 11,
        messages_sent: 13,
        deliveries: 100,
        slow_dropped: 2,
        frames_waiting: 3,
        ..Statistics::default()
    };
    let status = Status::new(&statistics, 2, 4, UNIX_EPOCH + Duration::from_secs(1_795_242_600));
    expect![[r#""open_connections": 4, "num_rooms": 5, "online_since": "2026-11-21T06:30:00.000000", "rabbitmq_messages_received": 4, "ws_messages_received": 11, "ws_messages_send": 113, "ws_messages_send_error": 2, "ws_messages_send_queued": 3"#]].assert_eq(&status.to_string());
}

#[test]
fn times_are_utc_without_a_zone() {
    let show = |nanos| Time(UNIX_EPOCH + Duration::from_nanos(nanos)).to_string();
    assert_eq!(show(0), "1970-01-01T00:00:00.000000");
    assert_eq!(show(1_000_000_000_000_000_999), "2001-09-09T01:46:40.000000");
    assert_eq!(show(1_709_251_199_999_999_000), "2024-02-29T23:59:59.999999");
}

#[test]
fn every_day_follows_the_one_before_it() {
    let days_of = |year: u64, month| match month {
        2 if year.is_multiple_of(if year.is_multiple_of(100) { 400 } else { 4 }) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for days in 0..200_000 {
        assert_eq!(date(days), (year, month, day));
        day += 1;
        if day > days_of(year, month) {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
}
