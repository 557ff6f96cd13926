use super::Status;
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
        slow_dropped: 1,
        slow_gave_way: 1,
        frames_waiting: 3,
        ..Statistics::default()
    };
    let status = Status::new(&statistics, 2, 4, UNIX_EPOCH + Duration::from_secs(1_795_242_600));
    expect![[r#""open_connections": 4, "num_rooms": 5, "online_since": "2026-11-21T06:30:00.000000", "rabbitmq_messages_received": 4, "ws_messages_received": 11, "ws_messages_send": 113, "ws_messages_send_error": 2, "ws_messages_send_queued": 3"#]].assert_eq(&status.to_string());
}
