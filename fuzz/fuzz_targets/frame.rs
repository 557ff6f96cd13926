//! A frame's header, whole and in pieces.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_wire::fuzz::frame(data));
