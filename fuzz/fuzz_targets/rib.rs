#![no_main]
//! Any UPDATEs from any peers into a table that others read at their own pace.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rib::play(bytes));
