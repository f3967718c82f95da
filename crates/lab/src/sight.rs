//! Where packets went: every stand-in for endpoints asked from every site and from outside, with frames captured on the
//! circuits and on the ways to the Internet.

use crate::drill::bird::Bird;
use crate::probe::{Capture, Direction, Flow, Point, Probes, Stream};
use crate::routers::{ACCEPT, write};
use crate::topology::{At, Host, LinkKind, Role};
use crate::verify::{end, pair};
use crate::{Error, Lab};
use edge_api::Side;
use model::{Community, Dscp};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Packets a second of each stream.
const RATE: u32 = 100;

/// How long packets are looked at before a change and after it.
const LOOK: Duration = Duration::from_millis(700);

/// What became of packets from one host to one stand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// From which host.
    pub from: String,
    /// What that is.
    pub at: At,
    /// To which stand-in.
    pub to: String,
    /// Whether a TCP connection came up and lasted, and octets came through.
    pub works: bool,
    /// Why it did not, as the sender's kernel says.
    pub why: Option<String>,
    /// Packets that were sent and that arrived.
    pub packets: (usize, usize),
    /// Packets that were captured on the links of circuits, by link.
    pub circuits: BTreeMap<String, u32>,
    /// Packets that were captured on ways to the Internet, by link.
    pub internet: BTreeMap<String, u32>,
}

impl Sight {
    /// Packets that never arrived.
    pub fn lost(&self) -> usize {
        self.packets.0 - self.packets.1
    }
}

/// Looks where packets go, while `change` is made; frames are kept in `folder`, where there is one.
///
/// # Errors
///
/// The probes do not start, or the change fails.
pub fn look(lab: &Lab, folder: Option<&Path>, change: impl FnOnce() -> Result<(), Error>) -> Result<Vec<Sight>, Error> {
    let topology = lab.topology();
    let (mut streams, mut flows, mut sights) = (Vec::new(), Vec::new(), Vec::new());
    let is_source = |host: &&Host| matches!(host.at, At::Site | At::Outside);
    let is_end = |host: &&Host| matches!(host.at, At::Service | At::Internet);
    for source in topology.hosts.iter().filter(is_source) {
        for far in topology.hosts.iter().filter(is_end) {
            let Some((here, there)) = pair(source, far) else { continue };
            let path = format!("{} → {}", source.name, far.name);
            let (from, to) = (end(source, here)?, end(far, there)?);
            let (direction, class) = (Direction::Out, Dscp::DEFAULT);
            flows.push(Flow { path: path.clone(), from: from.clone(), to: to.clone() });
            streams.push(Stream { path, direction, class, from, to, rate: RATE, octets: 64, answers: None });
            sights.push((source, far));
        }
    }
    let points = points(lab)?;
    let failed = |error: crate::probe::ProbeError| Error::No(format!("probes: {error}"));
    let capture = Capture::start(&points, folder).map_err(failed)?;
    let probes = Probes::start(&streams, &flows, Duration::from_secs(60)).map_err(failed)?;
    let run = probes.run();
    std::thread::sleep(LOOK);
    let changed = change();
    std::thread::sleep(LOOK);
    let recording = probes.stop().map_err(failed)?;
    let passed = capture.stop().map_err(failed)?;
    changed?;
    let is_circuit =
        |link: &String| topology.link(link).is_some_and(|link| matches!(link.kind, LinkKind::Access { .. }));
    let sight = |((source, far), number): (&(&Host, &Host), u16)| {
        let record = recording.streams.get(usize::from(number)).cloned().unwrap_or_default();
        let flow = recording.flows.get(usize::from(number)).cloned().unwrap_or_default();
        let (circuits, internet) = passed.of(run, number).into_iter().partition(|(link, _)| is_circuit(link));
        Sight {
            from: source.name.clone(),
            at: source.at,
            to: far.name.clone(),
            works: flow.broken.is_none() && flow.progress.last().is_some_and(|last| last.octets > 0),
            why: flow.broken.map(|(_, why)| why),
            packets: (record.sent.len(), arrived(&record.arrivals)),
            circuits,
            internet,
        }
    };
    Ok(sights.iter().zip(0..).map(sight).collect())
}

/// How many packets arrived, copies left out.
fn arrived(arrivals: &[crate::probe::Arrival]) -> usize {
    let mut numbers: Vec<u32> = arrivals.iter().map(|arrival| arrival.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

/// The far ends of the cables of circuits to providers' equipment, and of all cables to the Internet.
fn points(lab: &Lab) -> Result<Vec<Point>, Error> {
    let mut points = Vec::new();
    for link in &lab.topology().links {
        let near = lab.topology().node(&link.ends[0]).map(|node| node.role);
        let wanted = match link.kind {
            LinkKind::Access { side: Side::Primary | Side::Secondary, .. } => true,
            LinkKind::Internet => near != Some(Role::Services),
            LinkKind::Lan
            | LinkKind::Wan
            | LinkKind::Vpn
            | LinkKind::Trunk { .. }
            | LinkKind::Cloud
            | LinkKind::Vnet => false,
        };
        for lane in link.lanes.iter().filter(|_| wanted) {
            let namespace = socket::Namespace::named(&link.ends[1]).map_err(Error::io(link.ends[1].clone()))?;
            points.push(Point { link: link.name.clone(), device: lane.devices[1].clone(), namespace });
        }
    }
    Ok(points)
}

/// Has the core of every site take of the routes with one of `gated` only those in `routes`: lines of BIRD that define
/// `m365_v4` and `m365_v6`, as `twinpath m365 routes` writes them.
///
/// # Errors
///
/// A core's configuration cannot be written, or is not taken.
pub fn accept(lab: &Lab, routes: &str, gated: &[Community]) -> Result<(), Error> {
    let pairs: Vec<String> =
        gated.iter().map(|community| format!("({}, {})", community.asn, community.value)).collect();
    let listed = |name: &str, kind: &str| match routes.contains(&format!("define {name} ")) {
        true => format!("      if net.type = {kind} then if net ~ {name} then accept;\n"),
        false => String::new(),
    };
    let text = format!(
        "{routes}\nfilter from_edge {{\n  if bgp_community ~ [ {} ] then {{\n{}{}    reject;\n  }}\n  accept;\n}}\n",
        pairs.join(", "),
        listed("m365_v4", "NET_IP4"),
        listed("m365_v6", "NET_IP6"),
    );
    for node in lab.topology().of_role(Role::Site) {
        let folder = lab.folder_of(&node.name);
        write(&folder.join(ACCEPT), &text, false)?;
        let bird = Bird { node: node.name.clone(), socket: folder.join("bird.ctl"), log: folder.join("router.log") };
        let said = bird.ask("configure")?;
        if !said.contains("econfigur") {
            return Err(Error::No(format!("{}: {}", node.name, said.trim())));
        }
    }
    Ok(())
}
