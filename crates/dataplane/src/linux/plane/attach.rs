//! Ports and tags: how packets get into a domain.
//!
//! - A whole port is moved into the domain, and comes home when it is detached.
//! - A tag of a port is a veth pair: one end in the domain, one at home, where the port's tagger has it.
//! - A VXLAN network is a device in the domain whose packets travel at home.

use super::{Domain, Interface, LinuxDataPlane, Port};
use crate::error::Step;
use crate::linux::{End, Net, Tagger, Vxlan, qinq};
use crate::{Capability, Error, IfHandle, PortId, QinqBackend, Result, Tag};
use ipnet::IpNet;
use std::collections::btree_map::Entry;

/// The UDP port of VXLAN.
const VXLAN_PORT: u16 = 4789;
/// Bytes of the largest packet of an interface with tags, if the port carries as much.
const MTU: u32 = 1500;

/// The name of an interface in its domain: at most 15 bytes, as the kernel wants it.
pub(super) fn name(port: PortId, tag: Tag) -> String {
    let port = port.0;
    match tag {
        Tag::Untagged => format!("p{port}"),
        Tag::C(c) => format!("p{port}.{c}"),
        Tag::SC(s, c) => format!("p{port}.{s}.{c}"),
        Tag::Vni { vni, .. } => format!("p{port}v{vni}"),
    }
}

impl LinuxDataPlane {
    /// Makes the interface of a tag, or finds it, gives it its addresses and takes it up.
    pub(super) fn bring_in(&self, domain: &Domain, port: &Port, tag: Tag, addresses: &[IpNet]) -> Result<IfHandle> {
        let name = name(port.id, tag);
        if name.len() > 15 {
            return Err(Error::Invalid(format!("{name} is longer than the 15 bytes of an interface's name")));
        }
        let there = domain.net.link(&name).is_ok();
        match tag {
            Tag::Untagged if !there => {
                let step = || format!("moving {} to {}", port.interface, domain.name);
                self.home.move_link(&port.interface, domain.net.namespace(), &name).step(step)?;
            }
            Tag::Untagged => {}
            Tag::C(_) | Tag::SC(..) => self.bring_tag(domain, port, tag, &name, there)?,
            Tag::Vni { vni, remote } if !there => {
                if !self.caps.vxlan {
                    return self.missing(Capability::Vxlan);
                }
                let Some(local) = port.underlay.filter(|local| local.is_ipv4() == remote.is_ipv4()) else {
                    return Err(Error::Invalid(format!("{} has no underlay address of the kind of {remote}", port.id)));
                };
                let vxlan = Vxlan { vni, local, remote, port: VXLAN_PORT };
                let made = self.home.vxlan(&name, vxlan, port.mac, domain.net.namespace());
                made.step(|| format!("{tag} for {}", domain.name))?;
            }
            Tag::Vni { .. } => {}
        }
        let step = || format!("{name} of {}", domain.name);
        self.address(&domain.net, &name, addresses)?;
        domain.net.up(&name).step(step)?;
        let link = domain.net.link(&name).step(step)?;
        domain.interfaces().insert(link.index, Interface { name: name.clone(), port: port.id, tag });
        // The event that says so comes later, and then it is known.
        if link.running {
            domain.link_runs(link.index, true, false)?;
        }
        Ok(IfHandle { domain: domain.id, index: link.index })
    }

    /// Takes an interface out of its domain.
    pub(super) fn take_out(&self, domain: &Domain, interface: &Interface) -> Result<()> {
        if interface.tag == Tag::Untagged {
            return match self.ports.get(&interface.port) {
                Some(port) => self.give_back(&domain.net, port),
                None => Ok(()),
            };
        }
        if let Some(tagger) = self.taggers().get(&interface.port) {
            tagger.remove(interface.tag).step(|| format!("{} of {}", interface.tag, interface.port))?;
        }
        match domain.net.delete(&interface.name) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            deleted => deleted.step(|| format!("deleting {} of {}", interface.name, domain.name)),
        }
    }

    /// Moves a port home that is in a domain.
    pub(super) fn give_back(&self, net: &Net, port: &Port) -> Result<()> {
        let name = name(port.id, Tag::Untagged);
        let step = || format!("moving {} home", port.interface);
        net.move_link(&name, self.home.namespace(), &port.interface).step(step)?;
        self.home.up(&port.interface).step(step)
    }

    /// The pair of a tag, its outer end with the tagger.
    fn bring_tag(&self, domain: &Domain, port: &Port, tag: Tag, name: &str, there: bool) -> Result<()> {
        if self.caps.qinq == QinqBackend::Untagged {
            return self.missing(Capability::Qinq);
        }
        let outside = format!("t{}", name.trim_start_matches('p'));
        let step = || format!("{tag} of {} for {}", port.interface, domain.name);
        if !there {
            // One end without the other cannot be; so this is another domain's, of a process before this one.
            if self.home.link(&outside).is_ok() {
                self.home.delete(&outside).step(step)?;
            }
            let mtu = self.home.link(&port.interface).step(step)?.mtu.saturating_sub(qinq::TAG_BYTES).min(MTU);
            let inside = End { name, mac: port.mac, mtu: Some(mtu) };
            let end = End { name: &outside, mac: None, mtu: Some(mtu) };
            self.home.veth(end, domain.net.namespace(), inside).step(step)?;
            self.home.set_alias(&outside, &self.prefix).step(step)?;
        }
        if self.caps.qinq == QinqBackend::Packet {
            socket::frame::finish_in_software(name, Some(domain.net.namespace())).step(step)?;
        }
        self.home.set_sysctl(&format!("ipv6/conf/{outside}/disable_ipv6"), "1").step(step)?;
        self.home.up(&outside).step(step)?;
        let mut taggers = self.taggers();
        let tagger = match taggers.entry(port.id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let tagger = Tagger::follow(self.caps.qinq, &port.interface, self.home.namespace());
                entry.insert(tagger.step(step)?)
            }
        };
        let inner = domain.net.link(name).step(step)?.mac;
        tagger.add(tag, &outside, inner).step(step)
    }

    /// Gives a link these addresses and no others but those it has by itself.
    fn address(&self, net: &Net, name: &str, wanted: &[IpNet]) -> Result<()> {
        let step = || format!("addresses of {name}");
        let index = net.index(name).step(step)?;
        let there = net.addresses().step(step)?.into_iter().filter(|address| address.link == index);
        let there: Vec<IpNet> = there.map(|address| address.address).collect();
        let by_itself = |address: &IpNet| matches!(address, IpNet::V6(v6) if v6.addr().is_unicast_link_local());
        for address in there.iter().filter(|address| !wanted.contains(address) && !by_itself(address)) {
            net.remove_address(name, *address).step(step)?;
        }
        for address in wanted.iter().filter(|address| !there.contains(address)) {
            net.add_address(name, *address).step(|| format!("address {address} of {name}"))?;
        }
        Ok(())
    }
}
