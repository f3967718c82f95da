//! Does it work from end to end? Real connections from every site to every network and service, and the way they took.

use crate::probe::{End, Flow, Probes, Stream};
use crate::topology::{At, Host, LinkKind, Topology};
use crate::{Error, Lab};
use serde::Serialize;
use socket::Namespace;
use std::net::IpAddr;
use std::time::Duration;

/// How long connections are looked at.
const LOOK: Duration = Duration::from_millis(700);

/// Packets a second beside each connection, which are asked for their way.
const RATE: u32 = 100;

/// What became of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// From which host.
    pub from: String,
    /// To which host.
    pub to: String,
    /// What the other end is.
    pub at: At,
    /// Whether a TCP connection came up, which takes both directions, and octets came through.
    pub works: bool,
    /// Packets that were sent towards it, and that arrived.
    pub packets: (usize, usize),
    /// The nodes on the way there, as far as they answered.
    pub way: Vec<String>,
    /// The nodes on the way back, where packets may come back unasked.
    pub back: Vec<String>,
    /// Why it does not work, as the sender's kernel says.
    pub why: Option<String>,
}

/// Connects every site with every virtual network and every Microsoft service that the design reaches.
///
/// # Errors
///
/// The probes do not start.
pub fn verify(lab: &Lab) -> Result<Vec<Reached>, Error> {
    let topology = lab.topology();
    let (mut streams, mut flows, mut reached) = (Vec::new(), Vec::new(), Vec::new());
    for (site, far) in topology.flows() {
        let Some((here, there)) = pair(site, far) else { continue };
        let path = format!("{} → {}", site.name, far.name);
        let ends = [end(site, here)?, end(far, there)?];
        let stream = |from: &End, to: &End, direction| Stream {
            path: path.clone(),
            direction,
            class: model::Dscp::DEFAULT,
            from: from.clone(),
            to: to.clone(),
            rate: RATE,
            octets: 64,
            answers: None,
        };
        streams.push(stream(&ends[0], &ends[1], crate::probe::Direction::Out));
        // Only answers come back through a translation.
        if far.at == At::Vnet {
            streams.push(stream(&ends[1], &ends[0], crate::probe::Direction::Back));
        }
        let [from, to] = ends;
        flows.push(Flow { path: path.clone(), from, to });
        reached.push(Reached {
            from: site.name.clone(),
            to: far.name.clone(),
            at: far.at,
            works: false,
            packets: (0, 0),
            way: Vec::new(),
            back: Vec::new(),
            why: None,
        });
    }
    let failed = |error: crate::probe::ProbeError| Error::No(format!("probes: {error}"));
    let probes = Probes::start(&streams, &flows, LOOK * 20).map_err(failed)?;
    std::thread::sleep(LOOK);
    let routes = probes.trace();
    let recording = probes.stop().map_err(failed)?;
    let mut next = 0;
    for (index, reached) in reached.iter_mut().enumerate() {
        let seen = |index: usize| {
            let record = recording.streams.get(index);
            record.map_or((0, 0), |record| (record.sent.len(), record.arrivals.len()))
        };
        let way = |index: usize| routes.get(index).map(|route| names(lab, route.answered())).unwrap_or_default();
        (reached.packets, reached.way) = (seen(next), way(next));
        next += 1;
        if reached.at == At::Vnet {
            reached.back = way(next);
            next += 1;
        }
        if let Some(flow) = recording.flows.get(index) {
            reached.works = flow.broken.is_none() && flow.progress.last().is_some_and(|last| last.octets > 0);
            reached.why = flow.broken.as_ref().map(|(_, why)| why.clone());
        }
    }
    Ok(reached)
}

/// Addresses of one family at both ends.
pub(crate) fn pair(one: &Host, other: &Host) -> Option<(IpAddr, IpAddr)> {
    let of = |host: &Host, four: bool| host.addresses.iter().copied().find(|address| address.is_ipv4() == four);
    [true, false].into_iter().find_map(|four| Some((of(one, four)?, of(other, four)?)))
}

pub(crate) fn end(host: &Host, address: IpAddr) -> Result<End, Error> {
    let namespace = Namespace::named(&host.node).map_err(Error::io(host.node.clone()))?;
    Ok(End { node: host.node.clone(), namespace: Some(namespace), address })
}

/// The nodes that have these addresses, each once in a row.
fn names(lab: &Lab, addresses: impl Iterator<Item = IpAddr>) -> Vec<String> {
    let told = |address| lab.state().tunnels.get(&address).cloned();
    let name = |address| told(address).unwrap_or_else(|| lab.topology().owner(address));
    let mut names: Vec<String> = addresses.map(name).collect();
    names.dedup();
    names
}

impl Topology {
    /// The node that has an address, or the address itself when none has.
    pub fn owner(&self, address: IpAddr) -> String {
        for node in &self.nodes {
            if node.addresses.iter().any(|own| own.ip == address) {
                return node.name.clone();
            }
        }
        for link in &self.links {
            for lane in &link.lanes {
                for end in 0..2 {
                    if lane.addresses[end].iter().any(|own| own.ip == address) {
                        return link.ends[end].clone();
                    }
                }
                if let LinkKind::Access { side, .. } = &link.kind
                    && lane.beyond.iter().any(|own| own.ip == address)
                {
                    return self.edge_behind(&link.ends[1], *side).unwrap_or_else(|| address.to_string());
                }
            }
        }
        address.to_string()
    }

    /// The node of Microsoft's edge that ends a provider's link of a side.
    pub fn edge_behind(&self, provider: &str, side: edge_api::Side) -> Option<String> {
        let suffix = if side == edge_api::Side::Primary { "-a" } else { "-b" };
        let trunks = self
            .links_of(provider)
            .filter(|link| matches!(&link.kind, LinkKind::Trunk { edge } if edge.ends_with(suffix)));
        trunks.map(|link| link.ends[1].clone()).next()
    }
}
