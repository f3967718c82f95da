//! From tables to the kernel: what packets follow.
//!
//! ```text
//!  workers ──"something changed"──► forwarder thread ──ask──► workers: prefixes and their next hops
//!                                        │
//!                                        └─ groups, then routes, in batches ─► DataPlane
//!  bfd, links ──lost──► the groups of the next hop, at once ──► DataPlane, and only then BGP
//! ```
//!
//! Workers only note which prefixes changed; working out next hops and talking to the kernel is the forwarder's. What a
//! worker has not been asked about yet is kept in its tables, each prefix once, so nothing grows while the kernel is busy.
//!
//! A path that is lost is the one thing that does not wait: whoever sees it has the groups replaced on its own thread
//! (spec 09, 6), in a time that does not grow with the routes. BGP hears of it afterwards and takes the routes away one by
//! one, which then matters to nobody.
//!
//! - [`Forwarding`]: the domains of a data plane, their interfaces and their routes.
//! - `table`: the wanted state of a domain, decided without touching anything.

mod classes;
mod domain;
mod forwarder;
mod open;
mod switch;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use crate::config::{Config, Domain};
use catalog::Catalog;
use dataplane::{Counter, CounterSel, DataPlane, DomainId, DpEvent, IfHandle, Member, TrafficClass};
use domain::Held;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

pub(crate) use forwarder::{Changes, Source, start};
pub(crate) use open::open;
pub(crate) use switch::BOUNDS;

use switch::Switches;

/// A data plane and what the edge keeps in it. Domains have the numbers that the roster gives them.
pub(crate) struct Forwarding {
    plane: Arc<dyn DataPlane>,
    /// Classes of Microsoft peering.
    classes: Vec<TrafficClass>,
    domains: RwLock<BTreeMap<DomainId, Arc<Mutex<Held>>>>,
    pub(crate) switches: Switches,
}

impl fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarding").field("backend", &self.plane.backend()).finish_non_exhaustive()
    }
}

impl Forwarding {
    /// The means for a data plane; classes of traffic are the catalogue's.
    pub(crate) fn new(plane: Arc<dyn DataPlane>, catalog: &Catalog) -> Self {
        Self { plane, classes: classes::of(catalog), domains: RwLock::default(), switches: Switches::default() }
    }

    /// Makes a domain, or finds it as another process of ours left it.
    ///
    /// # Errors
    ///
    /// What the data plane said. What was made stays, and the call may be repeated.
    pub(crate) fn add(&self, id: DomainId, domain: &Domain, config: &Config) -> Result<(), String> {
        let held = self.domains.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone();
        lock(&held).set_interfaces(&*self.plane, &self.classes, id, domain, config)
    }

    /// Takes interfaces of a domain up, changes or takes them away, as the configuration says now.
    ///
    /// # Errors
    ///
    /// As [`Forwarding::add`].
    pub(crate) fn change(&self, id: DomainId, domain: &Domain, config: &Config) -> Result<(), String> {
        let Some(held) = self.held(id) else { return self.add(id, domain, config) };
        lock(&held).set_interfaces(&*self.plane, &self.classes, id, domain, config)
    }

    /// Takes a domain away with all that was made for it.
    ///
    /// # Errors
    ///
    /// What the data plane said.
    pub(crate) fn remove(&self, id: DomainId) -> Result<(), String> {
        let removed = self.domains.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        removed.map_or(Ok(()), |held| lock(&held).remove(&*self.plane, id))
    }

    /// Takes all domains away.
    pub(crate) fn clear(&self) {
        let all: Vec<DomainId> = self.domains.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        for id in all {
            if let Err(error) = self.remove(id) {
                tracing::error!("{id} is left behind: {error}");
            }
        }
    }

    /// Nothing is sent to a next hop from now on: its groups are replaced before this returns. How many were, and how long
    /// it took since `seen`; nothing when it was lost already.
    pub(crate) fn lose(&self, id: DomainId, gateway: IpAddr, seen: Instant) -> Option<(usize, Duration)> {
        let held = self.held(id)?;
        let mut held = lock(&held);
        let groups = held.table.lose(gateway);
        for (group, members) in &groups {
            if let Err(error) = self.plane.nexthop_set(id, *group, members) {
                tracing::error!("{id}: {group} still sends to {gateway}, which is lost: {error}");
            }
        }
        drop(held);
        if groups.is_empty() {
            return None;
        }
        let took = seen.elapsed();
        self.switches.add(took);
        Some((groups.len(), took))
    }

    /// A next hop is there again.
    pub(crate) fn find(&self, id: DomainId, gateway: IpAddr) {
        if let Some(held) = self.held(id) {
            let mut held = lock(&held);
            let groups = held.table.find(gateway);
            held.set_groups(&*self.plane, id, &groups);
        }
    }

    /// Events of the data plane from now on.
    pub(crate) fn events(&self) -> std::sync::mpsc::Receiver<DpEvent> {
        self.plane.events()
    }

    /// What the data plane tells, for as long as it runs. `lost` is told who was on a link that is down, after nothing is
    /// sent there any more.
    pub(crate) fn watch(&self, events: &std::sync::mpsc::Receiver<DpEvent>, lost: impl Fn(DomainId, IpAddr)) {
        while let Ok(event) = events.recv() {
            match event {
                DpEvent::LinkDown(link) | DpEvent::LinkGone(link) => {
                    let seen = Instant::now();
                    for gateway in self.known_on(link) {
                        if let Some((groups, took)) = self.lose(link.domain, gateway, seen) {
                            tracing::info!(
                                "{}: the link to {gateway} is down, {groups} groups changed in {took:?}",
                                link.domain
                            );
                        }
                        lost(link.domain, gateway);
                    }
                }
                DpEvent::LinkUp(link) => {
                    self.look(link.domain);
                    for gateway in self.known_on(link) {
                        self.find(link.domain, gateway);
                    }
                }
                DpEvent::RouteGone { domain, .. } | DpEvent::Overrun(domain) => self.resync(domain),
                // The data plane sets them again when the link is up.
                DpEvent::NexthopGone { .. } => {}
            }
        }
    }

    /// Looks which links a lent namespace has now.
    fn look(&self, id: DomainId) {
        let Some(held) = self.held(id) else { return };
        let mut held = lock(&held);
        if held.is_lent()
            && let Err(error) = held.look(&*self.plane, id)
        {
            tracing::error!("{id}: its interfaces are not known: {error}");
        }
    }

    /// The peers' addresses on a link.
    fn known_on(&self, link: IfHandle) -> Vec<IpAddr> {
        let Some(held) = self.held(link.domain) else { return Vec::new() };
        let held = lock(&held);
        let subnets = held.table.subnets(link);
        held.peers.iter().filter(|peer| subnets.iter().any(|subnet| subnet.contains(*peer))).copied().collect()
    }

    /// Makes the kernel's routes what they shall be.
    pub(crate) fn resync(&self, id: DomainId) {
        let Some(held) = self.held(id) else { return };
        let mut held = lock(&held);
        match self.plane.resync(id, &held.table.whole()) {
            Ok(diff) if diff.is_empty() => {}
            Ok(diff) => tracing::info!("{id}: the kernel's routes were mended: {diff:?}"),
            Err(error) => tracing::error!("{id}: the kernel's routes are not as they should be: {error}"),
        }
    }

    /// How many prefixes each domain forwards.
    pub(crate) fn routes(&self) -> Vec<(DomainId, usize)> {
        let domains = self.domains.read().unwrap_or_else(PoisonError::into_inner);
        domains.iter().map(|(id, held)| (*id, lock(held).table.len())).collect()
    }

    /// The counters of a domain, with whether each is of the customer's link.
    pub(crate) fn counters(&self, id: DomainId) -> Vec<(Counter, bool)> {
        let Some(link) = self.held(id).map(|held| lock(&held).link) else { return Vec::new() };
        let read = self.plane.counters(&CounterSel::Domain(id)).unwrap_or_default();
        read.into_iter()
            .map(|counter| (link.is_some() && counter.interface == link, counter))
            .map(|(is, c)| (c, is))
            .collect()
    }

    fn held(&self, id: DomainId) -> Option<Arc<Mutex<Held>>> {
        self.domains.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Members for a log line.
fn names(members: &[Member]) -> String {
    members.iter().map(|member| member.gateway.to_string()).collect::<Vec<_>>().join(", ")
}
