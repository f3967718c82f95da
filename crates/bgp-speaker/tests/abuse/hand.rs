//! An edge whose peers are played by hand: a test writes the bytes and reads what comes back.

use bgp_fsm::{Name, Reason};
use bgp_rib::RouteFilter;
use bgp_rib::policy::{Facts, Limit, Limits, Peering, PeeringPolicy, Role};
use bgp_speaker::{Conn, Domain, Effect, Notice, Peer, PeerConfig, Speaker, Time};
use bgp_wire::{
    AttributeSet, Capability, Families, HEADER, HoldTime, KEEPALIVE, Message, Notification, Open, Origin, PathSegment,
    Prefix4, RouterId, Session, announce4, frame, withdraw4,
};
use model::{Asn, Family};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The domain of the peer under test.
pub const DOMAIN: Domain = Domain(0);
/// The peer under test.
pub const HOSTILE: Peer = Peer(0);
/// The gateway in the same domain.
pub const GATEWAY: Peer = Peer(1);
/// A customer in another domain.
pub const NEIGHBOR: Peer = Peer(2);

pub const EDGE_AS: u32 = 12076;
pub const HOSTILE_AS: u32 = 65001;

/// How many prefixes the peer under test may announce.
pub const LIMIT: u32 = 4000;

/// What is said by the edge in one share.
const SHARE: usize = 65_536;

/// The most timers that one [`Edge::wait`] may ring.
const MOST_TIMERS: usize = 100_000;

/// A message of the edge, as far as the tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The octets of the two fields of routes.
    Update {
        withdrawn: Vec<u8>,
        announced: Vec<u8>,
    },
    Notification(Notification),
    Other,
}

pub struct Edge {
    pub speaker: Speaker,
    pub now: Time,
    /// What each connection was sent, until it is [read](Edge::read).
    inbox: BTreeMap<Conn, Vec<u8>>,
    closed: BTreeSet<Conn>,
    /// Connections whose peer does not read.
    pub deaf: BTreeSet<Conn>,
    pub notices: Vec<Notice>,
    bystanders: Vec<(Peer, Conn)>,
}

pub fn asn(peer: Peer) -> u32 {
    HOSTILE_AS + peer.0
}

fn address(peer: Peer) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, 10 + peer.0 as u8)
}

pub fn router_id(address: Ipv4Addr) -> RouterId {
    RouterId::try_from(u32::from(address)).unwrap()
}

fn config(peer: Peer) -> PeerConfig {
    let ours = Ipv4Addr::new(192, 0, 2, 1);
    let mut session = bgp_fsm::Config::new(Asn(EDGE_AS), router_id(ours), Asn(asn(peer)));
    session.passive = true;
    session.families = Families::BOTH;
    session.prefix_limit_hold = Some(Duration::from_secs(300));
    let mut routes = bgp_rib::PeerConfig::new(IpAddr::V4(address(peer)), Asn(asn(peer)), Asn(EDGE_AS));
    routes.router_id = ours;
    routes.next_hop4 = Some(ours);
    routes.next_hop6 = Some("2001:db8::1".parse().unwrap());
    if peer == HOSTILE {
        let limit = Some(Limit::new(LIMIT, 80));
        let policy = PeeringPolicy {
            limits: Limits { v4: limit, v6: Some(Limit::new(100, 80)) },
            ..PeeringPolicy::new(Peering::Private, Role::Customer, Asn(EDGE_AS), Asn(HOSTILE_AS))
        };
        routes.import = policy.import(&Facts::default());
        routes.attribute_sets = 1000;
    }
    PeerConfig { name: format!("peer-{}", peer.0), session, routes }
}

/// An OPEN that the edge accepts of a peer, with the hold time in seconds.
pub fn open(peer: Peer, hold_time: u16) -> Open {
    Open {
        asn: Asn(asn(peer)),
        hold_time: HoldTime::try_from(hold_time).unwrap(),
        router_id: router_id(address(peer)),
        capabilities: vec![
            Capability::Multiprotocol(Family::V4.into()),
            Capability::Multiprotocol(Family::V6.into()),
            Capability::RouteRefresh,
            Capability::FourOctetAs(Asn(asn(peer))),
        ],
    }
}

pub fn written(open: &Open) -> Vec<u8> {
    let mut bytes = Vec::new();
    open.write(&mut bytes).unwrap();
    bytes
}

/// A message with a header of our making.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (HEADER + body.len()) as u16;
    let mut bytes = vec![0xff; 16];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(body);
    bytes
}

/// An UPDATE of these attributes and NLRI as they are.
pub fn update(attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0];
    body.extend_from_slice(&(attributes.len() as u16).to_be_bytes());
    body.extend_from_slice(attributes);
    body.extend_from_slice(nlri);
    message(2, &body)
}

/// ORIGIN, AS_PATH of the peer under test and NEXT_HOP.
pub fn usual() -> Vec<u8> {
    let mut bytes = vec![0x40, 1, 1, 0, 0x40, 2, 6, 2, 1];
    bytes.extend_from_slice(&HOSTILE_AS.to_be_bytes());
    bytes.extend_from_slice(&[0x40, 3, 4, 192, 0, 2, 10]);
    bytes
}

/// 10.0.0.0/8 cut into /24s.
pub fn prefix(number: u32) -> Prefix4 {
    Prefix4::new((0x0a00_0000 + number * 256).into(), 24).unwrap()
}

fn session() -> Session {
    Session {
        neighbor: bgp_wire::Neighbor::External,
        four_octet_as: true,
        families: Families::BOTH,
        add_path: Families::NONE,
        receive_extended: false,
        send_extended: false,
    }
}

/// UPDATEs that announce the prefixes of these numbers.
pub fn announced(peer: Peer, numbers: std::ops::Range<u32>) -> Vec<u8> {
    announced_with(&AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([Asn(asn(peer))])]), peer, numbers)
}

pub fn announced_with(set: &AttributeSet, peer: Peer, numbers: std::ops::Range<u32>) -> Vec<u8> {
    let template = set.template(&session()).unwrap();
    let (mut out, mut prefixes) = (Vec::new(), numbers.map(prefix).peekable());
    while prefixes.peek().is_some() {
        announce4(&mut out, 4096, &template, address(peer), &mut prefixes).unwrap();
    }
    out
}

pub fn withdrawn(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let (mut out, mut prefixes) = (Vec::new(), numbers.map(prefix).peekable());
    while prefixes.peek().is_some() {
        withdraw4(&mut out, 4096, &mut prefixes);
    }
    out
}

impl Edge {
    /// With the bystanders up, each with a route of its own, and the peer under test not connected.
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// The same with another configuration of the peer under test.
    pub fn with(change: impl FnOnce(&mut PeerConfig)) -> Self {
        let mut speaker = Speaker::new(7);
        speaker.add_domain(DOMAIN, "under-test");
        speaker.add_domain(Domain(1), "neighbor");
        let mut hostile = config(HOSTILE);
        change(&mut hostile);
        assert!(speaker.add_peer(DOMAIN, HOSTILE, hostile));
        assert!(speaker.add_peer(DOMAIN, GATEWAY, config(GATEWAY)));
        assert!(speaker.add_peer(Domain(1), NEIGHBOR, config(NEIGHBOR)));
        let mut edge = Self {
            speaker,
            now: Time(1000),
            inbox: BTreeMap::new(),
            closed: BTreeSet::new(),
            deaf: BTreeSet::new(),
            notices: Vec::new(),
            bystanders: Vec::new(),
        };
        for peer in [HOSTILE, GATEWAY, NEIGHBOR] {
            edge.speaker.start(peer, edge.now);
        }
        for peer in [GATEWAY, NEIGHBOR] {
            // Without a hold time they need not be played on.
            let conn = edge.establish(peer, 0);
            // The neighbour's is one that the peer under test has too: domains know nothing of each other.
            let own = if peer == GATEWAY { 60_000 } else { 0 };
            edge.say(conn, &announced(peer, own..own + 1));
            edge.bystanders.push((peer, conn));
        }
        for (_, conn) in edge.bystanders.clone() {
            edge.read(conn);
        }
        edge.notices.clear();
        edge
    }

    /// The peer connects.
    pub fn call(&mut self, peer: Peer) -> Conn {
        let conn = self.speaker.accepted(peer, self.now).expect("the peer is known");
        self.pump();
        conn
    }

    /// The peer connects and the session comes up.
    pub fn establish(&mut self, peer: Peer, hold_time: u16) -> Conn {
        let conn = self.call(peer);
        self.say(conn, &written(&open(peer, hold_time)));
        self.say(conn, &KEEPALIVE);
        assert_eq!(self.state(peer), Name::Established, "{:?}", self.notices);
        conn
    }

    /// The peer under test is up, and what was said in coming up is read.
    pub fn hostile(&mut self) -> Conn {
        let conn = self.establish(HOSTILE, 0);
        self.read(conn);
        self.notices.clear();
        conn
    }

    pub fn say(&mut self, conn: Conn, bytes: &[u8]) {
        self.speaker.received(conn, bytes, self.now);
        self.pump();
    }

    /// The peer reads again: it takes what waited for it.
    pub fn listen_again(&mut self, conn: Conn) {
        self.deaf.remove(&conn);
        self.speaker.progress(conn, self.now);
        while self.speaker.fill(conn, self.inbox.entry(conn).or_default(), SHARE, self.now) {}
        self.pump();
    }

    /// The peer closes or resets the connection.
    pub fn hang_up(&mut self, conn: Conn) {
        self.speaker.closed(conn, self.now);
        self.closed.insert(conn);
        self.pump();
    }

    /// Time passes, and nothing is heard.
    pub fn wait(&mut self, span: Duration) {
        let until = self.now + span;
        for _ in 0..MOST_TIMERS {
            let Some(next) = self.speaker.deadline().filter(|next| *next <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(next);
            self.speaker.tick(self.now);
            self.pump();
        }
        panic!("timers ring without end");
    }

    /// What the connection was sent since it was last read, message by message.
    pub fn read(&mut self, conn: Conn) -> Vec<Said> {
        let bytes = self.inbox.remove(&conn).unwrap_or_default();
        let (mut messages, mut rest) = (Vec::new(), &bytes[..]);
        while let Some(frame) = frame(rest, true).expect("the edge says nothing malformed") {
            rest = &rest[frame.length()..];
            messages.push(match Message::read(frame).expect("the edge says nothing malformed") {
                Message::Update(update) => {
                    Said::Update { withdrawn: update.withdrawn.to_vec(), announced: update.nlri.to_vec() }
                }
                Message::Notification(notification) => Said::Notification(notification),
                Message::Open(_) | Message::Keepalive | Message::RouteRefresh(_) => Said::Other,
            });
        }
        assert!(rest.is_empty(), "a message of the edge is cut off");
        messages
    }

    /// How many bytes wait to be read.
    pub fn unread(&self, conn: Conn) -> usize {
        self.inbox.get(&conn).map_or(0, Vec::len)
    }

    /// The NOTIFICATION with which the connection was closed: the last that was said on it.
    pub fn verdict(&mut self, conn: Conn) -> Notification {
        assert!(self.closed.contains(&conn), "the connection is open still; {:?}", self.notices);
        match self.read(conn).pop() {
            Some(Said::Notification(notification)) => notification,
            last => panic!("the last message was {last:?}"),
        }
    }

    pub fn is_closed(&self, conn: Conn) -> bool {
        self.closed.contains(&conn)
    }

    pub fn state(&self, peer: Peer) -> Name {
        self.speaker.peer(peer).unwrap().state.name()
    }

    /// The prefixes in the domain under test but the gateway's own.
    pub fn table(&self) -> Vec<String> {
        let domain = self.speaker.domain(DOMAIN).unwrap();
        let routes = self.speaker.tables().routes(domain, Family::V4, &RouteFilter::default(), None, 100_000);
        let from = IpAddr::V4(address(HOSTILE));
        routes.iter().filter(|route| route.peer == Some(from)).map(|route| route.prefix.to_string()).collect()
    }

    /// The attempts and sessions of the peer under test that ended, which is what a log tells of.
    pub fn ends(&self) -> Vec<&Reason> {
        let ends = self.notices.iter().filter_map(|notice| match notice {
            Notice::Down { peer, reason, .. } | Notice::Failed { peer, reason } => {
                assert_eq!(*peer, HOSTILE, "a bystander came to harm");
                Some(reason)
            }
            _ => None,
        });
        ends.collect()
    }

    /// One notice told that the peer's session, or its attempt at one, ended with this NOTIFICATION of ours; the
    /// bystanders are unharmed and the peer's routes gone.
    pub fn ended_once_by(&mut self, conn: Conn, notification: &Notification) {
        assert_eq!(&self.verdict(conn), notification);
        let ends: Vec<Reason> = self.ends().into_iter().cloned().collect();
        assert_eq!(ends, [Reason::Sent(notification.clone())]);
        assert_eq!(self.table(), [""; 0]);
        self.bystanders_are_unharmed();
    }

    /// The bystanders are up, and the one of the other domain was told nothing.
    pub fn bystanders_are_unharmed(&mut self) {
        for (peer, conn) in self.bystanders.clone() {
            assert_eq!(self.state(peer), Name::Established);
            let said = self.read(conn);
            if peer == NEIGHBOR {
                assert_eq!(said, [], "the other domain heard of it");
            }
            assert!(said.iter().all(|message| matches!(message, Said::Update { .. })), "{said:?}");
            let routes = self.speaker.tables().counts(self.speaker.peer(peer).unwrap().routes);
            assert_eq!(routes.v4.accepted, 1);
        }
    }

    /// A session of the peer under test comes up and carries a route.
    pub fn works_again(&mut self) {
        self.wait(Duration::from_secs(400));
        let conn = self.establish(HOSTILE, 0);
        self.say(conn, &announced(HOSTILE, 0..1));
        assert_eq!(self.table(), ["10.0.0.0/24"]);
    }

    pub fn gateway(&self) -> Conn {
        self.bystanders[0].1
    }

    /// Does what the speaker asks for until it asks for nothing.
    pub fn pump(&mut self) {
        loop {
            let (mut ready, mut effects) = (Vec::new(), Vec::new());
            self.speaker.drain_effects(&mut effects);
            self.speaker.drain_ready(&mut ready);
            if ready.is_empty() && effects.is_empty() {
                return;
            }
            for conn in ready {
                if self.deaf.contains(&conn) {
                    continue;
                }
                while self.speaker.fill(conn, self.inbox.entry(conn).or_default(), SHARE, self.now) {}
            }
            for effect in effects {
                match effect {
                    Effect::Close { conn, last } => {
                        self.inbox.entry(conn).or_default().extend_from_slice(&last);
                        self.closed.insert(conn);
                    }
                    Effect::Notice(notice) => self.notices.push(notice),
                    Effect::Connect { .. } => panic!("the peers are passive"),
                }
            }
        }
    }
}
