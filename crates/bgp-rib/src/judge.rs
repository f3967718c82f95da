//! What is made of attributes: taken, rewritten or refused.
//!
//! Everything here depends on the attributes and on the session that brought them and on nothing else, so that it
//! is asked once for each different set of attributes of a session and remembered with it.

use crate::PeerConfig;
use crate::decision::Summary;
use crate::policy::{Judgement, Reason};
use bgp_wire::{AttributeSet, Attributes, Neighbor, NextHop};
use model::{Asn, Prefix};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// Why a route is held and not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Our own AS is in the path (RFC 4271, section 9.1.2).
    OwnAs(Asn),
    /// The path does not begin with the AS of the external peer (RFC 4271, section 6.3).
    FirstAs {
        /// The AS of the peer.
        peer: Asn,
        /// What the path begins with; `None` for an empty path or a set.
        first: Option<Asn>,
    },
    /// The next hop is our own address (RFC 4271, section 5.1.3).
    OwnNextHop(IpAddr),
    /// The next hop is not on the common link (RFC 4271, section 5.1.3).
    FarNextHop(IpAddr),
    /// ORIGINATOR_ID is our own router id (RFC 4456, section 8).
    OwnOriginatorId(Ipv4Addr),
    /// Our own router id is in CLUSTER_LIST (RFC 4456, section 8).
    OwnClusterId(Ipv4Addr),
    /// The policy refuses it.
    Policy(Reason),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnAs(asn) => write!(f, "our own AS {asn} is in the path"),
            Self::FirstAs { peer, first: Some(first) } => write!(f, "the path begins with AS {first}, not {peer}"),
            Self::FirstAs { peer, first: None } => write!(f, "the path does not begin with AS {peer}"),
            Self::OwnNextHop(address) => write!(f, "the next hop {address} is our own address"),
            Self::FarNextHop(address) => write!(f, "the next hop {address} is not on the common link"),
            Self::OwnOriginatorId(id) => write!(f, "ORIGINATOR_ID {id} is our own router id"),
            Self::OwnClusterId(id) => write!(f, "our own router id {id} is in CLUSTER_LIST"),
            Self::Policy(reason) => reason.fmt(f),
        }
    }
}

/// What is made of attributes.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Taken as they are.
    Taken,
    /// Taken, and replaced by these.
    Rewritten(Box<AttributeSet>),
    Refused(Box<Refusal>),
}

/// A verdict with all that is remembered beside it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) summary: Summary,
    /// Malformed attributes that were left out.
    pub(crate) faults: u8,
}

/// Judges attributes of a peer. The next hop is that of MP_REACH_NLRI, if the routes were there.
pub(crate) fn judge(
    config: &PeerConfig,
    neighbor: Neighbor,
    next_hop: Option<NextHop>,
    attributes: &Attributes<'_>,
) -> Judged {
    let faults = u8::try_from(attributes.faults.count()).unwrap_or(u8::MAX);
    let summary = Summary::received(attributes, neighbor, 0);
    if let Some(refusal) = refuse(config, neighbor, next_hop, attributes) {
        return Judged { verdict: Verdict::Refused(Box::new(refusal)), summary, faults };
    }
    match config.import.attributes(attributes) {
        Judgement::Reject(reason) => {
            Judged { verdict: Verdict::Refused(Box::new(Refusal::Policy(reason))), summary, faults }
        }
        Judgement::Accept { rewritten: None, weight } => {
            Judged { verdict: Verdict::Taken, summary: summary.weighing(weight), faults }
        }
        Judgement::Accept { rewritten: Some(set), weight } => {
            let summary = summary.weighing(weight).rewritten(&set);
            Judged { verdict: Verdict::Rewritten(set), summary, faults }
        }
    }
}

/// The weight of our own routes: a peer that announces the same does not take them over.
pub(crate) const LOCAL_WEIGHT: u16 = 32768;

/// Our own routes are taken as they are.
pub(crate) fn judge_local(attributes: &Attributes<'_>) -> Judged {
    let summary = Summary::received(attributes, Neighbor::External, LOCAL_WEIGHT);
    Judged { verdict: Verdict::Taken, summary, faults: 0 }
}

fn refuse(
    config: &PeerConfig,
    neighbor: Neighbor,
    next_hop: Option<NextHop>,
    attributes: &Attributes<'_>,
) -> Option<Refusal> {
    let path = attributes.as_path?;
    match neighbor {
        Neighbor::External => {
            let first = path.first_as();
            if config.enforce_first_as && first != Some(config.asn) {
                return Some(Refusal::FirstAs { peer: config.asn, first });
            }
        }
        Neighbor::Internal => {
            let own = config.router_id;
            if attributes.originator_id == Some(own) {
                return Some(Refusal::OwnOriginatorId(own));
            }
            if attributes.cluster_list.contains(&own) {
                return Some(Refusal::OwnClusterId(own));
            }
        }
    }
    if path.contains(config.local_as) {
        return Some(Refusal::OwnAs(config.local_as));
    }
    match next_hop.or(attributes.next_hop.map(NextHop::V4))? {
        NextHop::V4(address) => refuse_next_hop(config, neighbor, IpAddr::V4(address)),
        // The address of the link, where there is one, is the one that packets go to.
        NextHop::V6(hop) => match hop.link_local {
            Some(address) if Some(address) == config.link_local => Some(Refusal::OwnNextHop(address.into())),
            Some(_) => None,
            None => refuse_next_hop(config, neighbor, IpAddr::V6(hop.global)),
        },
    }
}

fn refuse_next_hop(config: &PeerConfig, neighbor: Neighbor, address: IpAddr) -> Option<Refusal> {
    let ours = [config.next_hop4.map(IpAddr::V4), config.next_hop6.map(IpAddr::V6), config.link_local.map(IpAddr::V6)];
    if ours.contains(&Some(address)) {
        return Some(Refusal::OwnNextHop(address));
    }
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    if neighbor == Neighbor::Internal || link_local {
        return None;
    }
    let mut subnets = config.connected.iter().filter(|subnet| same_family(subnet, address)).peekable();
    let far = subnets.peek().is_some() && !subnets.any(|subnet| subnet.contains(address));
    far.then_some(Refusal::FarNextHop(address))
}

fn same_family(subnet: &Prefix, address: IpAddr) -> bool {
    subnet.network().is_ipv4() == address.is_ipv4()
}
