#![no_main]
//! Any text as a resource id, a path, a name.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::arm::id(bytes));
