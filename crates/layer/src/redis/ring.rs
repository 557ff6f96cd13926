//! On which of several hosts something is.

/// Returns the host of a value, by Django Channels' consistent hash.
pub(super) fn host_of(value: &str, hosts: usize) -> usize {
    if hosts <= 1 {
        return 0;
    }
    let place = crc32fast::hash(value.as_bytes()) & 0xfff;
    // The division is one of floats in Python too.
    (f64::from(place) / (4096.0 / hosts as f64)) as usize
}

#[cfg(test)]
mod tests {
    use crate::vectors::{list, text, vectors};

    #[test]
    fn everything_is_where_channels_redis_puts_it() {
        for case in list(&vectors("consistent_hash")) {
            let hosts = case["ring_size"].as_u64().unwrap() as usize;
            assert_eq!(case["index"], super::host_of(text(&case["value"]), hosts), "{case}");
        }
    }
}
