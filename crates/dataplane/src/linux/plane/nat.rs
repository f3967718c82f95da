//! Translation: one table of nftables in the domain (spec 09, 7).
//!
//! ```text
//! from outside ─► pre: private sources refused ─► dnat: one to one ─► forward: what is open, and answers
//! to outside   ─► snat: one to one, pool ─► post: private sources refused, translated flows counted
//! ```
//!
//! A flow is marked before it is translated and counted after. For a flow that finds no room in the pool the kernel
//! makes up an address that is taken, and refuses it behind all chains (`insert_failed` of its statistics).

use super::domain::Domain;
use crate::error::Step;
use crate::linux::nft;
use crate::{Counter, Error, NatPolicy, Result};
use ipnet::IpNet;
use std::fmt::Write as _;
use std::net::IpAddr;

const TABLE: &str = "twinpath_nat";
/// Sources that never enter the Internet: RFC 1918, RFC 6598; RFC 4193.
const PRIVATE_V4: &str = "{ 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 }";
const PRIVATE_V6: &str = "{ fc00::/7 }";
/// What the kernel counts of flows in the namespace of the thread that reads it.
const STATISTICS: &str = "/proc/thread-self/net/stat/nf_conntrack";
/// Marks of a flow: it was tried, it was counted.
const TRIED: &str = "0x1";
const COUNTED: &str = "0x2";

/// Puts the policy in the place of whatever was there.
pub(super) fn apply(domain: &Domain, policy: Option<&NatPolicy>) -> Result<()> {
    let rules = match policy {
        Some(policy) => {
            let handle = policy.outside;
            let name = domain.interfaces().get(&handle.index).map(|interface| interface.name.clone());
            let name = name.filter(|_| handle.domain == domain.id).ok_or(Error::NoInterface(handle))?;
            let step = || format!("addresses of {}", domain.name);
            let addresses = domain.net.addresses().step(step)?.into_iter().filter(|each| each.link == handle.index);
            let subnets: Vec<IpNet> = addresses.map(|each| each.address.trunc()).collect();
            table(policy, &name, &subnets)?
        }
        None => String::new(),
    };
    nft::load(domain.net.namespace(), &(nft::without(TABLE) + &rules))
}

/// The counters of the table, under the names of [`Counter`].
pub(super) fn counters(domain: &Domain) -> Result<Vec<Counter>> {
    let counters = nft::counters(domain.net.namespace(), TABLE)?;
    let read = |name: &str| {
        counters.iter().find(|(of, ..)| of == name).map_or((0, 0), |(_, packets, bytes)| (*packets, *bytes))
    };
    if counters.is_empty() {
        return Ok(Vec::new());
    }
    let (tried, _) = read("tried");
    let (passed, _) = read("translated");
    let refused = domain.net.namespace().enter(|| std::fs::read_to_string(STATISTICS)).map_or(0, |text| failed(&text));
    let translated = passed.saturating_sub(refused);
    let counter = |name: &str, (packets, bytes)| super::count(name, None, packets, bytes);
    Ok(vec![
        counter("nat-translated", (translated, 0)),
        counter("nat-exhausted", (tried.saturating_sub(translated), 0)),
        counter("nat-private-refused", read("private_refused")),
        counter("nat-inbound-refused", read("inbound_refused")),
    ])
}

/// The sum of the column `insert_failed`: a line of hexadecimal numbers for each processor, behind one of names.
fn failed(statistics: &str) -> u64 {
    let mut lines = statistics.lines();
    let names = lines.next().unwrap_or_default();
    let Some(place) = names.split_whitespace().position(|name| name == "insert_failed") else { return 0 };
    let number = |line: &str| u64::from_str_radix(line.split_whitespace().nth(place)?, 16).ok();
    lines.filter_map(number).sum()
}

/// The family of an address in the words of nftables.
fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ip" } else { "ip6" }
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("{{ {} }}", items.into_iter().collect::<Vec<_>>().join(", "))
}

fn table(policy: &NatPolicy, outside: &str, subnets: &[IpNet]) -> Result<String> {
    policy.check()?;
    let mut out = format!("table inet {TABLE} {{\n");
    for counter in ["tried", "translated", "private_refused", "inbound_refused"] {
        let _ = writeln!(out, "  counter {counter} {{ }}");
    }
    let (mut pre, mut dnat, mut snat, mut open, mut post) = <(String, String, String, String, String)>::default();
    if policy.refuse_private {
        for v4 in [true, false] {
            let (family, private) = if v4 { ("ip", PRIVATE_V4) } else { ("ip6", PRIVATE_V6) };
            let links: Vec<String> =
                subnets.iter().filter(|net| net.addr().is_ipv4() == v4).map(ToString::to_string).collect();
            // The two routers of the link speak to each other, whatever their addresses.
            if !links.is_empty() {
                let links = list(links);
                let _ = writeln!(pre, "    iifname \"{outside}\" {family} saddr {links} accept");
                let _ = writeln!(post, "    oifname \"{outside}\" {family} saddr {links} accept");
            }
            let refuse = format!("{family} saddr {private} counter name private_refused drop");
            let _ = writeln!(pre, "    iifname \"{outside}\" {refuse}");
            let _ = writeln!(post, "    oifname \"{outside}\" {refuse}");
        }
    }
    let try_it = format!("ct mark set {TRIED} counter name tried");
    for pair in &policy.one_to_one {
        let (family, public, inside) = (family(pair.public), pair.public, pair.inside);
        let _ = writeln!(dnat, "    iifname \"{outside}\" {family} daddr {public} dnat {family} to {inside}");
        let _ = writeln!(snat, "    oifname \"{outside}\" {family} saddr {inside} {try_it} snat {family} to {public}");
    }
    for pool in &policy.pool {
        let family = family(*pool.start());
        let of = |net: &&IpNet| net.addr().is_ipv4() == pool.start().is_ipv4();
        let inside: Vec<String> = policy.inside.iter().filter(of).map(ToString::to_string).collect();
        if inside.is_empty() {
            continue;
        }
        let sources = format!("oifname \"{outside}\" {family} saddr {}", list(inside));
        let range = match (pool.start(), pool.end()) {
            (start, end) if start == end => start.to_string(),
            (start, end) => format!("{start}-{end}"),
        };
        if pool.start().is_ipv4() {
            let ports = policy.ports.clone().unwrap_or(1024..=65535);
            let (first, last) = (ports.start(), ports.end());
            let _ = writeln!(
                snat,
                "    {sources} meta l4proto {{ tcp, udp }} {try_it} snat ip to {range}:{first}-{last} persistent"
            );
        }
        let _ = writeln!(snat, "    {sources} {try_it} snat {family} to {range} persistent");
    }
    for opening in &policy.openings {
        let (family, inside, port) = (family(opening.inside), opening.inside, opening.port);
        let _ = writeln!(open, "    iifname \"{outside}\" {family} daddr {inside} tcp dport {port} accept");
    }
    let mut chain = |name: &str, hook: &str, rules: &str| {
        let _ = writeln!(out, "  chain {name} {{\n    type {hook}; policy accept;\n{rules}  }}");
    };
    chain("tp_pre", "filter hook prerouting priority raw", &pre);
    if policy.translates() {
        let _ = writeln!(post, "    ct mark {TRIED} counter name translated ct mark set {COUNTED}");
        chain("tp_dnat", "nat hook prerouting priority dstnat", &dnat);
        chain("tp_snat", "nat hook postrouting priority srcnat", &snat);
        let answers = "    ct state established,related accept\n";
        let rest = format!("    iifname \"{outside}\" counter name inbound_refused drop\n");
        chain("tp_forward", "filter hook forward priority filter", &[answers, &open, &rest].concat());
    }
    // Behind the translation.
    chain("tp_post", "filter hook postrouting priority 200", &post);
    out.push_str("}\n");
    Ok(out)
}
