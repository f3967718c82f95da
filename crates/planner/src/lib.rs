//! What follows from a design, without asking anyone.
//!
//! - [`mend`] says what a program can repair in a declared design: subnets of the wrong size or in use
//!   elsewhere, swapped addresses, a missing second session, VLAN ids used twice, AS numbers that Microsoft
//!   keeps for itself. Each [`Mend`] names places and new values; `design` writes them.
//! - [`free_blocks`] and [`free_asn`] choose what a new design can use.
//!
//! The room is pure, and a choice depends on nothing but the design and the catalogue: asked twice it gives
//! the same, and asked of a mended design it gives nothing.

mod asns;
mod links;
mod mend;
mod shared;
mod space;
mod vlans;

pub use asns::free_asn;
pub use mend::{Mend, mend};
pub use space::free_blocks;
