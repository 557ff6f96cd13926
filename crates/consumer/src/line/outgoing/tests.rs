use super::*;

#[test]
fn what_is_too_much_for_who_is_not_let_in_waits_for_who_is_though_no_loop_has_them_yet() {
    let outgoing = Outgoing::new(&Limits { sending_bytes_max: 100, ..Limits::default() });
    let message = || Message::Text("x".repeat(90));
    assert!(matches!(outgoing.send(message()), Sending::Done(None)));
    assert!(matches!(outgoing.send(message()), Sending::TooMuch));
    outgoing.lets_in();
    assert!(matches!(outgoing.send(message()), Sending::Waits(_)));
    outgoing.opens(ConnectionKey { loop_index: 0, slot: 0, serial: 1 });
    assert!(matches!(outgoing.send(message()), Sending::Waits(_)));
    assert_eq!(outgoing.take().len(), 1);
    outgoing.written();
    assert!(matches!(outgoing.send(message()), Sending::Done(Some(_))));
}
