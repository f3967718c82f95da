//! What the service runs with.

use crate::trace::Traces;
use catalog::Catalog;
use std::sync::Arc;
use std::time::Duration;

/// What the service runs with, fixed for the life of the process. What an operator changes is in the store.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The public address, like `https://localhost:8443`; no slash at the end.
    pub base: String,
    /// The dated facts.
    pub catalog: Arc<Catalog>,
    /// How packets reach the embedded edges.
    pub carriers: Carriers,
    /// How many items a page of a list has.
    pub page: u32,
    /// How long ended operations can be asked about.
    pub remember: Duration,
    /// Where traces go.
    pub traces: Traces,
}

/// How packets travel between customers and edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriers {
    /// Over loopback, with stand-in addresses.
    Loopback,
    /// In namespaces, with the real addresses.
    Namespaces,
}
