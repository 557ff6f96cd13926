//! The PROXY protocol, versions 1 and 2: a header before everything else, in which a proxy says where
//! its client is.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// Longest header that is read, in bytes; one with many additions has some hundred.
const HEADER_BYTES_MAX: usize = 4096;
/// Longest header of version 1.
const LINE_BYTES_MAX: usize = 107;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A proxy that was to send a header sent something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHeader;

impl fmt::Display for BadHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no header of the PROXY protocol came from a trusted proxy")
    }
}

impl std::error::Error for BadHeader {}

/// A header that has come whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// How long it is.
    pub(super) bytes: usize,
    /// Where the client is; none if the proxy speaks for itself, or does not know.
    pub(super) source: Option<IpAddr>,
}

/// Reads the header of a connection and nothing behind it. Returns where the client is; none if the
/// proxy speaks for itself, or does not know.
///
/// # Errors
///
/// If the connection breaks, or what comes is no such header.
pub async fn read_header(stream: &mut TcpStream) -> io::Result<Option<IpAddr>> {
    let mut buffer = vec![0; HEADER_BYTES_MAX];
    let mut taken = 0;
    while taken < buffer.len() {
        let came = stream.peek(&mut buffer[taken..]).await?;
        if came == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bad = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let header = parse(&buffer[..taken + came]).map_err(bad)?;
        // What is not yet a whole header is part of one.
        let end = header.map_or(taken + came, |header| header.bytes);
        stream.read_exact(&mut buffer[taken..end]).await?;
        if let Some(header) = header {
            return Ok(header.source);
        }
        taken = end;
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, BadHeader))
}

/// Reads a header from its first bytes; returns none as long as it is not whole.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(byte, expected)| byte == expected);
    if begins(SIGNATURE) {
        parse_binary(bytes)
    } else if begins(b"PROXY ") {
        parse_line(bytes)
    } else {
        Err(BadHeader)
    }
}

fn parse_line(bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
    let within = &bytes[..bytes.len().min(LINE_BYTES_MAX)];
    let Some(end) = within.iter().position(|&byte| byte == b'\n') else {
        return if bytes.len() < LINE_BYTES_MAX { Ok(None) } else { Err(BadHeader) };
    };
    let line = within[..end].strip_suffix(b"\r").ok_or(BadHeader)?;
    let line = std::str::from_utf8(line).map_err(|_| BadHeader)?;
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    let source = match words[..] {
        ["UNKNOWN", ..] => None,
        ["TCP4", source, destination, ..] => Some(first::<Ipv4Addr>(source, destination)?),
        ["TCP6", source, destination, ..] => Some(first::<Ipv6Addr>(source, destination)?),
        _ => return Err(BadHeader),
    };
    let has_ports = || matches!(words[3..], [from, to] if is_port(from) && is_port(to));
    if source.is_some() && !has_ports() {
        return Err(BadHeader);
    }
    Ok(Some(Header { bytes: end + 1, source }))
}

/// Returns the first of two addresses, both of one kind.
fn first<A: FromStr + Into<IpAddr>>(first: &str, second: &str) -> Result<IpAddr, BadHeader> {
    let read = |text: &str| text.parse::<A>().map_err(|_| BadHeader);
    read(second)?;
    Ok(read(first)?.into().to_canonical())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

fn parse_binary(bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
    let Some((head, rest)) = bytes.split_first_chunk::<16>() else { return Ok(None) };
    let [.., version_and_command, family, high, low] = *head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !matches!(version_and_command, 0x20 | 0x21) || 16 + length > HEADER_BYTES_MAX {
        return Err(BadHeader);
    }
    let Some(addresses) = rest.get(..length) else { return Ok(None) };
    let is_local = version_and_command == 0x20;
    let source = match family >> 4 {
        _ if is_local => None,
        1 => Some(Ipv4Addr::from(*addresses.first_chunk::<4>().ok_or(BadHeader)?).into()),
        2 => Some(Ipv6Addr::from(*addresses.first_chunk::<16>().ok_or(BadHeader)?).into()),
        _ => None,
    };
    let source = source.map(|source: IpAddr| source.to_canonical());
    Ok(Some(Header { bytes: 16 + length, source }))
}
