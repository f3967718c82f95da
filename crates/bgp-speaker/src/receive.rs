//! Bytes in: messages taken off a connection, and what each means.

use crate::connection::complete;
use crate::{Notice, Peer, Speaker};
use bgp_fsm::{Conn, Event, Time};
use bgp_rib::Taken;
use bgp_wire::{Fault, Frame, Kind, Message, Update, frame};

impl Speaker {
    /// Bytes came on a connection. All of them are taken; what is not a whole message is kept for the next call.
    pub fn received(&mut self, conn: Conn, bytes: &[u8], now: Time) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let peer = connection.peer;
        let extended = connection.extended;
        let mut partial = std::mem::take(&mut connection.partial);
        if let Some(entry) = self.entry_mut(peer) {
            entry.counters.bytes_in += bytes.len() as u64;
        }
        let mut rest = bytes;
        if !partial.is_empty() {
            let is_complete = complete(&mut partial, &mut rest, extended);
            if is_complete {
                self.messages(peer, conn, &partial, now);
                partial.clear();
            }
        }
        let taken = self.messages(peer, conn, rest, now);
        partial.extend_from_slice(rest.get(taken..).unwrap_or_default());
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.partial = partial;
        }
    }

    /// Takes whole messages off the bytes until there is none or the connection has ended; how many bytes that were.
    fn messages(&mut self, peer: Peer, conn: Conn, bytes: &[u8], now: Time) -> usize {
        let mut taken = 0;
        while let Some(connection) = self.connections.get(&conn) {
            match frame(bytes.get(taken..).unwrap_or_default(), connection.extended) {
                Ok(None) => return taken,
                Ok(Some(frame)) => {
                    let length = frame.length();
                    let whole = bytes.get(taken..taken + length).unwrap_or_default();
                    taken += length;
                    self.message(peer, conn, frame, whole, now);
                }
                Err(fault) => {
                    self.step(peer, Event::Fault { conn, fault }, now);
                    return bytes.len();
                }
            }
        }
        bytes.len()
    }

    fn message(&mut self, peer: Peer, conn: Conn, frame: Frame<'_>, whole: &[u8], now: Time) {
        let Some(entry) = self.entry_mut(peer) else { return };
        let is_established = entry.established == Some(conn);
        if frame.kind == Kind::Update && is_established {
            return match Update::split(frame.body) {
                Ok(update) => self.update(peer, conn, &update, whole, now),
                Err(fault) => self.step(peer, Event::Fault { conn, fault }, now),
            };
        }
        entry.counters.others_in += 1;
        if frame.kind == Kind::Keepalive && is_established && entry.state.heard(conn, now) {
            return;
        }
        let event = match Message::read(frame) {
            Ok(Message::Open(open)) => Event::Open { conn, open: Box::new(open) },
            Ok(Message::Update(_)) => Event::Update { conn },
            Ok(Message::Notification(notification)) => Event::Notification { conn, notification },
            Ok(Message::Keepalive) => Event::Keepalive { conn },
            Ok(Message::RouteRefresh(refresh)) => Event::RouteRefresh { conn, refresh },
            Err(fault) => Event::Fault { conn, fault },
        };
        self.step(peer, event, now);
    }

    /// An UPDATE of an established session.
    fn update(&mut self, peer: Peer, conn: Conn, update: &Update<'_>, whole: &[u8], now: Time) {
        let Some(entry) = self.entry_mut(peer) else { return };
        let is_heard = entry.state.heard(conn, now);
        debug_assert!(is_heard, "established on this connection");
        let routes = entry.routes;
        let result = self.tables.update(routes, update);
        if self.monitored {
            self.notice(Notice::Heard { peer, message: whole.to_vec() });
        }
        match result {
            Ok(taken) => self.taken(peer, conn, taken, now),
            Err(fault) => self.fault(peer, conn, fault, now),
        }
    }

    fn taken(&mut self, peer: Peer, conn: Conn, taken: Taken, now: Time) {
        let Some(entry) = self.entry_mut(peer) else { return };
        let counters = &mut entry.counters;
        counters.updates_in += 1;
        counters.announced += u64::from(taken.announced);
        counters.withdrawn += u64::from(taken.withdrawn);
        counters.malformed += u64::from(taken.faults);
        let Taken { end_of_rib, limit, warning, crowded, faults, fault, .. } = taken;
        if let Some(note) = fault {
            self.notice(Notice::Malformed { peer, note, faults });
        }
        if let Some(limit) = warning {
            self.notice(Notice::NearLimit { peer, limit });
        }
        if crowded {
            self.notice(Notice::Crowded { peer });
        }
        if let Some(family) = end_of_rib {
            self.step(peer, Event::EndOfRib { conn, family }, now);
        }
        if let Some(limit) = limit {
            self.notice(Notice::Limit { peer, limit });
            self.step(peer, Event::PrefixLimit { family: limit.family, limit: limit.limit }, now);
        }
    }

    fn fault(&mut self, peer: Peer, conn: Conn, fault: Fault, now: Time) {
        self.step(peer, Event::Fault { conn, fault }, now);
    }
}
