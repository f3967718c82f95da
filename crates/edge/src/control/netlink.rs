//! Links, addresses and neighbours of a network namespace, asked of the kernel by netlink (rtnetlink(7)).
//!
//! ```text
//! | length (4) | type (2) | flags (2) | sequence (4) | port (4) | fixed part | attributes: length (2), type (2), value |
//! ```
//!
//! Three dumps are all that is needed, so the messages are read here; numbers are in the byte order of the machine, and
//! every length is held against the bytes that are there.

use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, Read};
use std::net::IpAddr;
use std::time::Duration;

/// `AF_NETLINK` of Linux.
const AF_NETLINK: i32 = 16;
/// `RTM_NEWLINK` and its kin of rtnetlink(7); the request for a dump is two more.
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const NEW_NEIGHBOUR: u16 = 28;
/// `NLMSG_ERROR` and `NLMSG_DONE` of netlink(7).
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// The header of a message, in bytes.
const HEADER: usize = 16;
/// Ticks a second of times that the kernel tells (`USER_HZ`).
const TICKS: u32 = 100;
/// The kernel answers at once; a dump that does not is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the kernel knows of the links of a namespace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Kernel {
    pub(super) links: Vec<Link>,
    pub(super) addresses: Vec<OnLink>,
    pub(super) neighbours: Vec<Neighbour>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) index: u32,
    pub(super) name: String,
    pub(super) hardware: Option<[u8; 6]>,
}

/// An address of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnLink {
    pub(super) link: u32,
    pub(super) prefix: Subnet,
}

/// An address and the length of its subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subnet {
    pub(super) network_of: IpAddr,
    pub(super) length: u8,
}

/// An address of someone else, and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Neighbour {
    pub(super) address: IpAddr,
    pub(super) link: u32,
    /// `None` while it is not known.
    pub(super) hardware: Option<[u8; 6]>,
    /// Since it was last confirmed.
    pub(super) age: Duration,
}

impl Subnet {
    /// Whether an address is in the subnet.
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        let net = |ip: IpAddr| ipnet::IpNet::new(ip, self.length).map(|net| net.trunc());
        address.is_ipv4() == self.network_of.is_ipv4() && net(address).ok() == net(self.network_of).ok()
    }
}

impl Kernel {
    /// Asks the kernel, in the namespace of the calling thread.
    pub(super) fn look() -> io::Result<Self> {
        let mut socket = Socket::new(Domain::from(AF_NETLINK), Type::RAW, Some(Protocol::from(0)))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut kernel = Self::default();
        for kind in [NEW_LINK, NEW_ADDRESS, NEW_NEIGHBOUR] {
            socket.send(&request(kind))?;
            kernel.dump(&mut socket, kind)?;
        }
        Ok(kernel)
    }

    pub(super) fn link(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index == index)
    }

    fn dump(&mut self, socket: &mut Socket, kind: u16) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = socket.read(&mut buffer)?;
            let mut rest = buffer.get(..count).unwrap_or_default();
            while let Some((length, of)) = number32(rest, 0).zip(number16(rest, 4)) {
                let length = length as usize;
                let Some(body) = rest.get(HEADER..length) else { break };
                match of {
                    DONE => return Ok(()),
                    ERROR => {
                        let code = number32(body, 0).unwrap_or(0) as i32;
                        return Err(io::Error::from_raw_os_error(code.saturating_neg()));
                    }
                    of if of == kind => self.take(kind, body),
                    _ => {}
                }
                rest = rest.get(aligned(length)..).unwrap_or_default();
            }
        }
    }

    /// Takes one message in; one that cannot be understood is left out.
    fn take(&mut self, kind: u16, body: &[u8]) {
        let _: Option<()> = match kind {
            NEW_LINK => self.take_link(body),
            NEW_ADDRESS => self.take_address(body),
            _ => self.take_neighbour(body),
        };
    }

    /// `struct ifinfomsg`: family, pad, type (2), index (4), flags (4), change (4).
    fn take_link(&mut self, body: &[u8]) -> Option<()> {
        const NAME: u16 = 3;
        const ADDRESS: u16 = 1;
        let attributes = body.get(16..)?;
        let name = attribute(attributes, NAME)?;
        let name = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
        let hardware = attribute(attributes, ADDRESS).and_then(hardware);
        self.links.push(Link { index: number32(body, 4)?, name, hardware });
        Some(())
    }

    /// `struct ifaddrmsg`: family, prefix length, flags, scope, index (4).
    fn take_address(&mut self, body: &[u8]) -> Option<()> {
        const ADDRESS: u16 = 1;
        const LOCAL: u16 = 2;
        let attributes = body.get(8..)?;
        // On a point-to-point link the address is the peer's.
        let address = attribute(attributes, LOCAL).or_else(|| attribute(attributes, ADDRESS))?;
        let prefix = Subnet { network_of: ip(address)?, length: *body.get(1)? };
        self.addresses.push(OnLink { link: number32(body, 4)?, prefix });
        Some(())
    }

    /// `struct ndmsg`: family, pad (3), index (4), state (2), flags, type.
    fn take_neighbour(&mut self, body: &[u8]) -> Option<()> {
        const DESTINATION: u16 = 1;
        const LINK_ADDRESS: u16 = 2;
        const CACHE: u16 = 3;
        /// `NUD_INCOMPLETE | NUD_FAILED`.
        const UNKNOWN: u16 = 0x01 | 0x20;
        let attributes = body.get(12..)?;
        let known = number16(body, 8)? & UNKNOWN == 0;
        let confirmed = attribute(attributes, CACHE).and_then(|cache| number32(cache, 0)).unwrap_or(0);
        self.neighbours.push(Neighbour {
            address: ip(attribute(attributes, DESTINATION)?)?,
            link: number32(body, 4)?,
            hardware: attribute(attributes, LINK_ADDRESS).and_then(hardware).filter(|_| known),
            age: Duration::from_secs((confirmed / TICKS).into()),
        });
        Some(())
    }
}

/// The request for a dump; the fixed part is all zeros, and long enough for each kind.
fn request(kind: u16) -> Vec<u8> {
    let mut out = vec![0; HEADER + 16];
    let length = out.len() as u32;
    out[..4].copy_from_slice(&length.to_ne_bytes());
    out[4..6].copy_from_slice(&(kind + 2).to_ne_bytes());
    out[6..8].copy_from_slice(&DUMP.to_ne_bytes());
    out
}

/// The value of the first attribute of a type.
fn attribute(mut rest: &[u8], kind: u16) -> Option<&[u8]> {
    /// The bits above are flags.
    const TYPE: u16 = 0x3fff;
    loop {
        let length = usize::from(number16(rest, 0)?);
        let value = rest.get(4..length)?;
        if number16(rest, 2)? & TYPE == kind {
            return Some(value);
        }
        rest = rest.get(aligned(length)..)?;
    }
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

fn hardware(bytes: &[u8]) -> Option<[u8; 6]> {
    bytes.try_into().ok().filter(|address| *address != [0; 6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_the_loopback_device() {
        let kernel = Kernel::look().unwrap();
        let loopback = kernel.links.iter().find(|link| link.name == "lo").unwrap();
        assert_eq!(loopback.hardware, None);
        assert!(kernel.addresses.iter().all(|address| kernel.link(address.link).is_some()));
    }

    #[test]
    fn a_message_that_ends_early_is_left_out() {
        let mut kernel = Kernel::default();
        for length in 0..40 {
            let body: Vec<u8> = (0..length).collect();
            [NEW_LINK, NEW_ADDRESS, NEW_NEIGHBOUR].iter().for_each(|kind| kernel.take(*kind, &body));
        }
        assert_eq!(attribute(&[255, 255, 1, 0], 1), None);
        assert_eq!(attribute(&[0, 0, 0, 0, 0, 0], 1), None);
    }

    #[test]
    fn a_subnet_holds_its_addresses() {
        let subnet = Subnet { network_of: "10.0.0.2".parse().unwrap(), length: 30 };
        assert!(subnet.holds("10.0.0.1".parse().unwrap()) && !subnet.holds("10.0.0.5".parse().unwrap()));
        assert!(!subnet.holds("fd00::1".parse().unwrap()));
    }
}
