//! Counters for Prometheus, in its text format over HTTP at `/metrics`.
//!
//! What is told is asked of the workers when somebody scrapes, a page of sessions at a time, and written straight to the
//! socket. Nothing is counted for it alone: a library would want each number in a registry of its own, and the format
//! is a few lines (`text`).

mod collect;
mod http;
mod text;

pub(crate) use http::serve;
