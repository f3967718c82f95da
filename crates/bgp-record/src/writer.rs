//! What both formats write: numbers, addresses, texts, and lengths that are known at the end.

use bgp_wire::Oversize;
use std::net::IpAddr;

pub(crate) fn u16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(crate) fn u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(crate) fn u64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// An address in as many octets as it has.
pub(crate) fn address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
    }
}

/// Puts in the length of what begins at `start` and ends with the buffer, into the four bytes at `place`.
pub(crate) fn length(out: &mut [u8], place: usize, start: usize) {
    // No caller appends what comes near 4 GiB: a record is made of messages and of at most 65,535 entries.
    let length = (out.len() - start) as u32;
    if let Some(place) = out.get_mut(place..place + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// What of a text fits into so many bytes.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// A count that two octets hold.
pub(crate) fn count(what: &'static str, count: usize) -> Result<u16, Oversize> {
    u16::try_from(count).map_err(|_| Oversize { what, length: count, limit: u16::MAX.into() })
}
