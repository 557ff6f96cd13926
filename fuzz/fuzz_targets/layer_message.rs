//! Messages of the channel layer, as strangers may write them into Redis.

#![no_main]

use campanile_layer::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::layer_message(data));
