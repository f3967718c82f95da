//! TABLE_DUMP_V2 (RFC 6396, section 4.3): what a table holds.
//!
//! ```text
//! PEER_INDEX_TABLE                          RIB_IPV4_UNICAST, RIB_IPV6_UNICAST
//! | Collector's BGP identifier (4)      |   | Sequence number (4)                       |
//! | Length (2), name of the view        |   | Length in bits (1), prefix (variable)     |
//! | Count of peers (2)                  |   | Count of paths (2)                        |
//! | Type (1), BGP identifier (4),       |   | Peer index (2), seconds (4), length (2),  |
//! | address (4 or 16), AS (4)           |   | attributes (variable)                     |
//! +-- once for each peer ---------------+   +-- once for each path ---------------------+
//! ```
//!
//! AS numbers have four octets whatever the session had, and of MP_REACH_NLRI only the next hop is there, with
//! its length (section 4.3.4).

use super::{begin, finish};
use crate::iana::{mrt_type, table_dump};
use crate::{Stamp, writer};
use bgp_wire::{
    AttributeClass, AttributeSet, Neighbor, NextHop, Oversize, RouterId, Template,
    iana::{attribute, attribute_flag},
};
use model::{Asn, Prefix};
use std::net::{IpAddr, Ipv4Addr};

/// A peer of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TablePeer {
    /// Its BGP identifier; `None` for one that is not known, such as of our own routes.
    pub router_id: Option<RouterId>,
    /// Its address.
    pub address: IpAddr,
    /// Its AS.
    pub asn: Asn,
}

/// A path to the prefix of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<'a> {
    /// The place of its peer in the table of peers, from 0.
    pub peer: u16,
    /// When it came, in seconds since 1970-01-01 00:00 UTC.
    pub since: u32,
    /// Its attributes, as [`template`] writes them.
    pub attributes: &'a Template,
    /// Its next hop.
    pub next_hop: NextHop,
}

/// Attributes as a dump has them: numbers of four octets, and all that belongs inside an AS.
///
/// # Errors
///
/// When they are longer than the longest UPDATE there can be.
pub fn template(set: &AttributeSet) -> Result<Template, Oversize> {
    set.template(&AttributeClass { neighbor: Neighbor::Internal, four_octet_as: true }.session())
}

/// Begins a dump: who made it, of which view (a routing domain; cut at 65,535 bytes), and the peers that its
/// paths are of.
///
/// # Errors
///
/// When there are more than 65,535 peers. Nothing is written then.
pub fn peer_index_table(
    out: &mut Vec<u8>,
    stamp: Stamp,
    collector: RouterId,
    view: &str,
    peers: &[TablePeer],
) -> Result<(), Oversize> {
    let count = writer::count("a table of peers", peers.len())?;
    let start = begin(out, stamp, mrt_type::TABLE_DUMP_V2, table_dump::PEER_INDEX_TABLE);
    writer::u32(out, collector.number());
    let view = writer::cut(view, u16::MAX.into());
    writer::u16(out, view.len() as u16);
    out.extend_from_slice(view.as_bytes());
    writer::u16(out, count);
    for peer in peers {
        let family = if peer.address.is_ipv6() { table_dump::PEER_IPV6 } else { 0 };
        out.push(family | table_dump::PEER_AS4);
        writer::u32(out, peer.router_id.map_or(0, RouterId::number));
        writer::address(out, peer.address);
        writer::u32(out, peer.asn.0);
    }
    finish(start, out);
    Ok(())
}

/// Dumps the paths to a prefix, the best first if the reader is to know it. `sequence` counts the records of a
/// dump from 0.
///
/// # Errors
///
/// When there are more than 65,535 paths, or the attributes of one with its next hop exceed 65,535 bytes. Nothing
/// is written then.
pub fn rib(out: &mut Vec<u8>, stamp: Stamp, sequence: u32, prefix: Prefix, paths: &[Path<'_>]) -> Result<(), Oversize> {
    let count = writer::count("the paths to a prefix", paths.len())?;
    let longest = paths.iter().map(|path| path.attributes.bytes().len() + LONGEST_HOP).max();
    writer::count("path attributes", longest.unwrap_or_default())?;
    let subtype = match prefix.network() {
        IpAddr::V4(_) => table_dump::RIB_IPV4_UNICAST,
        IpAddr::V6(_) => table_dump::RIB_IPV6_UNICAST,
    };
    let start = begin(out, stamp, mrt_type::TABLE_DUMP_V2, subtype);
    writer::u32(out, sequence);
    out.push(prefix.length());
    let octets = usize::from(prefix.length()).div_ceil(8);
    match prefix.network() {
        IpAddr::V4(address) => out.extend(address.octets().iter().take(octets)),
        IpAddr::V6(address) => out.extend(address.octets().iter().take(octets)),
    }
    writer::u16(out, count);
    for path in paths {
        path.write(out);
    }
    finish(start, out);
    Ok(())
}

/// The longest next hop as an attribute: MP_REACH_NLRI with two IPv6 addresses.
const LONGEST_HOP: usize = 3 + 1 + 32;

impl Path<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        writer::u16(out, self.peer);
        writer::u32(out, self.since);
        let place = out.len();
        writer::u16(out, 0);
        match self.next_hop {
            NextHop::V4(hop) => {
                out.extend_from_slice(self.attributes.head());
                let [a, b, c, d] = Ipv4Addr::octets(&hop);
                out.extend_from_slice(&[attribute_flag::TRANSITIVE, attribute::NEXT_HOP, 4, a, b, c, d]);
                out.extend_from_slice(self.attributes.tail());
            }
            NextHop::V6(hop) => {
                let length = if hop.link_local.is_some() { 32 } else { 16 };
                out.extend_from_slice(&[attribute_flag::OPTIONAL, attribute::MP_REACH_NLRI, length + 1, length]);
                out.extend_from_slice(&hop.global.octets());
                if let Some(link_local) = hop.link_local {
                    out.extend_from_slice(&link_local.octets());
                }
                out.extend_from_slice(self.attributes.bytes());
            }
        }
        // `rib` has held it against the limit.
        let length = (out.len() - place - 2) as u16;
        if let Some(place) = out.get_mut(place..place + 2) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}
