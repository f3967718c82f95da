#![no_main]
//! A whole session with a peer that does anything: nothing breaks, nobody else is harmed.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::session::session(bytes));
