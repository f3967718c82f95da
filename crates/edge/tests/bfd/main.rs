//! The BFD thread between network namespaces.
//!
//! Without the right to make namespaces a test says so and passes.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod busy;
mod daemons;
mod lab;
mod pair;
