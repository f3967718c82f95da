#![no_main]
//! Any ROUTE-REFRESH: read, ignored or refused with what came.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bgp::route_refresh(bytes));
