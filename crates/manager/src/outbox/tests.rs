use std::sync::Arc;

use bytes::Bytes;
use campanile_hub::{Match, RequestId};

use super::*;
use crate::publication::{Envelope, Publication, Slow};

/// Packs a reply, deliveries short, long and long again, and a pong: returns the parcel, what it
/// holds, and where its frames end.
fn parcel(window_bits: Option<u8>) -> (Packed, Vec<u8>, Vec<usize>) {
    let limits = Packing { copy_bytes_max: 20, compress_bytes_min: 30, compression_level: 1 };
    let mut ends = Vec::new();
    for pieces_count in 1..=5 {
        let (parcel, whole) = pack(&limits, window_bits, pieces_count);
        ends.push(whole.len());
        if pieces_count == 5 {
            return (parcel, whole, ends);
        }
    }
    unreachable!("five is among one to five");
}

/// A parcel, and the pieces that it was made of.
struct Packed {
    parcel: Parcel,
    pieces: Pieces,
}

impl Packed {
    fn keep(&self, outbox: &mut Outbox, written: usize) {
        outbox.keep(&self.parcel, &self.pieces, written);
    }
}

fn pack(limits: &Packing, window_bits: Option<u8>, count: usize) -> (Packed, Vec<u8>) {
    let (mut outbox, mut pieces) = (Outbox::new(window_bits), Pieces::default());
    for index in 0..count {
        let shared = ["", "short ", "long ", "longer "][index % 4].repeat(1 + index * 3);
        let envelope = Envelope { shared: Bytes::from(shared), closing: "}" };
        let publication = Publication::new(Vec::new(), Match::Literal, envelope);
        let id = RequestId::parse("17").expect("an id");
        let was_empty = match index {
            0 => outbox.push_message(&mut pieces, Kind::Text, b"a reply"),
            4 => outbox.push_frames(&mut pieces, |out| out.extend([0x8a, 1, b'?'])),
            _ => {
                let publication = pieces.add(index as u64, Arc::new(publication));
                outbox.push_delivery(&mut pieces, publication, &id)
            }
        };
        assert_eq!(was_empty, index == 0);
    }
    let mut parcel = Parcel::default();
    outbox.pack(&pieces, limits, &mut parcel);
    let whole = parcel.write(collect);
    assert_eq!(whole.len(), parcel.len());
    (Packed { parcel, pieces }, whole)
}

fn collect(slices: &[std::io::IoSlice<'_>]) -> Vec<u8> {
    slices.iter().flat_map(|slice| slice.to_vec()).collect()
}

/// What would be written, to the end.
fn rest_of(outbox: &mut Outbox) -> Vec<u8> {
    outbox.backlog().map_or_else(Vec::new, |backlog| backlog.write(collect))
}

#[test]
fn wherever_a_write_stops_the_rest_is_what_was_not_written() {
    for window_bits in [None, Some(15)] {
        let (parcel, whole, _) = parcel(window_bits);
        for written in 0..whole.len() {
            for step in [1, 3, 1000] {
                let mut outbox = Outbox::new(window_bits);
                parcel.keep(&mut outbox, written);
                let mut at = written;
                while at < whole.len() {
                    assert_eq!(rest_of(&mut outbox), whole[at..], "from {at}");
                    let backlog = outbox.backlog().expect("something is left");
                    let bytes = step.min(whole.len() - at);
                    backlog.advance(bytes);
                    at += bytes;
                }
                let backlog = outbox.backlog().expect("an empty one");
                assert!(backlog.is_empty() && backlog.bytes() == 0 && backlog.frames() == 0);
            }
        }
    }
}

#[test]
fn wherever_a_write_stops_a_frame_that_has_begun_is_kept_and_all_others_can_be_dropped() {
    for window_bits in [None, Some(9)] {
        let (parcel, whole, ends) = parcel(window_bits);
        let twice = [&whole[..], &whole[..]].concat();
        let all_ends: Vec<usize> =
            ends.iter().copied().chain(ends.iter().map(|end| end + whole.len())).collect();
        for written in 0..whole.len() {
            for more in 0..twice.len() - written {
                let mut outbox = Outbox::new(window_bits);
                parcel.keep(&mut outbox, written);
                // More comes behind it before the socket takes anything.
                parcel.keep(&mut outbox, 0);
                let backlog = outbox.backlog().expect("something is left");
                backlog.advance(more);
                let at = written + more;
                let begun = at > 0 && !all_ends.contains(&at);
                let kept_to = match begun {
                    true => *all_ends.iter().find(|end| **end > at).expect("a frame ends"),
                    false => at,
                };
                let left = all_ends.iter().filter(|end| **end > at).count();
                assert_eq!(backlog.frames(), left as u64, "{written} + {more}");
                assert_eq!(
                    backlog.drop_frames().frames as usize,
                    left - usize::from(begun),
                    "{written} + {more}"
                );
                assert_eq!(rest_of(&mut outbox), twice[at..kept_to], "{written} + {more}");
            }
        }
    }
}

#[test]
fn a_backlog_of_more_pieces_than_one_call_takes_is_written_in_several() {
    let (parcel, whole, _) = parcel(None);
    let mut outbox = Outbox::new(None);
    for _ in 0..40 {
        parcel.keep(&mut outbox, 0);
    }
    let (mut written, mut calls) = (Vec::new(), 0);
    while !outbox.backlog().expect("a backlog").is_empty() {
        let bytes = rest_of(&mut outbox);
        outbox.backlog().expect("a backlog").advance(bytes.len());
        written.extend(bytes);
        calls += 1;
    }
    assert_eq!(written, whole.repeat(40));
    assert!(calls > 1);
}

/// Packs deliveries to two subscriptions in turn, of which only the newest is to wait: returns the
/// parcel, and each frame.
fn latest_of_two(sequence: u64) -> (Packed, Vec<Vec<u8>>) {
    let limits = Packing { copy_bytes_max: 6, compress_bytes_min: 30, compression_level: 1 };
    let (mut outbox, mut pieces) = (Outbox::new(None), Pieces::default());
    let room = Room::parse(r#"{"r":1}"#).expect("a room");
    let mut frames = Vec::new();
    for number in 0..5 {
        let shared = format!("news {}{number} ", "x".repeat(number));
        let id = RequestId::parse(["1", "2"][number % 2]).expect("an id");
        let payload = format!("{shared}{}}}", id.as_json());
        frames.push([&[0x81, payload.len() as u8][..], payload.as_bytes()].concat());
        let envelope = Envelope { shared: Bytes::from(shared), closing: "}" };
        let publication = Publication::new(vec![room.clone()], Match::Literal, envelope);
        let publication = Arc::new(publication.when_slow(Slow::Latest));
        let shipment = pieces.add_for(sequence + number as u64, publication, room.clone());
        outbox.push_delivery(&mut pieces, shipment, &id);
    }
    let mut parcel = Parcel::default();
    outbox.pack(&pieces, &limits, &mut parcel);
    assert_eq!(parcel.write(collect), frames.concat());
    (Packed { parcel, pieces }, frames)
}

#[test]
fn wherever_a_write_stops_only_what_has_begun_and_the_newest_of_each_subscription_wait() {
    let (parcel, frames) = latest_of_two(1);
    let (again, _) = latest_of_two(6);
    for written in 0..frames.concat().len() {
        let (mut at, mut begun, mut newest) = (0, Vec::new(), Vec::new());
        for (number, frame) in frames.iter().enumerate() {
            if at < written && written < at + frame.len() {
                begun = frame[written - at..].to_vec();
            } else if written <= at && number >= 3 {
                newest.extend_from_slice(frame);
            }
            at += frame.len();
        }
        let mut outbox = Outbox::new(None);
        parcel.keep(&mut outbox, written);
        assert_eq!(rest_of(&mut outbox), [&begun[..], &newest].concat(), "from {written}");
        // More comes behind it before the socket takes anything.
        again.keep(&mut outbox, 0);
        let newest = frames[3..].concat();
        assert_eq!(rest_of(&mut outbox), [&begun[..], &newest].concat(), "again from {written}");
        let backlog = outbox.backlog().expect("something is left");
        assert_eq!(backlog.frames(), 2 + u64::from(!begun.is_empty()));
        assert_eq!(backlog.latest.len(), 2);
        backlog.advance(begun.len() + newest.len());
        assert!(backlog.is_empty() && backlog.bytes() == 0 && backlog.latest.is_empty());
    }
}
