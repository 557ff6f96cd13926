//! Counts the frames of a server, at the least cost: no UTF-8, no fragments, no limits.

use super::failure::Failure;

/// A whole frame from a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) opcode: u8,
    pub(super) compressed: bool,
    pub(super) payload: &'a [u8],
    /// Header and payload.
    pub(super) bytes: usize,
}

/// The begun frame between two reads of one connection: nothing on the heap when there is none.
#[derive(Debug, Default)]
pub(super) struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// Calls `visit` for each frame that `input` completes.
    ///
    /// # Errors
    ///
    /// When the bytes are no unfragmented frame of a server, or `visit` says so.
    pub(super) fn receive(
        &mut self,
        input: &[u8],
        mut visit: impl FnMut(Frame<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.begun.is_empty() {
            let used = walk(input, &mut visit)?;
            self.begun.extend_from_slice(&input[used..]);
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(input);
        let used = walk(&all, &mut visit)?;
        if used < all.len() {
            all.drain(..used);
            self.begun = all;
        }
        Ok(())
    }
}

fn walk(
    input: &[u8],
    visit: &mut impl FnMut(Frame<'_>) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let mut used = 0;
    while let Some(frame) = next_frame(&input[used..])? {
        used += frame.bytes;
        visit(frame)?;
    }
    Ok(used)
}

/// Returns the frame at the beginning of `input`, or none as long as it is not complete.
fn next_frame(input: &[u8]) -> Result<Option<Frame<'_>>, Failure> {
    let [first, second, rest @ ..] = input else {
        return Ok(None);
    };
    let (opcode, final_) = (first & 0x0f, first & 0x80 != 0);
    if second & 0x80 != 0 || first & 0x30 != 0 || !final_ || opcode == 0 {
        let text = format!(
            "the server sent a frame beginning {first:#04x} {second:#04x}, which is \
                            fragmented, masked or reserved"
        );
        return Err(Failure::new(text));
    }
    let (header, length) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            (10, usize::try_from(length).map_err(|_| Failure::new("an endless frame"))?)
        }
        (126 | 127, _) => return Ok(None),
        (short, _) => (2, usize::from(short)),
    };
    let bytes = length.saturating_add(header);
    let Some(payload) = input.get(header..bytes) else {
        return Ok(None);
    };
    Ok(Some(Frame { opcode, compressed: first & 0x40 != 0, payload, bytes }))
}

/// Appends one final frame of a client, masked with zeros: the server cannot tell, and need not wait
/// for us to mask.
pub(super) fn append_client_frame(opcode: u8, payload: &[u8], output: &mut Vec<u8>) {
    append_header(opcode, payload.len(), 0x80, output);
    output.extend_from_slice(&[0; 4]);
    output.extend_from_slice(payload);
}

/// Appends one final frame of a server.
pub(super) fn append_server_frame(opcode: u8, payload: &[u8], output: &mut Vec<u8>) {
    append_header(opcode, payload.len(), 0, output);
    output.extend_from_slice(payload);
}

fn append_header(opcode: u8, length: usize, masked: u8, output: &mut Vec<u8>) {
    output.push(0x80 | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => output.push(masked | short),
        (_, Ok(medium)) => {
            output.push(masked | 126);
            output.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            output.push(masked | 127);
            output.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}
