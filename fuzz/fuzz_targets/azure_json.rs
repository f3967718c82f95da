#![no_main]
//! Any text: reading, joining, checking and mending it neither panic nor run away.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::judge(bytes));
