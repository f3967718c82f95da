//! A network of speakers on one clock that only the test moves: connections with delay, and cables to cut.
//!
//! Nothing here is random and nothing waits: the same calls give the same run.

#![allow(dead_code, reason = "each test uses some of it")]

use bgp_speaker::{Conn, Effect, Notice, Peer, Speaker, Time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

/// A speaker of the network.
pub(crate) type Node = usize;

/// A session as its two ends name it.
pub(crate) type End = (Node, Peer);

/// How many things may happen in one [`Net::run`] before it is taken for endless.
const MOST_STEPS: usize = 5_000_000;

/// How many bytes of routes a connection takes at a time.
const SHARE: usize = 2048;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Arrival {
    /// A call for this end, made under this name at the other.
    Call(End, Node, Conn),
    /// The answer to a call.
    Made(Node, Conn),
    Refused(Node, Conn),
    Bytes(Node, Conn, Vec<u8>),
    Closed(Node, Conn),
}

/// Speakers and the cables between them.
pub(crate) struct Net {
    pub(crate) now: Time,
    pub(crate) nodes: Vec<Speaker>,
    /// What each session's other end is.
    pub(crate) cables: BTreeMap<End, End>,
    /// Cables over which nothing gets through. What is connected stays so until a timer notices.
    pub(crate) cut: BTreeSet<End>,
    /// How long everything takes.
    pub(crate) delay: Duration,
    /// What the speakers told of.
    pub(crate) notices: Vec<(Time, Node, Notice)>,
    /// The other end of each connection.
    far: BTreeMap<(Node, Conn), (Node, Conn)>,
    whose: BTreeMap<(Node, Conn), Peer>,
    arrivals: BinaryHeap<Reverse<(Time, u64, Arrival)>>,
    sequence: u64,
}

impl Net {
    pub(crate) fn new(nodes: Vec<Speaker>) -> Self {
        Self {
            now: Time(0),
            nodes,
            cables: BTreeMap::new(),
            cut: BTreeSet::new(),
            delay: Duration::from_millis(1),
            notices: Vec::new(),
            far: BTreeMap::new(),
            whose: BTreeMap::new(),
            arrivals: BinaryHeap::new(),
            sequence: 0,
        }
    }

    /// Joins two ends, which have been added to their speakers.
    pub(crate) fn join(&mut self, a: End, b: End) {
        self.cables.insert(a, b);
        self.cables.insert(b, a);
    }

    /// Cuts a cable silently, or mends it.
    pub(crate) fn cut(&mut self, end: End, is_cut: bool) {
        for end in [end, self.cables[&end]] {
            if is_cut {
                self.cut.insert(end)
            } else {
                self.cut.remove(&end)
            };
        }
    }

    /// Resets the connections of a session, as a firewall would.
    pub(crate) fn reset(&mut self, end: End) {
        let other = self.cables[&end];
        let is_of = |(&(node, _), &peer): (&(Node, Conn), &Peer)| (node, peer) == end || (node, peer) == other;
        let lost: Vec<(Node, Conn)> = self.whose.iter().filter(|&entry| is_of(entry)).map(|(&key, _)| key).collect();
        for (node, conn) in lost {
            self.forget(node, conn);
            self.nodes[node].closed(conn, self.now);
        }
    }

    /// Lets time pass; everything that happens in it happens.
    pub(crate) fn run(&mut self, span: Duration) {
        let until = self.now + span;
        for _ in 0..MOST_STEPS {
            self.pump();
            let timers = self.nodes.iter().filter_map(Speaker::deadline);
            let arrival = self.arrivals.peek().map(|Reverse((at, ..))| *at);
            let Some(next) = timers.chain(arrival).min().filter(|next| *next <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(next);
            while self.arrivals.peek().is_some_and(|Reverse((at, ..))| *at <= self.now) {
                if let Some(Reverse((_, _, arrival))) = self.arrivals.pop() {
                    self.arrive(arrival);
                    self.pump();
                }
            }
            for node in &mut self.nodes {
                node.tick(self.now);
            }
        }
        panic!("the network does not come to rest");
    }

    /// Does what the speakers ask for until they ask for nothing.
    fn pump(&mut self) {
        loop {
            let mut is_quiet = true;
            for node in 0..self.nodes.len() {
                let (mut ready, mut effects) = (Vec::new(), Vec::new());
                self.nodes[node].drain_effects(&mut effects);
                self.nodes[node].drain_ready(&mut ready);
                is_quiet &= ready.is_empty() && effects.is_empty();
                for conn in ready {
                    self.send(node, conn);
                }
                for effect in effects {
                    self.act(node, effect);
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    fn send(&mut self, node: Node, conn: Conn) {
        loop {
            let mut out = Vec::new();
            let more = self.nodes[node].fill(conn, &mut out, SHARE, self.now);
            self.carry(node, conn, out);
            if !more {
                return;
            }
        }
    }

    fn carry(&mut self, node: Node, conn: Conn, bytes: Vec<u8>) {
        let is_cut = self.is_cut(node, conn);
        if let Some(&(far, name)) = self.far.get(&(node, conn)).filter(|_| !is_cut && !bytes.is_empty()) {
            self.later(Arrival::Bytes(far, name, bytes));
        }
    }

    fn is_cut(&self, node: Node, conn: Conn) -> bool {
        self.whose.get(&(node, conn)).is_some_and(|&peer| self.cut.contains(&(node, peer)))
    }

    fn act(&mut self, node: Node, effect: Effect) {
        match effect {
            Effect::Connect { peer, conn } => {
                self.whose.insert((node, conn), peer);
                match self.cables.get(&(node, peer)).copied().filter(|_| !self.cut.contains(&(node, peer))) {
                    Some(end) => self.later(Arrival::Call(end, node, conn)),
                    None => self.later(Arrival::Refused(node, conn)),
                }
            }
            Effect::Close { conn, last } => {
                self.carry(node, conn, last);
                let is_cut = self.is_cut(node, conn);
                if let Some((far, name)) = self.forget(node, conn).filter(|_| !is_cut) {
                    self.later(Arrival::Closed(far, name));
                }
            }
            Effect::Notice(notice) => self.notices.push((self.now, node, notice)),
        }
    }

    /// Drops a connection at this end; what it was called at the other.
    fn forget(&mut self, node: Node, conn: Conn) -> Option<(Node, Conn)> {
        self.whose.remove(&(node, conn));
        self.far.remove(&(node, conn))
    }

    fn later(&mut self, arrival: Arrival) {
        self.sequence += 1;
        self.arrivals.push(Reverse((self.now + self.delay, self.sequence, arrival)));
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Call((node, peer), caller, conn) => {
                // Given up meanwhile.
                if !self.whose.contains_key(&(caller, conn)) {
                    return;
                }
                match self.nodes[node].accepted(peer, self.now) {
                    Some(name) => {
                        self.whose.insert((node, name), peer);
                        self.far.insert((node, name), (caller, conn));
                        self.far.insert((caller, conn), (node, name));
                        self.later(Arrival::Made(caller, conn));
                    }
                    None => self.later(Arrival::Refused(caller, conn)),
                }
            }
            Arrival::Made(node, conn) => self.nodes[node].connected(conn, self.now),
            Arrival::Refused(node, conn) => {
                if self.whose.remove(&(node, conn)).is_some() {
                    self.nodes[node].failed(conn, self.now);
                }
            }
            Arrival::Bytes(node, conn, bytes) => self.nodes[node].received(conn, &bytes, self.now),
            Arrival::Closed(node, conn) => {
                self.forget(node, conn);
                self.nodes[node].closed(conn, self.now);
            }
        }
    }
}
