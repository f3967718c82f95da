//! Classes and rates of the interfaces of a domain: nftables sorts packets by their DSCP, token buckets do the rest
//! (spec 09, 8).
//!
//! Marks are matched rule by rule: a named map of DSCP values loads and never matches IPv6.

use super::domain::Domain;
use crate::error::Step;
use crate::linux::{nft, traffic};
use crate::{Counter, IfHandle, QosPolicy, RateKind, RatePolicy, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use traffic::{Class, Queue};

const TABLE: &str = "twinpath_qos";
/// Bytes that pass at once, at least: some frames.
const LEAST_BURST: u64 = 15_000;
/// Packets of a class that wants few to wait.
const FEW: u32 = 64;
/// Milliseconds of a rate that may wait where nothing says how many.
const WAIT_MS: u32 = 50;

/// What an interface keeps to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Keeping {
    pub(super) rate: Option<RatePolicy>,
    pub(super) qos: Option<QosPolicy>,
}

/// Brings token buckets and marks of an interface to what is kept, `all` being what the whole domain keeps to.
pub(super) fn apply(domain: &Domain, interface: IfHandle, name: &str, all: &BTreeMap<u32, Keeping>) -> Result<()> {
    let step = || format!("rate and classes of {name} of {}", domain.name);
    let keeping = all.get(&interface.index).cloned().unwrap_or_default();
    let bps = keeping.rate.map(|rate| rate.bps).or(keeping.qos.as_ref().map(|qos| qos.bps));
    let names = domain.interfaces().clone();
    let with_classes =
        all.iter().filter_map(|(index, keeping)| Some((names.get(index)?.name.as_str(), keeping.qos.as_ref()?)));
    let rules = table(with_classes);
    match bps {
        Some(bps) => {
            let burst = (bps / 8 / 1000).max(LEAST_BURST);
            let burst = match keeping.rate.filter(|rate| rate.kind == RateKind::Police) {
                Some(rate) => burst.max(bps / 8 * u64::from(rate.burst_ms) / 1000),
                None => burst,
            };
            let burst = u32::try_from(burst).unwrap_or(u32::MAX);
            domain.net.shape(name, bps, burst, &classes(&keeping, bps)).step(step)?;
        }
        None => domain.net.unshape(name).step(step)?,
    }
    nft::load(domain.net.namespace(), &(nft::without(TABLE) + &rules))
}

/// The counters of classes and marks.
pub(super) fn counters(domain: &Domain, interface: IfHandle, name: &str, keeping: &Keeping) -> Result<Vec<Counter>> {
    let step = || format!("classes of {name} of {}", domain.name);
    let mut counters = Vec::new();
    let names: Vec<String> = match &keeping.qos {
        Some(qos) => qos.classes.iter().map(|class| class.name.clone()).collect(),
        None if keeping.rate.is_some() => vec!["all".to_owned()],
        None => return Ok(counters),
    };
    let sent = domain.net.classes(name).step(step)?;
    for (place, class) in names.iter().enumerate() {
        if let Some(count) = sent.iter().find(|count| count.minor == traffic::minor(place)) {
            let of = Some(interface);
            counters.push(super::count(&format!("class-{class}"), of, count.packets, count.bytes));
            counters.push(super::count(&format!("class-{class}-dropped"), of, count.dropped, 0));
        }
    }
    for (counter, packets, bytes) in nft::counters(domain.net.namespace(), TABLE)? {
        if counter == rewritten(name) {
            counters.push(super::count("dscp-rewritten", Some(interface), packets, bytes));
        }
    }
    Ok(counters)
}

fn classes(keeping: &Keeping, bps: u64) -> Vec<Class> {
    let percent = |share: u8| (bps / 100 * u64::from(share.min(100))).max(8_000);
    let wait = |ms: u32| u32::try_from(bps / 8 * u64::from(ms) / 1000).unwrap_or(u32::MAX).max(3_000);
    let whole_wait = match keeping.rate {
        Some(RatePolicy { kind: RateKind::Police, .. }) => 0,
        Some(RatePolicy { burst_ms, .. }) => burst_ms,
        None => WAIT_MS,
    };
    match &keeping.qos {
        None => vec![Class { rate: bps, ceiling: bps, queue: Queue::Bytes(wait(whole_wait)) }],
        Some(qos) => qos
            .classes
            .iter()
            .map(|class| Class {
                rate: percent(class.share),
                ceiling: percent(class.ceiling.max(class.share)),
                queue: class.queue_ms.map_or(Queue::Packets(FEW), |ms| Queue::Bytes(wait(ms))),
            })
            .collect(),
    }
}

fn rewritten(interface: &str) -> String {
    format!("rewritten_{}", interface.replace('.', "_"))
}

fn table<'a>(interfaces: impl Iterator<Item = (&'a str, &'a QosPolicy)>) -> String {
    let (mut counters, mut rules) = (String::new(), String::new());
    for (name, policy) in interfaces {
        let out = format!("oifname \"{name}\"");
        let counter = rewritten(name);
        if policy.rewrite_others {
            let _ = writeln!(counters, "  counter {counter} {{ }}");
        }
        let mut marks: BTreeSet<u8> =
            policy.classes.iter().flat_map(|class| &class.marks).map(|mark| mark.number()).collect();
        marks.insert(0);
        for family in ["ip", "ip6"] {
            let set = |marks: &mut dyn Iterator<Item = u8>| {
                format!("{{ {} }}", marks.map(|mark| mark.to_string()).collect::<Vec<_>>().join(", "))
            };
            if policy.rewrite_others {
                let all = set(&mut marks.iter().copied());
                let _ =
                    writeln!(rules, "    {out} {family} dscp != {all} counter name {counter} {family} dscp set cs0");
            }
            for (place, class) in policy.classes.iter().enumerate().filter(|(_, class)| !class.marks.is_empty()) {
                let of = set(&mut class.marks.iter().map(|mark| mark.number()));
                let minor = traffic::minor(place);
                // The white space behind the class is part of the syntax.
                let _ = writeln!(rules, "    {out} {family} dscp {of} meta priority set 1:{minor:x} ");
            }
        }
    }
    if rules.is_empty() {
        return rules;
    }
    format!(
        "table inet {TABLE} {{\n{counters}  chain tp_mark {{\n    type filter hook postrouting priority mangle; \
         policy accept;\n{rules}  }}\n}}\n"
    )
}
