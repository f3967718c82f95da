#![no_main]
//! Any UPDATE in any session: judged, remembered and sent on without a change of meaning.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bgp::update(bytes));
