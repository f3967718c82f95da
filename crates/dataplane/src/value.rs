//! The values of the trait: domains, ports, hops, routes, events.

use ipnet::IpNet;
use model::VlanId;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A routing domain: a peering of a circuit, or a VNet. The number is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub u32);

impl fmt::Display for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "domain {}", self.0)
    }
}

/// What a domain is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainSpec {
    /// Its name. On Linux its namespace has that name, and whoever opens the data plane again finds it by that.
    pub name: String,
}

/// A port of the machine: where circuits come in, or the way to the cloud. The number is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(pub u32);

impl fmt::Display for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {}", self.0)
    }
}

/// What tells the packets of a domain from others on the same port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tag {
    /// Nothing: the whole port is the domain's.
    Untagged,
    /// One tag (802.1Q).
    C(VlanId),
    /// The circuit's tag (802.1ad) outside, the peering's (802.1Q) inside.
    SC(VlanId, VlanId),
    /// A VXLAN network, its packets between the port's address and one other.
    Vni {
        /// The number of the network, 24 bits.
        vni: u32,
        /// The address of the other end in the underlay.
        remote: IpAddr,
    },
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untagged => f.write_str("untagged"),
            Self::C(c) => write!(f, "vlan {c}"),
            Self::SC(s, c) => write!(f, "vlan {s}.{c}"),
            Self::Vni { vni, remote } => write!(f, "vni {vni} to {remote}"),
        }
    }
}

/// An interface of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfHandle {
    /// Whose it is.
    pub domain: DomainId,
    /// Its index in the domain.
    pub index: u32,
}

/// A next-hop group of a domain. The number is the caller's, one for each *set* of next hops, shared by all prefixes
/// with these hops (spec 09, 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "group {}", self.0)
    }
}

/// A next hop of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// The router; one that is on a link of the interface.
    pub gateway: IpAddr,
    /// Where it is.
    pub interface: IfHandle,
    /// Its share of the flows, 1 to 255.
    pub weight: u8,
}

/// A change of one route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteOp {
    /// The prefix goes to the group, wherever it went before.
    Put(IpNet, GroupId),
    /// The prefix is not forwarded. That it was not is no error.
    Del(IpNet),
}

impl RouteOp {
    /// Which prefix it is about.
    pub fn prefix(&self) -> IpNet {
        match self {
            Self::Put(prefix, _) | Self::Del(prefix) => *prefix,
        }
    }
}

/// How a batch went. The routes that are not among the refused are as they were asked to be.
#[derive(Debug, Default)]
pub struct BatchReport {
    /// Changes done.
    pub done: usize,
    /// Changes that the kernel refused, and why.
    pub refused: Vec<Refused>,
}

/// A change of a route that was refused.
#[derive(Debug)]
pub struct Refused {
    /// Which.
    pub prefix: IpNet,
    /// The kernel's answer.
    pub why: String,
}

/// All that a domain shall forward by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteTable {
    /// The members of each group.
    pub groups: BTreeMap<GroupId, Vec<Member>>,
    /// The group of each prefix.
    pub routes: BTreeMap<IpNet, GroupId>,
}

/// What a resync had to mend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// Groups that were set.
    pub groups_set: usize,
    /// Groups that nobody wants any more.
    pub groups_removed: usize,
    /// Routes that were missing or went elsewhere.
    pub routes_put: usize,
    /// Routes that nobody wants any more.
    pub routes_removed: usize,
}

impl Diff {
    /// Whether all was as it should be.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Something that happened in the data plane, and that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DpEvent {
    /// A link has its carrier and is up. Its next hops are set again by the data plane itself.
    LinkUp(IfHandle),
    /// A link lost its carrier, or was taken down. Its next hops are gone from their groups.
    LinkDown(IfHandle),
    /// An interface is there no more.
    LinkGone(IfHandle),
    /// A group has lost members; these are left.
    NexthopGone {
        /// Whose.
        domain: DomainId,
        /// Which group.
        group: GroupId,
        /// How many members still forward.
        left: usize,
    },
    /// A route of ours was taken away by somebody else.
    RouteGone {
        /// Whose.
        domain: DomainId,
        /// Which.
        prefix: IpNet,
    },
    /// Events were lost: [`resync`](crate::DataPlane::resync) the domain.
    Overrun(DomainId),
}

/// Which counters to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterSel {
    /// All of a domain.
    Domain(DomainId),
    /// Those of one interface.
    Interface(IfHandle),
    /// Those of a port, its frames of unknown tags among them.
    Port(PortId),
}

/// A counter. It starts at zero with what it counts and never goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// What is counted, in words of a fixed list: `in`, `out`, `in-dropped`, `out-dropped`, `unknown-tag`, `tag-dropped`,
    /// `nat-translated`, `nat-private-refused`, `nat-exhausted`, `nat-inbound-refused`, `dscp-rewritten`, `class-<name>`,
    /// `class-<name>-dropped`.
    pub name: String,
    /// The interface it belongs to, if it belongs to one.
    pub interface: Option<IfHandle>,
    /// Packets, or flows where the name says translated.
    pub packets: u64,
    /// Bytes; 0 where they are not counted.
    pub bytes: u64,
}

/// A neighbour on a link, as the ARP table of a circuit shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArpEntry {
    /// Its address.
    pub address: IpAddr,
    /// Its hardware address; `None` while it is not known.
    pub mac: Option<[u8; 6]>,
    /// Seconds since it was last confirmed.
    pub age: u64,
    /// Whether the address is our own.
    pub ours: bool,
}
