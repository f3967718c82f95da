//! The contract with the real clients: Microsoft's swagger and the inventories of the Azure SDK and `az`, held against
//! the table of routes.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod coverage;
mod examples;
mod journey;
mod rig;
