//! A peer as the tables see it.

use crate::id::{DomainId, FeedId};
use crate::policy::{Export, Import};
use crate::slot::{Local, NOBODY};
use crate::table::Removed;
use bgp_wire::{Neighbor, Session};
use model::{Asn, Family, Prefix};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is configured of a peer.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// Its address; the last to break a tie.
    pub address: IpAddr,
    /// Its AS.
    pub asn: Asn,
    /// Our AS towards it.
    pub local_as: Asn,
    /// Our router id; a route that an internal peer sends back to us is known by it (RFC 4456, section 8).
    pub router_id: Ipv4Addr,
    /// Our address that it is told as next hop of IPv4 routes. Without one it is sent none.
    pub next_hop4: Option<Ipv4Addr>,
    /// Our address that it is told as next hop of IPv6 routes. Without one it is sent none.
    pub next_hop6: Option<Ipv6Addr>,
    /// Our link-local address on the common link, told beside `next_hop6` (RFC 2545).
    pub link_local: Option<Ipv6Addr>,
    /// The subnets of the common link. When there are any of a family, a next hop from an external peer has
    /// to be in one of them (RFC 4271, section 5.1.3).
    pub connected: Vec<Prefix>,
    /// A path has to begin with the AS of the peer, if it is an external one (RFC 4271, section 6.3).
    pub enforce_first_as: bool,
    /// What is taken from it.
    pub import: Import,
    /// What it is told; `None` for nothing.
    pub export: Option<Export>,
    /// How many IPv4 prefixes to expect: room is made for them when the session comes up.
    pub reserve: usize,
    /// From so many different attribute sets on, [`Taken::crowded`](crate::Taken::crowded) says so; 0 for never.
    pub attribute_sets: u32,
}

impl PeerConfig {
    /// A peer that is told and taken all.
    pub fn new(address: IpAddr, asn: Asn, local_as: Asn) -> Self {
        Self {
            address,
            asn,
            local_as,
            router_id: Ipv4Addr::UNSPECIFIED,
            next_hop4: None,
            next_hop6: None,
            link_local: None,
            connected: Vec::new(),
            enforce_first_as: true,
            import: Import::open(),
            export: Some(Export::open(local_as, if asn == local_as { Neighbor::Internal } else { Neighbor::External })),
            reserve: 0,
            attribute_sets: 0,
        }
    }
}

/// A peer and how far it has come.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) domain: DomainId,
    /// Its index within the domain.
    pub(crate) local: Local,
    pub(crate) config: PeerConfig,
    /// While the session is up.
    pub(crate) session: Option<Session>,
    /// Paths held, by family.
    pub(crate) received: [u32; 2],
    /// Of these, usable.
    pub(crate) accepted: [u32; 2],
    /// What it is told beside its domain's routes.
    pub(crate) feeds: Vec<FeedId>,
    /// What it is told, by family.
    pub(crate) out: [Out; 2],
    /// IPv6 goes first at its next turn, so that neither family waits for the other.
    pub(crate) v6_first: bool,
    /// It is on the list of those that have something to be told.
    pub(crate) listed: bool,
}

/// How far a peer has been told of a family.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// Its reader of the domain's table; none when it is told nothing.
    pub(crate) reader: Option<usize>,
    /// Its readers of the feeds.
    pub(crate) feeds: Vec<(FeedId, usize)>,
    /// BoRR goes before all else.
    pub(crate) begin: bool,
    /// What comes at the end of the walk.
    pub(crate) end: End,
    /// Another BoRR, when the first walk has ended.
    pub(crate) again: bool,
}

/// What the end of a walk is marked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum End {
    #[default]
    Unmarked,
    /// End-of-RIB (RFC 4724).
    OfRib,
    /// EoRR (RFC 7313).
    OfRefresh,
}

impl Peer {
    pub(crate) fn new(domain: DomainId, config: PeerConfig) -> Self {
        Self {
            domain,
            local: NOBODY,
            config,
            session: None,
            received: [0; 2],
            accepted: [0; 2],
            feeds: Vec::new(),
            out: Default::default(),
            v6_first: false,
            listed: false,
        }
    }

    /// Counts paths that were removed.
    pub(crate) fn removed(&mut self, family: Family, removed: Removed) {
        self.received[family as usize] -= removed.paths;
        self.accepted[family as usize] -= removed.usable;
    }

    /// Whether it has a next hop for routes of the family.
    pub(crate) fn has_next_hop(&self, family: Family) -> bool {
        match family {
            Family::V4 => self.config.next_hop4.is_some(),
            Family::V6 => self.config.next_hop6.is_some(),
        }
    }
}
