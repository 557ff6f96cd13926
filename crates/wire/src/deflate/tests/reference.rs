//! A second DEFLATE decoder (RFC 1951), slow and plain, that remembers everything and says how far
//! back a message referred: zlib lets references reach past the window while their target happens
//! to be in its output buffer.

/// A receiver with unlimited history.
#[derive(Default)]
pub(super) struct Reference {
    history: Vec<u8>,
}

/// A message, and the greatest distance in it.
pub(super) struct Decoded {
    pub(super) message: Vec<u8>,
    pub(super) reach: usize,
}

impl Reference {
    /// Decodes a message's payload; none if it is not DEFLATE with whole blocks and no byte over.
    pub(super) fn receive(&mut self, payload: &[u8]) -> Option<Decoded> {
        let bytes = [payload, &[0x00, 0x00, 0xff, 0xff]].concat();
        let mut bits = Bits { bytes: &bytes, position: 0 };
        let (begin, mut reach) = (self.history.len(), 0);
        while bits.position < 8 * bytes.len() {
            let _final = bits.take(1)?;
            match bits.take(2)? {
                0 => self.stored(&mut bits)?,
                1 => {
                    let lengths: Vec<u8> = (0..288).map(fixed_length).collect();
                    let tables = (Huffman::new(&lengths), Huffman::new(&[5; 30]));
                    reach = reach.max(self.compressed(&mut bits, &tables)?);
                }
                2 => {
                    let tables = dynamic(&mut bits)?;
                    reach = reach.max(self.compressed(&mut bits, &tables)?);
                }
                _ => return None,
            }
        }
        Some(Decoded { message: self.history[begin..].to_vec(), reach })
    }

    fn stored(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        bits.position = bits.position.next_multiple_of(8);
        let (length, complement) = (bits.take(16)?, bits.take(16)?);
        for _ in 0..length {
            self.history.push(bits.take(8)? as u8);
        }
        (length ^ complement == 0xffff).then_some(())
    }

    fn compressed(&mut self, bits: &mut Bits<'_>, tables: &(Huffman, Huffman)) -> Option<usize> {
        let mut reach = 0;
        loop {
            match tables.0.symbol(bits)? {
                literal @ 0..=255 => self.history.push(literal as u8),
                256 => return Some(reach),
                symbol => {
                    let length = length(symbol, bits)?;
                    let distance = distance(tables.1.symbol(bits)?, bits)?;
                    reach = reach.max(distance);
                    for _ in 0..length {
                        let from = self.history.len().checked_sub(distance)?;
                        self.history.push(self.history[from]);
                    }
                }
            }
        }
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.position / 8)?;
            value |= usize::from(byte >> (self.position % 8) & 1) << place;
            self.position += 1;
        }
        Some(value)
    }
}

/// The codes of one alphabet: for each length of code, the symbols in order.
struct Huffman {
    symbols: [Vec<usize>; 16],
}

impl Huffman {
    fn new(lengths: &[u8]) -> Self {
        let mut symbols: [Vec<usize>; 16] = Default::default();
        for (symbol, &length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            symbols[usize::from(length)].push(symbol);
        }
        Self { symbols }
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (mut code, mut first) = (0, 0);
        for symbols in &self.symbols[1..] {
            code = code << 1 | bits.take(1)?;
            first <<= 1;
            if code < first + symbols.len() {
                return symbols.get(code - first).copied();
            }
            first += symbols.len();
        }
        None
    }
}

fn fixed_length(symbol: usize) -> u8 {
    match symbol {
        0..144 => 8,
        144..256 => 9,
        256..280 => 7,
        _ => 8,
    }
}

fn dynamic(bits: &mut Bits<'_>) -> Option<(Huffman, Huffman)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances) = (bits.take(5)? + 257, bits.take(5)? + 1);
    let mut of_lengths = [0; 19];
    for place in &ORDER[..bits.take(4)? + 4] {
        of_lengths[*place] = bits.take(3)? as u8;
    }
    let of_lengths = Huffman::new(&of_lengths);
    let mut lengths: Vec<u8> = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match of_lengths.symbol(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length as u8, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times));
    }
    let (literals, distances) = lengths.split_at(literals);
    Some((Huffman::new(literals), Huffman::new(distances)))
}

fn length(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    match symbol {
        257..265 => Some(symbol - 254),
        265..285 => {
            let extra = (symbol - 261) / 4;
            Some((((symbol - 261) % 4 + 4) << extra) + 3 + bits.take(extra)?)
        }
        285 => Some(258),
        _ => None,
    }
}

fn distance(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    match symbol {
        0..4 => Some(symbol + 1),
        4..30 => {
            let extra = symbol / 2 - 1;
            Some(((symbol % 2 + 2) << extra) + 1 + bits.take(extra)?)
        }
        _ => None,
    }
}
