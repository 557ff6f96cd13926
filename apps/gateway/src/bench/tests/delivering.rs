//! Clients, publisher and floor together, over real sockets.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use super::super::clients::Clients;
use super::super::deliveries::Deliveries;
use super::super::failure::Failure;
use super::super::floor;
use super::super::message::data;
use super::super::openings;
use super::super::plan::{Faults, Load, Purpose};
use super::super::publisher::Publisher;
use super::super::server::{Dialect, Endpoint};

/// Publishes 9 times `payload_bytes` to 7 clients in 3 rooms, in one burst; returns what arrived and
/// the bytes of it.
fn publish(payload_bytes: usize) -> Result<(u64, u64, Faults), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    let floor = thread::spawn(move || floor::serve(&listener));

    let load = Load { rooms: 3, payload_bytes, ..Load::default() };
    let endpoint = Endpoint::new(address, Dialect::Control, load.rooms, Purpose::Listen);
    let mut clients = Clients::new(endpoint.clone(), &load)?;
    openings::open(&mut clients, &endpoint, &load, 7, 0)?;
    let mut publisher = Publisher::control(address, &endpoint.request("/control", false))?;

    let mut deliveries = Deliveries::new(load.rooms, 0);
    let publications = (0..9).map(|nth| {
        let room = nth % load.rooms;
        let sequence = deliveries.expect(if room == 0 { 3 } else { 2 });
        (room, data(sequence, 0, payload_bytes))
    });
    let publications: Vec<(usize, String)> = publications.collect();
    publisher.publish(&publications)?;
    let begun = Instant::now();
    while !deliveries.all_arrived() && begun.elapsed() < Duration::from_secs(20) {
        clients.turn(Some(Duration::from_secs(1)), &mut deliveries)?;
    }
    drop(publisher);
    floor.join().expect("the floor does not panic")?;
    Ok((deliveries.arrived, deliveries.bytes, deliveries.faults))
}

#[test]
fn every_client_hears_its_room_and_no_other() {
    for (payload_bytes, frame_bytes) in [(80, 122), (128, 172), (20_000, 20_044), (70_000, 70_050)]
    {
        let outcome = publish(payload_bytes).expect("the floor serves");
        assert_eq!(outcome, (21, 21 * frame_bytes, Faults::default()), "{payload_bytes} bytes");
    }
}
