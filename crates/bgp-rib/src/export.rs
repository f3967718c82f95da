//! UPDATEs out.
//!
//! There is no copy of what a peer was told. Its reader walks over the slots once and then follows the log; a window of
//! routes is collected, grouped by attributes, put through the export policy once for each group, and packed. What
//! a peer reads comes from its domain's table and from feeds; where several have a prefix, the domain goes first.

use crate::Rib;
use crate::arena::Arena;
use crate::domain::{Feed, Tables};
use crate::hash::Seeds;
use crate::id::{FeedId, PeerId};
use crate::intern::{AttrId, Interner};
use crate::key::Key;
use crate::peer::{End, Out, Peer};
use crate::policy::{Export, Reason};
use crate::reader::{Item, Progress, Purpose};
use crate::slot::Path;
use crate::table::Table;
use bgp_wire::{
    AttributeSet, NextHop6, Oversize, Prefix4, Prefix6, RefreshKind, RouteRefresh, Session, Template, announce4,
    announce6, end_of_rib, withdraw4, withdraw6,
};
use model::Family;

/// Room for work, kept between calls.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The key of attributes that do not lie in one piece.
    pub(crate) key: Vec<u8>,
    v4: Window<Prefix4>,
    v6: Window<Prefix6>,
}

impl Scratch {
    pub(crate) fn bytes(&self) -> usize {
        self.key.capacity() + self.v4.bytes() + self.v6.bytes()
    }
}

/// Routes to be written together.
#[derive(Debug)]
pub(crate) struct Window<P> {
    routes: Vec<P>,
    runs: Vec<Run>,
    gone: Vec<P>,
    /// Prefixes of a group that is not in one piece.
    group: Vec<P>,
}

impl<P> Default for Window<P> {
    fn default() -> Self {
        Self { routes: Vec::new(), runs: Vec::new(), gone: Vec::new(), group: Vec::new() }
    }
}

/// Routes of a window that follow each other and have the same attributes.
#[derive(Debug, Clone, Copy)]
struct Run {
    attr: AttrId,
    start: u32,
    end: u32,
    /// The peer may have been told of paths to these prefixes.
    told: bool,
}

impl<P> Window<P> {
    fn clear(&mut self) {
        self.routes.clear();
        self.runs.clear();
        self.gone.clear();
    }

    #[inline]
    fn push(&mut self, attr: AttrId, prefix: P, told: bool) {
        let at = self.routes.len() as u32;
        self.routes.push(prefix);
        match self.runs.last_mut() {
            Some(run) if run.attr == attr && run.told == told => run.end = at + 1,
            _ => self.runs.push(Run { attr, start: at, end: at + 1, told }),
        }
    }

    fn bytes(&self) -> usize {
        (self.routes.capacity() + self.gone.capacity() + self.group.capacity()) * size_of::<P>()
            + self.runs.capacity() * size_of::<Run>()
    }
}

/// How the routes of a family are written.
pub(crate) trait Write: Key {
    fn announce(
        teller: &Teller<'_>,
        template: &Template,
        prefixes: &mut impl Iterator<Item = Self>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Oversize>;
    fn withdraw(limit: usize, prefixes: &mut impl Iterator<Item = Self>, out: &mut Vec<u8>) -> usize;
    fn window(scratch: &mut Scratch) -> &mut Window<Self>;
}

impl Write for Prefix4 {
    fn announce(
        teller: &Teller<'_>,
        template: &Template,
        prefixes: &mut impl Iterator<Item = Self>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Oversize> {
        let Some(next_hop) = teller.peer.config.next_hop4 else { return Ok(prefixes.count()) };
        announce4(out, teller.session.send_limit(), template, next_hop, prefixes)
    }

    fn withdraw(limit: usize, prefixes: &mut impl Iterator<Item = Self>, out: &mut Vec<u8>) -> usize {
        withdraw4(out, limit, prefixes)
    }

    fn window(scratch: &mut Scratch) -> &mut Window<Self> {
        &mut scratch.v4
    }
}

impl Write for Prefix6 {
    fn announce(
        teller: &Teller<'_>,
        template: &Template,
        prefixes: &mut impl Iterator<Item = Self>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Oversize> {
        let Some(global) = teller.peer.config.next_hop6 else { return Ok(prefixes.count()) };
        let next_hop = NextHop6 { global, link_local: teller.peer.config.link_local };
        announce6(out, teller.session.send_limit(), template, &next_hop, prefixes)
    }

    fn withdraw(limit: usize, prefixes: &mut impl Iterator<Item = Self>, out: &mut Vec<u8>) -> usize {
        withdraw6(out, limit, prefixes)
    }

    fn window(scratch: &mut Scratch) -> &mut Window<Self> {
        &mut scratch.v6
    }
}

/// Why a peer is not told of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// It is told nothing.
    NoPolicy,
    /// The policy keeps it back.
    Policy(Reason),
    /// It came from inside our AS, and so does the peer (RFC 4271, section 9.2).
    Internal,
    /// The attributes are too long.
    Oversize,
}

/// What a peer is told, as far as attributes decide.
pub(crate) fn told(
    interner: &Interner,
    attr: AttrId,
    session: &Session,
    export: Option<&Export>,
) -> Result<AttributeSet, Withheld> {
    let export = export.ok_or(Withheld::NoPolicy)?;
    let record = interner.get(attr);
    if record.summary.is_internal() && session.neighbor == bgp_wire::Neighbor::Internal {
        return Err(Withheld::Internal);
    }
    export.attributes(&record.attributes()).map_err(Withheld::Policy)
}

/// What it takes to tell a peer.
pub(crate) struct Teller<'a> {
    peer: &'a Peer,
    session: &'a Session,
    seeds: &'a Seeds,
}

impl Teller<'_> {
    fn template(&self, interner: &Interner, attr: AttrId, export: Option<&Export>) -> Result<Template, Withheld> {
        told(interner, attr, self.session, export)?.template(self.session).map_err(|_| Withheld::Oversize)
    }

    /// Writes a window.
    fn write<P: Write>(&self, interner: &Interner, window: &mut Window<P>, out: &mut Vec<u8>) {
        let Window { routes, runs, gone, group } = window;
        runs.sort_unstable_by_key(|run| (run.attr, run.start));
        for runs in runs.chunk_by(|a, b| a.attr == b.attr) {
            let [first, rest @ ..] = runs else { continue };
            let template = self.template(interner, first.attr, self.peer.config.export.as_ref());
            let prefixes = |run: &Run| &routes[run.start as usize..run.end as usize];
            let Ok(template) = template else {
                runs.iter().filter(|run| run.told).for_each(|run| gone.extend_from_slice(prefixes(run)));
                continue;
            };
            let all = if rest.is_empty() {
                prefixes(first)
            } else {
                group.clear();
                runs.iter().for_each(|run| group.extend_from_slice(prefixes(run)));
                &**group
            };
            let mut left = all.iter().copied();
            while left.len() > 0 {
                if P::announce(self, &template, &mut left, out).is_err() {
                    // RFC 4271, section 9.2: what cannot be told is not to stay as it was.
                    gone.extend(left);
                    break;
                }
            }
        }
        let mut left = gone.iter().copied();
        while left.len() > 0 {
            P::withdraw(self.session.send_limit(), &mut left, out);
        }
    }
}

/// Where the routes of a peer come from: its domain, then its feeds.
struct Sources<'a> {
    domain: &'a mut Tables,
    feeds: &'a mut Arena<FeedId, Feed>,
}

impl Sources<'_> {
    /// Number 0 is the domain.
    fn tables(&mut self, out: &Out, source: usize) -> Option<(&mut Tables, usize)> {
        match source.checked_sub(1) {
            None => Some((self.domain, out.reader?)),
            Some(feed) => {
                let &(feed, reader) = out.feeds.get(feed)?;
                Some((&mut self.feeds.get_mut(feed)?.tables, reader))
            }
        }
    }
}

impl Rib {
    /// Appends whole messages for a peer, about `budget` bytes and at least one message; whether there is more.
    pub fn export(&mut self, id: PeerId, out: &mut Vec<u8>, budget: usize) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return false };
        let Some(session) = peer.session else { return false };
        let end = out.len().saturating_add(budget.max(1));
        let order = if peer.v6_first { [Family::V6, Family::V4] } else { Family::BOTH };
        for family in order.into_iter().filter(|family| session.families.contains(*family)) {
            let done = match family {
                Family::V4 => self.export_family::<Prefix4>(id, &session, out, end),
                Family::V6 => self.export_family::<Prefix6>(id, &session, out, end),
            };
            if !done {
                if let Some(peer) = self.peers.get_mut(id) {
                    peer.v6_first = family == Family::V4;
                }
                return true;
            }
        }
        false
    }

    /// Writes what there is of a family; whether that was all.
    fn export_family<P: Write>(&mut self, id: PeerId, session: &Session, out: &mut Vec<u8>, end: usize) -> bool {
        let family = P::FAMILY as usize;
        loop {
            let Some(peer) = self.peers.get_mut(id) else { return true };
            if std::mem::take(&mut peer.out[family].begin) {
                RouteRefresh { family: P::FAMILY.into(), kind: RefreshKind::Begin }.write(out);
            }
            if !self.read::<P>(id, session, out, end, true) {
                return false;
            }
            let Some(peer) = self.peers.get_mut(id) else { return true };
            match std::mem::take(&mut peer.out[family].end) {
                End::Unmarked => {}
                End::OfRib => end_of_rib(out, P::FAMILY),
                End::OfRefresh => RouteRefresh { family: P::FAMILY.into(), kind: RefreshKind::End }.write(out),
            }
            if !std::mem::take(&mut peer.out[family].again) {
                break;
            }
            self.refresh(id, P::FAMILY, true);
        }
        self.read::<P>(id, session, out, end, false)
    }

    /// Reads all sources as far as they walk, or as far as the log goes; whether to the end.
    fn read<P: Write>(&mut self, id: PeerId, session: &Session, out: &mut Vec<u8>, end: usize, walks: bool) -> bool {
        let Some(peer) = self.peers.get(id) else { return true };
        let Some(domain) = self.domains.get_mut(peer.domain) else { return true };
        let state = &peer.out[P::FAMILY as usize];
        let mut sources = Sources { domain: &mut domain.tables, feeds: &mut self.feeds };
        let teller = Teller { peer, session, seeds: &self.seeds };
        let window = P::window(&mut self.scratch);
        for source in 0..=state.feeds.len() {
            while let Some((tables, reader)) = sources.tables(state, source) {
                let table = P::table_mut(tables);
                if (walks && table.reader(reader).is_none_or(|reader| reader.walk.is_none())) || table.is_done(reader) {
                    break;
                }
                if out.len() >= end {
                    return false;
                }
                window.clear();
                let room = end - out.len();
                let progress = collect::<P>(&mut sources, &teller, state, source, &mut self.interner, window, room);
                teller.write(&self.interner, window, out);
                match progress {
                    Progress::Walking | Progress::Following => {}
                    Progress::Walked | Progress::Done => break,
                }
            }
        }
        true
    }
}

/// Collects a window of about so many bytes from one source.
fn collect<P: Write>(
    sources: &mut Sources<'_>,
    teller: &Teller<'_>,
    state: &Out,
    source: usize,
    interner: &mut Interner,
    window: &mut Window<P>,
    room: usize,
) -> Progress {
    let pass = interner.pass();
    let local = teller.peer.local;
    let seeds = teller.seeds;
    let mut bytes = 0;
    let mut take = |window: &mut Window<P>, purpose: Option<&Purpose>, prefix: P, path: Option<Path>, told: bool| {
        bytes += 1 + usize::from(prefix.size()).div_ceil(8);
        match path {
            Some(path) => {
                let differs = match purpose {
                    Some(Purpose::Differ(old)) => differs(interner, path.attr, teller, old.as_ref(), pass),
                    _ => true,
                };
                let record = interner.get_mut(path.attr);
                if record.stamp != pass {
                    record.stamp = pass;
                    bytes += record.weight();
                }
                if differs {
                    window.push(path.attr, prefix, told);
                }
            }
            None if told && !matches!(purpose, Some(Purpose::Differ(_))) => window.gone.push(prefix),
            None => {}
        }
        bytes < room
    };
    if state.feeds.is_empty() {
        let Some((tables, reader)) = sources.tables(state, source) else { return Progress::Done };
        return P::table_mut(tables).advance(seeds, reader, |table: &Table<P>, purpose, Item { slot, told }| {
            let path = table.best(slot).filter(|path| path.peer != local);
            take(window, purpose, table.prefix(slot), path, told)
        });
    }
    collect_of_several(sources, teller, state, source, window, take)
}

/// The same where a prefix may be in several sources. What was told before is known of none of them alone.
fn collect_of_several<P: Write>(
    sources: &mut Sources<'_>,
    teller: &Teller<'_>,
    state: &Out,
    source: usize,
    window: &mut Window<P>,
    mut take: impl FnMut(&mut Window<P>, Option<&Purpose>, P, Option<Path>, bool) -> bool,
) -> Progress {
    let (local, seeds) = (teller.peer.local, teller.seeds);
    // The table being read is lent out, so what it says of a prefix comes with the item.
    let mut read = match source.checked_sub(1) {
        None => std::mem::replace(P::table_mut(sources.domain), Table::new()),
        Some(feed) => {
            let Some(found) = state.feeds.get(feed).and_then(|&(feed, _)| sources.feeds.get_mut(feed)) else {
                return Progress::Done;
            };
            std::mem::replace(P::table_mut(&mut found.tables), Table::new())
        }
    };
    let reader = match source.checked_sub(1) {
        None => state.reader,
        Some(feed) => state.feeds.get(feed).map(|&(_, reader)| reader),
    };
    let Some(reader) = reader else { return Progress::Done };
    let before = |prefix: P| {
        let domain = (source > 0).then(|| sources.domain.best(seeds, prefix)).flatten();
        domain
            .map(|path| (0, path))
            .or_else(|| in_feeds(sources.feeds, seeds, state, prefix, 0..source.saturating_sub(1)))
    };
    let progress = read.advance(seeds, reader, |table: &Table<P>, purpose, Item { slot, told }| {
        let prefix = table.prefix(slot);
        let here = || table.best(slot).map(|path| (source, path));
        let found = before(prefix)
            .or_else(here)
            .or_else(|| in_feeds(sources.feeds, seeds, state, prefix, source..state.feeds.len()));
        let elsewhere = found.is_some_and(|(place, _)| place != source);
        if purpose.is_some() && elsewhere {
            // The walk of the other source tells it.
            return true;
        }
        let path = found.filter(|(place, path)| *place > 0 || path.peer != local).map(|(_, path)| path);
        take(window, purpose, prefix, path, told || purpose.is_none())
    });
    match source.checked_sub(1) {
        None => *P::table_mut(sources.domain) = read,
        Some(feed) => {
            if let Some(found) = state.feeds.get(feed).and_then(|&(feed, _)| sources.feeds.get_mut(feed)) {
                *P::table_mut(&mut found.tables) = read;
            }
        }
    }
    progress
}

/// The first of some feeds that has a prefix, and its number as a source.
fn in_feeds<P: Key>(
    feeds: &Arena<FeedId, Feed>,
    seeds: &Seeds,
    state: &Out,
    prefix: P,
    which: std::ops::Range<usize>,
) -> Option<(usize, Path)> {
    which.into_iter().find_map(|number| {
        let &(feed, _) = state.feeds.get(number)?;
        Some((number + 1, feeds.get(feed)?.tables.best(seeds, prefix)?))
    })
}

/// Whether a peer is told something else of these attributes than under another policy.
fn differs(interner: &mut Interner, attr: AttrId, teller: &Teller<'_>, old: Option<&Export>, pass: u32) -> bool {
    let record = interner.get(attr);
    if record.stamp == pass {
        return record.mark;
    }
    let now = teller.template(interner, attr, teller.peer.config.export.as_ref());
    let differs = now.ok() != teller.template(interner, attr, old).ok();
    interner.get_mut(attr).mark = differs;
    differs
}
