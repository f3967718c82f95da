#![no_main]
//! Any NOTIFICATION: it reads, writes and prints on one line.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bgp::notification(bytes));
