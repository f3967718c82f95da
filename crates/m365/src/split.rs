//! The split: where each set, host and address goes, and why.
//!
//! A set goes over the circuit when its flag and the [`Policy`] allow it. Else Optimize and Allow go straight to the
//! Internet and Default goes as all other traffic, by the proxy. Of a host the most specific pattern speaks, of an
//! address the longest prefix, as in a routing table; when several sets list just that, the circuit carries it only if
//! each of them may take it. A port does not change the way, for routes and most PAC decisions know none; a port that no set
//! lists is blocked.

use crate::{Carried, Category, EndpointSet, Pattern, Policy, Protocol, Refusal, Snapshot};
use model::{Family, Prefix};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// Where traffic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Over the circuit.
    Circuit,
    /// Straight to the Internet.
    Internet,
    /// By the proxy, as all that nobody lists.
    Proxy,
    /// Nowhere.
    Blocked,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Circuit, Self::Internet, Self::Proxy, Self::Blocked];
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Circuit => "circuit",
            Self::Internet => "internet",
            Self::Proxy => "proxy",
            Self::Blocked => "blocked",
        })
    }
}

/// A way, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// Where it goes.
    pub way: Way,
    /// Why.
    pub why: Why,
    /// The category that counts.
    pub category: Option<Category>,
}

/// Why traffic goes where it goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The circuit carries it.
    Carried(Carried),
    /// It does not.
    Refused(Refusal),
    /// The sets that name it do not list the port.
    Port(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Carried(Carried { community, circuits }) if circuits.is_empty() => {
                write!(f, "supported over ExpressRoute, community {community}")
            }
            Self::Carried(Carried { community, circuits }) => {
                write!(f, "supported over ExpressRoute, planned, authorized, {community} on {}", circuits.join(", "))
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Port(ports) => write!(f, "no set that names it lists this port, only {ports}"),
        }
    }
}

/// The answer to a question for a host or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where it goes, and why.
    pub decision: Decision,
    /// The pattern or prefix that spoke.
    pub by: Option<String>,
    /// The sets that list it.
    pub sets: Vec<u32>,
}

/// A snapshot under a policy.
#[derive(Debug, Clone)]
pub struct Split {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The policy.
    pub policy: Policy,
    decisions: Vec<Decision>,
    hosts: BTreeMap<Pattern, Vec<usize>>,
    prefixes: BTreeMap<Prefix, Vec<usize>>,
}

impl Split {
    /// Splits a snapshot.
    pub fn new(snapshot: Snapshot, policy: Policy) -> Self {
        let decisions = snapshot.sets.iter().map(|set| decide(set, &policy)).collect();
        let mut hosts: BTreeMap<Pattern, Vec<usize>> = BTreeMap::new();
        let mut prefixes: BTreeMap<Prefix, Vec<usize>> = BTreeMap::new();
        for (index, set) in snapshot.sets.iter().enumerate() {
            for url in &set.urls {
                push(hosts.entry(url.clone()).or_default(), index);
            }
            for prefix in &set.ips {
                push(prefixes.entry(*prefix).or_default(), index);
            }
        }
        Self { snapshot, policy, decisions, hosts, prefixes }
    }

    /// Every set with its decision, by number.
    pub fn sets(&self) -> impl Iterator<Item = (&EndpointSet, &Decision)> {
        self.snapshot.sets.iter().zip(&self.decisions)
    }

    /// Every pattern with its decision.
    pub fn patterns(&self) -> impl Iterator<Item = (&Pattern, Decision)> {
        self.hosts.iter().map(|(pattern, sets)| (pattern, self.join(sets)))
    }

    /// Every prefix with its decision.
    pub fn prefixes(&self) -> impl Iterator<Item = (Prefix, Decision)> + '_ {
        self.prefixes.iter().map(|(prefix, sets)| (*prefix, self.join(sets)))
    }

    /// Where a host goes; on a port, if one is given.
    pub fn host(&self, host: &str, port: Option<(Protocol, u16)>) -> Answer {
        let host = crate::pattern::host(host);
        let fitting: Vec<(&Pattern, &Vec<usize>)> =
            self.hosts.iter().filter(|(pattern, _)| pattern.matches(&host)).collect();
        let Some(most) = fitting.iter().map(|(pattern, _)| pattern.weight()).max() else { return unlisted() };
        let speaking: Vec<_> = fitting.iter().filter(|(pattern, _)| pattern.weight() == most).collect();
        let mut sets: Vec<usize> = speaking.iter().flat_map(|(_, sets)| sets.iter().copied()).collect();
        sets.sort_unstable();
        sets.dedup();
        let by = speaking.first().map(|(pattern, _)| pattern.to_string());
        let all: Vec<usize> = fitting.iter().flat_map(|(_, sets)| sets.iter().copied()).collect();
        self.answer(sets, &all, by, port)
    }

    /// Where an address goes; on a port, if one is given.
    pub fn address(&self, address: IpAddr, port: Option<(Protocol, u16)>) -> Answer {
        let fitting = self.fitting(address);
        let Some((prefix, sets)) = fitting.first() else { return unlisted() };
        let all: Vec<usize> = fitting.iter().flat_map(|(_, sets)| sets.iter().copied()).collect();
        self.answer((*sets).clone(), &all, Some(prefix.to_string()), port)
    }

    /// The sets that list an address, by whatever prefix.
    pub(crate) fn listing(&self, address: IpAddr) -> Vec<u32> {
        let sets = self.fitting(address).into_iter().flat_map(|(_, sets)| sets);
        sets.map(|&index| self.snapshot.sets[index].id).collect()
    }

    /// The prefixes that hold an address, the longest first.
    fn fitting(&self, address: IpAddr) -> Vec<(Prefix, &Vec<usize>)> {
        let longest = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        (0..=longest)
            .rev()
            .filter_map(|length| Prefix::new(address, length))
            .filter_map(|prefix| Some((prefix, self.prefixes.get(&prefix)?)))
            .collect()
    }

    /// `speaking` decide the way; the port must be listed by one of `all` that fit.
    fn answer(&self, speaking: Vec<usize>, all: &[usize], by: Option<String>, port: Option<(Protocol, u16)>) -> Answer {
        let ids = |sets: &[usize]| sets.iter().map(|&index| self.snapshot.sets[index].id).collect();
        if let Some((protocol, port)) = port {
            let takes = |index: &&usize| self.snapshot.sets[**index].takes(protocol, port);
            if !all.iter().any(|index| takes(&index)) {
                let mut ports: Vec<String> = all.iter().map(|&index| self.snapshot.sets[index].ports()).collect();
                ports.sort();
                ports.dedup();
                let decision = Decision { way: Way::Blocked, why: Why::Port(ports.join(" or ")), category: None };
                return Answer { decision, by, sets: ids(&speaking) };
            }
            // Among the sets that speak, those of the port know more; where none lists it, the wider set only opens it.
            let listing: Vec<usize> = speaking.iter().filter(takes).copied().collect();
            if !listing.is_empty() && by.as_deref().is_some_and(|by| !by.contains('/')) {
                return Answer { decision: self.join(&listing), by, sets: ids(&listing) };
            }
        }
        Answer { decision: self.join(&speaking), by, sets: ids(&speaking) }
    }

    /// One decision for what several sets list: the circuit if each may take it, else the best
    /// category of those that may not.
    fn join(&self, sets: &[usize]) -> Decision {
        let decisions = || sets.iter().map(|&index| &self.decisions[index]);
        let refused = sets.iter().filter(|&&index| self.decisions[index].way != Way::Circuit);
        let Some(&first) = refused.min_by_key(|&&index| (self.decisions[index].category, index)) else {
            let first = decisions().next().cloned();
            return first.unwrap_or_else(|| unlisted().decision);
        };
        let decision = &self.decisions[first];
        let carried = decisions().any(|decision| decision.way == Way::Circuit);
        let why = match carried {
            true => Why::Refused(Refusal::Shared(self.snapshot.sets[first].id)),
            false => decision.why.clone(),
        };
        Decision { way: decision.way, why, category: decision.category }
    }

    /// The prefixes that the circuit carries: exactly its addresses, in as few prefixes as can be.
    pub fn circuit_prefixes(&self, family: Family) -> Vec<Prefix> {
        self.prefixes_of(Way::Circuit, family)
    }

    /// The addresses that go a way, in as few prefixes as can be, in order.
    pub fn prefixes_of(&self, way: Way, family: Family) -> Vec<Prefix> {
        let own = || self.prefixes().filter(|(prefix, _)| prefix.family() == family);
        let mut wanted = Vec::new();
        for (prefix, decision) in own() {
            if decision.way == way {
                let holes =
                    own().filter(|(inner, other)| *inner != prefix && prefix.covers(*inner) && other.way != way);
                crate::arithmetic::subtract(prefix, &holes.map(|(inner, _)| inner).collect::<Vec<_>>(), &mut wanted);
            }
        }
        crate::arithmetic::aggregate(wanted)
    }
}

fn push(list: &mut Vec<usize>, index: usize) {
    if list.last() != Some(&index) {
        list.push(index);
    }
}

fn unlisted() -> Answer {
    let decision = Decision { way: Way::Proxy, why: Why::Refused(Refusal::Unlisted), category: None };
    Answer { decision, by: None, sets: Vec::new() }
}

fn off_circuit(category: Option<Category>) -> Way {
    match category {
        Some(Category::Optimize | Category::Allow) => Way::Internet,
        Some(Category::Default) | None => Way::Proxy,
    }
}

fn decide(set: &EndpointSet, policy: &Policy) -> Decision {
    let verdict = match (set.express_route, set.category) {
        (false, _) => Err(Refusal::Flag),
        (true, Category::Default) => Err(Refusal::Category),
        (true, Category::Optimize | Category::Allow) => policy.area(&set.service_area),
    };
    let category = Some(set.category);
    match verdict {
        Ok(carried) => Decision { way: Way::Circuit, why: Why::Carried(carried.clone()), category },
        Err(refusal) => Decision { way: off_circuit(category), why: Why::Refused(refusal), category },
    }
}
