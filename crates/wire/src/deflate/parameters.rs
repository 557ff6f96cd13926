//! The four parameters of permessage-deflate, read and written (RFC 7692 §7.1).

use std::fmt::Write as _;

use super::WINDOW_BITS_MAX;
use super::extension::Extension;

pub(super) const NAME: &str = "permessage-deflate";
pub(super) const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
pub(super) const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
pub(super) const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
pub(super) const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// What an offer or an answer says; none where it does not.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<u8>,
    pub(super) client_max_window_bits: Option<u8>,
}

impl Parameters {
    /// Reads an offer: there, `client_max_window_bits` may stand without a value and then means
    /// that any will do. None if a parameter is repeated, unknown or out of range.
    pub(super) fn offered(extension: &Extension<'_>) -> Option<Self> {
        Self::read(extension, Some(WINDOW_BITS_MAX))
    }

    /// Reads an answer. None if a parameter is repeated, unknown or out of range.
    pub(super) fn answered(extension: &Extension<'_>) -> Option<Self> {
        Self::read(extension, None)
    }

    fn read(extension: &Extension<'_>, client_bits_without_value: Option<u8>) -> Option<Self> {
        let mut parameters = Self::default();
        for (name, value) in &extension.parameters {
            let value = value.as_deref();
            match *name {
                SERVER_NO_CONTEXT_TAKEOVER => {
                    set_flag(&mut parameters.server_no_context_takeover, value)
                }
                CLIENT_NO_CONTEXT_TAKEOVER => {
                    set_flag(&mut parameters.client_no_context_takeover, value)
                }
                SERVER_MAX_WINDOW_BITS => {
                    set_bits(&mut parameters.server_max_window_bits, bits(value?)?)
                }
                CLIENT_MAX_WINDOW_BITS => set_bits(
                    &mut parameters.client_max_window_bits,
                    value.map_or(client_bits_without_value, bits)?,
                ),
                _ => None,
            }?;
        }
        Some(parameters)
    }
}

/// Returns whether this is the extension this module speaks for.
pub(super) fn is_permessage_deflate(extension: &Extension<'_>) -> bool {
    extension.name.eq_ignore_ascii_case(NAME)
}

/// Writes a parameter without a value, if it is `set`.
pub(super) fn push_flag(header: &mut String, name: &str, set: bool) {
    if set {
        header.push_str("; ");
        header.push_str(name);
    }
}

/// Writes a size of window.
pub(super) fn push_bits(header: &mut String, name: &str, bits: u8) {
    write!(header, "; {name}={bits}").expect("writing to a string does not fail");
}

fn set_flag(flag: &mut bool, value: Option<&str>) -> Option<()> {
    let repeated = std::mem::replace(flag, true);
    (!repeated && value.is_none()).then_some(())
}

fn set_bits(parameter: &mut Option<u8>, bits: u8) -> Option<()> {
    parameter.replace(bits).is_none().then_some(())
}

/// Reads 8 to 15, in decimal without leading zeros.
fn bits(value: &str) -> Option<u8> {
    match value {
        "8" => Some(8),
        "9" => Some(9),
        "10" => Some(10),
        "11" => Some(11),
        "12" => Some(12),
        "13" => Some(13),
        "14" => Some(14),
        "15" => Some(15),
        _ => None,
    }
}
