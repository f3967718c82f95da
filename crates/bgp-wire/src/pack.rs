//! Writing UPDATEs: as many routes of one attribute set in a message as it has room for.
//!
//! Each function appends one message to the caller's buffer, takes prefixes off an iterator while there is
//! room for one more of any length, and says how many it took. The caller calls again while prefixes are
//! left, or stops in between when its peer is slow.

use crate::frame::{HEADER, begin, finish, put_u16};
use crate::iana::attribute::{MP_REACH_NLRI, MP_UNREACH_NLRI, NEXT_HOP};
use crate::iana::attribute_flag::{EXTENDED_LENGTH, OPTIONAL, TRANSITIVE};
use crate::prefix::sealed::Wire;
use crate::{AfiSafi, Kind, NextHop6, Oversize, Prefix4, Prefix6, Template, WirePrefix};
use model::Family;
use std::net::Ipv4Addr;

/// Announces IPv4 routes in one UPDATE of at most `limit` bytes; returns how many. Without any prefix
/// nothing is written.
///
/// # Errors
///
/// When the attributes leave no room for a route. Nothing is written then and no prefix is taken; the
/// routes have to be withdrawn from this peer (RFC 4271, section 9.2).
pub fn announce4(
    out: &mut Vec<u8>,
    limit: usize,
    template: &Template,
    next_hop: Ipv4Addr,
    prefixes: &mut impl Iterator<Item = Prefix4>,
) -> Result<usize, Oversize> {
    let attributes = template.bytes().len() + 7;
    let [a, b, c, d] = next_hop.octets();
    let [high, low] = (attributes as u16).to_be_bytes();
    let fixed = HEADER + 4 + attributes;
    room::<Prefix4>(fixed, limit)?;
    let start = begin(Kind::Update, out);
    out.extend_from_slice(&[0, 0, high, low]);
    out.extend_from_slice(template.head());
    out.extend_from_slice(&[TRANSITIVE, NEXT_HOP, 4, a, b, c, d]);
    out.extend_from_slice(template.tail());
    let count = fill(out, start + limit, prefixes);
    end(start, count, out)
}

/// Withdraws IPv4 routes in one UPDATE of at most `limit` bytes; returns how many. Without any prefix
/// nothing is written.
pub fn withdraw4(out: &mut Vec<u8>, limit: usize, prefixes: &mut impl Iterator<Item = Prefix4>) -> usize {
    let start = begin(Kind::Update, out);
    out.extend_from_slice(&[0, 0]);
    let count = fill(out, start + limit - 2, prefixes);
    let length = out.len() - start - HEADER - 2;
    put_u16(out, start + HEADER, length);
    out.extend_from_slice(&[0, 0]);
    end(start, count, out).unwrap_or_default()
}

/// Announces IPv6 routes in one UPDATE of at most `limit` bytes; returns how many. Without any prefix
/// nothing is written. MP_REACH_NLRI goes first (RFC 7606, section 5.1).
///
/// # Errors
///
/// As [`announce4`].
pub fn announce6(
    out: &mut Vec<u8>,
    limit: usize,
    template: &Template,
    next_hop: &NextHop6,
    prefixes: &mut impl Iterator<Item = Prefix6>,
) -> Result<usize, Oversize> {
    let hop = if next_hop.link_local.is_some() { 32 } else { 16 };
    let fixed = HEADER + 4 + 4 + 3 + 1 + usize::from(hop) + 1 + template.bytes().len();
    room::<Prefix6>(fixed, limit)?;
    let start = begin(Kind::Update, out);
    out.extend_from_slice(&[0, 0, 0, 0]);
    let attribute = out.len();
    out.extend_from_slice(&[OPTIONAL | EXTENDED_LENGTH, MP_REACH_NLRI, 0, 0]);
    put_family(Family::V6, out);
    out.push(hop);
    out.extend_from_slice(&next_hop.global.octets());
    if let Some(link_local) = next_hop.link_local {
        out.extend_from_slice(&link_local.octets());
    }
    out.push(0);
    let count = fill(out, start + limit - template.bytes().len(), prefixes);
    let length = out.len() - attribute - 4;
    put_u16(out, attribute + 2, length);
    out.extend_from_slice(template.bytes());
    let length = out.len() - attribute;
    put_u16(out, start + HEADER + 2, length);
    end(start, count, out)
}

/// Withdraws IPv6 routes in one UPDATE of at most `limit` bytes; returns how many. Without any prefix
/// nothing is written.
pub fn withdraw6(out: &mut Vec<u8>, limit: usize, prefixes: &mut impl Iterator<Item = Prefix6>) -> usize {
    let start = begin(Kind::Update, out);
    out.extend_from_slice(&[0, 0, 0, 0]);
    let attribute = out.len();
    out.extend_from_slice(&[OPTIONAL | EXTENDED_LENGTH, MP_UNREACH_NLRI, 0, 0]);
    put_family(Family::V6, out);
    let count = fill(out, start + limit, prefixes);
    let length = out.len() - attribute - 4;
    put_u16(out, attribute + 2, length);
    put_u16(out, start + HEADER + 2, length + 4);
    end(start, count, out).unwrap_or_default()
}

/// Says that all routes of a family have been sent (RFC 4724, section 2).
pub fn end_of_rib(out: &mut Vec<u8>, family: Family) {
    let start = begin(Kind::Update, out);
    match family {
        Family::V4 => out.extend_from_slice(&[0, 0, 0, 0]),
        Family::V6 => {
            out.extend_from_slice(&[0, 0, 0, 6, OPTIONAL, MP_UNREACH_NLRI, 3]);
            put_family(family, out);
        }
    }
    finish(start, out);
}

fn put_family(family: Family, out: &mut Vec<u8>) {
    let AfiSafi { afi, safi } = family.into();
    let [high, low] = afi.to_be_bytes();
    out.extend_from_slice(&[high, low, safi]);
}

/// Whether behind what is fixed there is room for a prefix of any length.
fn room<P: WirePrefix>(fixed: usize, limit: usize) -> Result<(), Oversize> {
    let length = fixed + <P as Wire>::MOST;
    if length > limit {
        return Err(Oversize { what: "an UPDATE of one route", length, limit });
    }
    Ok(())
}

/// Appends prefixes up to `limit`. Each is written at its greatest length, and the next one over what of
/// it did not count: a store of a fixed size is far faster than a copy of a varying one.
#[inline]
fn fill<P: WirePrefix>(out: &mut Vec<u8>, limit: usize, prefixes: &mut impl Iterator<Item = P>) -> usize {
    let most = <P as Wire>::MOST;
    let expected = prefixes.size_hint().1.and_then(|count| count.checked_mul(most)).unwrap_or(usize::MAX);
    let mut at = out.len();
    let mut count = 0;
    out.resize(limit.min(at.saturating_add(expected)), 0);
    while at + most <= limit {
        let Some(prefix) = prefixes.next() else { break };
        if at + most > out.len() {
            // The iterator held more than it had promised.
            out.resize(limit, 0);
        }
        let Some(written) = out.get_mut(at..).and_then(|place| prefix.put(place)) else { break };
        at += written;
        count += 1;
    }
    out.truncate(at);
    count
}

/// Finishes the message, or takes it back when nothing is in it.
fn end(start: usize, count: usize, out: &mut Vec<u8>) -> Result<usize, Oversize> {
    match count {
        0 => out.truncate(start),
        _ => finish(start, out),
    }
    Ok(count)
}
