//! What a lab offers to fail: its circuits and links, and the streams and flows that run meanwhile.

use super::Ends;
use crate::drill::{Circuit, Detection, Ground, Kind, Link, StreamInfo};
use crate::probe::Direction;
use crate::topology::{At, Host, LinkKind, ProcessKind, Topology};
use edge_api::Side;
use model::{Bfd, LinkRole, PeeringKind};
use planner::Plan;
use std::net::IpAddr;

/// The classes that run on every path: voice, and what has no mark.
const CLASSES: [&str; 2] = ["EF", "CS0"];

/// The hold timer of Microsoft's routers, in seconds, where BFD does not run and the catalogue says nothing.
pub(super) const HOLD: u16 = 180;

/// How Microsoft's edges watch their customers' links.
pub(super) struct Watch {
    pub(super) bfd: Bfd,
    /// Seconds of the hold timer.
    pub(super) hold: u16,
}

impl Watch {
    /// Who notices at the slower end, where the customer watches like that.
    fn with(&self, customer: Bfd) -> Detection {
        match (self.bfd, customer) {
            // The slower interval holds for both; each end counts as many as the other one says.
            (Bfd::On { interval_ms, multiplier }, Bfd::On { interval_ms: theirs, multiplier: their }) => {
                let multiplier = u8::try_from(multiplier.max(their)).unwrap_or(u8::MAX);
                Detection::Bfd { interval_ms: interval_ms.max(theirs), multiplier }
            }
            (Bfd::Off, _) | (_, Bfd::Off) => Detection::Hold { seconds: self.hold },
        }
    }
}

/// What a lab offers, and the ends of its streams and flows in the same order.
pub(super) struct Offer {
    pub(super) ground: Ground,
    pub(super) streams: Vec<Ends>,
    pub(super) flows: Vec<Ends>,
}

/// Reads the offer off a topology and the plan behind it. Every stream sends `rate` packets a second.
pub(super) fn offer(topology: &Topology, plan: &Plan, microsoft: &Watch, rate: u32) -> Offer {
    let mut ground = Ground { links: links(topology, plan, microsoft), ..Ground::default() };
    for circuit in &plan.circuits {
        if !ground.links.iter().any(|link| link.circuit == circuit.name.as_str()) {
            continue;
        }
        let microsoft = circuit.peerings.iter().find(|peering| peering.kind == PeeringKind::Microsoft);
        ground.circuits.push(Circuit {
            name: circuit.name.to_string(),
            location: circuit.location.clone().unwrap_or_default(),
            has_filter: microsoft.is_some_and(|peering| !peering.filter.is_empty()),
            has_pool: crate::routers::translator(topology, plan, circuit.name.as_str()).is_some(),
            bandwidth: circuit.bandwidth.map(|bandwidth| u64::from(bandwidth.as_mbps()) * 1_000_000),
        });
    }
    let (mut streams, mut flows) = (Vec::new(), Vec::new());
    for (site, far, kind) in paths(topology) {
        let Some((here, there)) = pair(site, far) else { continue };
        let path = format!("{} → {}", site.name, far.name);
        let out = Ends { from: (site.node.clone(), here), to: (far.node.clone(), there) };
        let back = Ends { from: out.to.clone(), to: out.from.clone() };
        // An answer stands behind what it answers.
        for class in CLASSES {
            for (direction, ends) in [(Direction::Out, &out), (Direction::Back, &back)] {
                ground.streams.push(StreamInfo { path: path.clone(), direction, class: class.to_owned(), kind, rate });
                streams.push(ends.clone());
            }
        }
        ground.flows.push(path);
        flows.push(out);
    }
    Offer { ground, streams, flows }
}

/// From each site to each virtual network, and to one of Microsoft's services.
fn paths(topology: &Topology) -> Vec<(&Host, &Host, Kind)> {
    let mut paths = Vec::new();
    for site in topology.hosts_at(At::Site) {
        paths.extend(topology.hosts_at(At::Vnet).map(|vnet| (site, vnet, Kind::Private)));
        paths.extend(topology.hosts_at(At::Service).take(1).map(|service| (site, service, Kind::Microsoft)));
    }
    paths
}

/// Addresses of one family at both ends.
fn pair(one: &Host, other: &Host) -> Option<(IpAddr, IpAddr)> {
    let of = |host: &Host, four: bool| host.addresses.iter().copied().find(|address| address.is_ipv4() == four);
    [true, false].into_iter().find_map(|four| Some((of(one, four)?, of(other, four)?)))
}

fn links(topology: &Topology, plan: &Plan, microsoft: &Watch) -> Vec<Link> {
    let mut links = Vec::new();
    for link in &topology.links {
        let LinkKind::Access { circuit, side } = &link.kind else { continue };
        let Some(msee) = topology.edge_behind(&link.ends[1], *side) else { continue };
        let peerings = plan.circuit(circuit).into_iter().flat_map(|circuit| &circuit.peerings);
        let detections = peerings.map(|peering| microsoft.with(peering.bfd.value));
        let trunk = topology.links_of(&msee).find(|link| matches!(link.kind, LinkKind::Trunk { .. }));
        let trunk = trunk.map(|link| link.name.clone());
        links.push(Link {
            name: link.name.clone(),
            circuit: circuit.clone(),
            side: *side,
            customer_edge: link.ends[0].clone(),
            msee,
            detection: detections
                .max_by_key(|detection| detection.longest())
                .unwrap_or(Detection::Hold { seconds: microsoft.hold }),
            trunk,
        });
    }
    links
}

/// The name by which the service knows the edge in a node.
pub(super) fn edge_in<'t>(topology: &'t Topology, node: &str) -> Option<&'t str> {
    topology.processes.iter().find_map(|process| match &process.kind {
        ProcessKind::Edge { edge } if process.node.as_deref() == Some(node) => Some(edge.as_str()),
        _ => None,
    })
}

/// The link of a circuit's pair, in the planner's word.
pub(super) fn role(side: Side) -> LinkRole {
    match side {
        Side::Primary => LinkRole::Primary,
        Side::Secondary => LinkRole::Secondary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_end_of_a_link_says_when_silence_is_noticed() {
        let on = |interval_ms| Bfd::On { interval_ms, multiplier: 3 };
        let seen = |edges, customer| Watch { bfd: edges, hold: 180 }.with(customer).to_string();
        assert_eq!(seen(on(300), on(50)), "BFD 300 ms × 3");
        assert_eq!(seen(on(50), on(50)), "BFD 50 ms × 3");
        assert_eq!(seen(on(50), on(100)), "BFD 100 ms × 3");
        assert_eq!(seen(on(300), Bfd::Off), "hold timer 180 s");
        assert_eq!(seen(Bfd::Off, on(300)), "hold timer 180 s");
    }
}
