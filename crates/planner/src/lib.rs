//! What follows from a design, without asking anyone.
//!
//! - [`mend`] says what a program can repair in a declared design: subnets of the wrong size or in use
//!   elsewhere, swapped addresses, a missing second session, VLAN ids used twice, AS numbers that Microsoft
//!   keeps for itself. Each [`Mend`] names places and new values; `design` writes them.
//! - [`plan`] says what follows from a design as a whole: every address, tag, AS number and session, what was chosen
//!   and what is missing.
//! - [`router::config`] writes that down for a router, in the language of its daemon.
//! - [`Timeline`] lays its steps out in time, and [`files`] gives everything that it writes.
//! - [`free_blocks`] and [`free_asn`] choose what a new design can use.
//!
//! The room is pure, and a choice depends on nothing but the design and the catalogue: asked twice it gives
//! the same, and asked of a mended design it gives nothing.

mod asns;
mod files;
mod links;
mod mend;
mod name;
mod nat;
mod order;
mod peerings;
mod plan;
mod qos;
pub mod report;
pub mod router;
mod routers;
mod shared;
mod space;
mod steps;
mod timeline;
mod vlans;
mod vnets;

pub use asns::free_asn;
pub use files::files;
pub use mend::{Mend, mend};
pub use nat::{NatPlan, PoolPlan, Published, nat_rules};
pub use plan::{
    Choice, CircuitPlan, Ends, FilterEntry, Missing, Origin, Outer, Owner, PeeringPlan, Placed, Plan, Planned,
    PortPlan, Router, Session, plan,
};
pub use qos::{Class, Mark};
pub use routers::{is_managed, provider_routers};
pub use space::free_blocks;
pub use steps::{Lead, Step};
pub use timeline::Timeline;
pub use vnets::VnetPlan;
