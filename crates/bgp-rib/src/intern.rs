//! Attributes, each different set of a session kept once.
//!
//! The key is the raw bytes as received, with the next hop of MP_REACH_NLRI in front, and the session that brought
//! them: paths of two sessions differ in next hop and first AS anyway, and so all that depends on the session (our
//! own AS in the path, the next hop being acceptable, the policy) can be judged once and remembered. When the bytes
//! come again, nothing of them is parsed.
//!
//! Records are counted by the paths that use them. Ids of records no longer used are given to new ones.

use crate::chunks::Chunks;
use crate::decision::Summary;
use crate::hash::Seeds;
use crate::id::PeerId;
use crate::judge::{Judged, Verdict};
use bgp_wire::{AttributeClass, AttributeSet, Attributes, Neighbor, NextHop, NextHop6};
use hashbrown::HashTable;
use std::net::Ipv6Addr;

/// The number of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AttrId(pub(crate) u32);

impl AttrId {
    pub(crate) const NONE: Self = Self(u32::MAX);
}

/// Who brought the attributes: a session, or ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(pub(crate) u32);

impl Owner {
    /// Our own routes.
    pub(crate) const LOCAL: Self = Self(u32::MAX);

    pub(crate) fn peer(id: PeerId) -> Self {
        Self(id.0)
    }
}

/// What of the session the meaning of the bytes depends on, and how the next hop is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form(u8);

const INTERNAL: u8 = 1;
const NARROW: u8 = 2;
const HOP: u8 = 4;

impl Form {
    pub(crate) fn new(class: AttributeClass, next_hop: Option<NextHop>) -> Self {
        let hop = match next_hop {
            None => 0,
            Some(NextHop::V4(_)) => HOP,
            Some(NextHop::V6(NextHop6 { link_local: None, .. })) => 2 * HOP,
            Some(NextHop::V6(NextHop6 { link_local: Some(_), .. })) => 3 * HOP,
        };
        let internal = if class.neighbor == Neighbor::Internal { INTERNAL } else { 0 };
        let narrow = if class.four_octet_as { 0 } else { NARROW };
        Self(hop | internal | narrow)
    }

    /// The class of the session.
    pub(crate) fn class(self) -> AttributeClass {
        AttributeClass {
            neighbor: if self.0 & INTERNAL != 0 { Neighbor::Internal } else { Neighbor::External },
            four_octet_as: self.0 & NARROW == 0,
        }
    }

    /// Cuts the key into next hop and attributes.
    pub(crate) fn split(self, key: &[u8]) -> (Option<NextHop>, &[u8]) {
        fn cut<const N: usize>(key: &[u8]) -> ([u8; N], &[u8]) {
            let (head, rest) = key.split_first_chunk().expect("a key was written with its next hop in front");
            (*head, rest)
        }
        let global = |octets: [u8; 16], link_local: Option<[u8; 16]>| {
            Some(NextHop::V6(NextHop6 { global: octets.into(), link_local: link_local.map(Ipv6Addr::from) }))
        };
        match self.0 / HOP {
            0 => (None, key),
            1 => {
                let (octets, rest) = cut::<4>(key);
                (Some(NextHop::V4(octets.into())), rest)
            }
            2 => {
                let (octets, rest) = cut(key);
                (global(octets, None), rest)
            }
            _ => {
                let (octets, rest) = cut(key);
                let (second, rest) = cut(rest);
                (global(octets, Some(second)), rest)
            }
        }
    }

    /// Writes the next hop in front of a key.
    pub(crate) fn put_next_hop(next_hop: Option<NextHop>, key: &mut Vec<u8>) {
        match next_hop {
            None => {}
            Some(NextHop::V4(address)) => key.extend_from_slice(&address.octets()),
            Some(NextHop::V6(NextHop6 { global, link_local })) => {
                key.extend_from_slice(&global.octets());
                if let Some(address) = link_local {
                    key.extend_from_slice(&address.octets());
                }
            }
        }
    }
}

/// A set of attributes and what was made of it.
#[derive(Debug)]
pub(crate) struct Record {
    key: Box<[u8]>,
    pub(crate) verdict: Verdict,
    pub(crate) summary: Summary,
    owner: Owner,
    /// How many paths use it, or the next free record.
    count: u32,
    /// The last pass that looked at it; for passes to keep track.
    pub(crate) stamp: u32,
    pub(crate) form: Form,
    /// Malformed attributes that were left out.
    pub(crate) faults: u8,
    /// What a pass found, see `stamp`.
    pub(crate) mark: bool,
}

impl Record {
    /// Whether routes with these attributes are taken, as far as attributes decide.
    #[inline]
    pub(crate) fn accepted(&self) -> bool {
        !matches!(self.verdict, Verdict::Refused(_))
    }

    /// How many bytes of an UPDATE it will take, about.
    #[inline]
    pub(crate) fn weight(&self) -> usize {
        self.key.len() + 40
    }

    /// The attributes as received.
    pub(crate) fn received(&self) -> Attributes<'_> {
        Attributes::read(self.form.split(&self.key).1, &self.form.class().session())
    }

    /// The attributes as policy left them.
    pub(crate) fn attributes(&self) -> AttributeSet {
        match &self.verdict {
            Verdict::Rewritten(set) => (**set).clone(),
            Verdict::Taken | Verdict::Refused(_) => self.received_set(),
        }
    }

    /// The attributes as received, as a value.
    pub(crate) fn received_set(&self) -> AttributeSet {
        self.received().to_set().expect("a record is made of attributes that a route may have")
    }

    /// The next hop.
    pub(crate) fn next_hop(&self) -> Option<NextHop> {
        let (next_hop, attributes) = self.form.split(&self.key);
        next_hop.or_else(|| Attributes::read(attributes, &self.form.class().session()).next_hop.map(NextHop::V4))
    }

    /// The next hop of MP_REACH_NLRI, if the routes came in there.
    pub(crate) fn next_hop_apart(&self) -> Option<NextHop> {
        self.form.split(&self.key).0
    }

    fn heap(&self) -> usize {
        let rewritten = match &self.verdict {
            Verdict::Taken => 0,
            Verdict::Rewritten(_) => 512,
            Verdict::Refused(_) => 64,
        };
        self.key.len() + rewritten
    }
}

/// All records of a worker.
#[derive(Debug)]
pub(crate) struct Interner {
    records: Chunks<Record>,
    index: HashTable<Hashed>,
    free: u32,
    live: u32,
    heap: usize,
    stamp: u32,
    /// How many live records each owner has, by the place of its id.
    owned: Vec<u32>,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self {
            records: Chunks::new(),
            index: HashTable::new(),
            free: u32::MAX,
            live: 0,
            heap: 0,
            stamp: 0,
            owned: Vec::new(),
        }
    }

    /// Finds a record.
    #[inline]
    pub(crate) fn find(&self, seeds: &Seeds, owner: Owner, form: Form, key: &[u8]) -> Option<AttrId> {
        let hash = hash(seeds, owner, form, key);
        let found = self.index.find(spread(hash), |hashed| {
            let record = || &self.records[hashed.id];
            hashed.hash == hash && *record().key == *key && record().owner == owner && record().form == form
        });
        found.map(|hashed| AttrId(hashed.id))
    }

    /// Adds a record that is not there yet, with a count of nothing: the caller has to use it or
    /// [drop](Self::release) it.
    pub(crate) fn add(&mut self, seeds: &Seeds, owner: Owner, form: Form, key: &[u8], judged: Judged) -> AttrId {
        let Judged { verdict, summary, faults } = judged;
        let record = Record { key: key.into(), verdict, summary, owner, count: 0, stamp: 0, form, faults, mark: false };
        self.heap += record.heap();
        self.live += 1;
        if owner != Owner::LOCAL {
            let place = crate::arena::place(owner.0);
            if self.owned.len() <= place {
                self.owned.resize(place + 1, 0);
            }
            self.owned[place] += 1;
        }
        let id = match self.free {
            u32::MAX => {
                self.records.push(record);
                self.records.len() - 1
            }
            id => {
                let place = &mut self.records[id];
                self.free = place.count;
                *place = record;
                id
            }
        };
        let hash = hash(seeds, owner, form, key);
        self.index.insert_unique(spread(hash), Hashed { id, hash }, |hashed| spread(hashed.hash));
        AttrId(id)
    }

    #[inline]
    pub(crate) fn get(&self, id: AttrId) -> &Record {
        &self.records[id.0]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: AttrId) -> &mut Record {
        &mut self.records[id.0]
    }

    /// So many more paths use it.
    #[inline]
    pub(crate) fn retain(&mut self, id: AttrId, paths: u32) {
        self.records[id.0].count += paths;
    }

    /// So many fewer paths use it; without any it goes.
    #[inline]
    pub(crate) fn release(&mut self, seeds: &Seeds, id: AttrId, paths: u32) {
        let record = &mut self.records[id.0];
        debug_assert!(record.count >= paths, "a record is released as often as it was retained");
        record.count -= paths;
        if record.count == 0 {
            self.remove(seeds, id);
        }
    }

    #[cold]
    fn remove(&mut self, seeds: &Seeds, id: AttrId) {
        let record = &mut self.records[id.0];
        let hash = hash(seeds, record.owner, record.form, &record.key);
        if let Ok(entry) = self.index.find_entry(spread(hash), |hashed| hashed.id == id.0) {
            entry.remove();
        }
        if record.owner != Owner::LOCAL
            && let Some(owned) = self.owned.get_mut(crate::arena::place(record.owner.0))
        {
            *owned -= 1;
        }
        self.heap -= record.heap();
        self.live -= 1;
        record.key = Box::default();
        record.verdict = Verdict::Taken;
        record.count = self.free;
        self.free = id.0;
    }

    /// Puts another judgement in place of the one that was there.
    pub(crate) fn rejudge(&mut self, id: AttrId, judged: Judged) {
        let record = &mut self.records[id.0];
        self.heap -= record.heap();
        record.verdict = judged.verdict;
        record.summary = judged.summary;
        self.heap += record.heap();
    }

    /// A number for a pass over records, different from those of all passes before.
    pub(crate) fn pass(&mut self) -> u32 {
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            self.records.iter_mut().for_each(|record| record.stamp = 0);
            self.stamp = 1;
        }
        self.stamp
    }

    /// How many live records an owner has.
    pub(crate) fn owned(&self, owner: Owner) -> u32 {
        self.owned.get(crate::arena::place(owner.0)).copied().unwrap_or_default()
    }

    /// How many records are live.
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    pub(crate) fn bytes(&self) -> usize {
        // An allocation of its own costs 16 bytes beside its contents, about.
        self.records.bytes()
            + self.index.allocation_size()
            + self.heap
            + self.live as usize * 16
            + self.owned.capacity() * 4
    }
}

/// A record in the index. With its hash at hand no record is looked at but the one that is looked for.
#[derive(Debug, Clone, Copy)]
struct Hashed {
    id: u32,
    hash: u32,
}

#[inline]
fn hash(seeds: &Seeds, owner: Owner, form: Form, key: &[u8]) -> u32 {
    seeds.bytes(u64::from(owner.0) << 8 | u64::from(form.0), key) as u32
}

/// The index takes the high bits of a hash for one purpose and the low ones for another.
#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// Makes room for one more, an eighth at a time: doubling would leave half of a large vector unused.
#[inline]
pub(crate) fn grow<T>(vector: &mut Vec<T>) {
    if vector.len() == vector.capacity() {
        vector.reserve_exact(vector.len() / 8 + 8);
    }
}
