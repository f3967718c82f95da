//! One edge router as a process: the rim around the pure rooms.
//!
//! - [`config`]: the configuration file, read and checked before anything starts, and what differs between two of them.
//! - [`policy`]: what of it is each session's policy, with the figures of the catalogue.
//! - [`clock`]: the one clock of the process.
//! - [`process`]: the process from its start to its end: listeners, reload, what workers tell of.
//! - [`worker`]: a thread that owns whole routing domains: their sockets, sessions and tables.
//! - [`bfd`]: the thread that watches the liveness of peers.
//! - `forward`: from tables to the kernel, and the namespaces and interfaces of domains.
//! - [`follow`]: what runs is what the service says, over a connection of the edge's own.
//! - [`control`]: the local socket on which people and programs ask and command.
//! - [`metrics`]: counters for Prometheus.
//! - [`record`]: what is written down: BMP, MRT, and the events that `replay` plays back.
//!
//! The room reads clocks and owns threads; everything that decides is in the rooms below it.

pub mod bfd;
pub mod clock;
pub mod config;
pub mod control;
pub mod follow;
mod forward;
pub mod metrics;
pub mod policy;
pub mod process;
pub mod record;
pub mod worker;
