//! BGP messages: bytes to values and back.
//!
//! The way of a received byte:
//!
//! 1. [`frame()`] takes a message off the buffer and checks its header.
//! 2. [`Message::read`] reads what the message can be read without a session: [`Open`] with its
//!    [`Capability`] list, [`Notification`], [`RouteRefresh`]. An [`Update`] is only cut into its fields.
//! 3. [`Session::agreed`] makes of two OPENs the [`Session`] that the meaning of further bytes depends on.
//! 4. [`Update::read`] reads routes ([`Nlri`]) and [`Attributes`] where they lie and judges them by RFC 7606;
//!    [`Update::plain`] is the short way for attributes that are known already, and [`Judged::read`] reads
//!    such attributes again.
//!
//! What a peer does wrong is a value: an [`AttributeFault`] with its [`Action`] when the session goes on, a
//! [`Fault`] when it ends, and [`Fault::notification`] tells the peer.
//!
//! The way back: an [`AttributeSet`] is written once to a [`Template`], and [`announce4`] and its kin pack it
//! with as many routes as a message holds, with each session's own next hop put in.
//!
//! Numbers are in [`iana`]. The room is pure: no socket, no clock, no log. No length from the network is
//! believed before it is held against the bytes that are there, and nothing is allocated by one.

mod attribute;
mod capability;
mod fault;
mod frame;
pub mod iana;
mod keepalive;
mod message;
mod nlri;
mod notification;
mod open;
mod pack;
mod plain;
mod prefix;
mod reader;
mod route_refresh;
mod session;
mod update;

pub use attribute::{
    Action, Aggregator, AsPath, Asns, AttributeFault, AttributeFaults, AttributeSet, Attributes, ExtendedCommunity,
    Item, LargeCommunity, List, NextHop, NextHop6, Origin, OtherAttribute, PathSegment, Problem, RawAttribute, Reach,
    Segment, SegmentKind, Segments, Template, TypeSet,
};
pub use capability::{
    AddPathEntry, AddPathMode, Capability, GracefulRestart, OtherCapability, RestartFamily, RestartTime, Role,
};
pub use fault::{Fault, OutOfRange, Oversize};
pub use frame::{EXTENDED_LIMIT, Frame, HEADER, Kind, STANDARD_LIMIT, frame};
pub use keepalive::KEEPALIVE;
pub use message::Message;
pub use nlri::{Nlri, PathId, Routes, Walk};
pub use notification::{Cause, Notification, ShutdownText};
pub use open::{HoldTime, Open, RouterId};
pub use pack::{announce4, announce6, end_of_rib, withdraw4, withdraw6};
pub use plain::{Announced, AttributeBytes, Judged, Plain};
pub use prefix::{OtherFamily, Prefix4, Prefix6, WirePrefix};
pub use route_refresh::{RefreshKind, RouteRefresh};
pub use session::{AfiSafi, AttributeClass, Families, Neighbor, Session};
pub use update::{Reading, Update};
