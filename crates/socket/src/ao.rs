//! The authentication option of TCP (RFC 5925), for kernels that have it (Linux 6.7 with `CONFIG_TCP_AO`).

use crate::error::Step;
use crate::{Key, Peers, sys};
use std::io;
use std::os::fd::AsFd;

/// The algorithm of a master key (RFC 5926)..
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC-SHA-1-96.
    HmacSha1,
    /// AES-128-CMAC-96.
    AesCmac,
    /// HMAC-SHA-256, not in the RFC, offered by most routers.
    HmacSha256,
}

impl Algorithm {
    /// As the kernel spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "hmac(sha1)",
            Self::AesCmac => "cmac(aes128)",
            Self::HmacSha256 => "hmac(sha256)",
        }
    }
}

/// A master key tuple (RFC 5925 section 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKey {
    /// The secret.
    pub key: Key,
    /// How segments are signed.
    pub algorithm: Algorithm,
    /// The KeyID of segments sent.
    pub send_id: u8,
    /// The KeyID of segments received.
    pub receive_id: u8,
}

/// Whether the kernel has TCP-AO. Asks it, on the socket given, and changes nothing.
pub fn is_supported(socket: impl AsFd) -> bool {
    // A struct that is cut short is refused, and by a kernel that does not know the option with this number.
    sys::probe_ao(socket.as_fd()).err().is_none_or(|error| error.raw_os_error() != Some(libc::ENOPROTOOPT))
}

/// Adds a master key for these peers.
///
/// # Errors
///
/// [`io::ErrorKind::Unsupported`] if the kernel has no TCP-AO; the kernel's answer else.
pub fn add_key(socket: impl AsFd, peers: impl Into<Peers>, key: &MasterKey) -> io::Result<()> {
    sys::add_ao(socket.as_fd(), peers.into(), key).step("TCP_AO_ADD_KEY")
}

/// Takes away the master key with these ids for exactly these peers.
///
/// # Errors
///
/// [`io::ErrorKind::Unsupported`] if the kernel has no TCP-AO; [`io::ErrorKind::NotFound`] if there is no such key;
/// the kernel's answer else, as when the key is in use.
pub fn remove_key(socket: impl AsFd, peers: impl Into<Peers>, send_id: u8, receive_id: u8) -> io::Result<()> {
    sys::remove_ao(socket.as_fd(), peers.into(), send_id, receive_id).step("TCP_AO_DEL_KEY")
}
