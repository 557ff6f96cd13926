//! DIGI's ids, as strangers may write them into an address.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_digi::fuzz::id(data));
