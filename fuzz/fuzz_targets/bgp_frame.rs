#![no_main]
//! Any stream of bytes: it is cut into messages, or refused with a NOTIFICATION.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bgp::frame(bytes));
