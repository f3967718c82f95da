//! Forwarding beside the sessions: domains in the data plane, changes from workers to it, and links that go down.

use super::command::Command;
use super::roster::Roster;
use super::{Core, Hand};
use crate::config::{Config, Domain};
use crate::forward::{self, Changes, Forwarding, Source};
use crate::worker::{Forwarder, Request};
use bgp_speaker::{Domain as Number, Notice, Speaker};
use catalog::Catalog;
use dataplane::DomainId;
use ipnet::IpNet;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long peers have to come back, before what an earlier process left in the kernel is taken away.
const PATIENCE: Duration = Duration::from_secs(15);

/// The data plane of a configuration, if it has one.
///
/// # Errors
///
/// It cannot be had on this machine: why.
pub(super) fn open(config: &Config, catalog: &Catalog) -> Result<Option<Arc<Forwarding>>, String> {
    Ok(forward::open(config)?.map(|plane| Arc::new(Forwarding::new(plane, catalog))))
}

/// Wakes the forwarder; it is enough that one call waits.
pub(super) fn waker(wake: &SyncSender<()>) -> Forwarder {
    let wake = wake.clone();
    Box::new(move || _ = wake.try_send(()))
}

/// Tells the data plane of peers that are back.
pub(super) struct Found {
    pub(super) forwarding: Option<Arc<Forwarding>>,
    pub(super) roster: Arc<RwLock<Roster>>,
}

impl Found {
    pub(super) fn take(&self, notice: &Notice) {
        if let (Some(forwarding), Notice::Up { peer }) = (&self.forwarding, notice)
            && let Some((domain, address)) = self.roster.read().unwrap_or_else(PoisonError::into_inner).place(*peer)
        {
            forwarding.find(DomainId(domain.0), address);
        }
    }
}

/// A worker, asked for what packets follow.
struct Worker(Arc<Hand>);

impl Source for Worker {
    fn take(&mut self, limit: usize) -> Option<Changes> {
        let asked = self.0.worker.ask(move |speaker: &mut Speaker, _| {
            let mut changes = Changes::default();
            speaker.forwarding(limit, |domain, prefix, hops| {
                if let Ok(prefix) = IpNet::new(prefix.network(), prefix.length()) {
                    changes.add(DomainId(domain.0), prefix, hops);
                }
            });
            changes
        });
        // One that is busy calls again with its next turn.
        asked.ok()
    }
}

impl Core {
    /// Begins to take what workers know to the data plane, and to watch its links.
    pub(super) fn forward(self: &Arc<Self>, woken: Receiver<()>, restarting: Option<Duration>) -> io::Result<()> {
        let Some(forwarding) = &self.forwarding else { return Ok(()) };
        let sources = self.workers.iter().map(|hand| Box::new(Worker(hand.clone())) as Box<dyn Source>).collect();
        forward::start(forwarding, woken, sources, restarting.map_or(PATIENCE, |patience| patience.max(PATIENCE)))?;
        let (forwarding, core) = (forwarding.clone(), Arc::downgrade(self));
        let events = forwarding.events();
        let watch = move || {
            forwarding.watch(&events, |domain, gateway| {
                let Some(core) = core.upgrade() else { return };
                let peers = core.roster().at(Number(domain.0), gateway);
                for (peer, worker) in peers {
                    let hand = &core.workers[worker];
                    let executor = hand.executor.clone();
                    let down = Box::new(move |speaker: &mut Speaker, now| {
                        let mut executor = executor.lock().unwrap_or_else(PoisonError::into_inner);
                        // To BGP it is the same whether packets or the carrier stay away (RFC 5882, section 4.3).
                        executor.run(Command::BfdDown { peer }, speaker, now);
                    });
                    let _ = hand.worker.send(Request::Ask(down));
                }
            });
        };
        std::thread::Builder::new().name("links".into()).spawn(watch).map(drop)
    }

    /// Makes a domain in the data plane, if anything of it is forwarded; what could not be done.
    pub(super) fn forward_domain(&self, number: Number, domain: &Domain, config: &Config) -> Option<String> {
        let forwarding = self.forwarding.as_ref().filter(|_| domain.is_forwarded())?;
        forwarding.add(DomainId(number.0), domain, config).err()
    }

    /// Changes the interfaces of a domain; what could not be done.
    pub(super) fn interfaces(&self, domain: &Domain, config: &Config) -> Option<String> {
        let number = self.roster().domain(domain.name.as_str())?.number;
        self.forwarding.as_ref()?.change(DomainId(number.0), domain, config).err()
    }

    /// The counters of a domain that is forwarded, with whether each is of the customer's link.
    pub(crate) fn counters(&self, domain: &str) -> Option<Vec<(dataplane::Counter, bool)>> {
        let number = self.roster().domain(domain)?.number;
        let read = self.forwarding.as_ref()?.counters(DomainId(number.0));
        (!read.is_empty()).then_some(read)
    }

    /// Takes a domain out of the data plane; what could not be done.
    pub(super) fn unforward(&self, number: Number) -> Option<String> {
        self.forwarding.as_ref()?.remove(DomainId(number.0)).err()
    }
}
