//! From text to [`model::Design`], with the place of every value.
//!
//! Text of any kind first becomes a tree of [`Node`]s that know their bytes (`yaml`, `json`).
//! A design file is then decoded by the records of the model (`fields`); Azure exports (`azure`) and
//! Terraform JSON (`terraform`) are translated by the resources they hold, and joined with the design once all
//! files are read (`join`). What a text cannot say stays unknown.
//!
//! What is wrong with a text is a [`Problem`]: where, what was seen, what was expected, and what was
//! probably meant. Problems are collected, so one does not hide the next.

mod azure;
mod edit;
mod fields;
pub mod fleet;
mod found;
mod join;
mod json;
mod node;
mod problem;
mod read;
mod references;
mod schema;
mod terraform;
mod waivers;
mod write;
mod yaml;

pub use edit::{EditError, apply};
pub use node::{Entry, Node, Shape};
pub use problem::{Problem, nearest};
pub use read::{Bounds, Input, Reading, decode, parse, read, read_all, read_element};
pub use references::check_references;
pub use schema::{schema, schema_text};
pub use waivers::waivers;
pub use write::{Answers, CircuitAnswers, VnetAnswers, template};
