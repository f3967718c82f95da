//! Dumps of tables as MRT (RFC 6396): a table of peers for each domain, then its prefixes with the paths that were taken.

use super::stamp;
use crate::config::Domain;
use crate::process::Core;
use crate::worker::Refused;
use bgp_record::Stamp;
use bgp_record::mrt::{Path, TablePeer, peer_index_table, rib, template};
use bgp_rib::{PathState, RouteFilter, RouteView};
use bgp_wire::{NextHop, NextHop6, Oversize, RouterId};
use model::{Asn, Family};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// So many prefixes are asked for, and written, at a time.
const PREFIXES_A_PAGE: usize = 1024;

/// Why a table is not dumped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DumpError {
    #[error(transparent)]
    Worker(#[from] Refused),
    #[error("the format has no room for it: {0}")]
    Oversize(#[from] Oversize),
    #[error("the reader has left")]
    Gone(#[from] io::Error),
}

/// Dumps a domain in parts of some hundred kilobytes; how many prefixes it has.
pub(crate) fn dump(
    core: &Core,
    domain: &Domain,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<u32, DumpError> {
    let config = core.config();
    let stamp = stamp();
    let peers: Vec<_> = domain.peers.iter().map(|peer| (domain, peer)).collect();
    let router_ids = core.peers(&peers, |speaker, peer, _, _| {
        let view = speaker.peer(peer)?;
        Some(view.state.established().map(|established| established.terms.theirs.router_id))
    })?;
    let mut table = Table::new(config.router_id, config.asn, stamp);
    for (_, peer, router_id) in router_ids {
        table.add(TablePeer { router_id, address: peer.address, asn: peer.asn });
    }
    let collector = RouterId::try_from(config.router_id).expect("a configuration with 0.0.0.0 is refused");
    let mut out = Vec::new();
    peer_index_table(&mut out, stamp, collector, domain.name.as_str(), &table.peers)?;
    for family in [Family::V4, Family::V6] {
        let mut after = None;
        loop {
            let page = core.domain(domain.name.as_str(), move |speaker, id| {
                speaker.tables().routes(id, family, &RouteFilter::default(), after, PREFIXES_A_PAGE)
            })?;
            let Some(last) = page.last() else { break };
            after = Some(last.prefix);
            for paths in page.chunk_by(|a, b| a.prefix == b.prefix) {
                table.write(paths, &mut out)?;
            }
            sink(&out)?;
            out.clear();
        }
    }
    sink(&out)?;
    Ok(table.written)
}

/// The peers of a dump, and how far it has come.
struct Table {
    peers: Vec<TablePeer>,
    places: HashMap<IpAddr, u16>,
    ours: Ipv4Addr,
    stamp: Stamp,
    written: u32,
}

impl Table {
    /// A table in which the first peer is the edge itself, for routes of its own.
    fn new(router_id: Ipv4Addr, asn: Asn, stamp: Stamp) -> Self {
        let ours = TablePeer { router_id: RouterId::try_from(router_id).ok(), address: router_id.into(), asn };
        Self { peers: vec![ours], places: HashMap::new(), ours: router_id, stamp, written: 0 }
    }

    fn add(&mut self, peer: TablePeer) {
        // More of them than fit are refused when the table is written.
        let place = u16::try_from(self.peers.len()).unwrap_or(u16::MAX);
        self.places.insert(peer.address, place);
        self.peers.push(peer);
    }

    fn write(&mut self, paths: &[RouteView], out: &mut Vec<u8>) -> Result<(), Oversize> {
        let taken = || paths.iter().filter(|path| !matches!(path.state, PathState::Rejected(_)));
        let templates = taken().map(|path| template(&path.attributes)).collect::<Result<Vec<_>, _>>()?;
        let paths: Vec<Path<'_>> = taken()
            .zip(&templates)
            .map(|(path, attributes)| Path {
                peer: path.peer.and_then(|peer| self.places.get(&peer).copied()).unwrap_or(0),
                since: self.stamp.seconds,
                attributes,
                next_hop: path.next_hop.unwrap_or(match path.prefix.family() {
                    Family::V4 => NextHop::V4(self.ours),
                    Family::V6 => NextHop::V6(NextHop6 { global: Ipv6Addr::UNSPECIFIED, link_local: None }),
                }),
            })
            .collect();
        if let Some(first) = taken().next() {
            rib(out, self.stamp, self.written, first.prefix, &paths)?;
            self.written += 1;
        }
        Ok(())
    }
}
