//! Does the edge get along with the routers that people run?
//!
//! A **cell** is one feature with one daemon: [`Feature`] says what is played and what must hold, [`Peer`] names the
//! daemon, and [`play`] plays it in a `World` of namespaces: the daemon, the edge, and a BIRD on the far side. The
//! features ask only what every `Speaker` answers, so each is written once; what a daemon cannot do stands with its reason in
//! `cannot.toml` and in the table of the book, which [`page`] writes from what a run found.
//!
//! The cells themselves are tests of `cli`, which builds the program. `INTEROP_SUBJECT=bird` puts a BIRD in the place of
//! the edge: a cell that fails there too is the cell's fault.

mod cells;
mod lab;
mod matrix;
mod speaker;
mod speakers;
mod world;

pub use cells::Feature;
pub use matrix::{Page, Peer, page, play};
