//! Addresses of links, and neighbours on them.

use super::Net;
use super::link::mac;
use super::netlink::{Message, PUT, attribute, ip, number16, number32};
use ipnet::IpNet;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// Ticks a second of times that the kernel tells (`USER_HZ`).
const TICKS: u32 = 100;

/// An address of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The index of its link.
    pub link: u32,
    /// The address, with the length of its subnet.
    pub address: IpNet,
}

/// An address of someone else, and where it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The index of the link.
    pub link: u32,
    /// The address.
    pub address: IpAddr,
    /// Its hardware address; `None` while it is not known.
    pub mac: Option<[u8; 6]>,
    /// Since it was last confirmed.
    pub age: Duration,
}

impl Net {
    /// Gives a link an address. One that is there already stays.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel refuses.
    pub fn add_address(&self, link: &str, address: IpNet) -> io::Result<()> {
        /// No duplicate address detection: the address is usable at once (linux/if_addr.h).
        const NO_DETECTION: u8 = 0x02;
        let index = self.index(link)?;
        let mut message = Message::new(libc::RTM_NEWADDR, PUT, &fixed(address, index, NO_DETECTION))
            .with_ip(libc::IFA_LOCAL, address.addr())
            .with_ip(libc::IFA_ADDRESS, address.addr());
        if let IpNet::V4(address) = address {
            message = message.with(libc::IFA_BROADCAST, &address.broadcast().octets());
        }
        self.rtnetlink().request(message)
    }

    /// Takes an address away from a link.
    ///
    /// # Errors
    ///
    /// There is no such link or it has no such address, or the kernel refuses.
    pub fn remove_address(&self, link: &str, address: IpNet) -> io::Result<()> {
        let index = self.index(link)?;
        let message = Message::new(libc::RTM_DELADDR, 0, &fixed(address, index, 0));
        self.rtnetlink().request(message.with_ip(libc::IFA_LOCAL, address.addr()))
    }

    /// All addresses, those that links have by themselves among them (IPv6, scope link).
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub fn addresses(&self) -> io::Result<Vec<Address>> {
        let mut addresses = Vec::new();
        let ask = Message::new(libc::RTM_GETADDR, 0, &[0; 8]);
        self.rtnetlink().dump(ask, |_, body| addresses.extend(read_address(body)))?;
        Ok(addresses)
    }

    /// All neighbours.
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub fn neighbours(&self) -> io::Result<Vec<Neighbour>> {
        let mut neighbours = Vec::new();
        let ask = Message::new(libc::RTM_GETNEIGH, 0, &[0; 12]);
        self.rtnetlink().dump(ask, |_, body| neighbours.extend(read_neighbour(body)))?;
        Ok(neighbours)
    }

    /// Sets a neighbour for good: nobody is asked for its hardware address.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel refuses.
    pub fn set_neighbour(&self, link: &str, address: IpAddr, mac: [u8; 6]) -> io::Result<()> {
        /// `NUD_PERMANENT` of `linux/neighbour.h`.
        const PERMANENT: u16 = 0x80;
        let mut fixed = [0; 12];
        fixed[0] = family(address);
        fixed[4..8].copy_from_slice(&self.index(link)?.to_ne_bytes());
        fixed[8..10].copy_from_slice(&PERMANENT.to_ne_bytes());
        let message = Message::new(libc::RTM_NEWNEIGH, PUT, &fixed);
        self.rtnetlink().request(message.with_ip(libc::NDA_DST, address).with(libc::NDA_LLADDR, &mac))
    }

    /// Forgets a neighbour.
    ///
    /// # Errors
    ///
    /// There is no such link or neighbour, or the kernel refuses.
    pub fn forget_neighbour(&self, link: &str, address: IpAddr) -> io::Result<()> {
        let mut fixed = [0; 12];
        fixed[0] = family(address);
        fixed[4..8].copy_from_slice(&self.index(link)?.to_ne_bytes());
        self.rtnetlink().request(Message::new(libc::RTM_DELNEIGH, 0, &fixed).with_ip(libc::NDA_DST, address))
    }
}

/// `AF_INET` or `AF_INET6`.
pub(crate) fn family(address: IpAddr) -> u8 {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    family as u8
}

/// `struct ifaddrmsg`: family, prefix length, flags, scope, index (4).
fn fixed(address: IpNet, index: u32, flags: u8) -> [u8; 8] {
    let [a, b, c, d] = index.to_ne_bytes();
    let flags = if address.addr().is_ipv6() { flags } else { 0 };
    [family(address.addr()), address.prefix_len(), flags, 0, a, b, c, d]
}

fn read_address(body: &[u8]) -> Option<Address> {
    let attributes = body.get(8..)?;
    // On a point-to-point link the other attribute is the peer's.
    let address = attribute(attributes, libc::IFA_LOCAL).or_else(|| attribute(attributes, libc::IFA_ADDRESS))?;
    Some(Address { link: number32(body, 4)?, address: IpNet::new(ip(address)?, *body.get(1)?).ok()? })
}

/// `struct ndmsg`: family, pad (3), index (4), state (2), flags, type.
fn read_neighbour(body: &[u8]) -> Option<Neighbour> {
    /// `NUD_INCOMPLETE | NUD_FAILED`.
    const UNKNOWN: u16 = 0x01 | 0x20;
    let attributes = body.get(12..)?;
    let known = number16(body, 8)? & UNKNOWN == 0;
    let confirmed = attribute(attributes, libc::NDA_CACHEINFO).and_then(|cache| number32(cache, 0)).unwrap_or(0);
    Some(Neighbour {
        link: number32(body, 4)?,
        address: ip(attribute(attributes, libc::NDA_DST)?)?,
        mac: attribute(attributes, libc::NDA_LLADDR).and_then(mac).filter(|_| known),
        age: Duration::from_secs((confirmed / TICKS).into()),
    })
}
