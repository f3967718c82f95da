//! Two hosts and a link between them, on a clock that only the test moves.
//!
//! A host sleeps until a packet arrives or a timer is due, and then for as long as its scheduler lets it
//! wait. On waking it does as `bfd`'s front page asks: clock, socket, timers. The link loses, delays and,
//! where delays differ, reorders. Everything follows from one seed.

use bfd::{Action, Change, Config, Discard, Discriminator, Event, Packet, Received, Session, State, Time, Timer};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

pub(crate) const MS: u64 = 1000;

/// Arrivals and wakings that a net plays before it says that they do not end. Ten minutes at 50 ms need a
/// third of them.
const STEPS: u32 = 200_000;

/// The longest that a net runs, in simulated time.
const LONGEST: Time = Time::from_micros(3_600_000 * MS);

/// A small generator for the tests' own chances.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 31) % end
    }
}

/// How one direction of the link behaves. Times in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path {
    pub(crate) delay: u64,
    /// Up to so much more delay, differing from packet to packet.
    pub(crate) spread: u64,
    /// Packets lost out of 100.
    pub(crate) loss: u64,
    /// At most so many packets lost in a row.
    pub(crate) run: u64,
    pub(crate) is_cut: bool,
}

impl Path {
    pub(crate) const GOOD: Self = Self { delay: 500, spread: 0, loss: 0, run: 0, is_cut: false };
}

pub(crate) struct Host {
    pub(crate) session: Session,
    /// The path from this host to the other.
    pub(crate) path: Path,
    /// Sleeps at most so long after it should wake, in microseconds.
    pub(crate) lateness: u64,
    /// The kernel stamps packets; else they are stamped when read.
    pub(crate) stamps: bool,
    pub(crate) changes: Vec<(Time, Change)>,
    /// When which packets were sent.
    pub(crate) sent: Vec<(Time, Packet)>,
    /// When the last packet arrived.
    pub(crate) arrived: Time,
    /// Packets that the session did not take.
    pub(crate) discarded: Vec<Discard>,
    lost_in_row: u64,
    inbox: Vec<(Time, Packet)>,
    transmit: Option<Time>,
    detect: Option<Time>,
    /// Wakes at this moment; other wakings in the queue are out of date.
    wake: Option<Time>,
}

impl Host {
    /// Falls back to a state below Up.
    pub(crate) fn falls(&self) -> impl Iterator<Item = &(Time, Change)> {
        self.changes.iter().filter(|(_, change)| change.from == State::Up)
    }

    pub(crate) fn transmit_interval(&self) -> Duration {
        self.session.transmit_interval().unwrap()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    // Before wakings of the same moment: what has arrived can be read.
    Arrival { to: usize, packet: usize },
    Waking { host: usize },
}

pub(crate) struct Net {
    pub(crate) now: Time,
    pub(crate) hosts: [Host; 2],
    pub(crate) chance: Chance,
    /// Steps left.
    budget: u32,
    queue: BinaryHeap<Reverse<(Time, Happening)>>,
    packets: Vec<Packet>,
}

impl Net {
    pub(crate) fn new(configs: [Config; 2], seed: u64) -> Self {
        let mut chance = Chance(seed);
        let now = Time::from_micros(77);
        let mut opened = Vec::new();
        let mut index = 0;
        let hosts = configs.map(|config| {
            index += 1;
            let local = Discriminator::new(100 + index).unwrap();
            let (session, actions) = Session::open(config, local, chance.below(1 << 32), now);
            opened.push(actions);
            Host {
                session,
                path: Path::GOOD,
                lateness: 0,
                stamps: true,
                changes: Vec::new(),
                sent: Vec::new(),
                arrived: now,
                discarded: Vec::new(),
                lost_in_row: 0,
                inbox: Vec::new(),
                transmit: None,
                detect: None,
                wake: None,
            }
        });
        let mut net = Self { now, hosts, chance, budget: STEPS, queue: BinaryHeap::new(), packets: Vec::new() };
        for (host, actions) in opened.into_iter().enumerate() {
            net.act(host, actions);
            net.sleep(host);
        }
        net
    }

    pub(crate) fn each_path(&mut self, change: impl Fn(&mut Path)) {
        self.hosts.iter_mut().for_each(|host| change(&mut host.path));
    }

    pub(crate) fn run_until(&mut self, end: Time) {
        assert!(end <= LONGEST, "{end:?} is beyond the longest run");
        while let Some(&Reverse((at, happening))) = self.queue.peek()
            && at <= end
        {
            self.queue.pop();
            assert!(self.budget > 0, "{STEPS} steps and no end, at {at:?} of {end:?}");
            self.budget -= 1;
            self.now = at;
            match happening {
                Happening::Arrival { to, packet } => {
                    self.hosts[to].inbox.push((at, self.packets[packet]));
                    self.hosts[to].arrived = at;
                    self.call(to, at);
                }
                Happening::Waking { host } if self.hosts[host].wake == Some(at) => self.wake(host),
                Happening::Waking { .. } => {}
            }
        }
        self.now = end;
    }

    pub(crate) fn run_for(&mut self, micros: u64) {
        self.run_until(self.now.after(Duration::from_micros(micros)));
    }

    /// Something happens to a host that is awake, such as an operator's command.
    pub(crate) fn tell(&mut self, host: usize, event: Event) {
        let actions = self.hosts[host].session.step(event, self.now);
        self.act(host, actions);
        self.sleep(host);
    }

    /// A host's process ends, and another takes its place.
    pub(crate) fn restart(&mut self, host: usize, local: Discriminator) {
        let config = *self.hosts[host].session.config();
        let (session, actions) = Session::open(config, local, self.chance.below(1 << 32), self.now);
        (self.hosts[host].session, self.hosts[host].detect) = (session, None);
        self.act(host, actions);
        self.sleep(host);
    }

    /// A host is wanted at `at`; its scheduler decides how much later it comes, once for each sleep.
    fn call(&mut self, host: usize, at: Time) {
        if self.hosts[host].wake.is_some_and(|wake| wake <= at) {
            return;
        }
        let late = at.after(Duration::from_micros(self.chance.below(self.hosts[host].lateness + 1)));
        let wake = self.hosts[host].wake.map_or(late, |wake| wake.min(late));
        self.hosts[host].wake = Some(wake);
        self.queue.push(Reverse((wake, Happening::Waking { host })));
    }

    fn sleep(&mut self, host: usize) {
        let due = [self.hosts[host].transmit, self.hosts[host].detect].into_iter().flatten().min();
        if let Some(due) = due {
            self.call(host, due.max(self.now));
        }
    }

    fn wake(&mut self, host: usize) {
        self.hosts[host].wake = None;
        let now = self.now;
        for (arrived, packet) in std::mem::take(&mut self.hosts[host].inbox) {
            let at = if self.hosts[host].stamps { arrived } else { now };
            let packet = Packet::parse(&packet.to_bytes()).unwrap();
            let event = Event::Packet(Received { packet, hop_limit: 255, at });
            let actions = self.hosts[host].session.step(event, now);
            self.act(host, actions);
        }
        if self.hosts[host].detect.is_some_and(|at| at <= now) {
            self.hosts[host].detect = None;
            let actions = self.hosts[host].session.step(Event::DetectTimer { drained: now }, now);
            self.act(host, actions);
        }
        if self.hosts[host].transmit.is_some_and(|at| at <= now) {
            self.hosts[host].transmit = None;
            let actions = self.hosts[host].session.step(Event::TransmitTimer, now);
            self.act(host, actions);
        }
        self.sleep(host);
    }

    fn act(&mut self, host: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(packet) => {
                    self.hosts[host].sent.push((self.now, packet));
                    self.carry(host, packet);
                }
                Action::SetTimer(Timer::Transmit, at) => self.hosts[host].transmit = Some(at),
                Action::SetTimer(Timer::Detect, at) => self.hosts[host].detect = Some(at),
                Action::StateChanged(change) => self.hosts[host].changes.push((self.now, change)),
                Action::Discarded(discard) => self.hosts[host].discarded.push(discard),
            }
        }
    }

    fn carry(&mut self, from: usize, packet: Packet) {
        let path = self.hosts[from].path;
        let unlucky = self.chance.below(100) < path.loss && self.hosts[from].lost_in_row < path.run;
        if path.is_cut || unlucky {
            self.hosts[from].lost_in_row += 1;
            return;
        }
        self.hosts[from].lost_in_row = 0;
        let delay = path.delay + self.chance.below(path.spread + 1);
        let at = self.now.after(Duration::from_micros(delay));
        self.packets.push(packet);
        let packet = self.packets.len() - 1;
        self.queue.push(Reverse((at, Happening::Arrival { to: 1 - from, packet })));
    }
}
