//! The data plane of Linux: a namespace for each domain.
//!
//! What it makes is found again by name: namespaces begin with the [prefix](Options::prefix), links in the home
//! namespace carry it as their alias, and routes and next hops have the mark [`OURS`](crate::linux::route::OURS).
//! Nothing else is touched, and the namespace of the machine itself only if that is allowed.

mod attach;
mod domain;
mod nat;
mod qos;
mod watch;

use crate::error::Step;
use crate::linux::{Namespace, Net, Tagger, qinq};
use crate::{
    ArpEntry, Backend, BatchReport, Capability, Caps, Counter, CounterSel, DataPlane, Diff, DomainId, DomainSpec,
    DpEvent, Error, GroupId, IfHandle, Member, NatPolicy, PortId, QosBackend, QosPolicy, RatePolicy, Result, RouteOp,
    RouteTable, Tag,
};
use domain::{Domain, Interface};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use watch::{Subscribers, Watcher};

/// How a data plane is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the names of its namespaces begin with, such as `tp-msee-ams-a-`. Whatever bears it is its own.
    pub prefix: String,
    /// Where its ports are.
    pub home: Namespace,
    /// Whether that may be the namespace of the machine itself.
    pub allow_host: bool,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// A port: where circuits come in, or the way to the cloud.
#[derive(Debug, Clone)]
pub struct Port {
    /// Its number.
    pub id: PortId,
    /// Its interface in the home namespace. One with tags should carry 8 bytes more than its circuits do.
    pub interface: String,
    /// Our address in the underlay, for [`Tag::Vni`].
    pub underlay: Option<IpAddr>,
    /// The hardware address of interfaces made for it; the kernel chooses if there is none.
    pub mac: Option<[u8; 6]>,
}

/// The data plane of Linux.
#[derive(Debug)]
pub struct LinuxDataPlane {
    prefix: String,
    home: Net,
    ports: BTreeMap<PortId, Port>,
    caps: Caps,
    taggers: Mutex<BTreeMap<PortId, Tagger>>,
    domains: Arc<RwLock<BTreeMap<DomainId, Arc<Domain>>>>,
    subscribers: Subscribers,
    watcher: Watcher,
}

impl LinuxDataPlane {
    /// Opens it, with what the machine can do. Domains of an earlier time are found when they are ensured.
    ///
    /// # Errors
    ///
    /// The home is the namespace of the machine and that is not allowed, the prefix is empty, or the rights are missing.
    pub fn open(options: Options, caps: Caps) -> Result<Self> {
        if options.prefix.is_empty() || options.prefix.contains('/') {
            return Err(Error::Invalid(format!("{:?} is no prefix of names of namespaces", options.prefix)));
        }
        // A process that may not look at the first one of the machine is in a namespace of users, and so not in it.
        if let (false, Ok(host)) = (options.allow_host, Namespace::at(Path::new("/proc/1/ns/net")))
            && options.home.same_as(&host).step(|| "looking at the namespace of the machine".to_owned())?
        {
            let text = "the home is the network namespace of the machine itself; allow that, or choose another";
            return Err(Error::Invalid(text.to_owned()));
        }
        let domains = Arc::new(RwLock::new(BTreeMap::new()));
        let subscribers = Subscribers::default();
        let watcher =
            Watcher::start(domains.clone(), subscribers.clone()).step(|| "starting the watcher".to_owned())?;
        Ok(Self {
            home: Net::open(&options.home).step(|| "opening the home namespace".to_owned())?,
            prefix: options.prefix,
            ports: options.ports.into_iter().map(|port| (port.id, port)).collect(),
            caps,
            taggers: Mutex::default(),
            domains,
            subscribers,
            watcher,
        })
    }

    /// Removes all that this data plane ever made, found by name, whether this process made it or one before: domains,
    /// links, and with them routes and rules. Ports that were moved into a domain come back.
    ///
    /// # Errors
    ///
    /// The kernel refuses.
    pub fn remove_all(&self) -> Result<()> {
        let known: Vec<DomainId> = self.read().keys().copied().collect();
        known.into_iter().try_for_each(|domain| self.domain_remove(domain))?;
        for name in Namespace::names().step(|| "reading the names of namespaces".to_owned())? {
            if name.starts_with(&self.prefix) {
                self.dissolve(&name)?;
            }
        }
        self.taggers().clear();
        for port in self.ports.values().filter(|port| !port.interface.is_empty()) {
            qinq::leave(&self.home, &port.interface).step(|| format!("leaving {}", port.interface))?;
        }
        for link in self.home.links().step(|| "links at home".to_owned())? {
            if link.alias.as_deref() == Some(self.prefix.as_str()) && link.kind == "veth" {
                self.home.delete(&link.name).step(|| format!("deleting {}", link.name))?;
            }
        }
        Ok(())
    }

    /// Gives ports back that are in a namespace of ours, and removes it.
    fn dissolve(&self, name: &str) -> Result<()> {
        if let Ok(namespace) = Namespace::named(name) {
            let net = Net::open(&namespace).step(|| format!("opening {name}"))?;
            for port in self.ports.values() {
                if net.link(&attach::name(port.id, Tag::Untagged)).is_ok() {
                    self.give_back(&net, port)?;
                }
            }
            // What is removed with its last holder may live on for a moment; its links need not.
            for link in net.links().step(|| format!("links of {name}"))? {
                if matches!(link.kind.as_str(), "veth" | "vxlan") {
                    let _ = net.delete(&link.name);
                }
            }
        }
        Namespace::remove(name).step(|| format!("removing {name}"))
    }

    fn domain(&self, id: DomainId) -> Result<Arc<Domain>> {
        self.read().get(&id).cloned().ok_or(Error::NoDomain(id))
    }

    fn interface(&self, handle: IfHandle) -> Result<(Arc<Domain>, Interface)> {
        let domain = self.domain(handle.domain)?;
        let interface = domain.interfaces().get(&handle.index).cloned().ok_or(Error::NoInterface(handle))?;
        Ok((domain, interface))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<DomainId, Arc<Domain>>> {
        self.domains.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn taggers(&self) -> MutexGuard<'_, BTreeMap<PortId, Tagger>> {
        self.taggers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missing<T>(&self, capability: Capability) -> Result<T> {
        Err(Error::Missing { capability, why: self.caps.why(capability).to_owned() })
    }
}

impl DataPlane for LinuxDataPlane {
    fn backend(&self) -> Backend {
        Backend::Netns
    }

    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn domain_ensure(&self, id: DomainId, spec: &DomainSpec) -> Result<()> {
        let mut domains = self.domains.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = domains.get(&id) {
            return match known.name == spec.name {
                true => Ok(()),
                false => Err(Error::Invalid(format!("{id} has the name {}, not {}", known.name, spec.name))),
            };
        }
        if let Some(other) = domains.values().find(|domain| domain.name == spec.name) {
            return Err(Error::Invalid(format!("the name {} is that of {}", spec.name, other.id)));
        }
        if !spec.name.starts_with(&self.prefix) {
            return Err(Error::Invalid(format!("{} does not begin with {}", spec.name, self.prefix)));
        }
        if !self.caps.nh_groups {
            return self.missing(Capability::NexthopGroups);
        }
        let namespace = match Namespace::create(&spec.name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Namespace::named(&spec.name),
            made => made,
        }
        .step(|| format!("making {}", spec.name))?;
        let domain = Domain::adopt(id, &spec.name, &namespace)?;
        self.watcher.add(id, &namespace).step(|| format!("watching {}", spec.name))?;
        domains.insert(id, Arc::new(domain));
        Ok(())
    }

    fn domain_remove(&self, id: DomainId) -> Result<()> {
        let Ok(domain) = self.domain(id) else { return Ok(()) };
        let indexes: Vec<u32> = domain.interfaces().keys().copied().collect();
        indexes.into_iter().try_for_each(|index| self.detach(IfHandle { domain: id, index }))?;
        self.watcher.remove(id);
        self.domains.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.dissolve(&domain.name)
    }

    fn namespace(&self, domain: DomainId) -> Result<Option<Namespace>> {
        Ok(Some(self.domain(domain)?.net.namespace().clone()))
    }

    fn attach(&self, domain: DomainId, port: PortId, tag: Tag, addresses: &[IpNet]) -> Result<IfHandle> {
        let domain = self.domain(domain)?;
        let port = self.ports.get(&port).ok_or(Error::NoPort(port))?;
        let taken = |other: &Arc<Domain>| {
            let there = other.interfaces().values().any(|each| each.port == port.id && each.tag == tag);
            (there && other.id != domain.id).then_some(other.id)
        };
        if let Some(other) = self.read().values().find_map(taken) {
            return Err(Error::Invalid(format!("{tag} of {} is that of {other}", port.id)));
        }
        self.bring_in(&domain, port, tag, addresses)
    }

    fn detach(&self, handle: IfHandle) -> Result<()> {
        let Ok((domain, interface)) = self.interface(handle) else { return Ok(()) };
        self.take_out(&domain, &interface)?;
        domain.forget(handle.index);
        Ok(())
    }

    fn interface_name(&self, interface: IfHandle) -> Result<String> {
        Ok(self.interface(interface)?.1.name)
    }

    fn link_admin(&self, handle: IfHandle, up: bool) -> Result<()> {
        let (domain, interface) = self.interface(handle)?;
        let name = interface.name.as_str();
        match up {
            true => domain.net.up(name),
            false => domain.net.down(name),
        }
        .step(|| format!("taking {name} of {} {}", domain.name, if up { "up" } else { "down" }))
    }

    fn nexthop_set(&self, domain: DomainId, group: GroupId, members: &[Member]) -> Result<()> {
        let known = self.domain(domain)?;
        match members.iter().find(|member| member.interface.domain != domain) {
            Some(stranger) => Err(Error::NoInterface(stranger.interface)),
            None => known.set(group, members),
        }
    }

    fn routes(&self, domain: DomainId, batch: &[RouteOp]) -> Result<BatchReport> {
        self.domain(domain)?.change(batch)
    }

    fn resync(&self, domain: DomainId, want: &RouteTable) -> Result<Diff> {
        self.domain(domain)?.resync(want)
    }

    fn nat(&self, domain: DomainId, policy: Option<&NatPolicy>) -> Result<()> {
        let domain = self.domain(domain)?;
        if !self.caps.nat {
            return self.missing(Capability::Nat);
        }
        let mut kept = domain.nat.lock().unwrap_or_else(PoisonError::into_inner);
        // What is as it should be keeps its counters.
        if policy.is_none() || kept.as_ref() != policy {
            nat::apply(&domain, policy)?;
            *kept = policy.cloned();
        }
        Ok(())
    }

    fn qos(&self, interface: IfHandle, policy: Option<&QosPolicy>) -> Result<()> {
        policy.map_or(Ok(()), QosPolicy::check)?;
        if !self.caps.nat || self.caps.qos != QosBackend::Htb {
            return self.missing(Capability::Classes);
        }
        self.keep(interface, |keeping| keeping.qos = policy.cloned())
    }

    fn rate(&self, interface: IfHandle, policy: Option<&RatePolicy>) -> Result<()> {
        if self.caps.qos != QosBackend::Htb {
            return self.missing(Capability::Rates);
        }
        self.keep(interface, |keeping| keeping.rate = policy.copied())
    }

    fn events(&self) -> Receiver<DpEvent> {
        let (sender, receiver) = channel();
        self.subscribers.add(sender);
        receiver
    }

    fn counters(&self, selection: &CounterSel) -> Result<Vec<Counter>> {
        match selection {
            CounterSel::Domain(id) => self.domain_counters(&*self.domain(*id)?, None),
            CounterSel::Interface(handle) => {
                let (domain, _) = self.interface(*handle)?;
                self.domain_counters(&domain, Some(handle.index))
            }
            CounterSel::Port(id) => {
                let port = self.ports.get(id).ok_or(Error::NoPort(*id))?;
                let mut counters = Vec::new();
                // A port that is a domain's own is counted there.
                if let Ok(link) = self.home.link(&port.interface) {
                    counters = traffic(&link, None);
                }
                let unknown = self.taggers().get(id).map_or(0, |tagger| tagger.count().unknown);
                counters.push(count("unknown-tag", None, unknown, 0));
                Ok(counters)
            }
        }
    }

    fn neighbours(&self, handle: IfHandle) -> Result<Vec<ArpEntry>> {
        let (domain, interface) = self.interface(handle)?;
        let step = || format!("neighbours of {}", domain.name);
        let link = domain.net.link(&interface.name).step(step)?;
        let ours = domain.net.addresses().step(step)?.into_iter().filter(|address| address.link == handle.index);
        let ours = ours.map(|each| ArpEntry { address: each.address.addr(), mac: link.mac, age: 0, ours: true });
        let others = domain.net.neighbours().step(step)?.into_iter().filter(|each| each.link == handle.index);
        let others = others.filter(|each| !each.address.is_multicast()).map(|each| ArpEntry {
            address: each.address,
            mac: each.mac,
            age: each.age.as_secs(),
            ours: false,
        });
        Ok(ours.chain(others).collect())
    }
}

impl LinuxDataPlane {
    /// Changes what an interface keeps to. What is refused is not kept.
    fn keep(&self, handle: IfHandle, change: impl FnOnce(&mut qos::Keeping)) -> Result<()> {
        let (domain, interface) = self.interface(handle)?;
        let mut kept = domain.keeping();
        let mut wanted = kept.clone();
        change(wanted.entry(handle.index).or_default());
        // What is as it should be keeps its counters and what waits.
        if wanted == *kept {
            return Ok(());
        }
        qos::apply(&domain, handle, &interface.name, &wanted)?;
        *kept = wanted;
        Ok(())
    }

    /// Counters of the links of a domain, or of one of them.
    fn domain_counters(&self, domain: &Domain, only: Option<u32>) -> Result<Vec<Counter>> {
        let mut counters = Vec::new();
        let interfaces = domain.interfaces().clone();
        for link in domain.net.links().step(|| format!("links of {}", domain.name))? {
            if interfaces.contains_key(&link.index) && only.is_none_or(|index| index == link.index) {
                let handle = IfHandle { domain: domain.id, index: link.index };
                counters.extend(traffic(&link, Some(handle)));
                let interface = interfaces.get(&link.index);
                let tagged = interface.and_then(|interface| {
                    self.taggers().get(&interface.port)?.count().dropped.get(&interface.tag).copied()
                });
                if let Some(dropped) = tagged {
                    counters.push(count("tag-dropped", Some(handle), dropped, 0));
                }
                if let Some(keeping) = domain.keeping().get(&link.index) {
                    counters.extend(qos::counters(domain, handle, &link.name, keeping)?);
                }
            }
        }
        if only.is_none() && domain.nat.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            counters.extend(nat::counters(domain)?);
        }
        Ok(counters)
    }
}

fn traffic(link: &crate::linux::Link, interface: Option<IfHandle>) -> Vec<Counter> {
    let traffic = link.traffic;
    vec![
        count("in", interface, traffic.in_packets, traffic.in_bytes),
        count("out", interface, traffic.out_packets, traffic.out_bytes),
        count("in-dropped", interface, traffic.in_dropped, 0),
        count("out-dropped", interface, traffic.out_dropped, 0),
    ]
}

fn count(name: &str, interface: Option<IfHandle>, packets: u64, bytes: u64) -> Counter {
    Counter { name: name.to_owned(), interface, packets, bytes }
}
