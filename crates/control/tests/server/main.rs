//! The service over real sockets: TLS, tokens, roles, and input of any shape.
#![allow(clippy::unwrap_used, reason = "a test ends where its set-up cannot be made")]

mod bad_input;
mod client;
mod isolation;
mod metrics;
mod replay;
mod tokens;
mod traces;
