//! What people ask of the tables.
//!
//! Nothing here is kept for the asking: counts are counted as routes come and go, all else is looked up or worked out
//! again, by the same steps that made it.

use crate::decision::{Ranking, Scale, rank};
use crate::domain::Domain;
use crate::export::told;
use crate::id::{DomainId, PeerId};
use crate::judge::Verdict;
use crate::key::Key;
use crate::peer::Peer;
use crate::slot::{OWN, Path};
use crate::{Refusal, Rib, Step};
use bgp_wire::{AttributeSet, NextHop, NextHop6, PathId, Prefix4, Prefix6};
use model::{Asn, Community, Family, Prefix};
use std::net::IpAddr;

/// How many routes of a family a peer has brought and been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FamilyCounts {
    /// Received and held, taken or not.
    pub received: u32,
    /// Of these, taken.
    pub accepted: u32,
    /// Of these, not taken.
    pub rejected: u32,
    /// Best routes that are not the peer's own, whether or not its export policy keeps some of them back, and those of
    /// its feeds that the policy lets through.
    pub advertised: u32,
}

/// How many routes a peer has brought and been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// IPv4.
    pub v4: FamilyCounts,
    /// IPv6.
    pub v6: FamilyCounts,
    /// Live attribute sets that the peer was the first to bring.
    pub attribute_sets: u32,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathState {
    /// The best of its prefix.
    Best,
    /// As good as the best but for the steps that break ties.
    Multipath,
    /// Taken, and not as good.
    Backup,
    /// Not taken.
    Rejected(Refusal),
}

/// A path as people look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteView {
    /// The prefix.
    pub prefix: Prefix,
    /// The address of the peer that brought it; `None` for one of our own.
    pub peer: Option<IpAddr>,
    /// The path identifier, 0 without.
    pub path_id: PathId,
    /// What became of it.
    pub state: PathState,
    /// Kept over a restart of the peer, and not confirmed yet.
    pub stale: bool,
    /// Its weight.
    pub weight: u16,
    /// LOCAL_PREF as the decision sees it.
    pub local_pref: u32,
    /// Its next hop.
    pub next_hop: Option<NextHop>,
    /// Its attributes.
    pub attributes: AttributeSet,
}

/// Which routes are asked for; all when nothing is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteFilter {
    /// Those inside this prefix.
    pub within: Option<Prefix>,
    /// Those with this AS in the path.
    pub asn: Option<Asn>,
    /// Those with this community.
    pub community: Option<Community>,
    /// The best only.
    pub best: bool,
}

/// Why a path is the best of its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The paths, the best first, those not taken last.
    pub paths: Vec<RouteView>,
    /// For each path behind the first: the step at which it lost to the best; `None` for one not taken.
    pub lost_at: Vec<Option<Step>>,
}

/// Memory in bytes, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Slots of prefixes.
    pub slots: usize,
    /// Indices from prefix to slot.
    pub indices: usize,
    /// Paths of prefixes that have several.
    pub paths: usize,
    /// Change logs.
    pub logs: usize,
    /// Attribute sets and their index.
    pub attributes: usize,
    /// Peers, domains and scratch space.
    pub other: usize,
}

impl Memory {
    /// All together.
    pub fn total(&self) -> usize {
        self.slots + self.indices + self.paths + self.logs + self.attributes + self.other
    }
}

impl Rib {
    /// The peer's counts.
    pub fn counts(&self, id: PeerId) -> Counts {
        let Some(peer) = self.peers.get(id) else { return Counts::default() };
        let owner = crate::intern::Owner::peer(id);
        Counts {
            v4: self.family_counts::<Prefix4>(peer),
            v6: self.family_counts::<Prefix6>(peer),
            attribute_sets: self.interner.owned(owner),
        }
    }

    fn family_counts<P: Key>(&self, peer: &Peer) -> FamilyCounts {
        let family = P::FAMILY as usize;
        let (received, accepted) = (peer.received[family], peer.accepted[family]);
        let out = &peer.out[family];
        let advertised = self.domains.get(peer.domain).filter(|_| out.reader.is_some()).map_or(0, |domain| {
            let feeds = out.feeds.iter().filter_map(|&(feed, _)| self.feeds.get(feed));
            let held = feeds.flat_map(|feed| &feed.holds[family]);
            let export = peer.config.export.as_ref();
            let is_told =
                |attr| peer.session.is_some_and(|session| told(&self.interner, attr, &session, export).is_ok());
            let fed: u32 = held.filter(|(attr, _)| is_told(**attr)).map(|(_, count)| count).sum();
            P::table(&domain.tables).usable - domain.ranks[usize::from(peer.local)].best[family] + fed
        });
        FamilyCounts { received, accepted, rejected: received - accepted, advertised }
    }

    /// Paths of a domain in the order of prefixes, from the first prefix above `after` on, of at most `limit`
    /// prefixes. The paths of a prefix follow each other, the best one first.
    pub fn routes(
        &self,
        domain: DomainId,
        family: Family,
        filter: &RouteFilter,
        after: Option<Prefix>,
        limit: usize,
    ) -> Vec<RouteView> {
        let Some(domain) = self.domains.get(domain) else { return Vec::new() };
        match family {
            Family::V4 => {
                self.page::<Prefix4>(domain, filter, after, limit, |slot| self.views::<Prefix4>(domain, slot))
            }
            Family::V6 => {
                self.page::<Prefix6>(domain, filter, after, limit, |slot| self.views::<Prefix6>(domain, slot))
            }
        }
    }

    /// Paths that a peer has brought, with the attributes as received; else as [`Rib::routes`].
    pub fn received(
        &self,
        peer: PeerId,
        family: Family,
        filter: &RouteFilter,
        after: Option<Prefix>,
        limit: usize,
    ) -> Vec<RouteView> {
        let Some(peer) = self.peers.get(peer) else { return Vec::new() };
        let Some(domain) = self.domains.get(peer.domain) else { return Vec::new() };
        match family {
            Family::V4 => {
                self.page::<Prefix4>(domain, filter, after, limit, |slot| self.brought::<Prefix4>(domain, peer, slot))
            }
            Family::V6 => {
                self.page::<Prefix6>(domain, filter, after, limit, |slot| self.brought::<Prefix6>(domain, peer, slot))
            }
        }
    }

    /// What a peer is told, with the attributes and the next hop that it is told; else as [`Rib::routes`]. It is
    /// worked out from what is best now: the peer may be behind.
    pub fn advertised(
        &self,
        peer: PeerId,
        family: Family,
        filter: &RouteFilter,
        after: Option<Prefix>,
        limit: usize,
    ) -> Vec<RouteView> {
        match family {
            Family::V4 => self.advertised_of::<Prefix4>(peer, filter, after, limit),
            Family::V6 => self.advertised_of::<Prefix6>(peer, filter, after, limit),
        }
    }

    fn advertised_of<P: Key>(
        &self,
        peer: PeerId,
        filter: &RouteFilter,
        after: Option<Prefix>,
        limit: usize,
    ) -> Vec<RouteView> {
        let Some(peer) = self.peers.get(peer) else { return Vec::new() };
        let Some(domain) = self.domains.get(peer.domain) else { return Vec::new() };
        let out = &peer.out[P::FAMILY as usize];
        if out.reader.is_none() {
            return Vec::new();
        }
        let mut prefixes: Vec<P> =
            prefixes(P::table(&domain.tables), filter, after).map(|(prefix, _)| prefix).collect();
        for feed in out.feeds.iter().filter_map(|&(feed, _)| self.feeds.get(feed)) {
            prefixes.extend(crate::question::prefixes(P::table(&feed.tables), filter, after).map(|(prefix, _)| prefix));
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        let views = prefixes.into_iter().filter_map(|prefix| self.tell(domain, peer, prefix));
        views.filter(|view| filter.takes(view)).take(limit).collect()
    }

    /// What a peer is told of a prefix.
    fn tell<P: Key>(&self, domain: &Domain, peer: &Peer, prefix: P) -> Option<RouteView> {
        let session = peer.session?;
        let out = &peer.out[P::FAMILY as usize];
        let path = match domain.tables.best(&self.seeds, prefix) {
            Some(path) => Some(path).filter(|path| path.peer != peer.local),
            None => {
                let mut feeds = out.feeds.iter().filter_map(|&(feed, _)| self.feeds.get(feed));
                feeds.find_map(|feed| feed.tables.best(&self.seeds, prefix))
            }
        }?;
        let attributes = told(&self.interner, path.attr, &session, peer.config.export.as_ref()).ok()?;
        let config = &peer.config;
        let next_hop = match P::FAMILY {
            Family::V4 => config.next_hop4.map(NextHop::V4),
            Family::V6 => {
                let link_local = config.link_local;
                config.next_hop6.map(|global| NextHop::V6(NextHop6 { global, link_local }))
            }
        };
        let view = self.view(domain, prefix, &path, PathState::Best);
        Some(RouteView { attributes, next_hop, path_id: PathId(0), ..view })
    }

    /// Why a prefix goes where it goes; `None` when there is no path to it.
    pub fn why(&self, domain: DomainId, prefix: Prefix) -> Option<Why> {
        let domain = self.domains.get(domain)?;
        match prefix.family() {
            Family::V4 => self.why_of(domain, Prefix4::of(prefix)?),
            Family::V6 => self.why_of(domain, Prefix6::of(prefix)?),
        }
    }

    fn why_of<P: Key>(&self, domain: &Domain, prefix: P) -> Option<Why> {
        let slot = P::table(&domain.tables).find(&self.seeds, prefix)?;
        let (paths, lost_at): (Vec<_>, Vec<_>) = self.ranked::<P>(domain, slot).into_iter().unzip();
        (!paths.is_empty()).then_some(Why { paths, lost_at })
    }

    fn page<P: Key>(
        &self,
        domain: &Domain,
        filter: &RouteFilter,
        after: Option<Prefix>,
        limit: usize,
        views: impl Fn(u32) -> Vec<RouteView>,
    ) -> Vec<RouteView> {
        let mut places: Vec<(P, u32)> = prefixes(P::table(&domain.tables), filter, after).collect();
        places.sort_unstable_by_key(|(prefix, _)| *prefix);
        let pages = places.into_iter().map(|(_, slot)| {
            let mut views = views(slot);
            views.retain(|view| filter.takes(view));
            views
        });
        pages.filter(|views| !views.is_empty()).take(limit).flatten().collect()
    }

    /// All paths of a slot.
    fn views<P: Key>(&self, domain: &Domain, slot: u32) -> Vec<RouteView> {
        self.ranked::<P>(domain, slot).into_iter().map(|(view, _)| view).collect()
    }

    /// The paths of a slot that a peer has brought.
    fn brought<P: Key>(&self, domain: &Domain, peer: &Peer, slot: u32) -> Vec<RouteView> {
        let table = P::table(&domain.tables);
        let paths = table.paths(slot);
        let ranking = rank(&paths, &self.scale(domain));
        let own = paths.iter().zip(ranking).filter(|(path, _)| path.peer == peer.local);
        own.map(|(path, ranking)| {
            let state = self.state(domain, table.prefix(slot), path, ranking);
            let attributes = self.interner.get(path.attr).received_set();
            RouteView { attributes, ..self.view(domain, table.prefix(slot), path, state) }
        })
        .collect()
    }

    /// The paths of a slot, each with the step at which it lost, the best one first and the refused ones last.
    fn ranked<P: Key>(&self, domain: &Domain, slot: u32) -> Vec<(RouteView, Option<Step>)> {
        let table = P::table(&domain.tables);
        let paths = table.paths(slot);
        let mut ranked: Vec<(Path, Ranking)> = paths.iter().copied().zip(rank(&paths, &self.scale(domain))).collect();
        ranked.sort_by_key(|(_, ranking)| ranking.order());
        let views = ranked.iter().map(|(path, ranking)| {
            let state = self.state(domain, table.prefix(slot), path, *ranking);
            (self.view(domain, table.prefix(slot), path, state), ranking.lost_at())
        });
        views.collect()
    }

    fn scale<'a>(&'a self, domain: &'a Domain) -> Scale<'a> {
        Scale { interner: &self.interner, ranks: &domain.ranks }
    }

    fn state<P: Key>(&self, domain: &Domain, prefix: P, path: &Path, ranking: Ranking) -> PathState {
        match ranking {
            Ranking::Best => PathState::Best,
            Ranking::Multipath(_) => PathState::Multipath,
            Ranking::Backup(_) => PathState::Backup,
            Ranking::Out => match &self.interner.get(path.attr).verdict {
                Verdict::Refused(refusal) => PathState::Rejected(**refusal),
                Verdict::Taken | Verdict::Rewritten(_) => {
                    let peer = domain.peers[usize::from(path.peer)].and_then(|peer| self.peers.get(peer));
                    match peer.and_then(|peer| peer.config.import.prefix(prefix)) {
                        Some(reason) => PathState::Rejected(Refusal::Policy(reason)),
                        None => PathState::Backup,
                    }
                }
            },
        }
    }

    fn view<P: Key>(&self, domain: &Domain, prefix: P, path: &Path, state: PathState) -> RouteView {
        let record = self.interner.get(path.attr);
        RouteView {
            prefix: prefix.into(),
            peer: (path.peer != OWN).then(|| domain.ranks[usize::from(path.peer)].address),
            path_id: PathId(path.path_id),
            state,
            stale: path.is_stale(),
            weight: record.summary.weight,
            local_pref: record.summary.local_pref,
            next_hop: record.next_hop(),
            attributes: record.attributes(),
        }
    }

    /// Memory in use.
    pub fn memory(&self) -> Memory {
        let mut memory = Memory { attributes: self.interner.bytes(), ..Memory::default() };
        let domains = self.domains.iter().map(|(_, domain)| &domain.tables);
        let feeds = self.feeds.iter().map(|(_, feed)| &feed.tables);
        for tables in domains.chain(feeds) {
            for table in [tables.v4.bytes(), tables.v6.bytes()] {
                memory.slots += table.slots;
                memory.indices += table.indices;
                memory.paths += table.paths;
                memory.logs += table.logs;
                memory.other += table.other;
            }
        }
        memory.other += self.peers.bytes() + self.domains.bytes() + self.feeds.bytes() + self.scratch.bytes();
        memory
    }

    /// How many different attribute sets are held.
    pub fn attribute_sets(&self) -> u32 {
        self.interner.live()
    }
}

/// The prefixes of a table that a page may be about, and their slots; in no order.
fn prefixes<P: Key>(
    table: &crate::table::Table<P>,
    filter: &RouteFilter,
    after: Option<Prefix>,
) -> impl Iterator<Item = (P, u32)> {
    let (within, after) = (filter.within, after.and_then(P::of));
    let slots = (0..table.slots.len()).filter(|slot| !table.slots[*slot].is_empty());
    slots
        .map(|slot| (table.prefix(slot), slot))
        .filter(move |(prefix, _)| after.is_none_or(|after| *prefix > after))
        .filter(move |(prefix, _)| within.is_none_or(|within| within.covers((*prefix).into())))
}

impl RouteFilter {
    fn takes(&self, view: &RouteView) -> bool {
        let path = || view.attributes.as_path.iter().flat_map(|segment| &segment.asns);
        self.asn.is_none_or(|asn| path().any(|other| *other == asn))
            && self.community.is_none_or(|community| view.attributes.communities.contains(&community))
            && (!self.best || view.state == PathState::Best)
    }
}
