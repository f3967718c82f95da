//! The tables against a model too simple to be wrong.
//!
//! The model keeps every path as the UPDATE that brought it and works all out anew each time it is asked: it reads,
//! judges, decides and exports without any memory. Random sequences of all that can happen are played to both; peers
//! read at their own pace, some hardly ever, with budgets down to a byte. What they are sent is read by the codec into
//! mirrors. Whenever all is drained, the mirrors, the tables and the counts must be what the model says.
//!
//! All domains have the same peers and prefixes, so a route that crosses would show.

use crate::policy::{Export, Facts, Import, Judgement, Peering, PeeringPolicy, Role};
use crate::{DomainId, FeedId, PathState, PeerConfig, PeerId, Rib, RouteFilter, Step};
use bgp_wire::{
    AttributeSet, Families, Kind, Neighbor, NextHop, NextHop6, Origin, PathSegment, RefreshKind, RouterId, Routes,
    Session, Update, frame, iana,
};
use model::{Asn, Community, Family, Prefix, PrefixState};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

const LOCAL_AS: Asn = Asn(12076);
const DOMAINS: usize = 2;
const PEERS: usize = 5;
const FEEDS: usize = 2;

fn prefixes() -> Vec<Prefix> {
    let v4 = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.128/25", "10.0.1.1/32", "192.0.2.0/24"];
    let v6 = ["::/0", "2001:db8::/32", "2001:db8::/48", "2001:db8::1/128"];
    let parse = |text: &&str| {
        let (address, length) = text.split_once('/').unwrap();
        Prefix::new(address.parse().unwrap(), length.parse().unwrap()).unwrap()
    };
    v4.iter().chain(&v6).map(parse).collect()
}

/// Attributes to choose from, by number.
fn attributes(choice: u8, peer: usize, domain: usize) -> AttributeSet {
    let own = asn(peer);
    let path = match choice % 8 {
        0 | 1 => vec![own],
        2 => vec![own, Asn(65100)],
        3 => vec![own, Asn(65100), Asn(4_200_000_001)],
        4 => vec![own, own, own],
        5 => vec![own, LOCAL_AS],
        6 => vec![Asn(65099), Asn(65100)],
        _ => vec![own, Asn(65200)],
    };
    let mut set = AttributeSet::new(
        if choice % 5 == 4 { Origin::Incomplete } else { Origin::Igp },
        vec![PathSegment::sequence(path)],
    );
    set.med = [None, Some(5), Some(10)][usize::from(choice / 8 % 3)];
    set.communities = vec![Community { asn: 65000, value: domain as u16 }];
    match choice / 24 % 6 {
        1 => set.communities.push(iana::community::GRACEFUL_SHUTDOWN),
        2 => set.communities.push(iana::community::NO_EXPORT),
        3 => set.communities.push(Community { asn: 12076, value: 5010 }),
        _ => {}
    }
    set.local_pref = Some(100 + u32::from(choice / 64) * 10);
    if choice % 7 == 6 {
        set.originator_id = Some(Ipv4Addr::new(9, 9, 9, choice));
        set.cluster_list = vec![Ipv4Addr::new(8, 8, 8, 8); usize::from(choice % 3)];
    }
    set
}

fn asn(peer: usize) -> Asn {
    [Asn(65001), Asn(65002), Asn(65001), LOCAL_AS, Asn(4_200_000_000)][peer]
}

fn neighbor(peer: usize) -> Neighbor {
    if asn(peer) == LOCAL_AS { Neighbor::Internal } else { Neighbor::External }
}

fn import(choice: u8, peer: usize) -> Import {
    let mut policy = PeeringPolicy::new(Peering::Open, Role::Customer, LOCAL_AS, asn(peer));
    match choice % 4 {
        0 => return Import::open(),
        1 => policy.weight = 10,
        2 => policy.peering = Peering::Private,
        _ => {
            policy.peering = Peering::Microsoft;
            policy.validation = PrefixState::Configured;
            policy.advertised_prefixes = vec![Prefix::new("10.0.0.0".parse().unwrap(), 9).unwrap()];
        }
    }
    policy.import(&Facts::default())
}

fn export(choice: u8, peer: usize) -> Option<Export> {
    let mut policy = PeeringPolicy::new(Peering::Open, Role::Customer, LOCAL_AS, asn(peer));
    match choice % 6 {
        0 => return None,
        1 | 2 => return Some(Export::open(LOCAL_AS, neighbor(peer))),
        3 => policy.peering = Peering::Private,
        4 => {
            policy.peering = Peering::Microsoft;
            policy.route_filter = vec![Community { asn: 12076, value: 5010 }];
        }
        _ => policy.drain = true,
    }
    Some(policy.export(&Facts { drain_prepends: 8, ..Facts::default() }))
}

fn address(peer: usize) -> Ipv4Addr {
    Ipv4Addr::new(172, 16, 0, peer as u8 + 1)
}

fn feeds_of(peer: usize) -> &'static [usize] {
    match peer {
        0 => &[1],
        4 => &[0, 1],
        _ => &[],
    }
}

#[derive(Debug, Clone)]
enum Op {
    /// Announce with these attributes; `both` puts routes of both families into one UPDATE.
    Announce {
        domain: usize,
        peer: usize,
        choice: u8,
        hop: u8,
        routes: Vec<(usize, u8)>,
        both: bool,
    },
    Withdraw {
        domain: usize,
        peer: usize,
        routes: Vec<(usize, u8)>,
    },
    Up {
        domain: usize,
        peer: usize,
        narrow: bool,
        router_id: u8,
    },
    Down {
        domain: usize,
        peer: usize,
        keep: u8,
    },
    Sweep {
        domain: usize,
        peer: usize,
        families: u8,
    },
    Stale {
        domain: usize,
        peer: usize,
        v6: bool,
    },
    Refresh {
        domain: usize,
        peer: usize,
        v6: bool,
        enhanced: bool,
    },
    Import {
        domain: usize,
        peer: usize,
        choice: u8,
    },
    Export {
        domain: usize,
        peer: usize,
        choice: u8,
    },
    Originate {
        domain: usize,
        prefix: usize,
        choice: u8,
    },
    Unoriginate {
        domain: usize,
        prefix: usize,
    },
    Feed {
        feed: usize,
        prefix: usize,
        choice: u8,
    },
    Unfeed {
        feed: usize,
        prefix: usize,
    },
    /// A peer reads a little.
    Read {
        domain: usize,
        peer: usize,
        budget: usize,
    },
    /// A peer is taken out and put in again.
    Replace {
        domain: usize,
        peer: usize,
    },
    /// All read all, and all is compared.
    Settle,
}

fn op() -> impl Strategy<Value = Op> {
    let who = (0..DOMAINS, 0..PEERS);
    let routes = prop::collection::vec((0..prefixes().len(), 0..3u8), 1..6);
    let prefix = 0..prefixes().len();
    prop_oneof![
        12 => (who.clone(), any::<u8>(), any::<u8>(), routes.clone(), any::<bool>()).prop_map(
            |((domain, peer), choice, hop, routes, both)| Op::Announce { domain, peer, choice, hop, routes, both }
        ),
        8 => (who.clone(), routes).prop_map(|((domain, peer), routes)| Op::Withdraw { domain, peer, routes }),
        4 => (who.clone(), any::<bool>(), 0..4u8).prop_map(
            |((domain, peer), narrow, router_id)| Op::Up { domain, peer, narrow, router_id }
        ),
        2 => (who.clone(), 0..4u8).prop_map(|((domain, peer), keep)| Op::Down { domain, peer, keep }),
        1 => (who.clone(), 0..4u8).prop_map(|((domain, peer), families)| Op::Sweep { domain, peer, families }),
        1 => (who.clone(), any::<bool>()).prop_map(|((domain, peer), v6)| Op::Stale { domain, peer, v6 }),
        2 => (who.clone(), any::<bool>(), any::<bool>()).prop_map(
            |((domain, peer), v6, enhanced)| Op::Refresh { domain, peer, v6, enhanced }
        ),
        1 => (who.clone(), any::<u8>()).prop_map(|((domain, peer), choice)| Op::Import { domain, peer, choice }),
        2 => (who.clone(), any::<u8>()).prop_map(|((domain, peer), choice)| Op::Export { domain, peer, choice }),
        2 => (0..DOMAINS, prefix.clone(), any::<u8>()).prop_map(
            |(domain, prefix, choice)| Op::Originate { domain, prefix, choice }
        ),
        1 => (0..DOMAINS, prefix.clone()).prop_map(|(domain, prefix)| Op::Unoriginate { domain, prefix }),
        2 => (0..FEEDS, prefix.clone(), any::<u8>()).prop_map(
            |(feed, prefix, choice)| Op::Feed { feed, prefix, choice }
        ),
        1 => (0..FEEDS, prefix).prop_map(|(feed, prefix)| Op::Unfeed { feed, prefix }),
        10 => (who.clone(), prop_oneof![Just(1), 1..200usize, Just(4000)]).prop_map(
            |((domain, peer), budget)| Op::Read { domain, peer, budget }
        ),
        1 => who.prop_map(|(domain, peer)| Op::Replace { domain, peer }),
        2 => Just(Op::Settle),
    ]
}

/// A path as the model keeps it.
#[derive(Debug, Clone)]
struct NaivePath {
    /// The body of the UPDATE; `None` for one of our own.
    body: Option<(Rc<Vec<u8>>, Session)>,
    set: AttributeSet,
    next_hop: Option<NextHop>,
    stale: bool,
}

type PathKey = (Prefix, usize, u32);
/// The index of our own routes, beside those of peers.
const OWN: usize = PEERS;

#[derive(Debug)]
struct NaivePeer {
    id: PeerId,
    config: PeerConfig,
    session: Option<Session>,
    router_id: u32,
    /// What was sent to it, put together.
    mirror: BTreeMap<Prefix, (AttributeSet, NextHop)>,
    /// Of the mirror, what was not sent again since BoRR.
    unrefreshed: BTreeSet<Prefix>,
    refreshing: [bool; 2],
    ends: [u32; 2],
    reads_feeds: bool,
}

struct World {
    rib: Rib,
    domains: Vec<DomainId>,
    feeds: Vec<FeedId>,
    fed: Vec<BTreeMap<Prefix, AttributeSet>>,
    paths: Vec<BTreeMap<PathKey, NaivePath>>,
    peers: Vec<Vec<NaivePeer>>,
    waiting: BTreeSet<PeerId>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rib = Rib::new(seed);
        let domains: Vec<_> = (0..DOMAINS).map(|n| rib.add_domain(&n.to_string())).collect();
        let feeds: Vec<_> = (0..FEEDS).map(|n| rib.add_feed(&n.to_string())).collect();
        let mut world = Self {
            rib,
            domains,
            feeds,
            fed: vec![BTreeMap::new(); FEEDS],
            paths: vec![BTreeMap::new(); DOMAINS],
            peers: Vec::new(),
            waiting: BTreeSet::new(),
        };
        for domain in 0..DOMAINS {
            let peers = (0..PEERS).map(|peer| world.join(domain, peer)).collect();
            world.peers.push(peers);
        }
        world
    }

    fn join(&mut self, domain: usize, peer: usize) -> NaivePeer {
        let mut config = PeerConfig::new(address(peer).into(), asn(peer), LOCAL_AS);
        config.router_id = Ipv4Addr::new(9, 9, 9, 6);
        config.next_hop4 = Some(Ipv4Addr::new(172, 16, 0, 100 + peer as u8));
        config.next_hop6 = Some(Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, 100 + peer as u16));
        config.link_local = (peer == 2).then(|| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 100));
        if peer == 0 {
            config.connected = vec![Prefix::new(Ipv4Addr::new(172, 16, 0, 0).into(), 26).unwrap()];
        }
        let id = self.rib.add_peer(self.domains[domain], config.clone());
        let feeds: Vec<_> = feeds_of(peer).iter().map(|feed| self.feeds[*feed]).collect();
        self.rib.subscribe(id, &feeds);
        NaivePeer {
            id,
            config,
            session: None,
            router_id: 0,
            mirror: BTreeMap::new(),
            unrefreshed: BTreeSet::new(),
            refreshing: [false; 2],
            ends: [0; 2],
            reads_feeds: false,
        }
    }

    fn play(&mut self, op: Op) {
        match op {
            Op::Announce { domain, peer, choice, hop, routes, both } => {
                let Some(session) = self.peers[domain][peer].session else { return };
                let set = attributes(choice, peer, domain);
                let hop4 = match hop % 8 {
                    6 => Ipv4Addr::new(172, 16, 0, 100 + peer as u8),
                    7 => Ipv4Addr::new(203, 0, 113, 9),
                    hop => Ipv4Addr::new(172, 16, 0, 20 + hop),
                };
                let hop6 = NextHop6 {
                    global: Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, u16::from(hop) + 50),
                    link_local: (hop % 3 == 0).then(|| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7)),
                };
                let routes = self.routes(peer, &routes);
                let (v4, v6): (Vec<_>, Vec<_>) = routes.iter().partition(|(prefix, _)| prefix.family() == Family::V4);
                if both {
                    self.send(domain, peer, session, &[], Some((&set, hop4, hop6)), &v4, &v6);
                } else {
                    self.send(domain, peer, session, &[], Some((&set, hop4, hop6)), &v4, &[]);
                    self.send(domain, peer, session, &[], Some((&set, hop4, hop6)), &[], &v6);
                }
            }
            Op::Withdraw { domain, peer, routes } => {
                let Some(session) = self.peers[domain][peer].session else { return };
                let routes = self.routes(peer, &routes);
                self.send(domain, peer, session, &routes, None, &[], &[]);
            }
            Op::Up { domain, peer, narrow, router_id } => self.up(domain, peer, narrow, router_id),
            Op::Down { domain, peer, keep } => self.down(domain, peer, families(keep)),
            Op::Sweep { domain, peer, families: which } => {
                let which = families(which);
                self.rib.sweep_stale(self.peers[domain][peer].id, which);
                self.paths[domain].retain(|key, path| !(key.1 == peer && path.stale && which.contains(key.0.family())));
            }
            Op::Stale { domain, peer, v6 } => {
                let family = if v6 { Family::V6 } else { Family::V4 };
                self.rib.mark_stale(self.peers[domain][peer].id, family);
                self.mark(domain, peer, |of| of == family);
            }
            Op::Refresh { domain, peer, v6, enhanced } => {
                self.rib.refresh(self.peers[domain][peer].id, if v6 { Family::V6 } else { Family::V4 }, enhanced);
            }
            Op::Import { domain, peer, choice } => {
                let entry = &mut self.peers[domain][peer];
                entry.config.import = import(choice, peer);
                self.rib.set_import(entry.id, entry.config.import.clone());
            }
            Op::Export { domain, peer, choice } => {
                let entry = &mut self.peers[domain][peer];
                entry.config.export = export(choice, peer);
                self.rib.set_export(entry.id, entry.config.export.clone());
            }
            Op::Originate { domain, prefix, choice } => {
                let prefix = prefixes()[prefix];
                let set = attributes(choice, 0, domain);
                let hop = choice.is_multiple_of(2).then(|| IpAddr::from(address(77)));
                self.rib.originate(self.domains[domain], prefix, &set, hop.filter(|_| prefix.family() == Family::V4));
                let path = NaivePath { body: None, set, next_hop: None, stale: false };
                self.paths[domain].insert((prefix, OWN, 0), path);
            }
            Op::Unoriginate { domain, prefix } => {
                self.rib.withdraw(self.domains[domain], prefixes()[prefix]);
                self.paths[domain].remove(&(prefixes()[prefix], OWN, 0));
            }
            Op::Feed { feed, prefix, choice } => {
                let set = attributes(choice, 1, 7);
                self.rib.feed(self.feeds[feed], prefixes()[prefix], &set, None);
                self.fed[feed].insert(prefixes()[prefix], set);
            }
            Op::Unfeed { feed, prefix } => {
                self.rib.unfeed(self.feeds[feed], prefixes()[prefix]);
                self.fed[feed].remove(&prefixes()[prefix]);
            }
            Op::Read { domain, peer, budget } => {
                self.listen();
                let id = self.peers[domain][peer].id;
                if self.waiting.contains(&id) {
                    self.read(domain, peer, budget);
                }
            }
            Op::Replace { domain, peer } => {
                let old = self.peers[domain][peer].id;
                self.rib.remove_peer(old);
                self.waiting.remove(&old);
                self.paths[domain].retain(|key, _| key.1 != peer);
                let new = self.join(domain, peer);
                assert_ne!(new.id, old);
                assert!(!self.rib.export(old, &mut Vec::new(), 1000), "a removed id finds nothing");
                self.peers[domain][peer] = new;
            }
            Op::Settle => self.settle(),
        }
    }

    /// Routes with a path identifier where the peer sends them.
    fn routes(&self, peer: usize, routes: &[(usize, u8)]) -> Vec<(Prefix, u32)> {
        let all = prefixes();
        let id = |id: u8| if peer == 1 { u32::from(id) } else { 0 };
        routes.iter().map(|(prefix, path)| (all[*prefix], id(*path))).collect()
    }

    fn up(&mut self, domain: usize, peer: usize, narrow: bool, router_id: u8) {
        let add_path = if peer == 1 { Families::BOTH } else { Families::NONE };
        let session = Session {
            neighbor: neighbor(peer),
            four_octet_as: !narrow,
            families: if peer == 2 && router_id == 0 { Families::V4 } else { Families::BOTH },
            add_path,
            receive_extended: false,
            send_extended: router_id == 3,
        };
        if self.peers[domain][peer].session.is_some() {
            self.paths[domain].retain(|key, _| key.1 != peer);
        }
        self.paths[domain].retain(|key, _| key.1 != peer || session.families.contains(key.0.family()));
        let entry = &mut self.peers[domain][peer];
        let router_id = u32::from(router_id) + 1;
        self.rib.up(entry.id, &session, RouterId::try_from(router_id).unwrap());
        entry.router_id = router_id;
        entry.session = Some(session);
        entry.mirror.clear();
        entry.unrefreshed.clear();
        entry.refreshing = [false; 2];
        entry.ends = [0; 2];
        entry.reads_feeds = true;
    }

    fn down(&mut self, domain: usize, peer: usize, keep: Families) {
        let entry = &mut self.peers[domain][peer];
        self.rib.down(entry.id, keep);
        entry.session = None;
        entry.mirror.clear();
        self.paths[domain].retain(|key, _| key.1 != peer || keep.contains(key.0.family()));
        self.mark(domain, peer, |_| true);
    }

    fn mark(&mut self, domain: usize, peer: usize, which: impl Fn(Family) -> bool) {
        for ((prefix, of, _), path) in &mut self.paths[domain] {
            path.stale |= *of == peer && which(prefix.family());
        }
    }

    /// Sends an UPDATE of any shape.
    #[allow(clippy::too_many_arguments, reason = "the fields of an UPDATE")]
    fn send(
        &mut self,
        domain: usize,
        peer: usize,
        session: Session,
        gone: &[(Prefix, u32)],
        announced: Option<(&AttributeSet, Ipv4Addr, NextHop6)>,
        v4: &[(Prefix, u32)],
        v6: &[(Prefix, u32)],
    ) {
        let ids = peer == 1;
        let mut withdrawn = Vec::new();
        let mut attributes = Vec::new();
        let mut nlri = Vec::new();
        let (gone4, gone6): (Vec<_>, Vec<_>) = gone.iter().partition(|(prefix, _)| prefix.family() == Family::V4);
        put_routes(&gone4, ids, &mut withdrawn);
        if !gone6.is_empty() {
            let mut value = vec![0, 2, 1];
            put_routes(&gone6, ids, &mut value);
            attributes.extend_from_slice(&[0x90, 15, (value.len() >> 8) as u8, value.len() as u8]);
            attributes.extend(value);
        }
        if let Some((set, hop4, hop6)) = announced
            && !(v4.is_empty() && v6.is_empty())
        {
            if !v6.is_empty() {
                let length = if hop6.link_local.is_some() { 32 } else { 16 };
                let mut value = vec![0, 2, 1, length];
                value.extend(hop6.global.octets());
                value.extend(hop6.link_local.map(|address| address.octets()).into_iter().flatten());
                value.push(0);
                put_routes(v6, ids, &mut value);
                attributes.extend_from_slice(&[0x90, 14, (value.len() >> 8) as u8, value.len() as u8]);
                attributes.extend(value);
            }
            let template = set.template(&session).unwrap();
            attributes.extend_from_slice(template.head());
            if !v4.is_empty() {
                attributes.extend_from_slice(&[0x40, 3, 4]);
                attributes.extend(hop4.octets());
            }
            attributes.extend_from_slice(template.tail());
            put_routes(v4, ids, &mut nlri);
        }
        let mut body = (withdrawn.len() as u16).to_be_bytes().to_vec();
        body.extend(withdrawn);
        body.extend((attributes.len() as u16).to_be_bytes());
        body.extend(attributes);
        body.extend(nlri);
        self.take(domain, peer, session, Rc::new(body));
    }

    /// Plays an UPDATE to both.
    fn take(&mut self, domain: usize, peer: usize, session: Session, body: Rc<Vec<u8>>) {
        let update = Update::split(&body).unwrap();
        if update.end_of_rib().is_some() {
            return;
        }
        self.rib.update(self.peers[domain][peer].id, &update).unwrap();
        let reading = update.read(&session).unwrap();
        assert!(!reading.treat_as_withdraw);
        let paths = &mut self.paths[domain];
        for routes in reading.withdrawals() {
            each(routes, |prefix, id| drop(paths.remove(&(prefix, peer, id))));
        }
        for (next_hop, routes) in reading.announcements() {
            let set = reading.attributes.to_set().unwrap();
            each(routes, |prefix, id| {
                let path = NaivePath {
                    body: Some((body.clone(), session)),
                    set: set.clone(),
                    next_hop: Some(next_hop),
                    stale: false,
                };
                paths.insert((prefix, peer, id), path);
            });
        }
    }

    fn listen(&mut self) {
        let mut ready = Vec::new();
        self.rib.drain_ready(&mut ready);
        let unique: BTreeSet<_> = ready.iter().collect();
        assert_eq!(unique.len(), ready.len(), "each once");
        self.waiting.extend(ready);
    }

    /// Lets a peer read, and puts what it reads into its mirror.
    fn read(&mut self, domain: usize, peer: usize, budget: usize) {
        let entry = &mut self.peers[domain][peer];
        let mut out = Vec::new();
        if !self.rib.export(entry.id, &mut out, budget) {
            self.waiting.remove(&entry.id);
        }
        // A window may hold one more attribute set than fits, and what is withdrawn goes into messages of its own.
        assert!(out.len() <= budget + 3 * 4096, "{} bytes of {budget}", out.len());
        let Some(session) = entry.session else {
            assert!(out.is_empty(), "nothing is sent while the session is down");
            return;
        };
        let theirs = Session { add_path: Families::NONE, ..session };
        let mut bytes = out.as_slice();
        while !bytes.is_empty() {
            let message = frame(bytes, session.send_extended).unwrap().expect("whole messages");
            bytes = &bytes[message.length()..];
            match message.kind {
                Kind::Update => entry.hear(&Update::split(message.body).unwrap(), &theirs),
                Kind::RouteRefresh => {
                    let message = bgp_wire::RouteRefresh::read(message.body).unwrap().unwrap();
                    let family = message.family.family().unwrap();
                    match message.kind {
                        RefreshKind::Begin => {
                            assert_eq!(entry.ends[family as usize], 1, "no BoRR before End-of-RIB");
                            entry.refreshing[family as usize] = true;
                            let known = entry.mirror.keys().filter(|prefix| prefix.family() == family).copied();
                            entry.unrefreshed.extend(known);
                        }
                        RefreshKind::End => {
                            assert!(std::mem::take(&mut entry.refreshing[family as usize]), "EoRR after BoRR");
                            let lost: Vec<_> =
                                entry.unrefreshed.iter().filter(|prefix| prefix.family() == family).copied().collect();
                            for prefix in lost {
                                entry.unrefreshed.remove(&prefix);
                                entry.mirror.remove(&prefix);
                            }
                        }
                        RefreshKind::Request => panic!("nobody asked for that"),
                    }
                }
                kind => panic!("a {kind} out of a table"),
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..100_000 {
            self.listen();
            if self.waiting.is_empty() {
                break;
            }
            for domain in 0..DOMAINS {
                for peer in 0..PEERS {
                    if self.waiting.contains(&self.peers[domain][peer].id) {
                        self.read(domain, peer, 3000);
                    }
                }
            }
        }
        assert!(self.waiting.is_empty(), "it comes to rest");
        self.compare();
    }

    fn compare(&self) {
        for domain in 0..DOMAINS {
            let best = self.decide(domain);
            for peer in 0..PEERS {
                self.compare_peer(domain, peer, &best);
            }
            self.compare_routes(domain, &best);
        }
        self.compare_memory();
    }

    fn compare_peer(&self, domain: usize, peer: usize, best: &BTreeMap<Prefix, Vec<PathKey>>) {
        let entry = &self.peers[domain][peer];
        let Some(session) = entry.session else { return };
        let expected = self.expected(domain, peer, best, &session);
        assert_eq!(entry.mirror, expected, "domain {domain} peer {peer}");
        for family in Family::BOTH {
            let ends = u32::from(session.families.contains(family));
            assert_eq!(entry.ends[family as usize], ends, "End-of-RIB once");
            assert!(!entry.refreshing[family as usize], "EoRR has come");
            let told = self.rib.advertised(entry.id, family, &RouteFilter::default(), None, usize::MAX);
            let told: BTreeMap<_, _> =
                told.into_iter().map(|view| (view.prefix, (view.attributes, view.next_hop.unwrap()))).collect();
            let expected: BTreeMap<_, _> =
                expected.iter().filter(|(prefix, _)| prefix.family() == family).map(|(a, b)| (*a, b.clone())).collect();
            let sent = |(set, hop): &(AttributeSet, NextHop)| (seen(set, &session), *hop);
            let told: BTreeMap<_, _> = told.iter().map(|(prefix, what)| (*prefix, sent(what))).collect();
            assert_eq!(told, expected, "what is said to be advertised");
        }
    }

    /// What a peer must have been told.
    fn expected(
        &self,
        domain: usize,
        peer: usize,
        best: &BTreeMap<Prefix, Vec<PathKey>>,
        session: &Session,
    ) -> BTreeMap<Prefix, (AttributeSet, NextHop)> {
        let entry = &self.peers[domain][peer];
        let Some(export) = &entry.config.export else { return BTreeMap::new() };
        let mut expected = BTreeMap::new();
        for prefix in prefixes().into_iter().filter(|prefix| session.families.contains(prefix.family())) {
            let leader = best.get(&prefix).and_then(|paths| paths.first());
            let set = match leader {
                Some((_, of, _)) if *of == peer => continue,
                Some((_, of, _))
                    if *of < OWN && neighbor(*of) == neighbor(peer) && neighbor(peer) == Neighbor::Internal =>
                {
                    continue;
                }
                Some(key) => self.judge(domain, key).expect("the best is taken").0,
                None => {
                    let mut feeds = feeds_of(peer).iter().filter(|_| entry.reads_feeds);
                    let Some(set) = feeds.find_map(|feed| self.fed[*feed].get(&prefix)) else { continue };
                    set.clone()
                }
            };
            let Ok(set) = export.attributes(&set) else { continue };
            let hop = match prefix.family() {
                Family::V4 => NextHop::V4(entry.config.next_hop4.unwrap()),
                Family::V6 => NextHop::V6(NextHop6 {
                    global: entry.config.next_hop6.unwrap(),
                    link_local: entry.config.link_local,
                }),
            };
            expected.insert(prefix, (seen(&set, session), hop));
        }
        expected
    }

    /// What is made of a path: attributes and weight, or `None` for one that is refused.
    fn judge(&self, domain: usize, key: &PathKey) -> Option<(AttributeSet, u16)> {
        let (prefix, peer, _) = *key;
        let path = &self.paths[domain][key];
        let Some((body, session)) = &path.body else { return Some((path.set.clone(), 32768)) };
        let config = &self.peers[domain][peer].config;
        let flat: Vec<Asn> = path.set.as_path.iter().flat_map(|segment| segment.asns.clone()).collect();
        if flat.contains(&LOCAL_AS) {
            return None;
        }
        match session.neighbor {
            Neighbor::External if flat.first() != Some(&config.asn) => return None,
            Neighbor::Internal if path.set.originator_id == Some(config.router_id) => return None,
            Neighbor::External | Neighbor::Internal => {}
        }
        if let Some(NextHop::V4(hop)) = path.next_hop {
            let near = config.connected.is_empty() || config.connected[0].contains(hop.into());
            if Some(hop) == config.next_hop4 || !near {
                return None;
            }
        }
        if let Some(NextHop::V6(NextHop6 { global, link_local: None })) = path.next_hop
            && Some(global) == config.next_hop6
        {
            return None;
        }
        let taken = match (bgp_wire::Prefix4::try_from(prefix), bgp_wire::Prefix6::try_from(prefix)) {
            (Ok(prefix), _) => config.import.prefix(prefix).is_none(),
            (_, Ok(prefix)) => config.import.prefix(prefix).is_none(),
            _ => false,
        };
        let update = Update::split(body).unwrap();
        let reading = update.read(session).unwrap();
        match config.import.attributes(&reading.attributes) {
            Judgement::Accept { rewritten, weight } if taken => {
                Some((rewritten.map_or(path.set.clone(), |set| *set), weight))
            }
            Judgement::Accept { .. } | Judgement::Reject(_) => None,
        }
    }

    /// The paths of each prefix that may be used, the best one first.
    fn decide(&self, domain: usize) -> BTreeMap<Prefix, Vec<PathKey>> {
        let mut by_prefix: BTreeMap<Prefix, Vec<PathKey>> = BTreeMap::new();
        for key in self.paths[domain].keys() {
            by_prefix.entry(key.0).or_default().push(*key);
        }
        by_prefix.retain(|_, keys| {
            keys.retain(|key| self.judge(domain, key).is_some());
            !keys.is_empty()
        });
        for keys in by_prefix.values_mut() {
            let best = self.best_of(domain, keys);
            let place = keys.iter().position(|key| *key == best).unwrap();
            keys.swap(0, place);
        }
        by_prefix
    }

    /// RFC 4271, section 9.1.2.2, to the letter: steps that remove candidates.
    fn best_of(&self, domain: usize, keys: &[PathKey]) -> PathKey {
        struct Candidate {
            key: PathKey,
            set: AttributeSet,
            weight: u16,
            first: Option<Asn>,
            internal: bool,
        }
        let candidate = |key: &PathKey| {
            let (set, weight) = self.judge(domain, key).unwrap();
            let path = &self.paths[domain][key];
            let first = path.set.as_path.first().and_then(|segment| segment.asns.first()).copied();
            let internal = path.body.as_ref().is_some_and(|(_, session)| session.neighbor == Neighbor::Internal);
            Candidate { key: *key, set, weight, first, internal }
        };
        let mut left: Vec<Candidate> = keys.iter().map(candidate).collect();
        fn keep_least<T: Ord>(left: &mut Vec<Candidate>, by: impl Fn(&Candidate) -> T) {
            let least = left.iter().map(&by).min();
            left.retain(|candidate| Some(by(candidate)) == least);
        }
        keep_least(&mut left, |c| std::cmp::Reverse(c.weight));
        keep_least(&mut left, |c| std::cmp::Reverse(c.set.local_pref.unwrap_or(100)));
        keep_least(&mut left, |c| c.set.as_path.iter().map(|segment| segment.asns.len()).sum::<usize>());
        keep_least(&mut left, |c| c.set.origin);
        let meds: Vec<_> = left.iter().map(|c| (c.first, c.set.med.unwrap_or(0))).collect();
        left.retain(|c| !meds.iter().any(|(first, med)| *first == c.first && *med < c.set.med.unwrap_or(0)));
        keep_least(&mut left, |c| c.internal);
        keep_least(&mut left, |c| {
            let router_id = if c.key.1 == OWN { 0 } else { self.peers[domain][c.key.1].router_id };
            c.set
                .originator_id
                .filter(|_| self.paths[domain][&c.key].set.originator_id.is_some())
                .map_or(router_id, u32::from)
        });
        keep_least(&mut left, |c| c.set.cluster_list.len());
        keep_least(&mut left, |c| if c.key.1 == OWN { Ipv4Addr::UNSPECIFIED } else { address(c.key.1) });
        keep_least(&mut left, |c| c.key.2);
        assert_eq!(left.len(), 1, "the last step leaves one");
        left[0].key
    }

    fn compare_routes(&self, domain: usize, best: &BTreeMap<Prefix, Vec<PathKey>>) {
        for family in Family::BOTH {
            let mut views = Vec::new();
            let mut after = None;
            // Three prefixes a page.
            loop {
                let page = self.rib.routes(self.domains[domain], family, &RouteFilter::default(), after, 3);
                let Some(last) = page.last() else { break };
                after = Some(last.prefix);
                views.extend(page);
            }
            let held: Vec<_> = self.paths[domain].iter().filter(|(key, _)| key.0.family() == family).collect();
            assert_eq!(views.len(), held.len());
            assert!(views.is_sorted_by_key(|view| view.prefix), "in order of prefixes");
            for ((prefix, peer, id), path) in held {
                let of = (*peer != OWN).then(|| IpAddr::V4(address(*peer)));
                let same = |view: &&crate::RouteView| (view.prefix, view.peer, view.path_id.0) == (*prefix, of, *id);
                let view = views.iter().find(same).expect("each path is there");
                let usable = best.get(prefix).is_some_and(|keys| keys.contains(&(*prefix, *peer, *id)));
                let first = best.get(prefix).and_then(|keys| keys.first()) == Some(&(*prefix, *peer, *id));
                assert_eq!(view.state == PathState::Best, first);
                assert_eq!(matches!(view.state, PathState::Rejected(_)), !usable);
                assert_eq!(view.stale, path.stale);
                if first {
                    let why = self.rib.why(self.domains[domain], *prefix).unwrap();
                    assert_eq!((&why.paths[0].peer, why.lost_at[0]), (&of, None));
                    let lost = |at: &Option<Step>| at.is_some();
                    assert_eq!(why.lost_at.iter().filter(|at| lost(at)).count() + 1, best[prefix].len());
                }
            }
        }
        for (peer, entry) in self.peers[domain].iter().enumerate() {
            let counts = self.rib.counts(entry.id);
            for (family, counts) in Family::BOTH.into_iter().zip([counts.v4, counts.v6]) {
                let of = |key: &&PathKey| key.1 == peer && key.0.family() == family;
                let received = self.paths[domain].keys().filter(of).count() as u32;
                let accepted = best.values().flatten().filter(of).count() as u32;
                assert_eq!(
                    (counts.received, counts.accepted, counts.rejected),
                    (received, accepted, received - accepted)
                );
                let views = self.rib.received(entry.id, family, &RouteFilter::default(), None, usize::MAX);
                assert_eq!(views.len(), received as usize);
                assert!(
                    views.iter().all(|view| view
                        .attributes
                        .communities
                        .contains(&Community { asn: 65000, value: domain as u16 }))
                );
            }
        }
    }

    /// Records are there for what is held and for nothing else; nobody waits for the log.
    fn compare_memory(&self) {
        let mut distinct = BTreeSet::new();
        let mut own = BTreeSet::new();
        for domain in 0..DOMAINS {
            for ((prefix, peer, _), path) in &self.paths[domain] {
                let what = format!("{:?} {:?}", path.set, path.next_hop.map(|hop| (prefix.family(), hop)));
                match &path.body {
                    Some((_, session)) => drop(distinct.insert((domain, *peer, what, session.four_octet_as))),
                    None => drop(own.insert(what)),
                }
            }
        }
        let live = self.rib.attribute_sets() as usize;
        // Our own routes share records, and differ by their next hop, which the model does not keep.
        let feeds: usize = self.fed.iter().map(BTreeMap::len).sum();
        assert!(live >= distinct.len(), "{live} records for {} sets", distinct.len());
        assert!(live <= distinct.len() + 2 * own.len() + feeds, "{live} records for {} sets", distinct.len());
        if self.paths.iter().all(BTreeMap::is_empty) && feeds == 0 {
            assert_eq!(live, 0, "nothing is left");
        }
    }
}

impl NaivePeer {
    fn hear(&mut self, update: &Update<'_>, session: &Session) {
        if let Some(family) = update.end_of_rib() {
            self.ends[family.family().unwrap() as usize] += 1;
            return;
        }
        let reading = update.read(session).unwrap();
        assert!(
            !reading.treat_as_withdraw && reading.attributes.faults.count() == 0,
            "{:?}",
            reading.attributes.faults
        );
        for routes in reading.withdrawals() {
            each(routes, |prefix, _| {
                self.mirror.remove(&prefix);
                self.unrefreshed.remove(&prefix);
            });
        }
        for (next_hop, routes) in reading.announcements() {
            let set = reading.attributes.to_set().unwrap();
            each(routes, |prefix, _| {
                self.mirror.insert(prefix, (set.clone(), next_hop));
                self.unrefreshed.remove(&prefix);
            });
        }
    }
}

fn families(bits: u8) -> Families {
    Families { v4: bits & 1 != 0, v6: bits & 2 != 0 }
}

/// A set as the other side reads it: written, and read again.
fn seen(set: &AttributeSet, session: &Session) -> AttributeSet {
    let template = set.template(session).unwrap();
    bgp_wire::Attributes::read(template.bytes(), session).to_set().unwrap()
}

fn each(routes: Routes<'_>, mut with: impl FnMut(Prefix, u32)) {
    match routes {
        Routes::V4(nlri) => nlri.iter().for_each(|(id, prefix)| with(prefix.into(), id.0)),
        Routes::V6(nlri) => nlri.iter().for_each(|(id, prefix)| with(prefix.into(), id.0)),
    }
}

fn put_routes(routes: &[(Prefix, u32)], ids: bool, out: &mut Vec<u8>) {
    for (prefix, id) in routes {
        if ids {
            out.extend(id.to_be_bytes());
        }
        out.push(prefix.length());
        let octets = match prefix.network() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        out.extend_from_slice(&octets[..usize::from(prefix.length()).div_ceil(8)]);
    }
}

/// A few peers of one domain: one reads all at times, the others prefix by prefix, while routes come and go before and
/// behind them and the log is compacted under them.
fn slow() -> impl Strategy<Value = Op> {
    let reader = prop_oneof![Just(1usize), Just(4)];
    let route = (0..7usize, 0..1u8);
    let routes = prop::collection::vec(route, 1..3);
    prop_oneof![
        6 => (0..20u8, routes.clone()).prop_map(
            |(choice, routes)| Op::Announce { domain: 0, peer: 0, choice: choice % 4, hop: 0, routes, both: false }
        ),
        5 => routes.prop_map(|routes| Op::Withdraw { domain: 0, peer: 0, routes }),
        6 => reader.clone().prop_map(|peer| Op::Read { domain: 0, peer, budget: 1 }),
        4 => Just(Op::Read { domain: 0, peer: 1, budget: 4000 }),
        1 => (reader.clone(), 0..4u8).prop_map(
            |(peer, router_id)| Op::Up { domain: 0, peer, narrow: false, router_id }
        ),
        1 => (reader.clone(), any::<bool>()).prop_map(
            |(peer, enhanced)| Op::Refresh { domain: 0, peer, v6: false, enhanced }
        ),
        1 => (reader, 0..6u8).prop_map(|(peer, choice)| Op::Export { domain: 0, peer, choice }),
    ]
}

fn play(seed: u64, up: impl IntoIterator<Item = usize>, ops: Vec<Op>) {
    let mut world = World::new(seed);
    for n in up {
        world.up(n / PEERS, n % PEERS, false, (n % 4) as u8);
    }
    for op in ops {
        world.play(op);
    }
    world.settle();
    // All leave, and nothing stays behind.
    for domain in 0..DOMAINS {
        for peer in 0..PEERS {
            world.play(Op::Down { domain, peer, keep: 0 });
        }
        for prefix in 0..prefixes().len() {
            world.play(Op::Unoriginate { domain, prefix });
            (0..FEEDS).for_each(|feed| world.play(Op::Unfeed { feed, prefix }));
        }
    }
    world.settle();
    let memory = world.rib.memory();
    assert_eq!((memory.slots, memory.indices, memory.paths, memory.logs), (0, 0, 0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_peer_is_told_what_the_model_says(
        seed in any::<u64>(),
        up in prop::sample::subsequence((0..DOMAINS * PEERS).collect::<Vec<_>>(), 0..=DOMAINS * PEERS),
        ops in prop::collection::vec(op(), 1..150),
    ) {
        play(seed, up, ops);
    }

    #[test]
    fn slow_readers_are_told_in_the_end_what_the_model_says(
        seed in any::<u64>(),
        up in prop::sample::subsequence(vec![0, 1, 4], 1..=3),
        ops in prop::collection::vec(slow(), 1..120),
    ) {
        play(seed, [0].into_iter().chain(up), ops);
    }
}
