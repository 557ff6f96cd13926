//! What is read from /proc and from the server's answers.

use super::super::proc::{Memory, schedstat_ns, smaps_rollup, stat_ns};
use super::super::publisher::take_answers;

#[test]
fn schedstat_begins_with_the_nanoseconds_run() {
    assert_eq!(schedstat_ns("123456789 4567 89\n"), Some(123_456_789));
    assert_eq!(schedstat_ns("0 0 0\n"), None, "a kernel that does not keep it");
    assert_eq!(schedstat_ns(""), None);
}

#[test]
fn stat_adds_user_and_system_time_whatever_the_program_is_called() {
    let stat = "42 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 100 200 300";
    assert_eq!(stat_ns(stat), Some(3_000_000_000));
    assert_eq!(stat_ns("42 (cut off"), None);
}

#[test]
fn smaps_rollup_gives_bytes() {
    let text = "55d0-7ffe ---p 00000000 00:00 0    [rollup]\nRss:    2048 kB\nPss:    1024 kB\n\
                Pss_Dirty:   700 kB\nPrivate_Clean:  10 kB\nPrivate_Dirty:   512 kB\n";
    let memory = Memory { private_dirty: 524_288, proportional: 1_048_576, resident: 2_097_152 };
    assert_eq!(smaps_rollup(text), Some(memory));
    assert_eq!(smaps_rollup("Rss: 2048 kB\n"), None);
}

#[test]
fn answers_to_triggers_are_counted_when_whole() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\npublish success";
    let two = [answer, answer].concat();
    let mut begun = Vec::new();
    let mut answers = 0;
    for byte in two.as_bytes() {
        begun.push(*byte);
        answers += take_answers(&mut begun).expect("both say 200");
    }
    assert_eq!((answers, begun.len()), (2, 0));
    let mut refused = b"HTTP/1.1 503 Service Unavailable\r\n\r\n".to_vec();
    let failure = take_answers(&mut refused).expect_err("a refusal is no answer to count");
    assert_eq!(failure.to_string(), "a trigger was answered http/1.1 503 service unavailable");
}
