use super::*;

fn read(text: &str) -> String {
    match text.parse::<BrokerUrl>() {
        Ok(url) => format!("{:?} {url}", url.kind()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_url_names_its_broker_and_never_shows_its_password() {
    assert_eq!(read("amqp://guest:secret@rabbit/%2f?heartbeat=5"), "Rabbit amqp://***@rabbit/%2f");
    assert_eq!(read("rediss://:secret@[::1]:6380/2"), "Redis rediss://***@[::1]:6380/2");
    assert_eq!(read("nats://token@127.0.0.1:4222"), "Nats nats://***@127.0.0.1:4222");
    assert_eq!(read("tls://nats.example"), "Nats tls://nats.example");
    assert_eq!(read("memory:"), "Memory memory");
    let url: BrokerUrl = "redis://user:secret@host".parse().expect("a URL");
    assert_eq!(format!("{url:?}"), "BrokerUrl(redis://***@host)");
}

#[test]
fn a_text_that_names_no_broker_is_refused_with_what_would() {
    assert!(read("kafka://host").starts_with("kafka:// is no broker's: amqp://"));
    assert_eq!(read("redis:///0"), "it names no host");
    assert!(read("localhost").starts_with("it is no URL"));
}
