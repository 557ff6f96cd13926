//! NATS' protocol: lines, some with a payload behind them. Bytes go in, values come out.

#[cfg(test)]
mod tests;

use bytes::{Buf, Bytes, BytesMut};

/// The longest line; the server's `INFO` names every server of its cluster.
const LINE_MAX: usize = 256 << 10;

/// The longest payload that a NATS server can be set to pass on.
const PAYLOAD_MAX: usize = 64 << 20;

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// About itself, in JSON.
    Info(Bytes),
    /// A message to a subject that was subscribed to.
    Message { subject: Bytes, payload: Bytes },
    /// To be answered with `PONG`.
    Ping,
    /// All that was said before a `PING` of ours is done.
    Pong,
    /// Something was refused, for this reason.
    Error(String),
    /// Nothing that matters here.
    Other,
}

/// The server said something that is not NATS.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotNats;

/// Takes the next frame out of what came; none if more must come first.
pub(super) fn next(buffer: &mut BytesMut) -> Result<Option<Frame>, NotNats> {
    let Some(line_bytes) = buffer.windows(2).position(|two| two == b"\r\n") else {
        return if buffer.len() > LINE_MAX { Err(NotNats) } else { Ok(None) };
    };
    let line = &buffer[..line_bytes];
    if verb(line, b"MSG") {
        return message(buffer, line_bytes);
    }
    let line = buffer.split_to(line_bytes).freeze();
    buffer.advance(2);
    Ok(Some(if verb(&line, b"INFO") {
        Frame::Info(line.slice(4..))
    } else if verb(&line, b"PING") {
        Frame::Ping
    } else if verb(&line, b"PONG") {
        Frame::Pong
    } else if verb(&line, b"-ERR") {
        Frame::Error(String::from_utf8_lossy(&line[4..]).trim().trim_matches('\'').to_owned())
    } else if verb(&line, b"+OK") {
        Frame::Other
    } else {
        return Err(NotNats);
    }))
}

/// `MSG <subject> <number> [<reply to>] <bytes>`, and the payload.
fn message(buffer: &mut BytesMut, line_bytes: usize) -> Result<Option<Frame>, NotNats> {
    let words = || {
        let words = buffer[..line_bytes].split(|&byte| byte == b' ' || byte == b'\t');
        words.filter(|word| !word.is_empty())
    };
    let payload_bytes = words().next_back().and_then(|word| std::str::from_utf8(word).ok());
    let payload_bytes: usize = payload_bytes.and_then(|word| word.parse().ok()).ok_or(NotNats)?;
    if !(4..=5).contains(&words().count()) || payload_bytes > PAYLOAD_MAX {
        return Err(NotNats);
    }
    let all = line_bytes + 2 + payload_bytes + 2;
    if buffer.len() < all {
        buffer.reserve(all - buffer.len());
        return Ok(None);
    }
    let subject = Bytes::copy_from_slice(words().nth(1).ok_or(NotNats)?);
    let mut message = buffer.split_to(all).freeze();
    if !message.ends_with(b"\r\n") {
        return Err(NotNats);
    }
    message.truncate(all - 2);
    Ok(Some(Frame::Message { subject, payload: message.slice(line_bytes + 2..) }))
}

fn verb(line: &[u8], verb: &[u8]) -> bool {
    let (begin, rest) = line.split_at(line.len().min(verb.len()));
    begin.eq_ignore_ascii_case(verb) && rest.first().is_none_or(u8::is_ascii_whitespace)
}

/// Writes a publication.
pub(super) fn publish(output: &mut Vec<u8>, subject: &str, payload: &[u8]) {
    output.extend_from_slice(format!("PUB {subject} {}\r\n", payload.len()).as_bytes());
    output.extend_from_slice(payload);
    output.extend_from_slice(b"\r\n");
}

/// Writes the begin of a subscription.
pub(super) fn subscribe(output: &mut Vec<u8>, subject: &str, number: u64) {
    output.extend_from_slice(format!("SUB {subject} {number}\r\n").as_bytes());
}

/// Writes the end of one.
pub(super) fn unsubscribe(output: &mut Vec<u8>, number: u64) {
    output.extend_from_slice(format!("UNSUB {number}\r\n").as_bytes());
}
