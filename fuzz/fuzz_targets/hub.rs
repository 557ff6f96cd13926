//! A hub beside its model.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| campanile_hub::fuzz::hub(data));
