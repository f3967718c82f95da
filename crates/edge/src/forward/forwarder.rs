//! The forwarder: a thread that takes what changed from workers to the data plane.

use super::domain::Held;
use super::{Forwarding, lock};
use dataplane::{DomainId, RouteOp};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// So many prefixes are asked of a worker at a time, so that neither it nor the kernel is busy for long.
const BATCH: usize = 1024;

/// How often it is looked whether a domain is due to be settled.
const LOOK: Duration = Duration::from_secs(1);

/// Prefixes and what they follow now, of several domains.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Sets of next hops; most prefixes have the one that the prefix before had.
    sets: Vec<Vec<IpAddr>>,
    prefixes: Vec<(DomainId, IpNet, usize)>,
}

impl Changes {
    /// Adds a prefix.
    pub(crate) fn add(&mut self, domain: DomainId, prefix: IpNet, hops: &[IpAddr]) {
        if self.sets.last().is_none_or(|last| last != hops) {
            self.sets.push(hops.to_vec());
        }
        self.prefixes.push((domain, prefix, self.sets.len() - 1));
    }

    fn len(&self) -> usize {
        self.prefixes.len()
    }
}

/// Where changes come from.
pub(crate) trait Source: Send {
    /// Takes changes, of `limit` prefixes at most; `None` when there is nobody any more to ask.
    fn take(&mut self, limit: usize) -> Option<Changes>;
}

/// Starts the thread. It ends with the process, or when nobody can wake it any more.
///
/// # Errors
///
/// The system has no more threads.
pub(crate) fn start(
    forwarding: &Arc<Forwarding>,
    woken: Receiver<()>,
    mut sources: Vec<Box<dyn Source>>,
    patience: Duration,
) -> io::Result<()> {
    let forwarding = Arc::downgrade(forwarding);
    let run = move || {
        let mut settle = Settle::new(patience);
        loop {
            match woken.recv_timeout(LOOK) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let Some(forwarding) = Weak::upgrade(&forwarding) else { return };
            for source in &mut sources {
                while let Some(changes) = source.take(BATCH) {
                    forwarding.apply(&changes);
                    if changes.len() < BATCH {
                        break;
                    }
                }
            }
            settle.due(&forwarding);
        }
    };
    std::thread::Builder::new().name("forwarder".into()).spawn(run).map(drop)
}

/// Domains whose kernel may hold what an earlier process left, until peers have had time to come back.
struct Settle {
    patience: Duration,
    since: BTreeMap<DomainId, Option<Instant>>,
}

impl Settle {
    fn new(patience: Duration) -> Self {
        Self { patience, since: BTreeMap::new() }
    }

    /// Takes away what is left over in domains that are there long enough.
    fn due(&mut self, forwarding: &Forwarding) {
        let there: Vec<DomainId> = forwarding.routes().into_iter().map(|(id, _)| id).collect();
        self.since.retain(|id, _| there.contains(id));
        for id in there {
            let since = self.since.entry(id).or_insert_with(|| Some(Instant::now()));
            if since.is_some_and(|since| since.elapsed() >= self.patience) {
                *since = None;
                forwarding.resync(id);
            }
        }
    }
}

impl Forwarding {
    /// Takes changes to the data plane: groups first, then the routes that name them.
    pub(super) fn apply(&self, changes: &Changes) {
        let mut by_domain: BTreeMap<DomainId, Vec<(IpNet, &[IpAddr])>> = BTreeMap::new();
        for (domain, prefix, set) in &changes.prefixes {
            by_domain.entry(*domain).or_default().push((*prefix, changes.sets.get(*set).map_or(&[], Vec::as_slice)));
        }
        for (id, prefixes) in by_domain {
            let Some(held) = self.held(id) else { continue };
            let mut held = lock(&held);
            let mut batch = Vec::with_capacity(prefixes.len());
            for (prefix, hops) in prefixes {
                self.change_one(id, &mut held, prefix, hops, &mut batch);
            }
            // A next hop that is lost meanwhile shall not wait for the routes.
            drop(held);
            match self.plane.routes(id, &batch) {
                Ok(report) => {
                    if let Some(first) = report.refused.first() {
                        let count = report.refused.len();
                        tracing::error!(
                            "{id}: the kernel refused {count} routes, {} first: {}",
                            first.prefix,
                            first.why
                        );
                    }
                }
                Err(error) => {
                    tracing::error!("{id}: {} routes are not in the kernel: {error}", batch.len());
                    self.resync(id);
                }
            }
        }
    }

    fn change_one(&self, id: DomainId, held: &mut Held, prefix: IpNet, hops: &[IpAddr], batch: &mut Vec<RouteOp>) {
        let (group, route) = held.table.change(prefix, hops);
        if let Some((group, members)) = group {
            let is_strange = members.len() < hops.len();
            held.set_groups(&*self.plane, id, &[(group, members)]);
            // A next hop on no link that is known: perhaps the link has come since.
            if is_strange
                && held.is_lent()
                && let Err(error) = held.look(&*self.plane, id)
            {
                tracing::error!("{id}: its interfaces are not known: {error}");
            }
        }
        batch.extend(route);
    }
}
