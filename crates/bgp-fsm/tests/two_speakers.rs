//! Two machines, joined by a wire that delays, loses and cuts: they come up once the wire is well.
//!
//! The wire is a queue of what arrives when. A connection keeps the order of its messages each way. Until the wire is
//! well, connects fail, connections are reset or go dumb, and the operators reset sessions.

use bgp_fsm::{Action, BackOff, Config, Conn, Direction, Event, Graceful, Name, Out, State, Stop, Time, step};
use bgp_wire::{Families, HoldTime, RestartTime, RouterId};
use model::Asn;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// When the wire becomes well, and when all must be up.
const WELL: u64 = 200_000;
const END: u64 = 900_000;
const MOST_STEPS: usize = 20_000;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

struct Speaker {
    config: Config,
    state: State,
    /// The number of the connect that is under way.
    dial: Option<u32>,
}

/// What is on its way to a speaker.
enum Arrival {
    /// The answer to a connect.
    Dialled(u32),
    Event(Event),
}

struct Wire {
    dice: Dice,
    now: u64,
    /// By time and order of sending: to whom, and what.
    queue: BTreeMap<(u64, u64), (usize, Arrival)>,
    sent: u64,
    /// When the last message of a connection arrives at a side, so that none overtakes it.
    last: HashMap<(u32, usize), u64>,
    /// Connections that are open, dumb ones with `false`.
    open: HashMap<u32, bool>,
    connections: u32,
    speakers: [Speaker; 2],
}

impl Wire {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let modes = dice.roll(3);
        let graceful = dice.roll(2) == 0;
        let ids = [1 + dice.roll(3) as u32, 1 + dice.roll(3) as u32];
        let speaker = |side: usize, dice: &mut Dice| {
            let asn = |side: usize| Asn(65001 + side as u32);
            let id = RouterId::try_from(ids[side]).expect("not zero");
            let mut config = Config::new(asn(side), id, asn(1 - side));
            config.passive = modes == 1 + side as u64;
            config.hold_time = HoldTime::try_from(3 + dice.roll(60) as u16).expect("3 and more");
            config.connect_retry = Duration::from_secs(1 + dice.roll(30));
            config.delay_open = Duration::from_secs([0, 0, 1, 5][dice.roll(4) as usize]);
            config.idle_hold = BackOff { first: Duration::from_secs(dice.roll(3)), most: Duration::from_secs(30) };
            config.open_wait = Duration::from_secs(30);
            config.graceful_restart = graceful.then(|| Graceful {
                restart_time: RestartTime::try_from(60).expect("a restart time"),
                kept: Families::V4,
                forwarding: Families::V4,
                notification: dice.roll(2) == 0,
                stale_time: Duration::from_secs(60),
                restarting: None,
            });
            Speaker { config, state: State::new(dice.roll(1 << 32) as u32), dial: None }
        };
        let speakers = [speaker(0, &mut dice), speaker(1, &mut dice)];
        let mut wire = Self {
            dice,
            now: 0,
            queue: BTreeMap::new(),
            sent: 0,
            last: HashMap::new(),
            open: HashMap::new(),
            connections: 0,
            speakers,
        };
        for side in 0..2 {
            // Often at the very same moment, so that connects cross.
            let at = if wire.dice.roll(2) == 0 { 0 } else { wire.dice.roll(5000) };
            wire.post(at, side, Arrival::Event(Event::Start));
            for _ in 0..wire.dice.roll(4) {
                let at = wire.dice.roll(WELL);
                wire.post(at, side, Arrival::Event(Event::Stop(Stop::Reset(None))));
            }
        }
        wire
    }

    fn well(&self) -> bool {
        self.now >= WELL
    }

    fn post(&mut self, at: u64, side: usize, arrival: Arrival) {
        self.sent += 1;
        self.queue.insert((at, self.sent), (side, arrival));
    }

    /// Sends an event of a connection to the other side, after what was sent before.
    fn carry(&mut self, conn: u32, from: usize, event: Event) {
        let to = 1 - from;
        let delay = self.dice.roll(200);
        let last = self.last.entry((conn, to)).or_default();
        *last = (*last).max(self.now + delay);
        let at = *last;
        if !self.well() && self.dice.roll(50) == 0 {
            self.open.insert(conn, false);
        }
        if self.open.get(&conn) == Some(&true) {
            self.post(at, to, Arrival::Event(event));
        }
    }

    fn run(&mut self, end: u64) -> Result<(), String> {
        for _ in 0..MOST_STEPS {
            let alarm = (0..2).filter_map(|side| Some((self.speakers[side].state.deadline()?.0, side))).min();
            let first = self.queue.first_key_value().map(|(key, _)| *key);
            let at = alarm.map(|(at, _)| at).into_iter().chain(first.map(|(at, _)| at)).min();
            let Some(at) = at.filter(|at| *at < end) else { return Ok(()) };
            self.now = self.now.max(at);
            match (alarm, first) {
                (_, Some(key)) if key.0 <= at => {
                    let (side, arrival) = self.queue.remove(&key).expect("it is there");
                    self.arrive(side, arrival);
                }
                (Some((_, side)), _) => self.step(side, Event::Timer),
                (None, _) => unreachable!("one of the two was first"),
            }
        }
        Err(format!("still busy after {MOST_STEPS} steps, at {} ms", self.now))
    }

    fn arrive(&mut self, side: usize, arrival: Arrival) {
        match arrival {
            Arrival::Event(event) => self.step(side, event),
            Arrival::Dialled(dial) if self.speakers[side].dial == Some(dial) => {
                self.speakers[side].dial = None;
                if !self.well() && self.dice.roll(4) == 0 {
                    return self.step(side, Event::ConnectFailed);
                }
                self.connections += 1;
                let number = self.connections;
                self.open.insert(number, true);
                let conn = Conn(number);
                // The other side hears of it before or after us, and before anything that is sent on it.
                let incoming = Event::Connected { conn, direction: Direction::Incoming };
                let at = self.now + self.dice.roll(100);
                self.last.insert((number, 1 - side), at);
                self.post(at, 1 - side, Arrival::Event(incoming));
                self.step(side, Event::Connected { conn, direction: Direction::Outgoing });
            }
            Arrival::Dialled(_) => {}
        }
    }

    fn step(&mut self, side: usize, event: Event) {
        let speaker = &mut self.speakers[side];
        let state = std::mem::replace(&mut speaker.state, State::new(0));
        let (state, actions) = step(&speaker.config, state, event, Time(self.now));
        speaker.state = state;
        for action in actions {
            self.act(side, action);
        }
        // A cut is seen by both sides.
        let held: Vec<Conn> = self.speakers[side].state.connections().collect();
        for Conn(conn) in held {
            if !self.well() && self.dice.roll(100) == 0 && self.open.insert(conn, false) == Some(true) {
                for to in 0..2 {
                    let at = self.now + self.dice.roll(100);
                    self.post(at, to, Arrival::Event(Event::Closed { conn: Conn(conn) }));
                }
            }
        }
    }

    fn act(&mut self, side: usize, action: Action) {
        match action {
            Action::Connect => {
                self.sent += 1;
                let dial = self.sent as u32;
                self.speakers[side].dial = Some(dial);
                let at = self.now + 1 + self.dice.roll(200);
                self.post(at, side, Arrival::Dialled(dial));
            }
            Action::CancelConnect => self.speakers[side].dial = None,
            Action::Close { conn } => self.carry(conn.0, side, Event::Closed { conn }),
            Action::Send { conn, message } => {
                let event = match message {
                    Out::Open(open) => Event::Open { conn, open },
                    Out::Keepalive => Event::Keepalive { conn },
                    Out::Notification(notification) => Event::Notification { conn, notification },
                    Out::RouteRefresh(refresh) => Event::RouteRefresh { conn, refresh: Some(refresh) },
                };
                self.carry(conn.0, side, event);
            }
            _ => {}
        }
    }
}

#[test]
fn two_speakers_come_up_once_the_wire_is_well() {
    for seed in 0..1000 {
        let mut wire = Wire::new(seed);
        wire.run(END).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let [one, other] = &wire.speakers;
        let names = [one.state.name(), other.state.name()];
        assert_eq!(names, [Name::Established; 2], "seed {seed}");
        let session = |speaker: &Speaker| speaker.state.established().map(|session| (session.conn, session.since));
        let ((conn, since), (same, _)) = session(one).zip(session(other)).expect("both are up");
        assert_eq!(conn, same, "seed {seed}: on one connection");
        assert!(since.0 < WELL + 400_000, "seed {seed}: up only at {since}");
    }
}

#[test]
fn two_that_connect_at_once_are_up_at_once() {
    for seed in 0..3000 {
        let mut wire = Wire::new(seed);
        // The wire is well, both are active and start at once. Delays differ from message to message, so that one side
        // may be up on one connection before it hears of the other.
        wire.now = WELL;
        wire.queue.clear();
        for side in 0..2 {
            wire.speakers[side].config.passive = false;
            wire.speakers[side].config.delay_open = Duration::ZERO;
            wire.post(WELL, side, Arrival::Event(Event::Start));
        }
        wire.run(WELL + 5_000).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        for speaker in &wire.speakers {
            let session = speaker.state.established().unwrap_or_else(|| panic!("seed {seed}: not up"));
            assert!(session.since.0 < WELL + 3_000, "seed {seed}: up only at {}", session.since);
        }
    }
}
