//! Speakers and the wires between them, on a clock that jumps from one event to the next.
//!
//! A wire carries bytes each way in order, in pieces of any size, some time later. It can be cut, which both ends see,
//! or go dumb, which nobody sees. A speaker that is down refuses connections.

use crate::naive::{Route, Table};
use crate::topology::{Dice, Topology, address4, address6, asn, router_id};
use bgp_fsm::{BackOff, Config, Graceful, Name, Stop};
use bgp_rib::{PathState, Refusal, RouteFilter};
use bgp_speaker::{Conn, Domain, Effect, Peer, PeerConfig, Speaker, Time};
use bgp_wire::{AttributeSet, Families, HoldTime, Origin, RestartTime, RouterId};
use model::{Family, Prefix};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// When the last misfortune happens, and when all must be well, in milliseconds.
const CALM: u64 = 200_000;
const END: u64 = 420_000;

/// More events than any network needs; one that goes on for ever fails.
const MOST_EVENTS: usize = 4_000_000;

/// A connection as one speaker names it in one of its lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct End {
    speaker: usize,
    life: u32,
    conn: Conn,
}

#[derive(Debug)]
enum Event {
    /// The answer to a connect.
    Dialled { end: End, peer: Peer },
    /// Bytes arrive; with the last piece of a share the sender may write the next.
    Bytes { from: End, to: End, bytes: Vec<u8>, last: bool },
    /// The other side has closed, or the wire is cut.
    Closed { end: End },
    /// Something happens to the network.
    Misfortune(Misfortune),
}

#[derive(Debug, Clone)]
enum Misfortune {
    /// All wires of a link are cut.
    Cut(usize),
    /// All wires of a link go dumb.
    Dumb(usize),
    /// A speaker crashes; seen by its neighbours or not.
    Crash {
        speaker: usize,
        seen: bool,
    },
    /// It comes back.
    Return(usize),
    /// An operator ends a session or begins it.
    Stop(usize, usize, Stop),
    Start(usize, usize),
    /// A speaker asks for a peer's routes again, or tells it its own.
    Ask(usize, usize, Family),
    Resend(usize, usize, Family),
    /// An origin comes or goes.
    Originate(usize, Prefix),
    Withdraw(usize, Prefix),
}

/// One end of a wire.
#[derive(Debug)]
struct Side {
    other: End,
    link: usize,
    dumb: bool,
    /// A share of bytes is on its way.
    busy: bool,
    /// There is more to be written.
    wants: bool,
    /// When the last of what was sent arrives.
    last: u64,
}

pub(crate) struct Net {
    pub(crate) network: Topology,
    dice: Dice,
    now: u64,
    speakers: Vec<Option<Speaker>>,
    /// How often each has come up.
    lives: Vec<u32>,
    /// Alarms by time, and the alarm of each speaker.
    alarms: BTreeSet<(u64, usize)>,
    alarm: Vec<Option<u64>>,
    queue: BTreeMap<(u64, u64), Event>,
    count: u64,
    sides: HashMap<End, Side>,
    dials: BTreeSet<End>,
    events: usize,
}

impl Net {
    pub(crate) fn new(network: Topology, mut dice: Dice) -> Self {
        let count = network.speakers;
        let mut net = Self {
            now: 0,
            speakers: (0..count).map(|_| None).collect(),
            lives: vec![0; count],
            alarms: BTreeSet::new(),
            alarm: vec![None; count],
            queue: BTreeMap::new(),
            count: 0,
            sides: HashMap::new(),
            dials: BTreeSet::new(),
            events: 0,
            dice: Dice::new(dice.roll(usize::MAX) as u64),
            network,
        };
        for speaker in 0..count {
            net.bring_up(speaker, false);
        }
        net.plan_misfortunes();
        net
    }

    fn plan_misfortunes(&mut self) {
        let (speakers, links) = (self.network.speakers, self.network.links.len());
        for _ in 0..self.dice.roll(80) {
            let at = self.dice.roll(CALM as usize) as u64;
            let link = self.dice.roll(links);
            let speaker = self.dice.roll(speakers);
            let later = at + 1 + self.dice.roll((CALM - at) as usize) as u64;
            let end = self.dice.roll(2);
            let at_end = self.network.links[link].ends[end];
            let family = Family::BOTH[self.dice.roll(2)];
            match self.dice.roll(10) {
                0 | 1 => self.post(at, Event::Misfortune(Misfortune::Cut(link))),
                2 => self.post(at, Event::Misfortune(Misfortune::Dumb(link))),
                3 => {
                    let seen = self.dice.once_in(2);
                    self.post(at, Event::Misfortune(Misfortune::Crash { speaker, seen }));
                    // Often while its neighbours wait for it.
                    let back = later.min(at + 1 + self.dice.roll(40_000) as u64);
                    self.post(back, Event::Misfortune(Misfortune::Return(speaker)));
                }
                4 => {
                    let stop =
                        [Stop::Shutdown(None), Stop::Deconfigured, Stop::OutOfResources][self.dice.roll(3)].clone();
                    self.post(at, Event::Misfortune(Misfortune::Stop(at_end, link, stop)));
                    self.post(later, Event::Misfortune(Misfortune::Start(at_end, link)));
                }
                5 => {
                    let stop = [Stop::Reset(None), Stop::HardReset(None)][self.dice.roll(2)].clone();
                    self.post(at, Event::Misfortune(Misfortune::Stop(at_end, link, stop)));
                }
                6 => self.post(at, Event::Misfortune(Misfortune::Ask(at_end, link, family))),
                7 => self.post(at, Event::Misfortune(Misfortune::Resend(at_end, link, family))),
                8 => {
                    let prefix = crate::topology::prefix(self.dice.roll(speakers));
                    self.post(at, Event::Misfortune(Misfortune::Originate(speaker, prefix)));
                }
                _ => {
                    let prefix = crate::topology::prefix(self.dice.roll(speakers));
                    let origin = (0..speakers).find(|s| self.network.origins[*s].contains(&prefix)).unwrap_or(speaker);
                    self.post(at, Event::Misfortune(Misfortune::Withdraw(origin, prefix)));
                }
            }
        }
    }

    /// Plays until the end.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        loop {
            self.events += 1;
            if self.events > MOST_EVENTS {
                return Err(format!("not at rest after {MOST_EVENTS} events, at {} ms", self.now));
            }
            let alarm = self.alarms.first().copied();
            let event = self.queue.first_key_value().map(|(key, _)| *key);
            let at = alarm.map(|(at, _)| at).into_iter().chain(event.map(|(at, _)| at)).min();
            let Some(at) = at.filter(|at| *at < END) else { return Ok(()) };
            self.now = self.now.max(at);
            match (event, alarm) {
                (Some(key), _) if key.0 <= at => {
                    let event = self.queue.remove(&key).expect("it is there");
                    self.happen(event);
                }
                (_, Some((_, speaker))) => self.with(speaker, |speaker, now| speaker.tick(now)),
                (_, None) => unreachable!("one of the two was first"),
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Dialled { end, peer } => self.dialled(end, peer),
            Event::Bytes { from, to, bytes, last } => {
                if self.sides.contains_key(&to) {
                    self.with(to.speaker, |speaker, now| speaker.received(to.conn, &bytes, now));
                }
                if last && let Some(side) = self.sides.get_mut(&from) {
                    side.busy = false;
                    if side.wants {
                        self.with(from.speaker, |speaker, now| speaker.progress(from.conn, now));
                        self.write(from);
                    }
                }
            }
            Event::Closed { end } => {
                if self.sides.remove(&end).is_some() {
                    self.with(end.speaker, |speaker, now| speaker.closed(end.conn, now));
                }
            }
            Event::Misfortune(misfortune) => self.misfortune(misfortune),
        }
    }

    fn misfortune(&mut self, misfortune: Misfortune) {
        match misfortune {
            Misfortune::Cut(link) => {
                let ends: Vec<End> = self.ends_of(|side| side.link == link);
                for end in ends {
                    self.close_later(end);
                }
            }
            Misfortune::Dumb(link) => {
                self.sides.values_mut().filter(|side| side.link == link).for_each(|side| side.dumb = true);
            }
            Misfortune::Crash { speaker, seen } => {
                if self.speakers[speaker].take().is_none() {
                    return;
                }
                self.arm(speaker);
                self.dials.retain(|end| end.speaker != speaker);
                for end in self.ends_of(|side| side.other.speaker == speaker) {
                    if seen {
                        self.close_later(end);
                    } else if let Some(side) = self.sides.get_mut(&end) {
                        side.dumb = true;
                    }
                }
                self.sides.retain(|end, _| end.speaker != speaker);
            }
            Misfortune::Return(speaker) => {
                if self.speakers[speaker].is_none() {
                    self.bring_up(speaker, true);
                }
            }
            Misfortune::Stop(speaker, link, stop) => {
                self.with(speaker, |speaker, now| speaker.stop(Peer(link as u32), stop, now));
            }
            Misfortune::Start(speaker, link) => {
                self.with(speaker, |speaker, now| speaker.start(Peer(link as u32), now));
            }
            Misfortune::Ask(speaker, link, family) => {
                self.with(speaker, |speaker, now| speaker.ask_refresh(Peer(link as u32), family, now));
            }
            Misfortune::Resend(speaker, link, family) => {
                self.with(speaker, |speaker, _| speaker.resend(Peer(link as u32), family));
            }
            Misfortune::Originate(speaker, prefix) => {
                self.network.origins[speaker].insert(prefix);
                self.with(speaker, |speaker, _| originate(speaker, prefix));
            }
            Misfortune::Withdraw(speaker, prefix) => {
                self.network.origins[speaker].remove(&prefix);
                self.with(speaker, |speaker, _| {
                    let domain = speaker.domain(Domain(0)).expect("it was added");
                    speaker.tables_mut().withdraw(domain, prefix);
                });
            }
        }
    }

    /// The ends for which something holds, in order.
    fn ends_of(&self, holds: impl Fn(&Side) -> bool) -> Vec<End> {
        let mut ends: Vec<End> = self.sides.iter().filter(|(_, side)| holds(side)).map(|(end, _)| *end).collect();
        ends.sort();
        ends
    }

    fn close_later(&mut self, end: End) {
        let at = self.now + self.dice.roll(50) as u64;
        self.post(at, Event::Closed { end });
    }

    /// A speaker begins, with nothing but its configuration.
    fn bring_up(&mut self, number: usize, restarting: bool) {
        let mut speaker = Speaker::new(self.dice.roll(usize::MAX) as u64);
        speaker.add_domain(Domain(0), "all");
        let links: Vec<usize> =
            (0..self.network.links.len()).filter(|link| self.network.links[*link].ends.contains(&number)).collect();
        for &link in &links {
            let added = speaker.add_peer(Domain(0), Peer(link as u32), self.config(number, link, restarting));
            assert!(added, "a number for each link");
        }
        for &prefix in &self.network.origins[number] {
            originate(&mut speaker, prefix);
        }
        self.speakers[number] = Some(speaker);
        self.lives[number] += 1;
        for link in links {
            self.with(number, |speaker, now| speaker.start(Peer(link as u32), now));
        }
    }

    fn config(&self, number: usize, at: usize, restarting: bool) -> PeerConfig {
        let link = self.network.links[at];
        let end = usize::from(link.ends[1] == number);
        let other = link.ends[1 - end];
        let id = RouterId::try_from(router_id(number)).expect("not zero");
        let mut session = Config::new(asn(number), id, asn(other));
        session.passive = link.passive && end == 1;
        session.families = if link.dual { Families::BOTH } else { Families::V4 };
        session.hold_time = HoldTime::try_from(link.hold).expect("3 and more");
        session.connect_retry = Duration::from_secs(5);
        session.open_wait = Duration::from_secs(20);
        session.idle_hold = BackOff { first: Duration::from_millis(500), most: Duration::from_secs(10) };
        session.graceful_restart = link.graceful.then(|| Graceful {
            restart_time: RestartTime::try_from(30).expect("a restart time"),
            kept: session.families,
            forwarding: session.families,
            notification: at.is_multiple_of(2),
            stale_time: Duration::from_secs(40),
            restarting: restarting.then_some(Duration::from_secs(20)),
        });
        let mut routes = bgp_rib::PeerConfig::new(address4(at, 1 - end).into(), asn(other), asn(number));
        routes.next_hop4 = Some(address4(at, end));
        routes.next_hop6 = Some(address6(at, end));
        PeerConfig { name: format!("link {at}"), session, routes }
    }

    fn post(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.queue.insert((at, self.count), event);
    }

    /// Calls a speaker, if it is up, and does what it wants then.
    fn with(&mut self, number: usize, call: impl FnOnce(&mut Speaker, Time)) {
        let now = Time(self.now);
        let Some(speaker) = &mut self.speakers[number] else { return };
        call(speaker, now);
        let mut effects = Vec::new();
        speaker.drain_effects(&mut effects);
        let mut ready = Vec::new();
        speaker.drain_ready(&mut ready);
        for effect in effects {
            self.effect(number, effect);
        }
        for conn in ready {
            let end = self.end(number, conn);
            if let Some(side) = self.sides.get_mut(&end) {
                side.wants = true;
            }
            self.write(end);
        }
        self.arm(number);
    }

    fn end(&self, speaker: usize, conn: Conn) -> End {
        End { speaker, life: self.lives[speaker], conn }
    }

    fn arm(&mut self, number: usize) {
        let deadline = self.speakers[number].as_ref().and_then(Speaker::deadline).map(|due| due.0);
        if self.alarm[number] != deadline {
            if let Some(at) = self.alarm[number] {
                self.alarms.remove(&(at, number));
            }
            if let Some(at) = deadline {
                self.alarms.insert((at, number));
            }
            self.alarm[number] = deadline;
        }
    }

    fn effect(&mut self, number: usize, effect: Effect) {
        match effect {
            Effect::Connect { peer, conn } => {
                let end = self.end(number, conn);
                self.dials.insert(end);
                let at = self.now + 1 + self.dice.roll(80) as u64;
                self.post(at, Event::Dialled { end, peer });
            }
            Effect::Close { conn, last } => {
                let end = self.end(number, conn);
                self.dials.remove(&end);
                match self.sides.remove(&end) {
                    Some(side) if !side.dumb => self.close(end, side, last),
                    _ => {}
                }
            }
            Effect::Notice(_) => {}
        }
    }

    /// The other side hears the last words, if the socket had room for them, and sees the close.
    fn close(&mut self, from: End, side: Side, bytes: Vec<u8>) {
        let at = side.last.max(self.now) + 1 + self.dice.roll(40) as u64;
        if !side.busy {
            self.post(at, Event::Bytes { from, to: side.other, bytes, last: true });
        }
        self.post(at, Event::Closed { end: side.other });
    }

    /// Writes the next share, if the last one has arrived.
    fn write(&mut self, end: End) {
        let budget = [64, 300, 5000][self.dice.roll(3)];
        let now = Time(self.now);
        let (Some(speaker), Some(side)) = (&mut self.speakers[end.speaker], self.sides.get_mut(&end)) else { return };
        if side.busy {
            return speaker.blocked(end.conn, now);
        }
        let mut bytes = Vec::new();
        side.wants = speaker.fill(end.conn, &mut bytes, budget, now);
        let to = side.other;
        if bytes.is_empty() {
            return;
        }
        side.busy = true;
        if side.dumb {
            return;
        }
        // In one to three pieces.
        let mut rest = bytes.as_slice();
        let mut pieces = Vec::new();
        for _ in 0..self.dice.roll(3) {
            let (piece, behind) = rest.split_at(self.dice.roll(rest.len() + 1));
            pieces.push(piece.to_vec());
            rest = behind;
        }
        pieces.push(rest.to_vec());
        let mut at = side.last.max(self.now);
        let count = pieces.len();
        let mut posts = Vec::new();
        for (index, piece) in pieces.into_iter().enumerate() {
            at += 1 + self.dice.roll(30) as u64;
            posts.push((at, Event::Bytes { from: end, to, bytes: piece, last: index + 1 == count }));
        }
        side.last = at;
        for (at, event) in posts {
            self.post(at, event);
        }
    }

    fn dialled(&mut self, end: End, peer: Peer) {
        if !self.dials.remove(&end) {
            return;
        }
        let link = peer.0 as usize;
        let ends = self.network.links[link].ends;
        let other = if ends[0] == end.speaker { ends[1] } else { ends[0] };
        let lost = self.now < CALM && self.dice.once_in(6);
        let now = Time(self.now);
        let called = self.speakers[other].as_mut().filter(|_| !lost);
        let Some(conn) = called.and_then(|speaker| speaker.accepted(peer, now)) else {
            return self.with(end.speaker, |speaker, now| speaker.failed(end.conn, now));
        };
        let theirs = self.end(other, conn);
        let side = |other| Side { other, link, dumb: false, busy: false, wants: false, last: 0 };
        self.sides.insert(end, side(theirs));
        self.sides.insert(theirs, side(end));
        // What the other side said at once is written now that the wire is there.
        self.with(other, |_, _| {});
        self.with(end.speaker, |speaker, now| speaker.connected(end.conn, now));
    }

    /// Sessions that are not up, by speaker and link.
    pub(crate) fn down(&self) -> Vec<(usize, usize)> {
        let all = self.speakers.iter().enumerate().filter_map(|(number, speaker)| Some((number, speaker.as_ref()?)));
        all.flat_map(|(number, speaker)| {
            let down = speaker.peers().filter(|view| view.state.name() != Name::Established);
            down.map(move |view| (number, view.peer.0 as usize)).collect::<Vec<_>>()
        })
        .collect()
    }

    /// The table of a speaker as it came to be.
    pub(crate) fn table(&self, number: usize) -> Result<Table, String> {
        let speaker = self.speakers[number].as_ref().ok_or("it is down")?;
        let domain = speaker.domain(Domain(0)).ok_or("it has no domain")?;
        let mut table = Table::new();
        for family in [Family::V4, Family::V6] {
            for view in speaker.tables().routes(domain, family, &RouteFilter::default(), None, usize::MAX) {
                if view.stale {
                    return Err(format!("{} is stale", view.prefix));
                }
                let looped = match view.state {
                    PathState::Rejected(Refusal::OwnAs(_)) => true,
                    PathState::Rejected(other) => return Err(format!("{}: {other}", view.prefix)),
                    PathState::Best | PathState::Multipath | PathState::Backup => false,
                };
                let path = view.attributes.as_path.iter().flat_map(|segment| &segment.asns).map(|asn| asn.0).collect();
                table.entry(view.prefix).or_default().push(Route { peer: view.peer, path, looped });
            }
        }
        // The first is the best; the order of the others does not matter.
        for routes in table.values_mut() {
            if let Some((_, others)) = routes.split_first_mut() {
                others.sort();
            }
        }
        Ok(table)
    }
}

fn originate(speaker: &mut Speaker, prefix: Prefix) {
    let attributes = AttributeSet::new(Origin::Igp, Vec::new());
    let domain = speaker.domain(Domain(0)).expect("it was added");
    speaker.tables_mut().originate(domain, prefix, &attributes, None);
}
