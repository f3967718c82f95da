//! The contract with the real clients, as data: Microsoft's swagger and its examples, what clients call, and a recorded
//! journey of `az`.
//!
//! [`validate_response`] and [`validate_request`] hold a body against the swagger. The data is in `data/arm`, with its
//! origin and licence.

mod inventory;
mod swagger;

pub use inventory::{Called, Exchange, Opt, called, journey, options};
pub use swagger::{Example, Operation, example, operation, operations, validate_request, validate_response};

/// A file of the contract, as text.
fn file(path: &str) -> String {
    let path = format!("{}/data/arm/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
