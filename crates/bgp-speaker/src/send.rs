//! Bytes out: what a session has to say first, then routes as its peer takes them.

use crate::{Peer, Speaker};
use bgp_fsm::{Conn, Out, Time};
use bgp_wire::{HEADER, KEEPALIVE};

impl Speaker {
    /// Appends the connections that have something to send since they were last asked for; each once.
    pub fn drain_ready(&mut self, ready: &mut Vec<Conn>) {
        ready.append(&mut self.ready);
        if self.deferring > 0 {
            return;
        }
        self.tables.drain_ready(&mut self.ready_routes);
        for routes in self.ready_routes.drain(..) {
            let peer = self.by_routes.get(&routes).and_then(|peer: &Peer| self.peers.get(peer.0 as usize));
            let Some(Some(entry)) = peer else { continue };
            let Some(conn) = entry.established else { continue };
            if let Some(connection) = self.connections.get_mut(&conn)
                && !connection.is_ready
            {
                connection.is_ready = true;
                ready.push(conn);
            }
        }
    }

    /// Writes what a connection has to send: messages of the session, then about `budget` bytes of routes.
    /// `true` when there is more.
    ///
    /// To be called when all that was written before has gone out, so that KEEPALIVEs wait for no more than
    /// one share.
    pub fn fill(&mut self, conn: Conn, out: &mut Vec<u8>, budget: usize, now: Time) -> bool {
        let Some(connection) = self.connections.get_mut(&conn) else { return false };
        connection.is_ready = false;
        let before = out.len();
        out.extend_from_slice(&std::mem::take(&mut connection.control));
        let Some(Some(entry)) = self.peers.get_mut(connection.peer.0 as usize) else { return false };
        let mut more = false;
        if entry.established == Some(conn) && self.deferring == 0 {
            let start = out.len();
            more = self.tables.export(entry.routes, out, budget);
            if out.len() > start {
                entry.state.sent(conn, now);
                entry.counters.updates_out += messages(out.get(start..).unwrap_or_default());
            }
        }
        entry.counters.bytes_out += (out.len() - before) as u64;
        more
    }

    /// Puts a message of the session into the queue of a connection.
    pub(crate) fn say(&mut self, conn: Conn, message: &Out) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let control = &mut connection.control;
        match message {
            Out::Open(open) => {
                let written = open.write(control);
                debug_assert!(written.is_ok(), "our capabilities fit into an OPEN");
            }
            Out::Keepalive => control.extend_from_slice(&KEEPALIVE),
            Out::Notification(notification) => notification.write(bgp_wire::STANDARD_LIMIT, control),
            Out::RouteRefresh(refresh) => refresh.write(control),
        }
        self.make_ready(conn);
    }

    /// Puts a connection on the list of those with something to send.
    pub(crate) fn make_ready(&mut self, conn: Conn) {
        if let Some(connection) = self.connections.get_mut(&conn)
            && !connection.is_ready
        {
            connection.is_ready = true;
            self.ready.push(conn);
        }
    }
}

/// How many messages of our own these bytes are.
fn messages(mut bytes: &[u8]) -> u64 {
    let mut count = 0;
    while let Some(&[high, low]) = bytes.get(HEADER - 3..HEADER - 1) {
        let length = usize::from(u16::from_be_bytes([high, low])).max(HEADER);
        bytes = bytes.get(length..).unwrap_or_default();
        count += 1;
    }
    count
}
