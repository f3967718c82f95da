//! Prefix lists and openings in the words of devices.

use crate::outputs::Destination;
use crate::{FirewallRule, Protocol, Way};
use model::{Community, Family, Prefix};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// In whose words a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One prefix a line.
    Plain,
    /// BIRD 2.
    Bird,
    /// FRR.
    Frr,
}

/// Writes the prefixes that a router takes from the circuit, and the communities of its route filter, as a filter to
/// name in a session. More specific routes of the same addresses are taken: Microsoft may announce halves.
pub fn routes(prefixes: &BTreeSet<Prefix>, communities: &BTreeSet<Community>, dialect: Dialect) -> String {
    let mut out = String::new();
    for family in [Family::V4, Family::V6] {
        let list: Vec<Prefix> = prefixes.iter().copied().filter(|prefix| prefix.family() == family).collect();
        let (name, longest) = match family {
            Family::V4 => ("m365_v4", 32),
            Family::V6 => ("m365_v6", 128),
        };
        match dialect {
            Dialect::Plain => {
                for prefix in &list {
                    let _ = writeln!(out, "{prefix}");
                }
            }
            Dialect::Bird if list.is_empty() => {
                let _ = writeln!(out, "# {name}: no prefix");
            }
            Dialect::Bird => {
                let entries: Vec<String> = list.iter().map(|prefix| format!("    {prefix}+")).collect();
                let _ = writeln!(out, "define {name} = [\n{}\n];", entries.join(",\n"));
            }
            Dialect::Frr => {
                let ip = if family == Family::V4 { "ip" } else { "ipv6" };
                let _ = writeln!(out, "no {ip} prefix-list {}", name.replace('_', "-"));
                for (index, prefix) in list.iter().enumerate() {
                    let (seq, name) = ((index + 1) * 5, name.replace('_', "-"));
                    // FRR takes no `le` that the prefix has already.
                    let le = if prefix.length() < longest { format!(" le {longest}") } else { String::new() };
                    let _ = writeln!(out, "{ip} prefix-list {name} seq {seq} permit {prefix}{le}");
                }
            }
        }
    }
    let plain: Vec<String> = communities.iter().map(Community::to_string).collect();
    match dialect {
        Dialect::Plain => {}
        Dialect::Bird => {
            let pairs: Vec<String> = communities.iter().map(|c| format!("({}, {})", c.asn, c.value)).collect();
            if pairs.is_empty() {
                let _ = writeln!(out, "# m365_communities: none");
            } else {
                let _ = writeln!(out, "define m365_communities = [ {} ];", pairs.join(", "));
            }
        }
        Dialect::Frr => {
            let _ = writeln!(out, "no bgp community-list standard m365");
            for community in plain {
                let _ = writeln!(out, "bgp community-list standard m365 permit {community}");
            }
        }
    }
    out
}

/// Writes the openings as an nftables table with one chain for each perimeter, to jump to from one's own. Names that
/// have no addresses stand as comments: a packet filter cannot know them.
pub fn nft(rules: &BTreeSet<FirewallRule>) -> String {
    let mut out = String::from("table inet twinpath_m365 {\n");
    for way in [Way::Circuit, Way::Internet, Way::Proxy] {
        let _ = writeln!(out, "    chain {way} {{");
        for (destinations, services) in grouped(rules, way) {
            let names: Vec<String> =
                destinations.iter().filter(|to| matches!(to, Destination::Name(_))).map(|to| to.to_string()).collect();
            let ports = |wanted: Protocol| -> Vec<String> {
                services
                    .iter()
                    .flatten()
                    .filter(|(protocol, _)| *protocol == wanted)
                    .map(|(_, port)| port.to_string())
                    .collect()
            };
            for (family, word) in [(Family::V4, "ip"), (Family::V6, "ip6")] {
                let of = |to: &&Destination| matches!(to, Destination::Prefix(prefix) if prefix.family() == family);
                let list: Vec<String> = destinations.iter().filter(of).map(|to| to.to_string()).collect();
                if list.is_empty() {
                    continue;
                }
                let list = list.join(", ");
                if services.contains(&None) {
                    let _ = writeln!(out, "        {word} daddr {{ {list} }} accept");
                }
                for protocol in [Protocol::Tcp, Protocol::Udp] {
                    let ports = ports(protocol);
                    if !ports.is_empty() {
                        let ports = ports.join(", ");
                        let _ =
                            writeln!(out, "        {word} daddr {{ {list} }} {protocol} dport {{ {ports} }} accept");
                    }
                }
            }
            if !names.is_empty() {
                let _ = writeln!(out, "        # {}: {}", services_text(&services), names.join(" "));
            }
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n");
    out
}

/// Ports that are open together; `None` stands for all.
pub type Services = BTreeSet<Option<(Protocol, u16)>>;

/// Destinations that share their services, for one perimeter.
pub fn grouped(rules: &BTreeSet<FirewallRule>, way: Way) -> Vec<(Vec<Destination>, Services)> {
    let mut services: BTreeMap<&Destination, Services> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.way == way) {
        services.entry(&rule.to).or_default().insert(rule.service);
    }
    let mut groups: BTreeMap<Services, Vec<Destination>> = BTreeMap::new();
    for (to, services) in services {
        groups.entry(services).or_default().push(to.clone());
    }
    groups.into_iter().map(|(services, list)| (list, services)).collect()
}

/// Services in words, like `tcp 80,443 udp 443`.
pub fn services_text(services: &Services) -> String {
    if services.contains(&None) {
        return "any port".to_owned();
    }
    let of = |wanted: Protocol| {
        let ports: Vec<String> = services
            .iter()
            .flatten()
            .filter(|(protocol, _)| *protocol == wanted)
            .map(|(_, port)| port.to_string())
            .collect();
        (!ports.is_empty()).then(|| format!("{wanted} {}", ports.join(",")))
    };
    [of(Protocol::Tcp), of(Protocol::Udp)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
