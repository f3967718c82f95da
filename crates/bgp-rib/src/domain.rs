//! A routing domain: its tables and who is in it.

use crate::decision::Rank;
use crate::hash::Seeds;
use crate::id::PeerId;
use crate::intern::AttrId;
use crate::key::Key;
use crate::slot::{ANYBODY, Local, OWN, Path};
use crate::table::Table;
use bgp_wire::{Prefix4, Prefix6};
use model::{Family, Prefix};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// A table for each family.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) v4: Table<Prefix4>,
    pub(crate) v6: Table<Prefix6>,
}

impl Tables {
    pub(crate) fn new() -> Self {
        Self { v4: Table::new(), v6: Table::new() }
    }

    /// Whether readers of either have something new, once.
    pub(crate) fn is_changed(&self) -> bool {
        self.v4.changed || self.v6.changed
    }

    /// The best path to a prefix.
    pub(crate) fn best<P: Key>(&self, seeds: &Seeds, prefix: P) -> Option<Path> {
        let table = P::table(self);
        table.best(table.find(seeds, prefix)?)
    }

    /// The attributes of the best path to a prefix of either family.
    fn attributes(&self, seeds: &Seeds, prefix: Prefix) -> Option<AttrId> {
        let path = match prefix.family() {
            Family::V4 => self.best(seeds, Prefix4::of(prefix)?),
            Family::V6 => self.best(seeds, Prefix6::of(prefix)?),
        };
        path.map(|path| path.attr)
    }
}

/// A routing domain.
#[derive(Debug)]
pub(crate) struct Domain {
    pub(crate) name: Box<str>,
    pub(crate) tables: Tables,
    /// By [`Local`]; the first is ourselves.
    pub(crate) ranks: Vec<Rank>,
    pub(crate) peers: Vec<Option<PeerId>>,
    /// It is on the list of those whose readers have something new.
    pub(crate) listed: bool,
    /// It is on the list of those that packets follow otherwise than was told.
    pub(crate) is_turned: bool,
}

impl Domain {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            tables: Tables::new(),
            ranks: vec![Rank { router_id: 0, address: Ipv4Addr::UNSPECIFIED.into(), best: [0; 2] }],
            peers: vec![None],
            listed: false,
            is_turned: false,
        }
    }

    /// Gives a peer its index.
    ///
    /// # Panics
    ///
    /// When the domain has 65,533 peers already.
    pub(crate) fn join(&mut self, peer: PeerId, address: IpAddr) -> Local {
        let rank = Rank { router_id: 0, address, best: [0; 2] };
        let free = self.peers.iter().skip(1).position(Option::is_none).map(|place| place + 1);
        let local = free.unwrap_or(self.peers.len());
        assert!(local < usize::from(ANYBODY), "a domain has at most {} peers", ANYBODY - OWN - 1);
        if free.is_some() {
            self.peers[local] = Some(peer);
            self.ranks[local] = rank;
        } else {
            self.peers.push(Some(peer));
            self.ranks.push(rank);
        }
        local as Local
    }

    /// Takes the index back. The peer has no path any more.
    pub(crate) fn leave(&mut self, local: Local) {
        self.peers[usize::from(local)] = None;
    }
}

/// Prefixes of our own that peers of many domains are told.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) name: Box<str>,
    pub(crate) tables: Tables,
    pub(crate) ranks: Vec<Rank>,
    /// How many prefixes of each family have which attributes: what a peer is told is counted by them.
    pub(crate) holds: [BTreeMap<AttrId, u32>; 2],
    pub(crate) listed: bool,
}

impl Feed {
    pub(crate) fn new(name: &str) -> Self {
        let Domain { name, tables, ranks, .. } = Domain::new(name);
        Self { name, tables, ranks, holds: Default::default(), listed: false }
    }

    /// Changes the tables at one prefix, and counts what became of it.
    pub(crate) fn change(&mut self, seeds: &Seeds, prefix: Prefix, change: impl FnOnce(&mut Tables, &mut [Rank])) {
        let before = self.tables.attributes(seeds, prefix);
        change(&mut self.tables, &mut self.ranks);
        let after = self.tables.attributes(seeds, prefix);
        let holds = &mut self.holds[prefix.family() as usize];
        if let Some(attr) = after {
            *holds.entry(attr).or_default() += 1;
        }
        if let Some((attr, count)) = before.and_then(|attr| Some((attr, holds.get_mut(&attr)?))) {
            *count -= 1;
            if *count == 0 {
                holds.remove(&attr);
            }
        }
    }
}
