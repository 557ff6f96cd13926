//! A websocket in either role, with and without compression.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_wire::fuzz::websocket(data));
