//! Header values that are lists, and the bytes that values are made of (RFC 9110 §5.5, §5.6).

use crate::deflate::is_token_byte;

/// Returns whether a comma-separated list holds `token`, in whatever case.
pub(super) fn holds_token(list: &[u8], token: &str) -> bool {
    elements(list).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

/// Returns the elements of a comma-separated list without quoted strings, empty ones left out.
pub(super) fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Returns whether this may be a header's name, a method or a subprotocol.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_byte(*byte))
}

/// Returns whether this may be a header's value: no line breaks, NUL or other control bytes. With
/// one of those, a proxy and we could see two different requests in the same bytes.
pub(super) fn is_value(value: &[u8]) -> bool {
    !value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}
