//! A lab as a world to fail.
//!
//! Links are cut and routers killed from inside the lab's namespaces; what an operator or a customer orders goes through
//! the service, and what a router of the customer's does is told to its daemon. What a lab cannot do, it says before
//! anything is failed ([`World::obstacle`]).

mod acts;
mod flood;
mod ground;
mod load;
mod router;

use super::hear::{Ears, Log, Teller};
use super::{Act, Ground, Observed, Way, World, WorldError};
use crate::probe::{Clock, End, Flow, Probes, Stamp, Stream};
use crate::snapshot::Snapshot;
use crate::topology::{ProcessKind, Role};
use crate::{Error, Lab};
use catalog::Catalog;
use client::Who;
use model::{Bfd, Value};
use planner::Plan;
use router::Router;
use socket::Namespace;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest drill that is recorded.
const LONGEST: Duration = Duration::from_secs(180);

/// Octets of a probe, as a voice packet has them.
const OCTETS: u16 = 160;

/// For how long nothing may have moved before tables are taken for settled.
const STILL: Duration = Duration::from_secs(1);

/// How long is waited at a time: an interrupt is seen that soon.
const NAP: Duration = Duration::from_millis(20);

/// Two ends of a stream: node and address of either.
#[derive(Debug, Clone)]
struct Ends {
    from: (String, IpAddr),
    to: (String, IpAddr),
}

/// A lab that is drilled.
pub struct OnLab<'l> {
    lab: Lab,
    plan: &'l Plan,
    catalog: &'l Catalog,
    offer: ground::Offer,
    /// Routers of the customer's and the provider's, and gateways, by node.
    routers: BTreeMap<String, Router>,
    /// What people call what routers tell of: keys and addresses, and their circuits and links.
    words: Vec<(String, String)>,
    /// Told by a person who wants the drill to end.
    stop: Arc<AtomicBool>,
    running: Option<(Probes, Ears)>,
    /// Runs on when nothing is probed.
    idle: Clock,
    /// What a failure keeps until it is undone.
    kept: acts::Kept,
    /// What the world saw itself.
    seen: Vec<super::Seen>,
    /// What became of a load that ended, on each link.
    loads: Vec<super::Load>,
    /// What the kernel held when all was well.
    well: Option<Snapshot>,
}

impl<'l> OnLab<'l> {
    /// A lab whose streams send `rate` packets a second each.
    pub fn new(lab: Lab, plan: &'l Plan, catalog: &'l Catalog, rate: u32, stop: Arc<AtomicBool>) -> Self {
        let offer = ground::offer(lab.topology(), plan, &microsoft(&lab, catalog), rate);
        let routers = routers(&lab);
        let (words, kept, seen, loads, well, running) = Default::default();
        Self { lab, plan, catalog, offer, routers, words, stop, running, idle: Clock::begin(), kept, seen, loads, well }
    }

    /// Makes links whole and starts what does not run: a drill that was killed, or whoever killed something, left it so.
    ///
    /// # Errors
    ///
    /// Something cannot be mended.
    pub fn mend(&self) -> Result<(), Error> {
        acts::mend(&self.lab)
    }

    /// Waits until the lab is whole, and holds it to what the kernel has then: from now on it is whole only when every
    /// namespace has the same links, addresses, routes and rules.
    ///
    /// # Errors
    ///
    /// It does not become whole in time, or somebody wants an end.
    pub fn remember(&mut self, patience: Duration) -> Result<(), WorldError> {
        self.well = None;
        let failed = |missing: String| WorldError::failed("waiting for a whole lab")(missing.into());
        super::runner::whole(self, patience)?.map_err(failed)?;
        let take = || Snapshot::take().map_err(|error| failed(error.to_string()));
        let mut last = take()?;
        let mut waited = Duration::ZERO;
        loop {
            // Tables may still be on their way when the last session is up.
            self.wait(STILL)?;
            let next = take()?;
            match next.differs_from(&last) {
                None => break,
                Some(moves) if waited > patience => return Err(failed(moves)),
                Some(_) => {}
            }
            last = next;
            waited += STILL;
        }
        self.well = Some(last);
        Ok(())
    }

    fn end((node, address): &(String, IpAddr)) -> Result<End, WorldError> {
        let failed = |error: std::io::Error| WorldError::failed(format!("entering {node}"))(error.into());
        Ok(End { node: node.clone(), namespace: Some(Namespace::named(node).map_err(failed)?), address: *address })
    }

    /// The logs of everybody who notices failures.
    fn logs(&self) -> Vec<Log> {
        let edges = self.lab.topology().processes.iter().filter_map(|process| {
            let (ProcessKind::Edge { .. }, Some(node)) = (&process.kind, &process.node) else { return None };
            let path = self.lab.state().programs.get(&process.name)?.log.clone();
            Some(Log { node: node.clone(), path, teller: Teller::Edge })
        });
        self.routers.values().flat_map(Router::logs).chain(edges).collect()
    }

    /// Has daemons log what they notice, or no longer.
    fn talk(&self, on: bool) {
        for router in self.routers.values() {
            // One that is dead says nothing anyway.
            let _ = router.talk(on);
        }
    }

    fn processes_run(&self) -> Result<(), String> {
        let programs = self.lab.state().programs.keys();
        match programs.into_iter().find(|process| self.lab.pid(process).is_none()) {
            Some(process) => Err(format!("{process} does not run")),
            None => Ok(()),
        }
    }

    fn sessions_up(&self) -> Result<(), String> {
        let words = |error: anyhow::Error| format!("the service: {error:#}");
        let client = self.lab.client(Who::Operator).map_err(|error| error.to_string())?;
        for edge in client.list("/operator/v1/edges").map_err(words)? {
            if edge["established"] != edge["sessions"] {
                return Err(format!(
                    "{}: {} of {} sessions are up",
                    edge["name"], edge["established"], edge["sessions"]
                ));
            }
        }
        self.routers.values().try_for_each(Router::is_up)
    }

    /// What a router told, in people's words.
    fn plain(&self, about: &str) -> String {
        // The first of them is what it is about; reasons are in the router's own log.
        let about = about.split_once("peer=").map_or(about, |(_, peer)| peer).trim_end_matches("/customer");
        self.words.iter().fold(about.to_owned(), |about, (key, word)| about.replace(key, word))
    }
}

/// How Microsoft's edges watch their customers' links in this lab.
fn microsoft(lab: &Lab, catalog: &Catalog) -> ground::Watch {
    let limit = |key| catalog.limit("bgp", key, "").and_then(|limit| u32::try_from(limit).ok());
    let real = limit("bfd-interval").zip(limit("bfd-multiplier"));
    let real = real.map_or(Bfd::Off, |(interval_ms, multiplier)| Bfd::On { interval_ms, multiplier });
    let said = lab.state().bfd.as_ref().and_then(|bfd| Bfd::parse(bfd).ok());
    let hold = limit("hold-time").and_then(|hold| u16::try_from(hold).ok());
    ground::Watch { bfd: said.unwrap_or(real), hold: hold.unwrap_or(ground::HOLD) }
}

/// What people call what routers tell of.
fn words(lab: &Lab, plan: &Plan) -> Vec<(String, String)> {
    let circuits = lab.client(Who::Operator).ok().and_then(|client| client.list("/operator/v1/circuits").ok());
    let keys = circuits.unwrap_or_default();
    let keys = keys.iter().filter_map(|circuit| {
        let name = circuit["id"].as_str()?.rsplit('/').next()?;
        Some((circuit["serviceKey"].as_str()?.to_owned(), name.to_owned()))
    });
    let sessions = plan.sessions().flat_map(|placed| {
        let address = placed.session.microsoft.map(|address| (address.value.to_string(), placed.label()));
        [(placed.session.id.clone(), placed.label())].into_iter().chain(address)
    });
    let mut words: Vec<(String, String)> = keys.chain(sessions).collect();
    // The longer first: one address may begin as another one does.
    words.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
    words
}

/// The routers that can be asked, by node.
fn routers(lab: &Lab) -> BTreeMap<String, Router> {
    let topology = lab.topology();
    let speaks = |node: &String| {
        let is_router =
            |role| matches!(role, Role::CustomerEdge | Role::ProviderEdge | Role::Vpn | Role::Site | Role::Gateway);
        topology.node(node).is_some_and(|node| is_router(node.role))
    };
    let found = topology.processes.iter().filter_map(|process| {
        let node = process.node.clone().filter(speaks)?;
        let router = Router::of(lab, &process.name, &node, &process.kind)?;
        Some((node, router))
    });
    found.collect()
}

impl World for OnLab<'_> {
    fn ground(&self) -> &Ground {
        &self.offer.ground
    }

    fn obstacle(&self, act: &Act) -> Option<String> {
        acts::obstacle(self, act)
    }

    fn is_whole(&mut self) -> Result<(), String> {
        self.processes_run()?;
        self.sessions_up()?;
        if let Some(well) = &self.well {
            let now = Snapshot::take().map_err(|error| error.to_string())?;
            now.differs_from(well).map_or(Ok(()), Err)?;
        }
        let Some((probes, _)) = &self.running else { return Ok(()) };
        let routes = probes.trace();
        let missing = routes.iter().zip(&self.offer.ground.streams).find(|(route, _)| !route.arrived);
        match missing {
            Some((_, stream)) => Err(format!("{}, {}: nothing arrives", stream.path, stream.direction)),
            None => Ok(()),
        }
    }

    fn begin(&mut self) -> Result<(), WorldError> {
        let mut streams = Vec::new();
        for (info, ends) in self.offer.ground.streams.iter().zip(&self.offer.streams) {
            let class = model::Dscp::parse(&info.class);
            let class = class.map_err(|error| WorldError::failed(info.class.clone())(error.reason.into()))?;
            streams.push(Stream {
                path: info.path.clone(),
                direction: info.direction,
                class,
                from: Self::end(&ends.from)?,
                to: Self::end(&ends.to)?,
                rate: info.rate,
                octets: OCTETS,
                answers: info.is_answer().then(|| streams.len().saturating_sub(1)),
            });
        }
        let mut flows = Vec::new();
        for (path, ends) in self.offer.ground.flows.iter().zip(&self.offer.flows) {
            flows.push(Flow { path: path.clone(), from: Self::end(&ends.from)?, to: Self::end(&ends.to)? });
        }
        let failed = |error: crate::probe::ProbeError| WorldError::failed("starting probes")(error.into());
        let probes = Probes::start(&streams, &flows, LONGEST).map_err(failed)?;
        self.words = words(&self.lab, self.plan);
        self.talk(true);
        let ears = Ears::open(self.logs(), probes.clock());
        let ears = ears.map_err(|error| WorldError::failed("reading logs")(error.into()))?;
        self.seen.clear();
        self.loads.clear();
        self.running = Some((probes, ears));
        Ok(())
    }

    fn now(&self) -> Stamp {
        self.running.as_ref().map_or(self.idle, |(probes, _)| probes.clock()).now()
    }

    fn wait(&mut self, span: Duration) -> Result<(), WorldError> {
        let mut left = span;
        while !left.is_zero() {
            if self.stop.load(Ordering::Relaxed) {
                return Err(WorldError::Interrupted);
            }
            let nap = left.min(NAP);
            std::thread::sleep(nap);
            left -= nap;
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), WorldError> {
        acts::act(self, act).map_err(|error| WorldError::failed(act.to_string())(error.into()))
    }

    fn ways(&mut self) -> Vec<Way> {
        let routes = self.running.as_ref().map(|(probes, _)| probes.trace()).unwrap_or_default();
        let (topology, tunnels) = (self.lab.topology(), &self.lab.state().tunnels);
        let name = |hop: Option<IpAddr>| {
            hop.map(|address| tunnels.get(&address).cloned().unwrap_or_else(|| topology.owner(address)))
        };
        let ways = routes.into_iter().map(|route| {
            let mut hops: Vec<Option<String>> = route.hops.into_iter().map(name).collect();
            // A router that answers for two hops, its node's and its domain's, is one.
            hops.dedup_by(|one, other| one.is_some() && one == other);
            Way { hops, arrived: route.arrived }
        });
        ways.collect()
    }

    fn end(&mut self) -> Result<Observed, WorldError> {
        let Some((probes, ears)) = self.running.take() else { return Ok(Observed::default()) };
        let recording = probes.stop();
        let mut seen = ears.close();
        self.talk(false);
        for seen in &mut seen {
            seen.about = self.plain(&seen.about);
        }
        seen.append(&mut self.seen);
        seen.sort_by_key(|seen| seen.at);
        let recording = recording.map_err(|error| WorldError::failed("ending probes")(error.into()))?;
        Ok(Observed { recording, seen, loads: std::mem::take(&mut self.loads) })
    }
}
