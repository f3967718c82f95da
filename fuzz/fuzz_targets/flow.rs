#![no_main]
//! Any file of flow records: NetFlow, IPFIX, nfdump, flow logs of clouds, partial counts.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::flow::file(bytes));
