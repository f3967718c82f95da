//! Services on the way of a packet: whole desired state, applied at once.

use crate::{Error, IfHandle, Result};
use ipnet::IpNet;
use model::Dscp;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Translation at one interface of a domain, the *outside* (spec 09, 7). Everything is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatPolicy {
    /// The outside: sources are translated on the way out of it.
    pub outside: IfHandle,
    /// Sources that are translated: those of the inside.
    pub inside: Vec<IpNet>,
    /// Public addresses, each client always on one of them. Addresses in order; empty for no pool.
    pub pool: Vec<RangeInclusive<IpAddr>>,
    /// Ports of the pool's addresses, for TCP and UDP. `None` for 1024 to 65535.
    pub ports: Option<RangeInclusive<u16>>,
    /// Addresses translated one to one, both ways.
    pub one_to_one: Vec<OneToOne>,
    /// What may be opened from the outside. Nothing else may, unless nothing is translated at all.
    pub openings: Vec<Opening>,
    /// Whether packets with a private source (RFC 1918, RFC 6598, RFC 4193) are refused at the outside, in both
    /// directions, where no translation takes the source away.
    pub refuse_private: bool,
}

impl NatPolicy {
    /// Whether the policy contradicts itself.
    ///
    /// # Errors
    ///
    /// Where it does, in words.
    pub fn check(&self) -> Result<()> {
        let invalid = |text: String| Err(Error::Invalid(text));
        for v4 in [true, false] {
            if self.pool.iter().filter(|pool| pool.start().is_ipv4() == v4).count() > 1 {
                return invalid("a pool is one range of addresses for each family".to_owned());
            }
        }
        let broken = |pool: &&RangeInclusive<IpAddr>| pool.start().is_ipv4() != pool.end().is_ipv4() || pool.is_empty();
        if let Some(pool) = self.pool.iter().find(broken) {
            return invalid(format!("{}-{} is no range of addresses", pool.start(), pool.end()));
        }
        if let Some(pair) = self.one_to_one.iter().find(|pair| pair.public.is_ipv4() != pair.inside.is_ipv4()) {
            return invalid(format!("{} and {} are of two families", pair.public, pair.inside));
        }
        match self.ports.as_ref().filter(|ports| ports.is_empty()) {
            Some(ports) => invalid(format!("{}-{} is no range of ports", ports.start(), ports.end())),
            None => Ok(()),
        }
    }

    /// Whether it has anything to translate; if not, it refuses private sources at most, and flows are not followed.
    pub fn translates(&self) -> bool {
        !(self.pool.is_empty() && self.one_to_one.is_empty() && self.openings.is_empty())
    }
}

/// One address for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneToOne {
    /// The public one.
    pub public: IpAddr,
    /// The one inside, of the same family.
    pub inside: IpAddr,
}

/// A service inside that may be reached from the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// The address inside.
    pub inside: IpAddr,
    /// The TCP port.
    pub port: u16,
}

/// Classes of an interface in the direction out of it. The classes share the rate of the interface's [`RatePolicy`];
/// without one they share the policy's own `bps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QosPolicy {
    /// Bits a second that the classes share where no rate is set.
    pub bps: u64,
    /// The classes, most urgent first. Packets of no class go to the last.
    pub classes: Vec<TrafficClass>,
    /// Whether a mark that belongs to no class is set to 0.
    pub rewrite_others: bool,
}

impl QosPolicy {
    /// Whether the policy contradicts itself.
    ///
    /// # Errors
    ///
    /// Where it does, in words.
    pub fn check(&self) -> Result<()> {
        let invalid = |text: String| Err(Error::Invalid(text));
        if self.classes.is_empty() || self.classes.len() > 15 {
            return invalid(format!("{} classes, and 1 to 15 can be", self.classes.len()));
        }
        let shares: u32 = self.classes.iter().map(|class| u32::from(class.share)).sum();
        if shares > 100 {
            return invalid(format!("the shares of the classes come to {shares} %"));
        }
        let mut marks = BTreeSet::new();
        let mut all = self.classes.iter().flat_map(|class| &class.marks);
        match all.find(|mark| !marks.insert(mark.number())) {
            Some(mark) => invalid(format!("dscp {} is in two classes", mark.number())),
            None => Ok(()),
        }
    }
}

/// A class: packets by their DSCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficClass {
    /// Such as `voice`.
    pub name: String,
    /// Marks that belong to it.
    pub marks: Vec<Dscp>,
    /// Share of the rate it has for sure, in percent.
    pub share: u8,
    /// Share of the rate it may rise to while others are idle, in percent.
    pub ceiling: u8,
    /// Milliseconds of the rate that may wait; `None` for a queue of few packets, as voice wants it.
    pub queue_ms: Option<u32>,
}

/// The rate of an interface, in the direction out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatePolicy {
    /// Bits a second.
    pub bps: u64,
    /// Milliseconds of the rate that may wait (shape), or pass at once (police).
    pub burst_ms: u32,
    /// What becomes of packets beyond the rate.
    pub kind: RateKind,
}

/// What becomes of packets beyond the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateKind {
    /// They wait, as long as there is room: 95 % of the rate for TCP (spec 09, 8).
    Shape,
    /// They are dropped at once.
    Police,
}
