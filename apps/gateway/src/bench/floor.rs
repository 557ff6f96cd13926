//! The floor: what no server can do without. It accepts, answers the handshake, and writes each
//! publication to one socket after the other. No poller, no reading, no buffers, nothing forgotten.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use campanile_wire::handshake::accept_key;
use rustix::process::{Signal, set_parent_process_death_signal};

use super::failure::{Doing, Failure};
use super::frames::append_server_frame;

/// Listens on `port`, and ends when the process that started this one does: the floor itself would
/// not notice.
pub(super) fn run(port: u16) -> Result<(), Failure> {
    super::affinity::raise_descriptors();
    set_parent_process_death_signal(Some(Signal::KILL)).doing("follow the session to its end")?;
    serve(&TcpListener::bind((Ipv4Addr::LOCALHOST, port)).doing("listen")?)
}

/// Serves until the control connection ends.
///
/// Accepts until a client asks for `/control`; from then on only publishes what comes on it.
pub(super) fn serve(listener: &TcpListener) -> Result<(), Failure> {
    let mut rooms: HashMap<usize, Vec<TcpStream>> = HashMap::new();
    for stream in listener.incoming() {
        let stream = stream.doing("accept")?;
        match greet(&stream)? {
            Path::Control => return publish(&stream, &rooms),
            Path::Room(number) => rooms.entry(number).or_default().push(stream),
            Path::None => {}
        }
    }
    Ok(())
}

enum Path {
    Control,
    Room(usize),
    None,
}

fn greet(mut stream: &TcpStream) -> Result<Path, Failure> {
    stream.set_nodelay(true).doing("set TCP_NODELAY")?;
    let mut head = [0; 2048];
    let mut length = 0;
    while !head[..length].ends_with(b"\r\n\r\n") {
        match stream.read(&mut head[length..]) {
            Ok(0) | Err(_) => return Ok(Path::None),
            Ok(more) => length += more,
        }
    }
    let text = String::from_utf8_lossy(&head[..length]);
    let path = text.split(' ').nth(1).unwrap_or_default();
    let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let accept = accept_key(key.unwrap_or_default().trim().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        String::from_utf8_lossy(&accept)
    );
    stream.write_all(answer.as_bytes()).doing("answer a handshake")?;
    let room = path.strip_prefix("/room/").and_then(|number| number.parse().ok());
    Ok(match room {
        Some(number) => Path::Room(number),
        None if path == "/control" => Path::Control,
        None => Path::None,
    })
}

/// Publishes until `control` ends. What came in one read goes out in one write to each socket.
fn publish(mut control: &TcpStream, rooms: &HashMap<usize, Vec<TcpStream>>) -> Result<(), Failure> {
    let mut begun = Vec::new();
    let mut buffer = vec![0; 1024 * 1024];
    loop {
        let length = control.read(&mut buffer).doing("read the control connection")?;
        if length == 0 {
            return Ok(());
        }
        begun.extend_from_slice(&buffer[..length]);
        for (number, frames) in &bursts(&mut begun)? {
            write_to_all(rooms.get(number).map_or(&[], Vec::as_slice), frames);
        }
    }
}

/// Takes the whole control messages out of `begun`, and returns each room's frames.
pub(super) fn bursts(begun: &mut Vec<u8>) -> Result<Vec<(usize, Vec<u8>)>, Failure> {
    let mut bursts: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut used = 0;
    while let Some((text, bytes)) = control_message(&begun[used..]) {
        used += bytes;
        let (number, text) = text.split_once(' ').unwrap_or(("0", &text));
        let number = number.parse().doing("read a control message")?;
        let index = bursts.iter().position(|(room, _)| *room == number).unwrap_or_else(|| {
            bursts.push((number, Vec::new()));
            bursts.len() - 1
        });
        append_server_frame(1, text.as_bytes(), &mut bursts[index].1);
    }
    begun.drain(..used);
    Ok(bursts)
}

/// Writes `frames` to each socket. They block, and a client that is gone is passed over.
fn write_to_all(sockets: &[TcpStream], frames: &[u8]) {
    for socket in sockets {
        let mut rest = frames;
        while !rest.is_empty() {
            match rustix::io::write(socket, rest) {
                Ok(written) => rest = &rest[written..],
                Err(_) => break,
            }
        }
    }
}

/// Returns the client's frame at the beginning of `input`, unmasked, and its bytes on the wire.
pub(super) fn control_message(input: &[u8]) -> Option<(String, usize)> {
    let short = usize::from(*input.get(1)? & 0x7f);
    let (mask_at, length): (usize, u64) = match short {
        126 => (4, u64::from(u16::from_be_bytes(input.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(input.get(2..10)?.try_into().ok()?)),
        _ => (2, short as u64),
    };
    let begin = mask_at + 4;
    let end = begin.checked_add(usize::try_from(length).ok()?)?;
    let mask = input.get(mask_at..begin)?;
    let payload = input.get(begin..end)?;
    let text = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((String::from_utf8(text).ok()?, end))
}
