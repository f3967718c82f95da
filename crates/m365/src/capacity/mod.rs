//! Capacity: what flow records say of each site, path and class, and the circuit that it takes.
//!
//! A [`Classifier`] is a [`Split`](crate::Split) made fast: disjoint ranges of addresses, each with its way. A [`Tally`] takes
//! one [`Flow`](crate::flow::Flow) after the other and spreads its bytes over intervals; tallies merge, in whatever order, into what one of
//! them would have counted alone. A [`Report`] reads a tally: percentiles, peaks, NAT ports, the sizes of circuits. [`sql`]
//! writes the same counting as a query, for records that live in a warehouse.

mod classify;
mod partial;
mod ranges;
mod report;
pub mod sql;
mod tally;

pub use classify::{Classifier, Direction, Place, Site, Verdict};
pub use partial::PartialError;
pub use report::{Circuit, Load, Need, Report, Shape, Terms};
pub use tally::{Key, Odd, Tally, TallyError};
