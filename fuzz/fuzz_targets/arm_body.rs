#![no_main]
//! Any bytes as the body of a request to the ARM API.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::arm::body(bytes));
