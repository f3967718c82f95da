//! What runs, as clients see it: ARP tables, route tables, sessions, counters (spec 07, 10).
//!
//! Tables are the edge's to answer. A client's request becomes an operation for the edge that the path names
//! ([`ask`]); the edge finds it among its questions, and its answer ends the operation. An edge that is not there
//! answers nothing: then the operation fails when its time is up, and nothing is made up. Counters ([`stats`]) are in
//! the edges' last reports, metrics ([`metrics`]) in what was kept of them minute by minute.

mod ask;
mod metrics;
mod stats;

pub(super) use ask::{KINDS, ROUTES, inquire};
pub(crate) use ask::{answered, question};
pub(super) use metrics::ROUTES as METRICS_ROUTES;
pub(super) use stats::ROUTES as STATS_ROUTES;
