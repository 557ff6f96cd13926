//! Text that comes in pieces, checked as it comes (RFC 6455 §8.1, RFC 3629).
//!
//! A piece may end in the middle of a character. Its beginning, at most three bytes, is carried to
//! the next piece; everything before is text already. A wrong byte is found when it comes, not when
//! the message ends.

#[cfg(test)]
mod tests;

/// Bytes that no text in UTF-8 contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

/// Returns `bytes` as text.
///
/// Nothing would be won by remembering that unmasking saw only ASCII: over that, this goes as fast
/// as memory is read (4 KiB in 37 ns).
///
/// # Errors
///
/// If they are not UTF-8.
#[inline]
pub fn check(bytes: &[u8]) -> Result<&str, NotUtf8> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| NotUtf8)
}

/// Text of which more may come.
#[derive(Clone, Debug, Default)]
pub struct PartialText {
    text: String,
    carry: [u8; 3],
    carry_bytes: u8,
}

impl PartialText {
    /// Returns how many bytes have come.
    pub fn len(&self) -> usize {
        self.text.len() + usize::from(self.carry_bytes)
    }

    /// Returns whether nothing has come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(test)]
    pub(crate) fn allocated_bytes(&self) -> usize {
        self.text.capacity()
    }

    /// Appends `piece`.
    ///
    /// # Errors
    ///
    /// If no bytes whatever could follow to make this UTF-8.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), NotUtf8> {
        let rest = self.complete_character(piece)?;
        let (whole, begun) = split_unfinished(rest);
        self.text.push_str(check(whole)?);
        if !begun.is_empty() {
            self.carry_over(begun)?;
        }
        Ok(())
    }

    /// Returns the text.
    ///
    /// # Errors
    ///
    /// If its last character is not complete.
    pub fn finish(self) -> Result<String, NotUtf8> {
        if self.carry_bytes == 0 { Ok(self.text) } else { Err(NotUtf8) }
    }

    /// Completes the carried character with bytes from `piece`; returns those that it did not need.
    fn complete_character<'a>(&mut self, piece: &'a [u8]) -> Result<&'a [u8], NotUtf8> {
        let carried = usize::from(self.carry_bytes);
        if carried == 0 {
            return Ok(piece);
        }
        let missing = character_bytes(self.carry[0]) - carried;
        let (completing, rest) = piece.split_at(missing.min(piece.len()));
        let mut character = [0; 4];
        let bytes = carried + completing.len();
        character[..carried].copy_from_slice(&self.carry[..carried]);
        character[carried..bytes].copy_from_slice(completing);
        if completing.len() < missing {
            self.carry_over(&character[..bytes])?;
        } else {
            self.text.push_str(check(&character[..bytes])?);
            self.carry_bytes = 0;
        }
        Ok(rest)
    }

    /// Keeps the beginning of a character for the next piece, if it can be one's beginning.
    fn carry_over(&mut self, begun: &[u8]) -> Result<(), NotUtf8> {
        // Neither too long a form nor a surrogate nor beyond U+10FFFF: the second byte tells.
        match str::from_utf8(begun) {
            Err(error) if error.error_len().is_none() => {}
            _ => return Err(NotUtf8),
        }
        self.carry[..begun.len()].copy_from_slice(begun);
        self.carry_bytes = begun.len() as u8;
        Ok(())
    }
}

/// Splits off the character at the end of `bytes` that has begun but is not complete, if any.
fn split_unfinished(bytes: &[u8]) -> (&[u8], &[u8]) {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        if bytes[at] & 0xc0 != 0x80 {
            let unfinished = character_bytes(bytes[at]) > back;
            return bytes.split_at(if unfinished { at } else { bytes.len() });
        }
    }
    (bytes, &[])
}

/// Returns how many bytes a character has that begins with `first`; one for what begins none.
const fn character_bytes(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}
