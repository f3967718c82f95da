//! What must hold of a whole session, whatever its peer does: no panic, nothing but well-formed messages out, no harm to
//! others.
//!
//! The input is a script: a byte of configuration, then steps of a byte each with what it needs. A speaker runs three
//! peers: the one under test; one in the same domain, which must learn what the first announces and lose it in the
//! end; and one in another domain, which must learn nothing.

use bgp_fsm::{BackOff, Config, Graceful, Name, OurRole, Stop};
use bgp_rib::RouteFilter;
use bgp_rib::policy::{Facts, Limit, Limits, Peering, PeeringPolicy, Role as Side};
use bgp_speaker::{Conn, Domain, Effect, Notice, Peer, PeerConfig, Speaker, Time};
use bgp_wire::{
    Capability, EXTENDED_LIMIT, Families, GracefulRestart, HoldTime, KEEPALIVE, Message, Open, RestartFamily,
    RestartTime, Role, RouterId, Routes, Session, frame,
};
use model::{Asn, Family, Prefix};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const TESTED: Peer = Peer(0);
const GATEWAY: Peer = Peer(1);
const STRANGER: Peer = Peer(2);
/// How many prefixes of a family the tested peer may announce.
const LIMIT: u32 = 50;
/// How much is written at a time.
const SHARE: usize = 1 << 16;

/// Plays a script, in one piece and in many: the same must come of it.
pub fn session(bytes: &[u8]) {
    let whole = Play::run(bytes, usize::MAX);
    if bytes.len() <= 512 {
        let pieces = Play::run(bytes, 7);
        assert_eq!(whole.notices, pieces.notices);
        assert_eq!(whole.said, pieces.said);
    }
}

/// What is left of a script.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// As many bytes as the next one says, or fewer.
    fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte().unwrap_or_default());
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

#[derive(Default)]
struct Play {
    /// What was written on each connection, and whether it is closed.
    said: BTreeMap<Conn, (Vec<u8>, bool)>,
    notices: Vec<Notice>,
    /// Live connections of the tested peer, and the connect under way.
    live: Vec<Conn>,
    dialled: Option<Conn>,
    now: Time,
    piece: usize,
    /// What the gateway and the stranger hold, and how far their bytes were read.
    held: [BTreeSet<Prefix>; 2],
    read: [usize; 2],
}

impl Play {
    fn run(bytes: &[u8], piece: usize) -> Self {
        let mut script = Script(bytes);
        let variant = script.byte().unwrap_or_default();
        let mut speaker = Speaker::new(1);
        let mut play = Self { piece, ..Self::default() };
        for (peer, domain) in [(TESTED, 0), (GATEWAY, 0), (STRANGER, 1)] {
            speaker.add_domain(Domain(domain), "domain");
            assert!(speaker.add_peer(Domain(domain), peer, config(peer, variant)));
            speaker.start(peer, play.now);
        }
        let others = [GATEWAY, STRANGER].map(|peer| play.establish(&mut speaker, peer));
        while let Some(step) = script.byte() {
            play.step(step, &mut script, &mut speaker, variant);
            play.carry_out(&mut speaker, SHARE);
            play.hold_up(&speaker, &others);
        }
        // The end of the peer leaves nothing behind.
        speaker.remove_peer(TESTED, play.now);
        play.carry_out(&mut speaker, SHARE);
        play.learn(&speaker, &others);
        assert_eq!(play.held, [BTreeSet::new(), BTreeSet::new()]);
        assert!(play.live.is_empty() && play.dialled.is_none());
        for (conn, (said, _)) in &play.said {
            well_formed(said, others.contains(conn));
        }
        play
    }

    /// Brings a peer up that behaves.
    fn establish(&mut self, speaker: &mut Speaker, peer: Peer) -> Conn {
        let conn = speaker.accepted(peer, self.now).expect("a peer of ours");
        self.said.insert(conn, (Vec::new(), false));
        let mut hello = Vec::new();
        open(peer, 0).write(&mut hello).expect("it fits");
        hello.extend(KEEPALIVE);
        speaker.received(conn, &hello, self.now);
        self.carry_out(speaker, SHARE);
        assert_eq!(speaker.peer(peer).map(|view| view.state.name()), Some(Name::Established));
        conn
    }

    fn step(&mut self, step: u8, script: &mut Script<'_>, speaker: &mut Speaker, variant: u8) {
        let current = self.live.get(usize::from(step >> 4) % self.live.len().max(1)).copied();
        match step & 15 {
            0 => {
                let conn = speaker.accepted(TESTED, self.now).expect("a peer of ours");
                self.said.insert(conn, (Vec::new(), false));
                self.live.push(conn);
            }
            1 => {
                if let Some(conn) = self.dialled.take() {
                    if step & 16 == 0 {
                        self.said.insert(conn, (Vec::new(), false));
                        self.live.push(conn);
                        speaker.connected(conn, self.now);
                    } else {
                        speaker.failed(conn, self.now);
                    }
                }
            }
            2 => {
                if let Some(conn) = current {
                    self.live.retain(|live| *live != conn);
                    speaker.closed(conn, self.now);
                }
            }
            // Bytes as they are.
            3 => self.deliver(current, script.bytes(), speaker),
            // A message with the right header.
            4 | 5 => {
                let kind = script.byte().unwrap_or_default();
                let body = script.bytes();
                let mut message = vec![0xFF; 16];
                message.extend_from_slice(&(19 + body.len() as u16).to_be_bytes());
                message.push(kind);
                message.extend_from_slice(body);
                self.deliver(current, &message, speaker);
            }
            6 => {
                let mut message = Vec::new();
                open(TESTED, script.byte().unwrap_or_default()).write(&mut message).expect("it fits");
                self.deliver(current, &message, speaker);
            }
            7 => self.deliver(current, &KEEPALIVE, speaker),
            // All the way up at once.
            8 => {
                let mut message = Vec::new();
                open(TESTED, script.byte().unwrap_or_default()).write(&mut message).expect("it fits");
                message.extend(KEEPALIVE);
                self.deliver(current, &message, speaker);
            }
            9 => {
                // Up to about half an hour, and all alarms on the way.
                let until = Time(self.now.0 + u64::from(script.byte().unwrap_or_default()).pow(2) * 27);
                for _ in 0..10_000 {
                    let Some(due) = speaker.deadline().filter(|due| *due <= until) else { break };
                    self.now = self.now.max(due);
                    speaker.tick(self.now);
                    assert!(speaker.deadline().is_none_or(|due| due > self.now), "an alarm rings for ever");
                    self.carry_out(speaker, SHARE);
                }
                self.now = until;
            }
            10 => {
                let stop = match script.byte().unwrap_or_default() % 6 {
                    0 => Stop::Shutdown(None),
                    1 => Stop::Reset("again".try_into().ok()),
                    2 => Stop::HardReset(None),
                    3 => Stop::Deconfigured,
                    4 => Stop::ConfigurationChange,
                    _ => Stop::OutOfResources,
                };
                speaker.stop(TESTED, stop, self.now);
            }
            11 => speaker.start(TESTED, self.now),
            12 => speaker.bfd_down(TESTED, self.now),
            13 => {
                let family = Family::BOTH[usize::from(step >> 4 & 1)];
                if step & 32 == 0 {
                    speaker.ask_refresh(TESTED, family, self.now);
                } else {
                    speaker.resend(TESTED, family);
                }
            }
            14 => {
                let other = config(TESTED, variant ^ step >> 4);
                if step & 128 == 0 {
                    speaker.set_import(TESTED, other.routes.import);
                } else {
                    speaker.set_export(GATEWAY, (step & 64 == 0).then_some(other.routes.export).flatten());
                }
            }
            _ => match current {
                Some(conn) if step & 16 == 0 => speaker.blocked(conn, self.now),
                Some(conn) => speaker.progress(conn, self.now),
                None => {}
            },
        }
    }

    fn deliver(&mut self, conn: Option<Conn>, bytes: &[u8], speaker: &mut Speaker) {
        let Some(conn) = conn else { return };
        for piece in bytes.chunks(self.piece) {
            speaker.received(conn, piece, self.now);
        }
    }

    /// Does what the speaker wants, and takes all that it writes.
    fn carry_out(&mut self, speaker: &mut Speaker, budget: usize) {
        loop {
            let (mut effects, mut ready) = (Vec::new(), Vec::new());
            speaker.drain_effects(&mut effects);
            speaker.drain_ready(&mut ready);
            if effects.is_empty() && ready.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Connect { peer, conn } => {
                        assert_eq!((peer, self.dialled), (TESTED, None));
                        self.dialled = Some(conn);
                    }
                    Effect::Close { conn, last } => {
                        if self.dialled == Some(conn) {
                            self.dialled = None;
                            continue;
                        }
                        assert!(self.live.contains(&conn), "closes what is not open");
                        self.live.retain(|live| *live != conn);
                        let (said, is_closed) = self.said.get_mut(&conn).expect("it was open");
                        said.extend(last);
                        *is_closed = true;
                    }
                    Effect::Notice(notice) => self.notices.push(notice),
                }
            }
            for conn in ready {
                let Some((said, is_closed)) = self.said.get_mut(&conn) else { continue };
                let before = said.len();
                while speaker.fill(conn, said, budget, self.now) {}
                assert!(!*is_closed || said.len() == before);
            }
        }
    }

    /// What must hold after each step.
    fn hold_up(&mut self, speaker: &Speaker, others: &[Conn; 2]) {
        assert!(self.live.len() <= 2);
        for peer in [GATEWAY, STRANGER] {
            assert_eq!(speaker.peer(peer).map(|view| view.state.name()), Some(Name::Established));
        }
        self.learn(speaker, others);
        assert!(self.held[1].is_empty(), "routes cross domains");
        let domain = speaker.domain(Domain(0)).expect("it was added");
        let filter = RouteFilter { best: true, ..RouteFilter::default() };
        let best = Family::BOTH.map(|family| speaker.tables().routes(domain, family, &filter, None, usize::MAX));
        let best: BTreeSet<Prefix> = best.iter().flatten().map(|route| route.prefix).collect();
        assert!(self.held[0].is_subset(&best), "the gateway holds what is gone");
        let routes = speaker.peer(TESTED).expect("it was added").routes;
        let counts = speaker.tables().counts(routes);
        assert!(counts.v4.received <= LIMIT && counts.v6.received <= LIMIT);
    }

    /// Reads what the two others were told since the last time.
    fn learn(&mut self, speaker: &Speaker, others: &[Conn; 2]) {
        for (index, peer) in [GATEWAY, STRANGER].into_iter().enumerate() {
            let Some(established) = speaker.peer(peer).and_then(|view| view.state.established()) else { continue };
            let session = Session::agreed(&established.terms.theirs, &established.terms.ours);
            let (said, _) = &self.said[&others[index]];
            while let Ok(Some(next)) = frame(&said[self.read[index]..], true) {
                self.read[index] += next.length();
                let Ok(Message::Update(update)) = Message::read(next) else { continue };
                let reading = update.read(&session).expect("an UPDATE of ours");
                assert_eq!(reading.attributes.faults.count(), 0);
                let held = &mut self.held[index];
                for prefix in reading.withdrawals().flat_map(|routes| prefixes(&routes)) {
                    held.remove(&prefix);
                }
                held.extend(reading.announcements().flat_map(|(_, routes)| prefixes(&routes)));
            }
        }
    }
}

fn prefixes<'a>(routes: &Routes<'a>) -> Box<dyn Iterator<Item = Prefix> + 'a> {
    match routes {
        Routes::V4(routes) => Box::new(routes.iter().map(|(_, prefix)| prefix.into())),
        Routes::V6(routes) => Box::new(routes.iter().map(|(_, prefix)| prefix.into())),
    }
}

/// Whole messages only, an OPEN first unless we refuse, and nothing after a NOTIFICATION.
fn well_formed(mut said: &[u8], up: bool) {
    let mut is_first = true;
    while !said.is_empty() {
        let next = frame(said, true).expect("a message of ours").expect("a whole one");
        assert!(next.length() <= EXTENDED_LIMIT);
        said = &said[next.length()..];
        match Message::read(next).expect("a message of ours") {
            Message::Open(_) => assert!(is_first),
            Message::Notification(_) => assert!(said.is_empty() && !up),
            Message::Update(_) | Message::Keepalive | Message::RouteRefresh(_) => assert!(!is_first),
        }
        is_first = false;
    }
}

fn asn(peer: Peer) -> Asn {
    Asn(65001 + peer.0)
}

fn config(peer: Peer, variant: u8) -> PeerConfig {
    let (ours, theirs) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 10 + peer.0 as u8));
    let bit = |bit: u8| peer == TESTED && variant >> bit & 1 != 0;
    let mut session = Config::new(Asn(12076), RouterId::try_from(ours).expect("not zero"), asn(peer));
    session.passive = !bit(0);
    session.families = Families::BOTH;
    session.extended_messages = bit(1);
    session.add_path = if bit(2) { Families::V4 } else { Families::NONE };
    session.delay_open = Duration::from_secs(if bit(3) { 5 } else { 0 });
    session.idle_hold = BackOff { first: Duration::from_secs(1), most: Duration::from_secs(16) };
    session.prefix_limit_hold = bit(5).then_some(Duration::from_secs(60));
    session.role = bit(6).then_some(OurRole { role: Role::PROVIDER, strict: bit(7) });
    session.graceful_restart = bit(4).then(|| Graceful {
        restart_time: RestartTime::try_from(30).expect("a restart time"),
        kept: Families::BOTH,
        forwarding: Families::BOTH,
        notification: bit(5),
        stale_time: Duration::from_secs(60),
        restarting: None,
    });
    let mut routes = bgp_rib::PeerConfig::new(IpAddr::V4(theirs), asn(peer), Asn(12076));
    routes.router_id = ours;
    routes.next_hop4 = Some(ours);
    routes.next_hop6 = Some("2001:db8::1".parse().expect("an address"));
    if peer == TESTED {
        let peering = if bit(7) { Peering::Private } else { Peering::Open };
        let limit = Some(Limit::new(LIMIT, 80));
        let policy = PeeringPolicy {
            limits: Limits { v4: limit, v6: limit },
            ..PeeringPolicy::new(peering, Side::Customer, Asn(12076), asn(peer))
        };
        routes.import = policy.import(&Facts::default());
    }
    PeerConfig { name: "peer".to_owned(), session, routes }
}

/// An OPEN of a peer; the variant chooses among what it may offer.
fn open(peer: Peer, variant: u8) -> Open {
    let bit = |bit: u8| variant >> bit & 1 != 0;
    let mut capabilities: Vec<Capability> = Family::BOTH.map(|family| Capability::Multiprotocol(family.into())).into();
    capabilities.extend([
        Capability::RouteRefresh,
        Capability::FourOctetAs(asn(peer)),
        Capability::Role(Role::CUSTOMER),
    ]);
    if bit(0) {
        capabilities.extend([Capability::EnhancedRouteRefresh, Capability::ExtendedMessage]);
    }
    if bit(1) {
        let entry = |family: Family| RestartFamily { family: family.into(), forwarding: bit(2) };
        capabilities.push(Capability::GracefulRestart(GracefulRestart {
            restarted: bit(2),
            notification: bit(3),
            time: RestartTime::try_from(20).expect("a restart time"),
            families: Family::BOTH.map(entry).into(),
        }));
    }
    Open {
        asn: asn(peer),
        hold_time: HoldTime::try_from(if bit(4) { 30 } else { 0 }).expect("0 or 3 and more"),
        router_id: RouterId::try_from(if bit(5) { 1 } else { 0xC000_020A + peer.0 }).expect("not zero"),
        capabilities,
    }
}
