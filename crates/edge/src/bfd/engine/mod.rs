//! All sessions, their sockets and timers: what events do to them.

mod watching;

use super::notice::Listener;
use super::place::Place;
use super::slot::{Slot, Waiting};
use super::wheel::Wheel;
use super::{Counters, Options, Shown, WatchId};
use bfd::{Action, Demux, Event, Link, Packet, Received, State, Time, Timer};
use mio::{Registry, Token};
use socket::udp::Datagram;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// All sessions of the process.
pub(super) struct Engine {
    options: Options,
    registry: Registry,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_id: BTreeMap<WatchId, u32>,
    waiting: BTreeMap<WatchId, Waiting>,
    /// Those of them to try again.
    retries: Vec<WatchId>,
    demux: Demux<u32>,
    pub(super) places: Vec<Option<Place>>,
    pub(super) wheel: Wheel,
    listeners: Vec<Listener>,
    /// Sessions with a notice that was not taken yet.
    untold: Vec<u32>,
    /// Places with something to send.
    sending: Vec<usize>,
    pub(super) counters: Counters,
    bytes: Vec<u8>,
}

impl Engine {
    pub(super) fn new(options: Options, registry: Registry, listeners: Vec<Listener>) -> Self {
        Self {
            options,
            registry,
            slots: Vec::new(),
            free: Vec::new(),
            by_id: BTreeMap::new(),
            waiting: BTreeMap::new(),
            retries: Vec::new(),
            demux: Demux::new(),
            places: Vec::new(),
            wheel: Wheel::new(),
            listeners,
            untold: Vec::new(),
            sending: Vec::new(),
            counters: Counters::default(),
            bytes: Vec::with_capacity(Packet::MAX_LEN),
        }
    }

    /// A datagram arrived at `at`.
    pub(super) fn deliver(&mut self, place: usize, datagram: &Datagram<'_>, at: Time, now: Time) {
        self.counters.received += 1;
        let Ok(packet) = Packet::parse(datagram.payload) else {
            self.counters.malformed += 1;
            return;
        };
        let peer = datagram.from.ip();
        let found = self.demux.find(&packet, link(place, datagram.interface, peer));
        // A session without a device takes packets over any.
        let Ok(index) = found.or_else(|_| self.demux.find(&packet, link(place, 0, peer))) else {
            self.counters.unknown += 1;
            return;
        };
        let Some(slot) = self.slot(index) else { return };
        if slot.watch.local.is_some_and(|local| datagram.to != Some(local)) {
            slot.discarded += 1;
            self.counters.discarded += 1;
            return;
        }
        slot.received += 1;
        let before = slot.session.last_heard().filter(|_| slot.session.remote_state() == State::Up);
        let hop_limit = datagram.hop_limit.unwrap_or(0);
        self.step(index, Event::Packet(Received { packet, hop_limit, at }), now);
        if let (Some(before), Some(slot)) = (before, self.slot(index))
            && let Some(heard) = slot.session.last_heard()
        {
            slot.longest_silence = slot.longest_silence.max(heard.since(before));
        }
    }

    /// Notes that a place's socket may hold something. Gives whether that is news.
    pub(super) fn mark_unread(&mut self, place: usize) -> bool {
        let place = self.places.get_mut(place).and_then(Option::as_mut);
        place.is_some_and(|place| !std::mem::replace(&mut place.is_unread, true))
    }

    /// The place of a session that is about to be given up, whose socket should be read once more.
    pub(super) fn suspects(&mut self, timer: u32, now: Time) -> Option<usize> {
        let (index, kind) = whose(timer);
        let slot = self.slot(index)?;
        (kind == Timer::Detect && slot.is_silent(now)).then_some(slot.place)
    }

    /// A timer fired.
    pub(super) fn fire(&mut self, timer: u32, now: Time) {
        let (index, kind) = whose(timer);
        let Some(place) = self.slot(index).map(|slot| slot.place) else { return };
        let event = match kind {
            Timer::Transmit => Event::TransmitTimer,
            Timer::Detect => {
                let drained = self.places.get(place).and_then(Option::as_ref).map_or(now, |place| place.drained);
                Event::DetectTimer { drained }
            }
        };
        self.step(index, event, now);
    }

    fn step(&mut self, index: u32, event: Event, now: Time) {
        let Some(slot) = self.slot(index) else { return };
        let actions = slot.session.step(event, now);
        if !actions.is_empty() {
            self.act(index, actions, now);
        }
    }

    fn act(&mut self, index: u32, actions: Vec<Action>, now: Time) {
        for action in actions {
            let Some(Some(slot)) = self.slots.get_mut(index as usize) else { return };
            match action {
                Action::StateChanged(change) => {
                    tracing::debug!(peer = %slot.watch.peer, from = %change.from, to = %change.to, "bfd session");
                    slot.change(&change, now);
                    self.untold.push(index);
                }
                Action::Send(packet) => {
                    let Some(Some(place)) = self.places.get_mut(slot.place) else { return };
                    self.bytes.clear();
                    packet.write(&mut self.bytes);
                    if place.outbox.is_empty() {
                        self.sending.push(slot.place);
                    }
                    if place.outbox.push(&self.bytes, slot.to, slot.watch.local, slot.interface).is_ok() {
                        slot.sent += 1;
                    }
                }
                Action::SetTimer(kind, at) => self.wheel.set(timer(index, kind), at),
                Action::Discarded(_) => {
                    slot.discarded += 1;
                    self.counters.discarded += 1;
                }
            }
        }
    }

    /// Sends what is to be sent and tells what is to be told.
    pub(super) fn flush(&mut self) {
        for index in self.sending.drain(..) {
            let Some(Some(place)) = self.places.get_mut(index) else { continue };
            let sent = place.sender.send(&mut place.outbox);
            self.counters.sent += sent.sent as u64;
            self.counters.send_failed += sent.failed as u64;
            place.failed |= sent.failed > 0;
        }
        for index in std::mem::take(&mut self.untold) {
            if !self.tell(index) {
                self.untold.push(index);
            }
        }
        self.listeners.iter_mut().for_each(Listener::wake);
    }

    /// Whether workers have yet to take notices.
    pub(super) fn has_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    /// Gives whether there is nothing left to tell of the session.
    fn tell(&mut self, index: u32) -> bool {
        let Some(Some(slot)) = self.slots.get_mut(index as usize) else { return true };
        let Some(notice) = slot.untold else { return true };
        let is_told = self.listeners.get_mut(slot.watch.worker).is_none_or(|listener| listener.tell(notice));
        if is_told {
            slot.untold = None;
        }
        is_told
    }

    /// Tells every peer that this end goes by intention.
    pub(super) fn stop(&mut self, now: Time) {
        for index in 0..self.slots.len() as u32 {
            self.step(index, Event::AdminDown, now);
        }
        self.untold.clear();
        self.flush();
    }

    pub(super) fn show(&self, now: Time) -> Vec<Shown> {
        let open = self.by_id.values().filter_map(|index| self.slots.get(*index as usize)?.as_ref());
        let mut shown: Vec<Shown> = open.map(|slot| slot.show(now)).collect();
        shown.extend(self.waiting.values().map(|waiting| waiting.show(now)));
        shown.sort_by_key(Shown::id);
        shown
    }

    fn slot(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.get_mut(index as usize)?.as_mut()
    }
}

/// What `poll` knows a place by.
pub(super) fn token(place: usize) -> Token {
    Token(place + 1)
}

/// Interfaces are numbered anew in each namespace, so a place goes with them.
fn link(place: usize, interface: u32, peer: IpAddr) -> Link {
    Link { interface: (place as u64) << 32 | u64::from(interface), peer }
}

fn timer(index: u32, kind: Timer) -> u32 {
    index * 2 + u32::from(kind == Timer::Detect)
}

fn whose(timer: u32) -> (u32, Timer) {
    (timer / 2, if timer.is_multiple_of(2) { Timer::Transmit } else { Timer::Detect })
}
