//! What devices hold of a split, entry by entry, so that two of them can be compared and edited.

use crate::{Edit, Pattern, Protocol, Split, Way, diff::Item};
use model::{Community, Family, Prefix};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything that devices hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Prefixes that the customer's routers take from the circuit.
    pub routes: BTreeSet<Prefix>,
    /// Communities of the route filter.
    pub filter: BTreeSet<Community>,
    /// What the firewalls let through.
    pub firewall: BTreeSet<FirewallRule>,
    /// The way of each name, for the PAC file.
    pub names: BTreeMap<Pattern, Way>,
    /// Destinations before which sources are translated to the circuit's pool. IPv4 only: Microsoft's rules on NAT
    /// speak of nothing else (spec 04, A12).
    pub nat: BTreeSet<Prefix>,
}

/// One opening of a firewall.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirewallRule {
    /// At which perimeter.
    pub way: Way,
    /// The protocol; `None` where the set names no ports.
    pub service: Option<(Protocol, u16)>,
    /// Where to.
    pub to: Destination,
}

/// Where a firewall lets traffic go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// Addresses.
    Prefix(Prefix),
    /// A name, for sets without addresses.
    Name(Pattern),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for FirewallRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.service {
            Some((protocol, port)) => write!(f, "{} {protocol} {port} to {}", self.way, self.to),
            None => write!(f, "{} any port to {}", self.way, self.to),
        }
    }
}

impl Outputs {
    /// The outputs of a split.
    pub fn new(split: &Split) -> Self {
        let v4 = split.circuit_prefixes(Family::V4);
        let v6 = split.circuit_prefixes(Family::V6);
        let used = |(set, decision): (&crate::EndpointSet, &crate::Decision)| match (&decision.why, set.ips.is_empty())
        {
            (crate::Why::Carried(carried), false) => Some(carried.community),
            (crate::Why::Carried(_) | crate::Why::Refused(_) | crate::Why::Port(_), _) => None,
        };
        Self {
            nat: v4.iter().copied().collect(),
            routes: v4.into_iter().chain(v6).collect(),
            filter: split.sets().filter_map(used).collect(),
            firewall: firewall(split),
            names: split.patterns().map(|(pattern, decision)| (pattern.clone(), decision.way)).collect(),
        }
    }

    /// Makes edits. Those of [`diff`](crate::diff()) turn the old outputs into the new ones exactly.
    pub fn apply(&mut self, edits: &[Edit]) {
        // What goes, goes first: the way of a name is one removed and one added.
        for edit in edits.iter().filter(|edit| !edit.add) {
            match &edit.item {
                Item::Route(prefix) => drop(self.routes.remove(prefix)),
                Item::Filter(community) => drop(self.filter.remove(community)),
                Item::Firewall(rule) => drop(self.firewall.remove(rule)),
                Item::Name(name, _) => drop(self.names.remove(name)),
                Item::Nat(prefix) => drop(self.nat.remove(prefix)),
            }
        }
        for edit in edits.iter().filter(|edit| edit.add) {
            match &edit.item {
                Item::Route(prefix) => drop(self.routes.insert(*prefix)),
                Item::Filter(community) => drop(self.filter.insert(*community)),
                Item::Firewall(rule) => drop(self.firewall.insert(rule.clone())),
                Item::Name(name, way) => drop(self.names.insert(name.clone(), *way)),
                Item::Nat(prefix) => drop(self.nat.insert(*prefix)),
            }
        }
    }
}

fn firewall(split: &Split) -> BTreeSet<FirewallRule> {
    let ways: BTreeMap<Prefix, Way> = split.prefixes().map(|(prefix, decision)| (prefix, decision.way)).collect();
    let mut rules = BTreeSet::new();
    for (set, _) in split.sets() {
        let list = |protocol, ports: &crate::Ports| ports.iter().map(|port| Some((protocol, port))).collect::<Vec<_>>();
        let mut services = list(Protocol::Tcp, &set.tcp_ports);
        services.extend(list(Protocol::Udp, &set.udp_ports));
        if services.is_empty() {
            services.push(None);
        }
        for service in services {
            for prefix in &set.ips {
                let way = ways.get(prefix).copied().unwrap_or(Way::Proxy);
                rules.insert(FirewallRule { way, service, to: Destination::Prefix(*prefix) });
            }
            // Addresses, where there are any, are what a firewall knows; names only where there are none.
            for url in set.urls.iter().filter(|_| set.ips.is_empty()) {
                let way = split.host(&url.sample("x"), service).decision.way;
                rules.insert(FirewallRule { way, service, to: Destination::Name(url.clone()) });
            }
        }
    }
    rules
}
