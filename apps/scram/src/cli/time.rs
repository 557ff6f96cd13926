//! Times as people and other programs write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};

/// Reads a time of ISO 8601 or of PostgreSQL's: `2026-12-01T12:00:00Z`, `2026-12-01 12:00:00+00`,
/// `2026-12-01T12:00`, `2026-12-01`. Without a zone it is UTC.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
    let naive =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let with_zone = || zoned.iter().find_map(|format| DateTime::parse_from_str(text, format).ok());
    let without = || naive.iter().find_map(|it| NaiveDateTime::parse_from_str(text, it).ok());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let zoned = DateTime::parse_from_rfc3339(text).ok().or_else(with_zone);
    let zoned = zoned.map(|time| time.with_timezone(&Utc));
    zoned.or_else(|| without().or_else(day).map(|time| time.and_utc()))
}

/// Reads how long something lasts: `90s`, `30m`, `12h`, `7d`.
pub(super) fn parse_span(text: &str) -> Option<TimeDelta> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    TimeDelta::try_seconds(number.checked_mul(seconds)?)
}

/// Writes a time as the API does.
pub(super) fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Writes a time to the second, for tables.
pub(super) fn brief(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_span, shown};

    #[test]
    fn times_are_read_as_others_write_them() {
        for text in [
            "2026-12-01T12:30:00Z",
            "2026-12-01T14:30:00+02:00",
            "2026-12-01 12:30:00+00",
            "2026-12-01 14:30:00.000+0200",
            "2026-12-01 12:30:00",
            "2026-12-01T12:30",
            " 2026-12-01 12:30 ",
        ] {
            assert_eq!(parse(text).map(shown).as_deref(), Some("2026-12-01T12:30:00Z"), "{text}");
        }
        assert_eq!(
            parse("9999-12-31 00:00:00+00").map(shown).as_deref(),
            Some("9999-12-31T00:00:00Z")
        );
        assert_eq!(parse("2026-12-01").map(shown).as_deref(), Some("2026-12-01T00:00:00Z"));
        assert_eq!(parse("tomorrow"), None);
    }

    #[test]
    fn a_span_has_a_unit() {
        assert_eq!(parse_span("12h").map(|span| span.num_minutes()), Some(720));
        for text in ["", "h", "12", "-1h", "é", "12w", "99999999999999999d"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }
}
