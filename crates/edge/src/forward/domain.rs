//! One domain in the data plane: its interfaces, and the table it forwards by.

use super::table::{Interface, Members, Table};
use crate::config::{Attach, Config, Domain, Encapsulation, Peering, Whole};
use dataplane::linux::Net;
use dataplane::{
    DataPlane, DomainId, DomainSpec, IfHandle, NatPolicy, PortId, RateKind, RatePolicy, Tag, TrafficClass,
};
use model::VlanId;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The port on which circuits come in.
pub(super) const PORT: PortId = PortId(0);
/// The way to the cloud.
pub(super) const CLOUD: PortId = PortId(1);

/// How much of the bandwidth may wait, in milliseconds (spec 09, 8).
const BURST_MS: u32 = 50;

/// What is kept of a domain.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) table: Table,
    /// The customer's link.
    pub(super) link: Option<IfHandle>,
    /// Tunnels by their number.
    tunnels: BTreeMap<u32, IfHandle>,
    /// What was made by us.
    attached: Vec<Interface>,
    /// Addresses of peers.
    pub(super) peers: Vec<IpAddr>,
    /// The namespace is ours to take away.
    is_made: bool,
}

impl Held {
    /// Makes the interfaces of the domain what the configuration says.
    ///
    /// # Errors
    ///
    /// What could not be done; all that could was.
    pub(super) fn set_interfaces(
        &mut self,
        plane: &dyn DataPlane,
        classes: &[TrafficClass],
        id: DomainId,
        domain: &Domain,
        config: &Config,
    ) -> Result<(), String> {
        let Some(name) = &domain.namespace else { return Ok(()) };
        let said = |error: dataplane::Error| format!("{}: {error}", domain.name);
        plane.domain_ensure(id, &DomainSpec { name: name.clone() }).map_err(said)?;
        self.is_made = domain.attach.is_some();
        self.peers = domain.peers.iter().map(|peer| peer.address).collect();
        let encapsulation = config.dataplane.as_ref().map_or(Encapsulation::Qinq, |plane| plane.encapsulation);
        let mut failed = Vec::new();
        let mut interfaces = Vec::new();
        if let Some(attach) = &domain.attach {
            match plane.attach(id, PORT, tag(attach, encapsulation), &attach.addresses) {
                Ok(handle) => {
                    self.link = Some(handle);
                    interfaces.push(Interface { handle, addresses: attach.addresses.clone() });
                    failed.extend(services(plane, classes, handle, domain, attach).into_iter().map(said));
                }
                Err(error) => failed.push(said(error)),
            }
        }
        let gone: Vec<u32> = {
            let stays = |vni: &u32| domain.tunnels.iter().any(|tunnel| tunnel.vni.get() == *vni);
            self.tunnels.keys().filter(|vni| !stays(vni)).copied().collect()
        };
        for handle in gone.iter().filter_map(|vni| self.tunnels.remove(vni)) {
            failed.extend(plane.detach(handle).err().map(said));
        }
        for tunnel in &domain.tunnels {
            let vni = tunnel.vni.get();
            match plane.attach(id, CLOUD, Tag::Vni { vni, remote: tunnel.remote }, &tunnel.addresses) {
                Ok(handle) => {
                    self.tunnels.insert(vni, handle);
                    // The way back to the customer has its bound on the link, the way out here (spec 09, 8).
                    let rate = domain.attach.as_ref().and_then(rate);
                    failed.extend(plane.rate(handle, rate.as_ref()).err().map(said));
                    interfaces.push(Interface { handle, addresses: tunnel.addresses.clone() });
                }
                Err(error) => failed.push(said(error)),
            }
        }
        self.attached = interfaces;
        failed.extend(self.look(plane, id).err());
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }

    /// Looks what interfaces the domain has: those that were made by us, and where the namespace is not ours, those that
    /// were there.
    ///
    /// # Errors
    ///
    /// The namespace cannot be looked into.
    pub(super) fn look(&mut self, plane: &dyn DataPlane, id: DomainId) -> Result<(), String> {
        let mut interfaces = self.attached.clone();
        if let Some(namespace) = plane.namespace(id).map_err(|error| error.to_string())?.filter(|_| !self.is_made) {
            let there = Net::open(&namespace).and_then(|net| net.addresses()).map_err(|error| error.to_string())?;
            for found in there.into_iter().filter(|found| !found.address.addr().is_loopback()) {
                let handle = IfHandle { domain: id, index: found.link };
                match interfaces.iter_mut().find(|interface| interface.handle == handle) {
                    Some(interface) if interface.addresses.contains(&found.address) => {}
                    Some(interface) => interface.addresses.push(found.address),
                    None => interfaces.push(Interface { handle, addresses: vec![found.address] }),
                }
            }
        }
        let groups = self.table.set_interfaces(interfaces);
        self.set_groups(plane, id, &groups);
        Ok(())
    }

    /// Whether interfaces may have come that were not made by us.
    pub(super) fn is_lent(&self) -> bool {
        !self.is_made
    }

    /// Sets the members of groups.
    pub(super) fn set_groups(&self, plane: &dyn DataPlane, id: DomainId, groups: &[Members]) {
        for (group, members) in groups {
            if let Err(error) = plane.nexthop_set(id, *group, members) {
                tracing::error!("{id}: {group} is not {}: {error}", super::names(members));
            }
        }
    }

    /// Takes away what was made: the namespace, or in one that was there before, interfaces and routes.
    ///
    /// # Errors
    ///
    /// What could not be taken away.
    pub(super) fn remove(&mut self, plane: &dyn DataPlane, id: DomainId) -> Result<(), String> {
        let said = |error: dataplane::Error| error.to_string();
        if self.is_made {
            return plane.domain_remove(id).map_err(said);
        }
        plane.resync(id, &dataplane::RouteTable::default()).map_err(said)?;
        for handle in std::mem::take(&mut self.tunnels).into_values() {
            plane.detach(handle).map_err(said)?;
        }
        Ok(())
    }
}

/// How the packets of a domain are told apart on the port.
fn tag(attach: &Attach, encapsulation: Encapsulation) -> Tag {
    let vlan = |tag: Option<Whole<1, 4094>>| tag.and_then(|tag| VlanId::try_from(tag.get16()).ok());
    match (encapsulation, vlan(attach.s_tag), vlan(attach.c_tag)) {
        (Encapsulation::Qinq, Some(s), Some(c)) => Tag::SC(s, c),
        (Encapsulation::Qinq | Encapsulation::Untagged, _, _) => Tag::Untagged,
    }
}

/// The bandwidth of the circuit.
fn rate(attach: &Attach) -> Option<RatePolicy> {
    let bps = |mbps: Whole<1, 400_000>| u64::from(mbps.get()) * 1_000_000;
    attach.rate_mbps.map(|mbps| RatePolicy { bps: bps(mbps), burst_ms: BURST_MS, kind: RateKind::Shape })
}

/// Bandwidth, and on Microsoft peering its classes and what may pass; what could not be set. Private peering keeps marks
/// and knows no classes (spec 04, B2).
fn services(
    plane: &dyn DataPlane,
    classes: &[TrafficClass],
    link: IfHandle,
    domain: &Domain,
    attach: &Attach,
) -> Vec<dataplane::Error> {
    let mut failed = Vec::new();
    let rate = rate(attach);
    failed.extend(plane.rate(link, rate.as_ref()).err());
    if domain.peering == Peering::Microsoft {
        let policy = rate.and_then(|rate| super::classes::policy(classes, rate.bps));
        failed.extend(plane.qos(link, policy.as_ref()).err());
        // Spec 04: translation is the customer's; whoever did not translate is refused, and counted.
        let refuse = NatPolicy {
            outside: link,
            inside: Vec::new(),
            pool: Vec::new(),
            ports: None,
            one_to_one: Vec::new(),
            openings: Vec::new(),
            refuse_private: true,
        };
        failed.extend(plane.nat(link.domain, Some(&refuse)).err());
    }
    failed
}
