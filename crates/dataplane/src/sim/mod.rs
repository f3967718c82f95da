//! The data plane in memory: no kernel, no rights, no clock of its own.
//!
//! [`SimDataPlane`] keeps what was asked for and answers where a packet would go: longest prefix match, groups whose
//! members follow their links, translation, marks and a token bucket. A packet is [sent](SimDataPlane::send) by asking
//! and at a time that the caller names, so the same questions have the same answers. Queues are not modelled: what a
//! rate has no room for is dropped at once.

mod packet;

pub use packet::{Fate, Packet, Refusal};

use crate::caps::Reason;
use crate::{
    ArpEntry, Backend, BatchReport, Capability, Caps, Counter, CounterSel, DataPlane, Diff, DomainId, DomainSpec,
    DpEvent, Error, GroupId, IfHandle, Member, NatPolicy, PortId, QinqBackend, QosBackend, QosPolicy, RatePolicy,
    Result, RouteOp, RouteTable, Tag,
};
use ipnet::IpNet;
use packet::Bucket;
use socket::Namespace;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A data plane in memory.
#[derive(Debug)]
pub struct SimDataPlane {
    caps: Caps,
    ports: BTreeSet<PortId>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    domains: BTreeMap<DomainId, Domain>,
    subscribers: Vec<Sender<DpEvent>>,
}

#[derive(Debug, Default)]
struct Domain {
    name: String,
    interfaces: BTreeMap<u32, Interface>,
    last_index: u32,
    groups: BTreeMap<GroupId, Vec<Member>>,
    routes: BTreeMap<IpNet, GroupId>,
    nat: Option<NatPolicy>,
    /// Ports given out: flow and address to port.
    flows: BTreeMap<(IpAddr, u16, IpAddr, u16), (IpAddr, u16)>,
    counts: BTreeMap<(&'static str, Option<u32>), (u64, u64)>,
    classes: BTreeMap<(u32, String), (u64, u64)>,
}

#[derive(Debug)]
struct Interface {
    port: PortId,
    tag: Tag,
    addresses: Vec<IpNet>,
    up: bool,
    carrier: bool,
    qos: Option<QosPolicy>,
    rate: Option<RatePolicy>,
    bucket: Bucket,
}

impl Interface {
    fn runs(&self) -> bool {
        self.up && self.carrier
    }
}

impl Domain {
    /// The members of a group whose links run.
    fn live(&self, group: GroupId) -> Vec<Member> {
        let runs = |member: &&Member| self.interfaces.get(&member.interface.index).is_some_and(Interface::runs);
        self.groups.get(&group).into_iter().flatten().filter(runs).copied().collect()
    }

    fn check(&self, id: DomainId, members: &[Member]) -> Result<()> {
        for member in members {
            let handle = member.interface;
            let interface = self.interfaces.get(&handle.index).filter(|_| handle.domain == id);
            let interface = interface.ok_or(Error::NoInterface(handle))?;
            if interface.runs() && !interface.addresses.iter().any(|net| net.contains(&member.gateway)) {
                return Err(Error::Invalid(format!("{} is on no subnet of its interface", member.gateway)));
            }
        }
        Ok(())
    }
}

impl SimDataPlane {
    /// One with these ports, and nothing in it.
    pub fn new(ports: impl IntoIterator<Item = PortId>) -> Self {
        let capabilities =
            [Capability::Qinq, Capability::NexthopGroups, Capability::Vxlan, Capability::Nat, Capability::Classes];
        let reason =
            |capability| Reason { capability, chosen: Some("memory"), why: "everything is a model".to_owned() };
        let caps = Caps {
            qinq: QinqBackend::Packet,
            nat: true,
            qos: QosBackend::Htb,
            nh_groups: true,
            compat_off: true,
            vxlan: true,
            tcp_ao: false,
            esp: false,
            macsec: false,
            bpf: false,
            packet: false,
            reasons: capabilities.into_iter().map(reason).collect(),
        };
        Self { caps, ports: ports.into_iter().collect(), state: Mutex::default() }
    }

    /// The other end of an interface's link goes or comes.
    ///
    /// # Errors
    ///
    /// There is no such interface.
    pub fn set_carrier(&self, handle: IfHandle, carrier: bool) -> Result<()> {
        self.change_link(handle, |interface| interface.carrier = carrier)
    }

    /// Where packets to an address go: the members that share them, none if they are dropped.
    ///
    /// # Errors
    ///
    /// There is no such domain.
    pub fn lookup(&self, domain: DomainId, to: IpAddr) -> Result<Vec<Member>> {
        let mut state = self.state();
        let domain = state.domain(domain)?;
        let routes = domain.routes.iter().filter(|(prefix, _)| prefix.contains(&to));
        let best = routes.max_by_key(|(prefix, _)| prefix.prefix_len());
        Ok(best.map(|(_, group)| domain.live(*group)).unwrap_or_default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_link(&self, handle: IfHandle, change: impl FnOnce(&mut Interface)) -> Result<()> {
        let mut state = self.state();
        let interface = state.interface(handle)?;
        let before = interface.runs();
        change(interface);
        let after = interface.runs();
        if before != after {
            state.tell(if after { DpEvent::LinkUp(handle) } else { DpEvent::LinkDown(handle) });
            if !after {
                state.tell_of_groups(handle)?;
            }
        }
        Ok(())
    }
}

impl State {
    fn domain(&mut self, id: DomainId) -> Result<&mut Domain> {
        self.domains.get_mut(&id).ok_or(Error::NoDomain(id))
    }

    fn interface(&mut self, handle: IfHandle) -> Result<&mut Interface> {
        self.domain(handle.domain)?.interfaces.get_mut(&handle.index).ok_or(Error::NoInterface(handle))
    }

    fn tell(&mut self, event: DpEvent) {
        self.subscribers.retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }

    /// Tells of the groups that lost a member with this link.
    fn tell_of_groups(&mut self, handle: IfHandle) -> Result<()> {
        let id = handle.domain;
        let domain = self.domain(id)?;
        let concerned = domain.groups.iter().filter(|(_, members)| members.iter().any(|each| each.interface == handle));
        let left: Vec<_> = concerned.map(|(group, _)| (*group, domain.live(*group).len())).collect();
        for (group, left) in left {
            self.tell(DpEvent::NexthopGone { domain: id, group, left });
        }
        Ok(())
    }
}

impl DataPlane for SimDataPlane {
    fn backend(&self) -> Backend {
        Backend::Sim
    }

    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn domain_ensure(&self, id: DomainId, spec: &DomainSpec) -> Result<()> {
        let mut state = self.state();
        if let Some(known) = state.domains.get(&id) {
            return match known.name == spec.name {
                true => Ok(()),
                false => Err(Error::Invalid(format!("{id} has the name {}, not {}", known.name, spec.name))),
            };
        }
        if let Some((other, _)) = state.domains.iter().find(|(_, domain)| domain.name == spec.name) {
            return Err(Error::Invalid(format!("the name {} is that of {other}", spec.name)));
        }
        // The first index is that of the loopback device.
        state.domains.insert(id, Domain { name: spec.name.clone(), last_index: 1, ..Domain::default() });
        Ok(())
    }

    fn domain_remove(&self, id: DomainId) -> Result<()> {
        self.state().domains.remove(&id);
        Ok(())
    }

    fn namespace(&self, domain: DomainId) -> Result<Option<Namespace>> {
        self.state().domain(domain).map(|_| None)
    }

    fn attach(&self, id: DomainId, port: PortId, tag: Tag, addresses: &[IpNet]) -> Result<IfHandle> {
        let mut state = self.state();
        state.domain(id)?;
        if !self.ports.contains(&port) {
            return Err(Error::NoPort(port));
        }
        let taken = state.domains.iter().find(|(other, domain)| {
            **other != id && domain.interfaces.values().any(|each| each.port == port && each.tag == tag)
        });
        if let Some((other, _)) = taken {
            return Err(Error::Invalid(format!("{tag} of {port} is that of {other}")));
        }
        let domain = state.domain(id)?;
        let known = domain.interfaces.iter_mut().find(|(_, each)| each.port == port && each.tag == tag);
        if let Some((index, interface)) = known {
            interface.addresses = addresses.to_vec();
            return Ok(IfHandle { domain: id, index: *index });
        }
        domain.last_index += 1;
        let index = domain.last_index;
        let addresses = addresses.to_vec();
        let (qos, rate, bucket) = Default::default();
        let interface = Interface { port, tag, addresses, up: true, carrier: true, qos, rate, bucket };
        domain.interfaces.insert(index, interface);
        Ok(IfHandle { domain: id, index })
    }

    fn detach(&self, handle: IfHandle) -> Result<()> {
        if let Ok(domain) = self.state().domain(handle.domain) {
            domain.interfaces.remove(&handle.index);
        }
        Ok(())
    }

    fn interface_name(&self, handle: IfHandle) -> Result<String> {
        self.state().interface(handle).map(|_| format!("if{}", handle.index))
    }

    fn link_admin(&self, handle: IfHandle, up: bool) -> Result<()> {
        self.change_link(handle, |interface| interface.up = up)
    }

    fn nexthop_set(&self, id: DomainId, group: GroupId, members: &[Member]) -> Result<()> {
        let mut state = self.state();
        let domain = state.domain(id)?;
        domain.check(id, members)?;
        domain.groups.insert(group, members.to_vec());
        Ok(())
    }

    fn routes(&self, id: DomainId, batch: &[RouteOp]) -> Result<BatchReport> {
        let mut state = self.state();
        let domain = state.domain(id)?;
        for change in batch {
            if let RouteOp::Put(_, group) = change
                && !domain.groups.contains_key(group)
            {
                return Err(Error::NoGroup(id, *group));
            }
        }
        for change in batch {
            match change {
                RouteOp::Put(prefix, group) => domain.routes.insert(prefix.trunc(), *group),
                RouteOp::Del(prefix) => domain.routes.remove(&prefix.trunc()),
            };
        }
        Ok(BatchReport { done: batch.len(), refused: Vec::new() })
    }

    fn resync(&self, id: DomainId, want: &RouteTable) -> Result<Diff> {
        if let Some(group) = want.routes.values().find(|group| !want.groups.contains_key(group)) {
            return Err(Error::NoGroup(id, *group));
        }
        let mut state = self.state();
        let domain = state.domain(id)?;
        for members in want.groups.values() {
            domain.check(id, members)?;
        }
        let as_set = |members: &Vec<Member>| members.iter().copied().collect::<BTreeSet<_>>();
        let differs =
            |(group, members): &(&GroupId, &Vec<Member>)| domain.groups.get(group).map(as_set) != Some(as_set(members));
        let diff = Diff {
            groups_set: want.groups.iter().filter(differs).count(),
            groups_removed: domain.groups.keys().filter(|group| !want.groups.contains_key(group)).count(),
            routes_put: want.routes.iter().filter(|(to, group)| domain.routes.get(to) != Some(group)).count(),
            routes_removed: domain.routes.keys().filter(|prefix| !want.routes.contains_key(prefix)).count(),
        };
        domain.groups.clone_from(&want.groups);
        domain.routes.clone_from(&want.routes);
        Ok(diff)
    }

    fn nat(&self, id: DomainId, policy: Option<&NatPolicy>) -> Result<()> {
        let mut state = self.state();
        if let Some(policy) = policy {
            policy.check()?;
            state.interface(policy.outside)?;
        }
        let domain = state.domain(id)?;
        domain.nat = policy.cloned();
        if policy.is_none() {
            domain.flows.clear();
            domain.counts.retain(|(name, _), _| !name.starts_with("nat-"));
        }
        Ok(())
    }

    fn qos(&self, handle: IfHandle, policy: Option<&QosPolicy>) -> Result<()> {
        policy.map_or(Ok(()), QosPolicy::check)?;
        let mut state = self.state();
        state.interface(handle)?.qos = policy.cloned();
        if policy.is_none() {
            state.domain(handle.domain)?.classes.retain(|(index, _), _| *index != handle.index);
        }
        Ok(())
    }

    fn rate(&self, handle: IfHandle, policy: Option<&RatePolicy>) -> Result<()> {
        let mut state = self.state();
        let interface = state.interface(handle)?;
        (interface.rate, interface.bucket) = (policy.copied(), Bucket::default());
        Ok(())
    }

    fn events(&self) -> Receiver<DpEvent> {
        let (sender, receiver) = channel();
        self.state().subscribers.push(sender);
        receiver
    }

    fn counters(&self, selection: &CounterSel) -> Result<Vec<Counter>> {
        let mut state = self.state();
        let (id, only) = match selection {
            CounterSel::Domain(id) => (*id, None),
            CounterSel::Interface(handle) => (handle.domain, Some(handle.index)),
            CounterSel::Port(port) => {
                let known = self.ports.contains(port);
                let counter = Counter { name: "unknown-tag".to_owned(), interface: None, packets: 0, bytes: 0 };
                return if known { Ok(vec![counter]) } else { Err(Error::NoPort(*port)) };
            }
        };
        let handle = |index| IfHandle { domain: id, index };
        if let Some(index) = only {
            state.interface(handle(index))?;
        }
        let domain = state.domain(id)?;
        let count = |name: &str, index: Option<u32>, (packets, bytes): (u64, u64)| Counter {
            name: name.to_owned(),
            interface: index.map(handle),
            packets,
            bytes,
        };
        let plain = domain.counts.iter().map(|((name, index), sum)| count(name, *index, *sum));
        let classes = domain.classes.iter().map(|((index, name), sum)| count(name, Some(*index), *sum));
        let all = plain.chain(classes);
        Ok(all.filter(|each| only.is_none_or(|index| each.interface == Some(handle(index)))).collect())
    }

    fn neighbours(&self, handle: IfHandle) -> Result<Vec<ArpEntry>> {
        let mut state = self.state();
        let ours = state.interface(handle)?.addresses.clone();
        let domain = state.domain(handle.domain)?;
        let hops = domain.groups.values().flatten().filter(|member| member.interface == handle);
        let peers: BTreeSet<IpAddr> = hops.map(|member| member.gateway).collect();
        // A made-up hardware address, the same for the same address.
        let mac = |address: IpAddr| match address {
            IpAddr::V4(v4) => [&[2, 0], &v4.octets()[..]].concat(),
            IpAddr::V6(v6) => [&[2, 6], &v6.octets()[12..]].concat(),
        };
        let entry = |address, ours| ArpEntry { address, mac: mac(address).try_into().ok(), age: 0, ours };
        let ours = ours.iter().map(|net| entry(net.addr(), true));
        Ok(ours.chain(peers.into_iter().map(|peer| entry(peer, false))).collect())
    }
}
