//! All routing domains of one worker: what is in them, and sessions that come and go.

use crate::PeerConfig;
use crate::arena::Arena;
use crate::domain::{Domain, Feed};
use crate::export::Scratch;
use crate::hash::Seeds;
use crate::id::{DomainId, FeedId, PeerId};
use crate::intern::{AttrId, Form, Interner, Owner};
use crate::judge::judge_local;
use crate::key::Key;
use crate::peer::{End, Peer};
use crate::reader::Purpose;
use crate::slot::{OWN, Path};
use crate::table::{Context, Outcome};
use bgp_wire::{
    AttributeClass, AttributeSet, Attributes, Families, Neighbor, NextHop, NextHop6, Prefix4, Prefix6, RouterId,
    Session, Template,
};
use model::{Family, Prefix};
use std::net::{IpAddr, Ipv4Addr};

/// All routing domains of one worker.
#[derive(Debug)]
pub struct Rib {
    pub(crate) seeds: Seeds,
    pub(crate) domains: Arena<DomainId, Domain>,
    pub(crate) peers: Arena<PeerId, Peer>,
    pub(crate) feeds: Arena<FeedId, Feed>,
    pub(crate) interner: Interner,
    /// Domains and feeds whose readers have something new.
    pub(crate) changed: Vec<Changed>,
    /// Domains that packets follow otherwise than was told.
    pub(crate) turned: Vec<DomainId>,
    /// Peers that have something new beside that.
    pub(crate) ready: Vec<PeerId>,
    pub(crate) scratch: Scratch,
}

/// A place where something changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Changed {
    Domain(DomainId),
    Feed(FeedId),
}

impl Rib {
    /// An empty one. The seed goes into the hashes and should be a secret of the process.
    pub fn new(seed: u64) -> Self {
        Self {
            seeds: Seeds::new(seed),
            domains: Arena::new(),
            peers: Arena::new(),
            feeds: Arena::new(),
            interner: Interner::new(),
            changed: Vec::new(),
            turned: Vec::new(),
            ready: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Adds a routing domain. The name is for people.
    ///
    /// # Panics
    ///
    /// When there are 262,144 domains already.
    pub fn add_domain(&mut self, name: &str) -> DomainId {
        self.domains.insert(Domain::new(name))
    }

    /// Removes a domain with its peers and routes.
    pub fn remove_domain(&mut self, domain: DomainId) {
        let Some(found) = self.domains.get(domain) else { return };
        let peers: Vec<PeerId> = found.peers.iter().copied().flatten().collect();
        for peer in peers {
            self.remove_peer(peer);
        }
        if let Some(mut domain) = self.domains.remove(domain) {
            let mut context = Context { seeds: &self.seeds, interner: &mut self.interner, ranks: &mut domain.ranks };
            domain.tables.v4.sweep(&mut context, OWN, false);
            domain.tables.v6.sweep(&mut context, OWN, false);
        }
    }

    /// The name of a domain.
    pub fn domain_name(&self, domain: DomainId) -> Option<&str> {
        self.domains.get(domain).map(|domain| &*domain.name)
    }

    /// Adds a peer, whose session is down. The id finds nothing when the domain is not there.
    ///
    /// # Panics
    ///
    /// When there are 262,144 peers already, or 65,533 in the domain.
    pub fn add_peer(&mut self, domain: DomainId, config: PeerConfig) -> PeerId {
        let address = config.address;
        let id = self.peers.insert(Peer::new(domain, config));
        match (self.domains.get_mut(domain), self.peers.get_mut(id)) {
            (Some(domain), Some(peer)) => peer.local = domain.join(id, address),
            _ => drop(self.peers.remove(id)),
        }
        id
    }

    /// Removes a peer with its routes.
    pub fn remove_peer(&mut self, peer: PeerId) {
        self.down(peer, Families::NONE);
        if let Some(peer) = self.peers.remove(peer)
            && let Some(domain) = self.domains.get_mut(peer.domain)
        {
            domain.leave(peer.local);
        }
    }

    /// What is configured of a peer.
    pub fn peer_config(&self, peer: PeerId) -> Option<&PeerConfig> {
        self.peers.get(peer).map(|peer| &peer.config)
    }

    /// Adds a feed, see [`Rib::subscribe`]. The name is for people.
    ///
    /// # Panics
    ///
    /// When there are 262,144 feeds already.
    pub fn add_feed(&mut self, name: &str) -> FeedId {
        self.feeds.insert(Feed::new(name))
    }

    /// The name of a feed.
    pub fn feed_name(&self, feed: FeedId) -> Option<&str> {
        self.feeds.get(feed).map(|feed| &*feed.name)
    }

    /// Puts a prefix into a feed, or gives it other attributes.
    pub fn feed(&mut self, feed: FeedId, prefix: Prefix, attributes: &AttributeSet, next_hop: Option<IpAddr>) {
        let Some(attr) = self.intern_local(attributes, next_hop) else { return };
        if let Some(found) = self.feeds.get_mut(feed) {
            found.change(&self.seeds, prefix, |tables, ranks| {
                let mut context = Context { seeds: &self.seeds, interner: &mut self.interner, ranks };
                put_own(tables, &mut context, prefix, attr);
            });
        }
        self.let_go(attr);
        self.feed_changed(feed);
    }

    /// Takes a prefix out of a feed.
    pub fn unfeed(&mut self, feed: FeedId, prefix: Prefix) {
        if let Some(found) = self.feeds.get_mut(feed) {
            found.change(&self.seeds, prefix, |tables, ranks| {
                let mut context = Context { seeds: &self.seeds, interner: &mut self.interner, ranks };
                take_own(tables, &mut context, prefix);
            });
        }
        self.feed_changed(feed);
    }

    /// The peer is told these feeds beside its domain's routes, as far as its export policy lets it. A prefix
    /// that its domain has too is told of the domain, and one that several feeds have of the first.
    ///
    /// It holds from the next time on that the session comes up.
    pub fn subscribe(&mut self, peer: PeerId, feeds: &[FeedId]) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.feeds = feeds.to_vec();
        }
    }

    /// A route of our own: what is behind us. The next hop is for people and forwarding; peers are told theirs.
    /// It has a weight of 32,768, so that no peer takes it over by accident.
    pub fn originate(&mut self, domain: DomainId, prefix: Prefix, attributes: &AttributeSet, next_hop: Option<IpAddr>) {
        let Some(attr) = self.intern_local(attributes, next_hop) else { return };
        if let Some(found) = self.domains.get_mut(domain) {
            let mut context = Context { seeds: &self.seeds, interner: &mut self.interner, ranks: &mut found.ranks };
            put_own(&mut found.tables, &mut context, prefix, attr);
        }
        self.let_go(attr);
        self.domain_changed(domain);
    }

    /// Takes a route of our own back.
    pub fn withdraw(&mut self, domain: DomainId, prefix: Prefix) {
        if let Some(found) = self.domains.get_mut(domain) {
            let mut context = Context { seeds: &self.seeds, interner: &mut self.interner, ranks: &mut found.ranks };
            take_own(&mut found.tables, &mut context, prefix);
        }
        self.domain_changed(domain);
    }

    /// The session is established. The peer will be told all routes of each family agreed on, then End-of-RIB.
    pub fn up(&mut self, id: PeerId, session: &Session, router_id: RouterId) {
        if self.peers.get(id).is_some_and(|peer| peer.session.is_some()) {
            self.down(id, Families::NONE);
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        let Some(domain) = self.domains.get_mut(peer.domain) else { return };
        peer.session = Some(*session);
        let rank = &mut domain.ranks[usize::from(peer.local)];
        let moved = rank.router_id != router_id.number();
        rank.router_id = router_id.number();
        domain.tables.v4.reserve(&self.seeds, if session.families.v4 { peer.config.reserve } else { 0 });
        self.follow_all(id);
        if !session.families.v4 || !session.families.v6 {
            // What was kept of a family that is not spoken any more will not be confirmed.
            let gone = Families { v4: !session.families.v4, v6: !session.families.v6 };
            self.remove_paths(id, gone, false);
        }
        if moved {
            self.review(id, false);
        }
        self.wake(id);
    }

    /// The session has ended. Routes of the families to keep become stale, all others are withdrawn.
    pub fn down(&mut self, id: PeerId, keep: Families) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.session = None;
        let Some(domain) = self.domains.get_mut(peer.domain) else { return };
        for family in Family::BOTH {
            let out = std::mem::take(&mut peer.out[family as usize]);
            if let Some(reader) = out.reader {
                unfollow(&mut domain.tables, &self.seeds, family, reader);
            }
            for (feed, reader) in out.feeds {
                if let Some(feed) = self.feeds.get_mut(feed) {
                    unfollow(&mut feed.tables, &self.seeds, family, reader);
                }
            }
        }
        let (local, tables) = (peer.local, &mut domain.tables);
        if keep.v4 && peer.received[Family::V4 as usize] > 0 {
            tables.v4.mark_stale(local);
        }
        if keep.v6 && peer.received[Family::V6 as usize] > 0 {
            tables.v6.mark_stale(local);
        }
        self.remove_paths(id, Families { v4: !keep.v4, v6: !keep.v6 }, false);
    }

    /// Withdraws what is stale still: End-of-RIB has come, or the time is over.
    pub fn sweep_stale(&mut self, peer: PeerId, families: Families) {
        self.remove_paths(peer, families, true);
    }

    /// All routes of the family are stale until they come again (RFC 7313, BoRR).
    pub fn mark_stale(&mut self, peer: PeerId, family: Family) {
        let Some(peer) = self.peers.get(peer) else { return };
        let Some(domain) = self.domains.get_mut(peer.domain) else { return };
        match family {
            Family::V4 => domain.tables.v4.mark_stale(peer.local),
            Family::V6 => domain.tables.v6.mark_stale(peer.local),
        }
    }

    /// Appends the peers that have something to be told since they were last asked for; each once.
    pub fn drain_ready(&mut self, ready: &mut Vec<PeerId>) {
        for changed in std::mem::take(&mut self.changed) {
            let tables = match changed {
                Changed::Domain(id) => self.domains.get_mut(id).map(|domain| {
                    domain.listed = false;
                    &mut domain.tables
                }),
                Changed::Feed(id) => self.feeds.get_mut(id).map(|feed| {
                    feed.listed = false;
                    &mut feed.tables
                }),
            };
            let Some(tables) = tables else { continue };
            let v4 = tables.v4.readers().filter(|_| tables.v4.changed);
            let v6 = tables.v6.readers().filter(|_| tables.v6.changed);
            for reader in v4.chain(v6) {
                if let Some(peer) = self.peers.get_mut(reader.peer)
                    && !std::mem::replace(&mut peer.listed, true)
                {
                    self.ready.push(reader.peer);
                }
            }
            (tables.v4.changed, tables.v6.changed) = (false, false);
        }
        for id in self.ready.drain(..) {
            if let Some(peer) = self.peers.get_mut(id) {
                peer.listed = false;
                ready.push(id);
            }
        }
    }

    /// Tells the peer all routes of a family again, between BoRR and EoRR when `enhanced` (RFC 7313).
    pub fn refresh(&mut self, id: PeerId, family: Family, enhanced: bool) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if !peer.session.is_some_and(|session| session.families.contains(family)) {
            return;
        }
        let out = &mut peer.out[family as usize];
        if enhanced && out.end == End::OfRib {
            // RFC 7313, section 4: no BoRR before End-of-RIB.
            out.again = true;
            return;
        }
        if enhanced {
            out.begin = true;
            out.end = End::OfRefresh;
        }
        self.walk_again(id, family, Purpose::Tell);
        self.wake(id);
    }

    /// Tells the peer what it is told differently from now on, and withdraws what it is no longer told.
    pub fn set_export(&mut self, id: PeerId, export: Option<crate::policy::Export>) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.config.export == export {
            return;
        }
        let old = std::mem::replace(&mut peer.config.export, export);
        let Some(session) = peer.session else { return };
        for family in Family::BOTH.into_iter().filter(|family| session.families.contains(*family)) {
            match self.peers.get(id).and_then(|peer| peer.out[family as usize].reader) {
                Some(_) => self.walk_again(id, family, Purpose::Differ(old.clone())),
                None => self.follow(id, family),
            }
        }
        self.wake(id);
    }

    /// Starts readers of all that an established peer is told.
    fn follow_all(&mut self, id: PeerId) {
        let Some(session) = self.peers.get(id).and_then(|peer| peer.session) else { return };
        for family in Family::BOTH.into_iter().filter(|family| session.families.contains(*family)) {
            self.follow(id, family);
            if let Some(peer) = self.peers.get_mut(id) {
                // Who is told nothing is told so.
                peer.out[family as usize].end = End::OfRib;
            }
        }
    }

    fn follow(&mut self, id: PeerId, family: Family) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.config.export.is_none() || !peer.has_next_hop(family) {
            return;
        }
        let Some(domain) = self.domains.get_mut(peer.domain) else { return };
        let out = &mut peer.out[family as usize];
        out.reader = Some(match family {
            Family::V4 => domain.tables.v4.follow(id, peer.local),
            Family::V6 => domain.tables.v6.follow(id, peer.local),
        });
        for &feed in &peer.feeds {
            let Some(found) = self.feeds.get_mut(feed) else { continue };
            // Nothing in a feed is of a peer.
            let reader = match family {
                Family::V4 => found.tables.v4.follow(id, peer.local),
                Family::V6 => found.tables.v6.follow(id, peer.local),
            };
            out.feeds.push((feed, reader));
        }
    }

    pub(crate) fn walk_again(&mut self, id: PeerId, family: Family, purpose: Purpose) {
        let Some(peer) = self.peers.get(id) else { return };
        let Some(domain) = self.domains.get_mut(peer.domain) else { return };
        let out = &peer.out[family as usize];
        if let Some(reader) = out.reader {
            match family {
                Family::V4 => domain.tables.v4.walk_again(reader, purpose.clone()),
                Family::V6 => domain.tables.v6.walk_again(reader, purpose.clone()),
            }
        }
        for &(feed, reader) in &out.feeds {
            let Some(feed) = self.feeds.get_mut(feed) else { continue };
            match family {
                Family::V4 => feed.tables.v4.walk_again(reader, purpose.clone()),
                Family::V6 => feed.tables.v6.walk_again(reader, purpose.clone()),
            }
        }
    }

    fn remove_paths(&mut self, id: PeerId, families: Families, stale_only: bool) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let Some(domain) = self.domains.get_mut(peer.domain) else { return };
        let mut context = Context { seeds: &self.seeds, interner: &mut self.interner, ranks: &mut domain.ranks };
        for family in Family::BOTH.into_iter().filter(|family| families.contains(*family)) {
            if peer.received[family as usize] == 0 {
                continue;
            }
            let removed = match family {
                Family::V4 => domain.tables.v4.sweep(&mut context, peer.local, stale_only),
                Family::V6 => domain.tables.v6.sweep(&mut context, peer.local, stale_only),
            };
            peer.removed(family, removed);
        }
        let domain = peer.domain;
        self.domain_changed(domain);
    }

    /// Puts a peer on the list of those that have something to be told.
    pub(crate) fn wake(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(id)
            && !std::mem::replace(&mut peer.listed, true)
        {
            self.ready.push(id);
        }
    }

    /// Puts a domain on the list of those whose readers have something new.
    #[inline]
    pub(crate) fn domain_changed(&mut self, id: DomainId) {
        if let Some(domain) = self.domains.get_mut(id)
            && domain.tables.is_changed()
            && !std::mem::replace(&mut domain.listed, true)
        {
            self.changed.push(Changed::Domain(id));
        }
        self.forwarding_changed(id);
    }

    fn feed_changed(&mut self, id: FeedId) {
        if let Some(feed) = self.feeds.get_mut(id)
            && feed.tables.is_changed()
            && !std::mem::replace(&mut feed.listed, true)
        {
            self.changed.push(Changed::Feed(id));
        }
    }

    /// Finds or makes a record of our own, and holds it once. `None` for attributes too long to be sent at all.
    fn intern_local(&mut self, set: &AttributeSet, next_hop: Option<IpAddr>) -> Option<AttrId> {
        let class = AttributeClass { neighbor: Neighbor::Internal, four_octet_as: true };
        let (inside, apart) = match next_hop {
            Some(IpAddr::V4(address)) => (Some(address), None),
            Some(IpAddr::V6(global)) => (None, Some(NextHop::V6(NextHop6 { global, link_local: None }))),
            None => (None, None),
        };
        let form = Form::new(class, apart);
        let template = set.template(&form.class().session()).ok()?;
        let mut key = Vec::new();
        Form::put_next_hop(apart, &mut key);
        put_attributes(&template, inside, &mut key);
        let attr = self.interner.find(&self.seeds, Owner::LOCAL, form, &key).unwrap_or_else(|| {
            let judged = judge_local(&Attributes::read(form.split(&key).1, &form.class().session()));
            self.interner.add(&self.seeds, Owner::LOCAL, form, &key, judged)
        });
        self.interner.retain(attr, 1);
        Some(attr)
    }

    fn let_go(&mut self, attr: AttrId) {
        self.interner.release(&self.seeds, attr, 1);
    }
}

/// Writes attributes as an UPDATE has them, with NEXT_HOP if there is one.
pub(crate) fn put_attributes(template: &Template, next_hop: Option<Ipv4Addr>, key: &mut Vec<u8>) {
    key.extend_from_slice(template.head());
    if let Some(address) = next_hop {
        key.extend_from_slice(&[bgp_wire::iana::attribute_flag::TRANSITIVE, bgp_wire::iana::attribute::NEXT_HOP, 4]);
        key.extend_from_slice(&address.octets());
    }
    key.extend_from_slice(template.tail());
}

fn put_own(tables: &mut crate::domain::Tables, context: &mut Context<'_>, prefix: Prefix, attr: AttrId) {
    let path = Path { attr, path_id: 0, peer: OWN, flags: 0 };
    context.interner.retain(attr, 1);
    let outcome = match (Prefix4::of(prefix), Prefix6::of(prefix)) {
        (Some(prefix), _) => tables.v4.announce(context, prefix, path),
        (None, Some(prefix)) => tables.v6.announce(context, prefix, path),
        (None, None) => Outcome::Same,
    };
    match outcome {
        Outcome::New | Outcome::Replaced { .. } => {}
        Outcome::Same | Outcome::Surplus => context.interner.release(context.seeds, attr, 1),
    }
}

fn take_own(tables: &mut crate::domain::Tables, context: &mut Context<'_>, prefix: Prefix) {
    if let Some(prefix) = Prefix4::of(prefix) {
        tables.v4.withdraw(context, prefix, OWN, 0);
    } else if let Some(prefix) = Prefix6::of(prefix) {
        tables.v6.withdraw(context, prefix, OWN, 0);
    }
}

fn unfollow(tables: &mut crate::domain::Tables, seeds: &Seeds, family: Family, reader: usize) {
    match family {
        Family::V4 => tables.v4.unfollow(seeds, reader),
        Family::V6 => tables.v6.unfollow(seeds, reader),
    }
}
