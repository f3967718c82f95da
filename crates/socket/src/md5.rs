//! The MD5 signature option of TCP (RFC 2385), `TCP_MD5SIG`.

use crate::error::Step;
use crate::{Key, sys};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;

/// Whom a key is for: one address, or all of a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peers {
    /// The address. Bits behind the length do not count.
    pub address: IpAddr,
    /// How many of its leading bits must agree: at most 32 or 128. With all, it is one peer.
    pub length: u8,
}

impl Peers {
    /// The bits of an address of this family.
    pub(crate) fn width(&self) -> u8 {
        match self.address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        }
    }
}

impl From<IpAddr> for Peers {
    fn from(address: IpAddr) -> Self {
        let length = if address.is_ipv4() { 32 } else { 128 };
        Self { address, length }
    }
}

/// Signs segments to and from these peers with the key, and drops those that are not signed with it; without a key
/// takes away the one that was set for exactly these peers.
///
/// A listener may hold many keys; the longest prefix counts. A connection keeps the key with which it was made, so a
/// key changed on the listener touches no connection that it accepted.
///
/// # Errors
///
/// [`io::ErrorKind::Unsupported`] if the kernel has no MD5 signatures; [`io::ErrorKind::NotFound`] if there was no
/// key to take away; [`io::ErrorKind::InvalidInput`] if the length is beyond the address or the socket is of the
/// other family.
pub fn set_md5(socket: impl AsFd, peers: impl Into<Peers>, key: Option<&Key>) -> io::Result<()> {
    let peers = peers.into();
    if peers.length > peers.width() {
        let fault = format!("prefix length {} is beyond {} bits", peers.length, peers.width());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, fault));
    }
    sys::set_md5(socket.as_fd(), peers, key.map_or(&[], Key::bytes)).step("TCP_MD5SIG")
}
