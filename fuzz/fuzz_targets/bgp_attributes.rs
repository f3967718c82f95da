#![no_main]
//! Any path attributes: what can be read can be written, and means the same again.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bgp::attributes(bytes));
