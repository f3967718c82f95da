//! The model: what an ExpressRoute design says, as values that cannot be illegal.
//!
//! Three chapters:
//!
//! - **Values**: [`Asn`], [`VlanId`], [`Prefix`], [`Bandwidth`], [`Sku`], [`Date`] and their kin.
//!   Each is a [`Value`]: it parses from the text a person writes, says what it expected when it
//!   cannot, and prints back the same text.
//! - **Facts**: a [`Fact`] is what is known of one value, by rank of evidence: declared in a
//!   design, ordered from the control plane, measured on the live network. Live outranks ordered,
//!   ordered outranks declared, and every statement keeps its [`Place`].
//! - **The tree**: [`Design`] with its circuits, peerings, links, sites, VNets and all that the
//!   checklist asks about. It is made of records (see [`record!`]) whose leaves are facts.
//!
//! The room is pure: no files, no clock, no sockets.

mod asn;
mod attestation;
mod bandwidth;
mod bfd;
mod community;
mod date;
mod dscp;
mod edit;
mod fact;
mod name;
mod pair;
mod port;
mod prefix;
#[macro_use]
mod record;
mod route;
mod sku;
mod tree;
mod value;
mod vlan;
mod words;

pub use asn::Asn;
pub use attestation::Attestation;
pub use bandwidth::Bandwidth;
pub use bfd::Bfd;
pub use community::{Community, CommunityRef};
pub use date::Date;
pub use dscp::Dscp;
pub use edit::{Edit, Written};
pub use fact::{Fact, Item, List, Place, Rank, Source, SourceId, Sources, Stated};
pub use name::{Guid, Name};
pub use pair::{Family, LinkRole, Pair};
pub use port::Port;
pub use prefix::Prefix;
pub use record::{Field, Reader, Record, Visitor};
pub use route::Route;
pub use sku::Sku;
pub use tree::*;
pub use value::{Shape, Value, ValueError};
pub use vlan::VlanId;
pub use words::*;
