//! The reports: each format on a small design, and all formats against each other.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod agree;
mod html;
mod json;
mod junit;
mod markdown;
mod sample;
mod sarif;
mod terminal;
