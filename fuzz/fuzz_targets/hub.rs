//! A hub beside its model; and each kind of text that it reads from strangers.

#![no_main]

use campanile_hub::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::hub(data);
    fuzz::room(data);
    fuzz::permissions(data);
    fuzz::request_id(data);
});
