//! Routing tables, the decision, export and ExpressRoute's policy.
//!
//! A [`Rib`] holds all routing domains of one worker; nothing in it is shared with another. Its owner tells it of sessions
//! that come [up](Rib::up) and go [down](Rib::down) and hands it their [UPDATEs](Rib::update); [`Rib::drain_ready`] names
//! the peers that have something to be told, and [`Rib::export`] writes it.
//!
//! The way of a route:
//!
//! 1. `update` looks the attributes up among those that the session has brought before (`intern`). New ones are read and
//!    judged once, by the rules of BGP and by [`policy`] (`judge`), and kept with what came of it.
//! 2. The route goes into the `table` of its domain and family: a `slot` of 16 bytes, or a block of paths where a prefix
//!    has several, of which the `decision` picks the best. What is refused stays as well, so that another policy can take it.
//! 3. When the best path is another one than before, the table's `log` says so. There is no copy of what a peer was told:
//!    each peer has a place in the log.
//! 4. `export` collects what is behind that place, groups it by attributes, asks the export policy once for each group and
//!    packs UPDATEs.
//! 5. Where packets follow the table as well ([`Rib::forward`]), [`Rib::forwarding`] tells the next hops of what changed.
//!
//! [`Rib::routes`], [`Rib::why`] and their kin answer people (`question`).

mod arena;
mod chunks;
mod decision;
mod domain;
mod export;
mod forward;
mod hash;
mod id;
mod index;
mod intern;
mod judge;
mod key;
mod log;
#[cfg(test)]
mod naive;
mod peer;
pub mod policy;
mod question;
mod reader;
mod rib;
mod slot;
mod table;
mod update;

pub use decision::Step;
pub use forward::MOST_HOPS;
pub use id::{DomainId, FeedId, PeerId};
pub use judge::Refusal;
pub use peer::PeerConfig;
pub use question::{Counts, FamilyCounts, Memory, PathState, RouteFilter, RouteView, Why};
pub use rib::Rib;
pub use update::{AttributeNote, LimitReached, Taken};
