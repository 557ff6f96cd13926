//! The published value: a JSON string that says which publication it is and when it was sent.

/// The bytes of a value with no filler: quotes, `#`, ten digits, `@`, twenty digits, `#`.
pub(super) const BYTES_MIN: usize = 35;

/// Returns a JSON string of `bytes` bytes, quotes included, and never fewer than [`BYTES_MIN`].
pub(super) fn data(sequence: u32, sent_ns: u64, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes.max(BYTES_MIN));
    text.push_str(&format!("\"#{sequence:010}@{sent_ns:020}#"));
    let filler = bytes.saturating_sub(BYTES_MIN);
    text.extend(words().flat_map(str::chars).take(filler));
    text.push('"');
    text
}

/// Returns what a client of campanile gets for it: every server of one run delivers just these bytes.
pub(super) fn delivered(data: &str) -> String {
    format!("{{\"type\":\"publish\",\"data\":{data},\"requestId\":1}}")
}

/// Reads sequence and sending time from a delivered text; none for any other message.
pub(super) fn marker(text: &[u8]) -> Option<(u32, u64)> {
    let begin = text.iter().take(64).position(|&byte| byte == b'#')? + 1;
    let digits = text.get(begin..begin + 32)?;
    if digits[10] != b'@' || digits[31] != b'#' {
        return None;
    }
    Some((u32::try_from(number(&digits[..10])?).ok()?, number(&digits[11..31])?))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Words in an order that does not repeat soon, so that compression finds about what it finds in
/// real messages.
fn words() -> impl Iterator<Item = &'static str> {
    const WORDS: [&str; 16] = [
        "order ",
        "status ",
        "item 4711 ",
        "changed ",
        "customer ",
        "2026-11-21 ",
        "price 12.50 ",
        "by anna ",
        "table ",
        "waiting ",
        "ready ",
        "kitchen ",
        "15:42 ",
        "note ",
        "amount 3 ",
        "delivery ",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        WORDS[(state >> 60) as usize]
    })
}
