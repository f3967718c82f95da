//! A data plane of the tests: it writes down what it is told, and has one domain in which everything works.

use dataplane::sim::SimDataPlane;
use dataplane::{
    ArpEntry, Backend, BatchReport, Caps, Counter, CounterSel, DataPlane, Diff, DomainId, DomainSpec, DpEvent, GroupId,
    IfHandle, Member, NatPolicy, PortId, QosPolicy, RatePolicy, Result, RouteOp, RouteTable, Tag,
};
use ipnet::IpNet;
use socket::Namespace;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// What it was told, a line a call.
pub(super) struct Told {
    caps: Caps,
    pub(super) log: Mutex<Vec<String>>,
    interfaces: Mutex<BTreeMap<String, u32>>,
    subscribers: Mutex<Vec<Sender<DpEvent>>>,
}

impl Told {
    pub(super) fn new() -> Self {
        let caps = SimDataPlane::new([]).caps().clone();
        Self { caps, log: Mutex::default(), interfaces: Mutex::default(), subscribers: Mutex::default() }
    }

    /// What was told since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn happen(&self, event: &DpEvent) {
        let subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.iter().for_each(|subscriber| _ = subscriber.send(event.clone()));
    }

    fn note<T>(&self, line: String, answer: T) -> Result<T> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        Ok(answer)
    }
}

impl DataPlane for Told {
    fn backend(&self) -> Backend {
        Backend::Sim
    }

    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn domain_ensure(&self, domain: DomainId, spec: &DomainSpec) -> Result<()> {
        self.note(format!("{domain} is {}", spec.name), ())
    }

    fn domain_remove(&self, domain: DomainId) -> Result<()> {
        self.note(format!("{domain} goes"), ())
    }

    fn namespace(&self, _: DomainId) -> Result<Option<Namespace>> {
        Ok(None)
    }

    fn attach(&self, domain: DomainId, port: PortId, tag: Tag, addresses: &[IpNet]) -> Result<IfHandle> {
        let mut interfaces = self.interfaces.lock().unwrap_or_else(PoisonError::into_inner);
        let next = interfaces.len() as u32 + 1;
        let index = *interfaces.entry(format!("{port} {tag}")).or_insert(next);
        self.note(format!("{domain}: {tag} of {port} is {index}, {addresses:?}"), IfHandle { domain, index })
    }

    fn detach(&self, interface: IfHandle) -> Result<()> {
        self.note(format!("{}: {} goes", interface.domain, interface.index), ())
    }

    fn interface_name(&self, interface: IfHandle) -> Result<String> {
        Ok(format!("i{}", interface.index))
    }

    fn link_admin(&self, _: IfHandle, _: bool) -> Result<()> {
        Ok(())
    }

    fn nexthop_set(&self, domain: DomainId, _: GroupId, members: &[Member]) -> Result<()> {
        let members: Vec<String> = members.iter().map(|m| format!("{}%{}", m.gateway, m.interface.index)).collect();
        self.note(format!("{domain}: group [{}]", members.join(" ")), ())
    }

    fn routes(&self, domain: DomainId, batch: &[RouteOp]) -> Result<BatchReport> {
        let count = |is_put: bool| batch.iter().filter(|op| matches!(op, RouteOp::Put(..)) == is_put).count();
        let report = BatchReport { done: batch.len(), refused: Vec::new() };
        self.note(format!("{domain}: {} routes come, {} go", count(true), count(false)), report)
    }

    fn resync(&self, domain: DomainId, want: &RouteTable) -> Result<Diff> {
        self.note(format!("{domain}: all routes are {}", want.routes.len()), Diff::default())
    }

    fn nat(&self, domain: DomainId, policy: Option<&NatPolicy>) -> Result<()> {
        self.note(
            format!("{domain}: private sources refused: {}", policy.is_some_and(|policy| policy.refuse_private)),
            (),
        )
    }

    fn qos(&self, interface: IfHandle, policy: Option<&QosPolicy>) -> Result<()> {
        let names = policy.iter().flat_map(|policy| &policy.classes).map(|class| class.name.as_str());
        self.note(format!("{}: classes [{}]", interface.domain, names.collect::<Vec<_>>().join(" ")), ())
    }

    fn rate(&self, interface: IfHandle, policy: Option<&RatePolicy>) -> Result<()> {
        self.note(format!("{}: rate {:?}", interface.domain, policy.map(|policy| policy.bps)), ())
    }

    fn events(&self) -> Receiver<DpEvent> {
        let (sender, receiver) = channel();
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    fn counters(&self, _: &CounterSel) -> Result<Vec<Counter>> {
        Ok(Vec::new())
    }

    fn neighbours(&self, _: IfHandle) -> Result<Vec<ArpEntry>> {
        Ok(Vec::new())
    }
}
