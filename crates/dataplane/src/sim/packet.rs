//! What becomes of one packet.

use super::{Domain, SimDataPlane};
use crate::{DomainId, IfHandle, Member, NatPolicy, QosPolicy, Result};
use ipnet::IpNet;
use model::Dscp;
use std::net::IpAddr;
use std::time::Duration;

/// A packet that a domain forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// Its source and port.
    pub from: (IpAddr, u16),
    /// Its destination and port.
    pub to: (IpAddr, u16),
    /// Its mark.
    pub dscp: Dscp,
    /// Its length.
    pub bytes: u32,
}

/// Where a packet went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Out of an interface, to a router, and what it looked like then.
    Sent {
        /// By which member of its group.
        by: Member,
        /// The packet as it left.
        packet: Packet,
    },
    /// Nowhere.
    Dropped(Refusal),
}

/// Why a packet was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No route, or no link of its group runs.
    NoRoute,
    /// A private source at the outside.
    PrivateSource,
    /// The pool has no room.
    PoolExhausted,
    /// The rate has no room.
    Rate,
}

/// What a rate has left, at the time of its last packet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    /// Nanobits: so nothing is rounded away. `None` before the first packet, when it is full.
    left: Option<u128>,
    at: Duration,
}

const NANO: u128 = 1_000_000_000;

impl Bucket {
    /// Whether there is room for so many bytes; takes it.
    fn take(&mut self, now: Duration, bps: u64, burst_ms: u32, bytes: u32) -> bool {
        let full = (u128::from(bps) * u128::from(burst_ms.max(1)) * NANO / 1000).max(1514 * 8 * NANO);
        let since = now.saturating_sub(self.at).as_nanos() * u128::from(bps);
        let left = self.left.map_or(full, |left| (left + since).min(full));
        let wanted = u128::from(bytes) * 8 * NANO;
        (self.left, self.at) = (Some(left.saturating_sub(if left >= wanted { wanted } else { 0 })), now);
        left >= wanted
    }
}

impl SimDataPlane {
    /// Forwards a packet at a time that never goes back.
    ///
    /// # Errors
    ///
    /// There is no such domain.
    pub fn send(&self, id: DomainId, packet: Packet, now: Duration) -> Result<Fate> {
        let ways = self.lookup(id, packet.to.0)?;
        let mut state = self.state();
        let domain = state.domain(id)?;
        let Some(by) = pick(&ways, &packet) else { return Ok(Fate::Dropped(Refusal::NoRoute)) };
        let mut packet = packet;
        let handle = by.interface;
        if let Some(policy) = domain.nat.clone().filter(|policy| policy.outside == handle) {
            match translate(domain, &policy, &mut packet) {
                Ok(()) => {}
                Err((refusal, counter)) => {
                    domain.count(counter, None, 0);
                    return Ok(Fate::Dropped(refusal));
                }
            }
        }
        let Some(interface) = domain.interfaces.get_mut(&handle.index) else {
            return Ok(Fate::Dropped(Refusal::NoRoute));
        };
        let mut class = None;
        let mut rewritten = false;
        if let Some(qos) = &interface.qos {
            let place = class_of(qos, packet.dscp);
            class = qos.classes.get(place).map(|class| format!("class-{}", class.name));
            let known =
                packet.dscp == Dscp::DEFAULT || qos.classes.iter().any(|each| each.marks.contains(&packet.dscp));
            rewritten = qos.rewrite_others && !known;
        }
        if rewritten {
            packet.dscp = Dscp::DEFAULT;
        }
        let room = interface.rate.is_none_or(|rate| interface.bucket.take(now, rate.bps, rate.burst_ms, packet.bytes));
        if rewritten {
            domain.count("dscp-rewritten", Some(handle), packet.bytes);
        }
        if let Some(mut class) = class {
            if !room {
                class.push_str("-dropped");
            }
            let sum = domain.classes.entry((handle.index, class)).or_default();
            *sum = (sum.0 + 1, sum.1 + u64::from(packet.bytes));
        }
        domain.count(if room { "out" } else { "out-dropped" }, Some(handle), packet.bytes);
        Ok(if room { Fate::Sent { by, packet } } else { Fate::Dropped(Refusal::Rate) })
    }
}

impl Domain {
    fn count(&mut self, name: &'static str, interface: Option<IfHandle>, bytes: u32) {
        let sum = self.counts.entry((name, interface.map(|handle| handle.index))).or_default();
        *sum = (sum.0 + 1, sum.1 + u64::from(bytes));
    }
}

/// The member of a flow, by weight: the same for the same flow while the members are the same.
fn pick(ways: &[Member], packet: &Packet) -> Option<Member> {
    let total: u64 = ways.iter().map(|member| u64::from(member.weight.max(1))).sum();
    let mut place = hash(&[&bytes(packet.from), &bytes(packet.to)]).checked_rem(total)?;
    ways.iter().copied().find(|member| {
        let weight = u64::from(member.weight.max(1));
        let here = place < weight;
        place = place.saturating_sub(weight);
        here
    })
}

fn bytes((address, port): (IpAddr, u16)) -> Vec<u8> {
    let mut bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes.extend(port.to_be_bytes());
    bytes
}

/// FNV-1a, 64 bits, mixed so that its low bits are as good as the others.
fn hash(parts: &[&[u8]]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = parts.iter().copied().flatten().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ (hash >> 29)
}

fn class_of(qos: &QosPolicy, dscp: Dscp) -> usize {
    let of = qos.classes.iter().position(|class| class.marks.contains(&dscp));
    of.unwrap_or(qos.classes.len().saturating_sub(1))
}

/// RFC 1918, RFC 6598; RFC 4193.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64),
        IpAddr::V6(v6) => v6.octets()[0] & 0xfe == 0xfc,
    }
}

/// Translates the source, or says why the packet is refused and under which counter.
fn translate(
    domain: &mut Domain,
    policy: &NatPolicy,
    packet: &mut Packet,
) -> std::result::Result<(), (Refusal, &'static str)> {
    let source = packet.from.0;
    let flow = (source, packet.from.1, packet.to.0, packet.to.1);
    if let Some(known) = domain.flows.get(&flow) {
        packet.from = *known;
        return Ok(());
    }
    let translated = if let Some(pair) = policy.one_to_one.iter().find(|pair| pair.inside == source) {
        Some((pair.public, packet.from.1))
    } else if policy.inside.iter().any(|net: &IpNet| net.contains(&source)) {
        match policy.pool.iter().find(|pool| pool.start().is_ipv4() == source.is_ipv4()) {
            Some(pool) => {
                let address = in_pool(pool, source);
                let ports = policy.ports.clone().unwrap_or(1024..=65535);
                let taken = |port: &u16| {
                    let to = packet.to;
                    let other =
                        domain.flows.iter().find(|(flow, given)| **given == (address, *port) && (flow.2, flow.3) == to);
                    other.is_some()
                };
                let own = Some(packet.from.1).filter(|port| ports.contains(port) && !taken(port));
                let port = own.or_else(|| ports.clone().find(|port| !taken(port)));
                Some((address, port.ok_or((Refusal::PoolExhausted, "nat-exhausted"))?))
            }
            None => None,
        }
    } else {
        None
    };
    if let Some(given) = translated {
        domain.flows.insert(flow, given);
        domain.count("nat-translated", None, 0);
        packet.from = given;
    }
    match policy.refuse_private && is_private(packet.from.0) {
        true => Err((Refusal::PrivateSource, "nat-private-refused")),
        false => Ok(()),
    }
}

/// The address of a client: always the same one.
fn in_pool(pool: &std::ops::RangeInclusive<IpAddr>, client: IpAddr) -> IpAddr {
    let place = hash(&[&bytes((client, 0))]);
    match (pool.start(), pool.end()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let count = u64::from(last.to_bits() - first.to_bits()) + 1;
            IpAddr::V4((first.to_bits() + u32::try_from(place % count).unwrap_or(0)).into())
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let count = (last.to_bits() - first.to_bits()).saturating_add(1);
            IpAddr::V6((first.to_bits() + u128::from(place) % count).into())
        }
        _ => client,
    }
}
