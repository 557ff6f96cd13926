use super::{Time, date};
use std::time::{Duration, UNIX_EPOCH};

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

#[test]
fn a_time_is_read_as_it_is_written() {
    for text in
        ["1970-01-01T00:00:00.000000", "2024-02-29T23:59:59.250000", "2399-12-31T00:00:00.000001"]
    {
        let time = super::parse(text).expect("it is a time");
        assert_eq!(Time(time).to_string(), text);
        assert_eq!(super::parse(&format!("{text}Z")), Some(time));
    }
    let short = super::parse("2026-11-21 09:30:00Z").expect("it is a time");
    assert_eq!(Time(short).to_string(), "2026-11-21T09:30:00.000000");
    for text in [
        "",
        "now",
        "2026-02-30T00:00:00",
        "2026-11-21",
        "2026-11-21T24:00:00",
        "1969-12-31T00:00:00",
    ] {
        assert_eq!(super::parse(text), None, "{text}");
    }
}
