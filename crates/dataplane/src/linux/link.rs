//! Links: veth pairs, bridges, VXLAN.

use super::netlink::{Message, NEW, attribute, number32, text};
use super::{Namespace, Net};
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

/// The other end of a veth pair, inside `IFLA_INFO_DATA` (linux/veth.h).
const VETH_PEER: u16 = 1;
/// Of `linux/if_link.h`.
const VXLAN_ID: u16 = 1;
const VXLAN_REMOTE: u16 = 2;
const VXLAN_LOCAL: u16 = 4;
const VXLAN_TTL: u16 = 5;
const VXLAN_LEARNING: u16 = 7;
const VXLAN_PORT: u16 = 15;
const VXLAN_REMOTE6: u16 = 16;
const VXLAN_LOCAL6: u16 = 17;
/// `ifi_flags` of netdevice(7).
const UP: u32 = libc::IFF_UP as u32;
const RUNNING: u32 = libc::IFF_RUNNING as u32;

/// A link as the kernel tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its index in the namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What it is, such as `veth`; empty for a device of the machine.
    pub kind: String,
    /// Its hardware address.
    pub mac: Option<[u8; 6]>,
    /// Bytes of the largest packet.
    pub mtu: u32,
    /// Whether it was taken up.
    pub up: bool,
    /// Whether it is up and has its carrier.
    pub running: bool,
    /// The index of its bridge.
    pub master: Option<u32>,
    /// Words that its maker left on it.
    pub alias: Option<String>,
    /// Packets and bytes so far.
    pub traffic: Traffic,
}

/// What went over a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Traffic {
    pub in_packets: u64,
    pub out_packets: u64,
    pub in_bytes: u64,
    pub out_bytes: u64,
    pub in_dropped: u64,
    pub out_dropped: u64,
}

/// One end of a veth pair.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// Its name, at most 15 bytes.
    pub name: &'a str,
    /// Its hardware address; the kernel chooses one if there is none.
    pub mac: Option<[u8; 6]>,
    /// Bytes of the largest packet; 1500 if not said.
    pub mtu: Option<u32>,
}

impl<'a> End<'a> {
    /// An end of which only the name matters.
    pub fn named(name: &'a str) -> Self {
        Self { name, mac: None, mtu: None }
    }
}

/// A VXLAN device between two addresses, without learning.
#[derive(Debug, Clone, Copy)]
pub struct Vxlan {
    /// The number of the network.
    pub vni: u32,
    /// Our address in the underlay.
    pub local: IpAddr,
    /// The other end.
    pub remote: IpAddr,
    /// The UDP port of both, most often 4789.
    pub port: u16,
}

impl Net {
    /// A veth pair, one end here and one there, both down.
    ///
    /// # Errors
    ///
    /// A name is taken or too long, or the kernel refuses.
    pub fn veth(&self, here: End<'_>, there: &Namespace, other: End<'_>) -> io::Result<()> {
        let descriptor = there.as_fd().as_raw_fd().cast_unsigned();
        let message = end(Message::new(libc::RTM_NEWLINK, NEW, &[0; 16]), here);
        self.rtnetlink().request(message.nest(libc::IFLA_LINKINFO, |info| {
            info.with_text(libc::IFLA_INFO_KIND, "veth").nest(libc::IFLA_INFO_DATA, |data| {
                data.nest(VETH_PEER, |peer| end(peer.raw(&[0; 16]), other).with_u32(libc::IFLA_NET_NS_FD, descriptor))
            })
        }))
    }

    /// A bridge, down. It forwards at once: no spanning tree.
    ///
    /// # Errors
    ///
    /// The name is taken or too long, or the kernel refuses.
    pub fn bridge(&self, name: &str) -> io::Result<()> {
        self.link_of_kind(name, "bridge")
    }

    /// A device of a kind that needs no more than a name.
    ///
    /// # Errors
    ///
    /// The kernel has none of that kind, or the name is taken.
    pub fn link_of_kind(&self, name: &str, kind: &str) -> io::Result<()> {
        let message = Message::new(libc::RTM_NEWLINK, NEW, &[0; 16]).with_text(libc::IFLA_IFNAME, name);
        self.rtnetlink().request(message.nest(libc::IFLA_LINKINFO, |info| info.with_text(libc::IFLA_INFO_KIND, kind)))
    }

    /// A VXLAN device, down. Its packets travel in this namespace; the device itself is put into `into`, which may be
    /// another.
    ///
    /// # Errors
    ///
    /// The name or the number is taken, the addresses are of two families, or the kernel refuses.
    pub fn vxlan(&self, name: &str, vxlan: Vxlan, mac: Option<[u8; 6]>, into: &Namespace) -> io::Result<()> {
        let descriptor = into.as_fd().as_raw_fd().cast_unsigned();
        let (remote, local) = match vxlan.remote {
            IpAddr::V4(_) => (VXLAN_REMOTE, VXLAN_LOCAL),
            IpAddr::V6(_) => (VXLAN_REMOTE6, VXLAN_LOCAL6),
        };
        // Its packets travel where the socket of the request is, wherever the device is put.
        let message = end(Message::new(libc::RTM_NEWLINK, NEW, &[0; 16]), End { name, mac, mtu: None })
            .with_u32(libc::IFLA_NET_NS_FD, descriptor);
        self.rtnetlink().request(message.nest(libc::IFLA_LINKINFO, |info| {
            info.with_text(libc::IFLA_INFO_KIND, "vxlan").nest(libc::IFLA_INFO_DATA, |data| {
                data.with_u32(VXLAN_ID, vxlan.vni)
                    .with_ip(remote, vxlan.remote)
                    .with_ip(local, vxlan.local)
                    .with(VXLAN_TTL, &[64])
                    .with(VXLAN_LEARNING, &[0])
                    .with(VXLAN_PORT, &vxlan.port.to_be_bytes())
            })
        }))
    }

    /// Takes a link up.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the kernel refuses.
    pub fn up(&self, name: &str) -> io::Result<()> {
        self.change(name, UP, UP, |message| message)
    }

    /// Takes a link down. The other end of a veth pair loses its carrier.
    ///
    /// # Errors
    ///
    /// As [`up`](Self::up).
    pub fn down(&self, name: &str) -> io::Result<()> {
        self.change(name, 0, UP, |message| message)
    }

    /// Puts a link into a bridge, or takes it out.
    ///
    /// # Errors
    ///
    /// There is no such link or bridge, or the kernel refuses.
    pub fn enslave(&self, name: &str, bridge: Option<&str>) -> io::Result<()> {
        let master = bridge.map_or(Ok(0), |bridge| self.index(bridge))?;
        self.change(name, 0, 0, |message| message.with_u32(libc::IFLA_MASTER, master))
    }

    /// Moves a link to another namespace, under a name. It arrives there down and without addresses.
    ///
    /// # Errors
    ///
    /// There is no such link, the name is taken there, or it cannot be moved.
    pub fn move_link(&self, name: &str, to: &Namespace, new_name: &str) -> io::Result<()> {
        let index = self.index(name)?;
        let descriptor = to.as_fd().as_raw_fd().cast_unsigned();
        let message = Message::new(libc::RTM_NEWLINK, 0, &fixed(index, 0, 0));
        let message = message.with_u32(libc::IFLA_NET_NS_FD, descriptor).with_text(libc::IFLA_IFNAME, new_name);
        self.rtnetlink().request(message)
    }

    /// Sets the bytes of the largest packet.
    ///
    /// # Errors
    ///
    /// There is no such link, or it cannot be that large.
    pub fn set_mtu(&self, name: &str, mtu: u32) -> io::Result<()> {
        self.change(name, 0, 0, |message| message.with_u32(libc::IFLA_MTU, mtu))
    }

    /// Sets the hardware address.
    ///
    /// # Errors
    ///
    /// There is no such link, or the address is none.
    pub fn set_mac(&self, name: &str, mac: [u8; 6]) -> io::Result<()> {
        self.change(name, 0, 0, |message| message.with(libc::IFLA_ADDRESS, &mac))
    }

    /// Leaves words on a link.
    ///
    /// # Errors
    ///
    /// There is no such link, or they are longer than 255 bytes.
    pub fn set_alias(&self, name: &str, alias: &str) -> io::Result<()> {
        self.change(name, 0, 0, |message| message.with(libc::IFLA_IFALIAS, alias.as_bytes()))
    }

    /// Deletes a link, with the other end of a veth pair.
    ///
    /// # Errors
    ///
    /// There is none of that name ([`io::ErrorKind::NotFound`]), or the kernel refuses.
    pub fn delete(&self, name: &str) -> io::Result<()> {
        let index = self.index(name)?;
        self.rtnetlink().request(Message::new(libc::RTM_DELLINK, 0, &fixed(index, 0, 0)))
    }

    /// All links, in the order of their indexes.
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub fn links(&self) -> io::Result<Vec<Link>> {
        let mut links = Vec::new();
        let ask = Message::new(libc::RTM_GETLINK, 0, &[0; 16]);
        self.rtnetlink().dump(ask, |_, body| links.extend(read(body)))?;
        links.sort_by_key(|link: &Link| link.index);
        Ok(links)
    }

    /// A link by its name.
    ///
    /// # Errors
    ///
    /// There is none ([`io::ErrorKind::NotFound`]).
    pub fn link(&self, name: &str) -> io::Result<Link> {
        let ask = Message::new(libc::RTM_GETLINK, 0, &[0; 16]).with_text(libc::IFLA_IFNAME, name);
        self.rtnetlink().get(ask, read).map_err(|error| match super::netlink::code(&error) {
            Some(libc::ENODEV) => io::Error::new(io::ErrorKind::NotFound, format!("there is no link {name}")),
            _ => error,
        })
    }

    /// The index of a link.
    ///
    /// # Errors
    ///
    /// As [`link`](Self::link).
    pub fn index(&self, name: &str) -> io::Result<u32> {
        self.link(name).map(|link| link.index)
    }

    fn change(&self, name: &str, flags: u32, mask: u32, with: impl FnOnce(Message) -> Message) -> io::Result<()> {
        let index = self.index(name)?;
        self.rtnetlink().request(with(Message::new(libc::RTM_NEWLINK, 0, &fixed(index, flags, mask))))
    }
}

/// `struct ifinfomsg`: family, pad, type (2), index (4), flags (4), which of the flags are meant (4).
fn fixed(index: u32, flags: u32, mask: u32) -> [u8; 16] {
    let mut fixed = [0; 16];
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    fixed[8..12].copy_from_slice(&flags.to_ne_bytes());
    fixed[12..].copy_from_slice(&mask.to_ne_bytes());
    fixed
}

fn end(message: Message, end: End<'_>) -> Message {
    let mut message = message.with_text(libc::IFLA_IFNAME, end.name);
    if let Some(mac) = end.mac {
        message = message.with(libc::IFLA_ADDRESS, &mac);
    }
    if let Some(mtu) = end.mtu {
        message = message.with_u32(libc::IFLA_MTU, mtu);
    }
    message
}

/// A link of a message about one; `None` if the message is about something else or broken.
pub(crate) fn read(body: &[u8]) -> Option<Link> {
    let attributes = body.get(16..)?;
    let flags = number32(body, 8)?;
    let kind = attribute(attributes, libc::IFLA_LINKINFO).and_then(|info| attribute(info, libc::IFLA_INFO_KIND));
    let number = |kind| attribute(attributes, kind).and_then(|value| number32(value, 0));
    Some(Link {
        index: number32(body, 4)?,
        name: text(attribute(attributes, libc::IFLA_IFNAME)?),
        kind: kind.map(text).unwrap_or_default(),
        mac: attribute(attributes, libc::IFLA_ADDRESS).and_then(mac),
        mtu: number(libc::IFLA_MTU).unwrap_or(0),
        up: flags & UP != 0,
        running: flags & UP != 0 && flags & RUNNING != 0,
        master: number(libc::IFLA_MASTER),
        alias: attribute(attributes, libc::IFLA_IFALIAS).map(text),
        traffic: attribute(attributes, libc::IFLA_STATS64).and_then(traffic).unwrap_or_default(),
    })
}

/// `struct rtnl_link_stats64`: packets in and out, bytes in and out, errors in and out, dropped in and out.
fn traffic(value: &[u8]) -> Option<Traffic> {
    let number = |place: usize| Some(u64::from_ne_bytes(value.get(place * 8..place * 8 + 8)?.try_into().ok()?));
    Some(Traffic {
        in_packets: number(0)?,
        out_packets: number(1)?,
        in_bytes: number(2)?,
        out_bytes: number(3)?,
        in_dropped: number(6)?,
        out_dropped: number(7)?,
    })
}

/// A hardware address of six bytes that are not all zero.
pub(crate) fn mac(bytes: &[u8]) -> Option<[u8; 6]> {
    bytes.try_into().ok().filter(|address| *address != [0; 6])
}
