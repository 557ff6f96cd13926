//! The head of an HTTP message, collected from pieces until it is whole.

/// What a head may have at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, with the empty line at its end. Default: 16 KiB.
    pub head_bytes_max: usize,
    /// Headers. Default: 100.
    pub headers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head_bytes_max: 16 << 10, headers_max: 100 }
    }
}

/// Why bytes are no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    /// A control byte, a CR or LF without the other, or a line that begins with a space.
    ControlByte,
    /// It begins with an empty line.
    Malformed,
    /// There are more than `head_bytes_max`.
    TooLong,
    /// There are more than `headers_max` lines after the first.
    TooManyHeaders,
}

/// A head, and the bytes that came after it.
type Whole<'a> = (Vec<u8>, &'a [u8]);

/// Collects a head. Each byte is looked at once, when it comes; so a head that comes a byte at a
/// time costs no more than one that comes whole, and one that is over a limit or that a proxy may
/// read otherwise than we do fails at its first wrong byte.
#[derive(Debug)]
pub(super) struct HeadReader {
    limits: Limits,
    bytes: Vec<u8>,
    lines: usize,
    /// The byte before was a CR.
    after_return: bool,
    /// The line has no bytes yet.
    line_empty: bool,
}

impl HeadReader {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, bytes: Vec::new(), lines: 0, after_return: false, line_empty: true }
    }

    /// Takes in a piece: returns the head once it is whole, and what came after it.
    pub(super) fn receive<'a>(&mut self, input: &'a [u8]) -> Result<Option<Whole<'a>>, HeadError> {
        let room = self.limits.head_bytes_max - self.bytes.len();
        for (position, byte) in input.iter().take(room).enumerate() {
            if self.scan(*byte)? {
                let (last, leftover) = input.split_at(position + 1);
                self.bytes.extend_from_slice(last);
                return Ok(Some((std::mem::take(&mut self.bytes), leftover)));
            }
        }
        if input.len() >= room {
            return Err(HeadError::TooLong);
        }
        self.bytes.extend_from_slice(input);
        Ok(None)
    }

    /// Returns whether the head ends with this byte.
    fn scan(&mut self, byte: u8) -> Result<bool, HeadError> {
        match byte {
            b'\n' if self.after_return => return self.end_line(),
            _ if self.after_return => return Err(HeadError::ControlByte),
            b'\r' => self.after_return = true,
            b' ' | b'\t' if self.line_empty => return Err(HeadError::ControlByte),
            b'\t' => {}
            _ if byte.is_ascii_control() => return Err(HeadError::ControlByte),
            _ => self.line_empty = false,
        }
        Ok(false)
    }

    fn end_line(&mut self) -> Result<bool, HeadError> {
        if self.line_empty {
            return if self.lines == 0 { Err(HeadError::Malformed) } else { Ok(true) };
        }
        self.lines += 1;
        self.after_return = false;
        self.line_empty = true;
        if self.lines > self.limits.headers_max.saturating_add(1) {
            return Err(HeadError::TooManyHeaders);
        }
        Ok(false)
    }
}
