//! Both ends of the opening handshake.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_wire::fuzz::handshake(data));
