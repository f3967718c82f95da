//! Which peers are watched: sessions and sockets that open, wait, go and begin anew.

use super::super::place::{Place, PlaceKey};
use super::super::slot::{Slot, Waiting, farewell};
use super::super::{Command, Watch, WatchId};
use super::{Engine, link, timer, token};
use bfd::{Config, DemuxError, Event, Session, Time, Timer};
use mio::Interest;
use mio::unix::SourceFd;
use socket::udp::Outbox;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::AsRawFd;

impl Engine {
    /// Does what can be done without the thread: all but to show and to stop.
    pub(in crate::bfd) fn command(&mut self, command: Command, now: Time) {
        match command {
            Command::Add(watch) => match self.watched(watch.id) {
                Some(old) if (Watch { config: watch.config, ..old.clone() }) == watch => {
                    self.change(watch.id, watch.config, now);
                }
                Some(_) | None => {
                    self.forget(watch.id);
                    self.add(watch, now, now, false);
                }
            },
            Command::Remove(id) => self.remove(id, now),
            Command::Change(id, config) => self.change(id, config, now),
            Command::Disable(id, is_disabled) => {
                if let Some(waiting) = self.waiting.get_mut(&id) {
                    waiting.is_disabled = is_disabled;
                }
                if let Some(&index) = self.by_id.get(&id) {
                    self.step(index, if is_disabled { Event::AdminDown } else { Event::AdminUp }, now);
                }
            }
            Command::Show(_) | Command::Stop => {}
        }
    }

    /// What was asked for under an id.
    fn watched(&self, id: WatchId) -> Option<&Watch> {
        let open = || self.slots.get(*self.by_id.get(&id)? as usize)?.as_ref().map(|slot| &slot.watch);
        self.waiting.get(&id).map(|waiting| &waiting.watch).or_else(open)
    }

    fn change(&mut self, id: WatchId, config: Config, now: Time) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.watch.config = config;
        }
        if let Some(&index) = self.by_id.get(&id) {
            if let Some(slot) = self.slot(index) {
                slot.watch.config = config;
            }
            self.step(index, Event::ConfigChanged(config), now);
        }
    }

    /// Opens a session, or lets the watch wait for what it lacks.
    fn add(&mut self, watch: Watch, since: Time, now: Time, is_disabled: bool) {
        match self.open(&watch, now) {
            Ok(index) => {
                if is_disabled {
                    self.step(index, Event::AdminDown, now);
                }
            }
            Err(fault) => {
                if self.waiting.get(&watch.id).is_none_or(|waiting| waiting.fault != fault) {
                    tracing::warn!(peer = %watch.peer, fault, "bfd session waits");
                }
                self.waiting.insert(watch.id, Waiting { watch, fault, since, is_disabled });
            }
        }
    }

    fn open(&mut self, watch: &Watch, now: Time) -> Result<u32, String> {
        if watch.local.is_some_and(|local| local.is_ipv4() != watch.peer.is_ipv4()) {
            return Err("the peer's address and ours are of different families".to_owned());
        }
        let place = self.place(watch, now)?;
        let opened = self.open_at(watch, place, now);
        if opened.is_err() {
            self.close_if_empty(place);
        }
        opened
    }

    fn open_at(&mut self, watch: &Watch, place: usize, now: Time) -> Result<u32, String> {
        let interface = self.interface(watch, place)?;
        let to = match watch.peer {
            IpAddr::V6(peer) if peer.is_unicast_link_local() => {
                if interface == 0 {
                    return Err(format!("link-local peer {peer} needs a device"));
                }
                SocketAddrV6::new(peer, self.options.port, 0, interface).into()
            }
            peer => SocketAddr::new(peer, self.options.port),
        };
        let link = link(place, interface, watch.peer);
        let random = RandomState::new().build_hasher().finish();
        let index = self.free.last().copied().unwrap_or(self.slots.len() as u32);
        let bound = self.demux.bind(link, random as u32, index).or_else(|taken| {
            // The session that was removed a moment ago has had its say.
            self.drop_leaving(place, interface, watch.peer).then_some(()).ok_or(taken)?;
            self.demux.bind(link, random as u32, index)
        });
        let local = bound.map_err(|error: DemuxError| error.to_string())?;
        // Dropping a session may have freed an index, never taken this one.
        match self.free.iter().rposition(|free| *free == index) {
            Some(at) => drop(self.free.swap_remove(at)),
            None => self.slots.push(None),
        }
        let (session, actions) = Session::open(watch.config, local, random.rotate_left(32), now);
        let slot = Slot::new(watch.clone(), session, place, interface, to, now);
        if let Some(empty) = self.slots.get_mut(index as usize) {
            *empty = Some(slot);
        }
        if let Some(Some(place)) = self.places.get_mut(place) {
            place.sessions += 1;
        }
        self.by_id.insert(watch.id, index);
        self.waiting.remove(&watch.id);
        self.act(index, actions, now);
        Ok(index)
    }

    /// The index of the watch's device, 0 if any will do.
    fn interface(&self, watch: &Watch, place: usize) -> Result<u32, String> {
        let Some(device) = &watch.device else { return Ok(0) };
        let namespace = self.places.get(place).and_then(Option::as_ref).and_then(|place| place.namespace.as_ref());
        socket::udp::interface_index(device, namespace).map_err(|error| format!("device {device}: {error}"))
    }

    /// The watch's place, opened if need be.
    fn place(&mut self, watch: &Watch, now: Time) -> Result<usize, String> {
        let key = PlaceKey { namespace: watch.namespace.clone(), is_v4: watch.peer.is_ipv4() };
        if let Some(index) = self.places.iter().position(|place| place.as_ref().is_some_and(|place| place.key == key)) {
            return Ok(index);
        }
        let first = 49152 + (RandomState::new().build_hasher().finish() % 16384) as u16;
        let place = Place::open(key, self.options.listen, self.options.port, first, now).map_err(|e| e.to_string())?;
        let index = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        let receiver = place.receiver.as_raw_fd();
        self.registry
            .register(&mut SourceFd(&receiver), token(index), Interest::READABLE)
            .map_err(|error| format!("epoll: {error}"))?;
        if index == self.places.len() {
            self.places.push(None);
        }
        if let Some(empty) = self.places.get_mut(index) {
            *empty = Some(place);
        }
        Ok(index)
    }

    /// Stops watching: the peer hears of it for a while.
    fn remove(&mut self, id: WatchId, now: Time) {
        self.waiting.remove(&id);
        let Some(index) = self.by_id.remove(&id) else { return };
        let Some(slot) = self.slot(index) else { return };
        slot.leaves = Some(now.after(farewell(&slot.session)));
        slot.untold = None;
        self.step(index, Event::AdminDown, now);
    }

    /// Stops watching without a word.
    fn forget(&mut self, id: WatchId) {
        self.waiting.remove(&id);
        if let Some(index) = self.by_id.remove(&id) {
            self.discard(index);
        }
    }

    fn discard(&mut self, index: u32) {
        let Some(slot) = self.slots.get_mut(index as usize).and_then(Option::take) else { return };
        self.demux.unbind(slot.session.local_discriminator());
        for kind in [Timer::Transmit, Timer::Detect] {
            self.wheel.clear(timer(index, kind));
        }
        self.free.push(index);
        if let Some(Some(place)) = self.places.get_mut(slot.place) {
            place.sessions -= 1;
        }
        self.close_if_empty(slot.place);
    }

    fn close_if_empty(&mut self, index: usize) {
        // What is to be sent yet keeps the place until the next chores.
        let is_over = |place: &mut Place| place.sessions == 0 && place.outbox.is_empty();
        if let Some(place) = self.places.get_mut(index).and_then(|place| place.take_if(is_over)) {
            // Closing the socket would do as well; this keeps what is told about it apart from a successor.
            let _ = self.registry.deregister(&mut SourceFd(&place.receiver.as_raw_fd()));
        }
    }

    fn drop_leaving(&mut self, place: usize, interface: u32, peer: IpAddr) -> bool {
        let leaving = |slot: &Slot| {
            slot.leaves.is_some() && (slot.place, slot.interface, slot.watch.peer) == (place, interface, peer)
        };
        let found = self.slots.iter().position(|slot| slot.as_ref().is_some_and(leaving));
        // The place must not close: a session is about to move in.
        if let Some(Some(place)) = self.places.get_mut(place) {
            place.sessions += 1;
        }
        if let Some(index) = found {
            self.discard(index as u32);
        }
        if let Some(Some(place)) = self.places.get_mut(place) {
            place.sessions -= 1;
        }
        found.is_some()
    }

    /// What is done every second: sessions that left are dropped, sockets whose packets do not go out are looked at,
    /// and watches that wait are to be tried again.
    pub(in crate::bfd) fn chores(&mut self, now: Time) {
        for index in 0..self.slots.len() as u32 {
            if self.slot(index).is_some_and(|slot| slot.leaves.is_some_and(|leaves| leaves <= now)) {
                self.discard(index);
            }
        }
        for index in 0..self.places.len() {
            self.close_if_empty(index);
            let Some(Some(place)) = self.places.get_mut(index) else { continue };
            if std::mem::take(&mut place.failed) {
                self.look_after(index, now);
            }
        }
        self.retries = self.waiting.keys().copied().collect();
    }

    /// Tries up to `count` of the watches that wait, each once after the chores. Gives whether there are more.
    pub(in crate::bfd) fn retry(&mut self, count: usize, now: Time) -> bool {
        for _ in 0..count {
            let Some(id) = self.retries.pop() else { return false };
            let Some(waiting) = self.waiting.get(&id) else { continue };
            let (watch, since, is_disabled) = (waiting.watch.clone(), waiting.since, waiting.is_disabled);
            self.add(watch, since, now, is_disabled);
        }
        !self.retries.is_empty()
    }

    /// Sessions whose namespace or device was made anew under the same name begin anew.
    fn look_after(&mut self, place: usize, now: Time) {
        let is_stale = self.places.get(place).and_then(Option::as_ref).is_some_and(Place::is_stale);
        for index in 0..self.slots.len() as u32 {
            let Some(Some(slot)) = self.slots.get(index as usize) else { continue };
            let (watch, interface, is_leaving) = (slot.watch.clone(), slot.interface, slot.leaves.is_some());
            let is_disabled = slot.session.state() == bfd::State::AdminDown;
            if slot.place != place || (!is_stale && self.interface(&watch, place) == Ok(interface)) {
                continue;
            }
            if !is_leaving {
                self.step(index, Event::PathDown, now);
                // The worker must hear of it before the session is gone.
                self.tell(index);
                self.by_id.remove(&watch.id);
                let fault = "its device or namespace is not what it was".to_owned();
                self.waiting.insert(watch.id, Waiting { watch, fault, since: now, is_disabled });
            }
            if let Some(Some(place)) = self.places.get_mut(place)
                && is_stale
            {
                place.outbox = Outbox::new();
            }
            self.discard(index);
        }
    }
}
