//! Traffic classes towards Microsoft: the table of the QoS page, in queues.

use crate::plan::{CircuitPlan, Plan};
use crate::router::File;
use catalog::Catalog;
use model::{Design, Dscp, PeeringKind};
use std::fmt::Write;

/// A queue and the marks that go into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Voice, Interactive or Default.
    pub name: String,
    /// Strict priority, as expedited forwarding wants it (RFC 3246).
    pub strict: bool,
    /// The marks, highest first, each with what runs under it and the source ports of the clients.
    pub marks: Vec<Mark>,
    /// Its share of the link in percent, with all classes full; the strict class is held to its own.
    pub share: u8,
}

/// A mark of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The code point.
    pub dscp: Dscp,
    /// What runs under it.
    pub workload: String,
    /// Source ports of the clients; empty when any.
    pub ports: String,
}

/// The classes in force, for a design whose real-time traffic takes the circuit or that plans classes.
pub(crate) fn plan(design: &Design, catalog: &Catalog) -> Vec<Class> {
    if !design.services.real_time.is(&true) && design.qos.classes.is_empty() {
        return Vec::new();
    }
    let mut classes: Vec<Class> = Vec::new();
    for fact in catalog.current_qos_classes() {
        let mark = Mark { dscp: fact.dscp, workload: fact.workload.clone(), ports: fact.client_source_ports.clone() };
        match classes.iter_mut().find(|class| class.name == fact.traffic_class) {
            Some(class) => class.marks.push(mark),
            None => classes.push(Class {
                name: fact.traffic_class.clone(),
                strict: fact.dscp == Dscp::EF,
                marks: vec![mark],
                share: 0,
            }),
        }
    }
    let queues = u8::try_from(classes.len()).unwrap_or(u8::MAX);
    for class in &mut classes {
        class.share = share(class, queues);
    }
    classes
}

/// Shares are the customer's to choose (spec 04, B5); these are a start: voice little and strict, the rest of the
/// interactive classes and the default class alike.
fn share(class: &Class, queues: u8) -> u8 {
    match class.strict {
        true => STRICT,
        false => (100 - STRICT) / queues.saturating_sub(1).max(1),
    }
}

/// Share of the strict class in percent: what is more waits for nobody and so must be bounded.
const STRICT: u8 = 20;

/// The files of the classes: marks by nftables, queues by tc.
pub(crate) fn files(plan: &Plan) -> Vec<File> {
    if plan.qos.is_empty() {
        return Vec::new();
    }
    let circuits = plan.circuits.iter().filter(|c| c.peerings.iter().any(|p| p.kind == PeeringKind::Microsoft));
    let queues = circuits.filter_map(|circuit| Some((circuit, circuit.bandwidth?))).map(|(circuit, rate)| File {
        name: format!("qos/{}-queues.sh", circuit.id),
        text: queues(&plan.qos, circuit, rate.as_mbps()),
        secret: false,
    });
    let marks = File { name: "qos/marks.nft".to_owned(), text: marks(&plan.qos), secret: false };
    std::iter::once(marks).chain(queues).collect()
}

/// Keeps the marks of the table and rewrites all others to 0 (spec 04, B6).
fn marks(classes: &[Class]) -> String {
    let known: Vec<String> =
        all(classes).filter(|dscp| *dscp != Dscp::DEFAULT).map(|d| d.number().to_string()).collect();
    let mut text = "#!/usr/sbin/nft -f\n# Marks towards Microsoft peering. Made by `twinpath plan`.\n".to_owned();
    text += "# Give the interface with `nft -D microsoft=NAME -f FILE`.\n\n";
    text += "table inet twinpath_qos\ndelete table inet twinpath_qos\ntable inet twinpath_qos {\n";
    text += "  chain marks {\n    type filter hook postrouting priority mangle; policy accept;\n";
    let none = if known.is_empty() { String::new() } else { format!("ip dscp != {{ 0, {} }} ", known.join(", ")) };
    let _ = writeln!(text, "    oifname $microsoft {none}counter ip dscp set 0");
    let _ = writeln!(text, "    oifname $microsoft {}counter ip6 dscp set 0", none.replace("ip dscp", "ip6 dscp"));
    text + "  }\n}\n"
}

/// Queues on the interface towards Microsoft peering, one class each, within the bandwidth of the circuit.
fn queues(classes: &[Class], circuit: &CircuitPlan, mbps: u32) -> String {
    let mut text =
        format!("#!/bin/sh\n# Queues of {} towards Microsoft peering. Made by `twinpath plan`.\n", circuit.id);
    text += "# The interface is the argument. The strict class is served first and held to its share.\nset -eu\n";
    text += "dev=${1:?the interface towards Microsoft peering}\n";
    text += "tc qdisc del dev \"$dev\" root 2>/dev/null || true\n";
    let rate = |share: u8| (u64::from(mbps) * u64::from(share) / 100).max(1);
    let last = classes.len();
    let _ = writeln!(text, "tc qdisc add dev \"$dev\" root handle 1: htb default {last}");
    let _ = writeln!(text, "tc class add dev \"$dev\" parent 1: classid 1:fff htb rate {mbps}mbit ceil {mbps}mbit");
    for (index, class) in classes.iter().enumerate() {
        let (id, own) = (index + 1, rate(class.share));
        let most = if class.strict { own } else { u64::from(mbps) };
        let _ = writeln!(text, "\n# {}: {} %", class.name, class.share);
        let _ = writeln!(
            text,
            "tc class add dev \"$dev\" parent 1:fff classid 1:{id} htb rate {own}mbit ceil {most}mbit prio {index}"
        );
        let queue = if class.strict { "pfifo limit 64" } else { "fq_codel" };
        let _ = writeln!(text, "tc qdisc add dev \"$dev\" parent 1:{id} handle {id}0: {queue}");
        for mark in class.marks.iter().filter(|mark| mark.dscp != Dscp::DEFAULT) {
            let field = mark.dscp.number() << 2;
            let _ = writeln!(
                text,
                "tc filter add dev \"$dev\" parent 1: protocol ip u32 match ip tos {field:#04x} 0xfc flowid 1:{id}   # {}",
                mark.dscp
            );
            let _ = writeln!(
                text,
                "tc filter add dev \"$dev\" parent 1: protocol ipv6 u32 match ip6 priority {field:#04x} 0xfc flowid 1:{id}"
            );
        }
    }
    text
}

fn all(classes: &[Class]) -> impl Iterator<Item = Dscp> {
    classes.iter().flat_map(|class| &class.marks).map(|mark| mark.dscp)
}
