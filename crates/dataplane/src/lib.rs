//! The data plane: what shall be forwarded, and the kernel that forwards it.
//!
//! A **routing domain** is one peering of a circuit, or one VNet. It has interfaces, a table of routes and services on
//! the way of a packet; domains never see each other's. The caller says what it wants, [`DataPlane`] brings it about and
//! tells what happened; every call may be repeated.
//!
//! - [`DataPlane`]: the trait, with [`DomainSpec`], [`Tag`], [`Member`], [`RouteOp`], [`NatPolicy`], [`QosPolicy`],
//!   [`RatePolicy`], [`DpEvent`] and [`Caps`].
//! - [`sim`]: the same in memory, for tests and for machines without rights.
//! - [`linux`]: a network namespace for each domain, by netlink, nftables and traffic control. Its parts are usable by
//!   themselves: [`linux::Net`] is a namespace and the means to set it up.
//!
//! Errors name what is missing: [`Error::Missing`] says which capability the machine lacks.

mod caps;
mod error;
pub mod linux;
mod plane;
mod policy;
pub mod sim;
mod value;

pub use caps::{Capability, Caps, QinqBackend, QosBackend, Reason};
pub use error::{Error, Result};
pub use plane::{Backend, DataPlane};
pub use policy::{NatPolicy, OneToOne, Opening, QosPolicy, RateKind, RatePolicy, TrafficClass};
pub use value::{
    ArpEntry, BatchReport, Counter, CounterSel, Diff, DomainId, DomainSpec, DpEvent, GroupId, IfHandle, Member, PortId,
    Refused, RouteOp, RouteTable, Tag,
};
