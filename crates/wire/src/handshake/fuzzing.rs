//! What the fuzz target does with its bytes, here so that plain tests can do it too.

use super::{ClientHandshake, ClientRequest, Limits, Refusal, ServerHandshake};
use crate::deflate::Settings;

const LIMITS: Limits = Limits { head_bytes_max: 2_000, headers_max: 20 };

/// Reads `data` as a request and as a response, in pieces whose size its first byte gives, and
/// holds both ends to it that pieces change nothing and that what they write is one HTTP head.
///
/// # Panics
///
/// If it does not hold.
pub fn handshake(data: &[u8]) {
    let Some((size, data)) = data.split_first() else { return };
    let size = usize::from(*size).max(1);
    assert_eq!(serve(data, size), serve(data, data.len().max(1)));
    assert_eq!(ask(data, size), ask(data, data.len().max(1)));
}

/// Plays the server: returns what it answers, and the bytes left over.
fn serve(data: &[u8], size: usize) -> Option<(Vec<u8>, usize)> {
    let mut handshake = ServerHandshake::new(&LIMITS);
    let mut output = Vec::new();
    for (number, piece) in data.chunks(size).enumerate() {
        let refuse = |refusal: Refusal| {
            let mut output = Vec::new();
            refusal.append(&mut output);
            (output, 0)
        };
        match handshake.receive(piece) {
            Ok(None) => {}
            Err(refusal) => return Some(refuse(refusal)),
            Ok(Some((head, leftover))) => {
                let rest = leftover.len() + data.len() - (number * size + piece.len());
                assert!(head.headers().count() <= LIMITS.headers_max);
                let Ok(upgrade) = head.upgrade() else { return Some((output, rest)) };
                upgrade.answer(&["a", "chat"], Some(&Settings::default())).append(&mut output);
                let lines = output.split(|byte| *byte == b'\n').count();
                assert!((6..=8).contains(&lines), "{}", output.escape_ascii());
                return Some((output, rest));
            }
        }
    }
    None
}

/// Plays the client: returns what it makes of the response, and the bytes left over.
fn ask(data: &[u8], size: usize) -> Option<Result<usize, super::HandshakeError>> {
    let request = ClientRequest {
        host: "localhost",
        target: "/",
        protocols: &["a", "chat"],
        headers: &[],
        deflate: Some(Settings::default()),
        key: *b"the sample nonce",
    };
    let mut handshake =
        ClientHandshake::new(&request, &LIMITS, &mut Vec::new()).expect("the request is valid");
    for (number, piece) in data.chunks(size).enumerate() {
        match handshake.receive(piece) {
            Ok(None) => {}
            Err(error) => return Some(Err(error)),
            Ok(Some((_, leftover))) => {
                return Some(Ok(leftover.len() + data.len() - (number * size + piece.len())));
            }
        }
    }
    None
}
