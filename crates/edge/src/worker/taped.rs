//! A speaker whose inputs are written down, if there is a recorder.

use crate::record::{Event, Tape, to_hex};
use bgp_speaker::{Conn, Effect, Peer, Speaker, Time};

/// The speaker of a worker. Each input is recorded before it happens, so that the last line of a recording that ends in
/// a crash is its cause.
pub(super) struct Taped {
    speaker: Speaker,
    tape: Option<Tape>,
}

impl Taped {
    pub(super) fn new(speaker: Speaker, tape: Option<Tape>) -> Self {
        Self { speaker, tape }
    }

    fn note(&self, now: Time, event: impl FnOnce() -> Event) {
        if let Some(tape) = &self.tape {
            tape.note(now, event());
        }
    }

    /// Sees to it that what was recorded is in the file; to be called when there is time.
    pub(super) fn flush(&self) {
        if let Some(tape) = &self.tape {
            tape.flush();
        }
    }

    /// The speaker itself, for a question or a command; commands are recorded by who makes them.
    pub(super) fn speaker(&mut self) -> &mut Speaker {
        &mut self.speaker
    }

    pub(super) fn accepted(&mut self, peer: Peer, now: Time) -> Option<Conn> {
        self.note(now, || Event::Accepted { peer: peer.0 });
        self.speaker.accepted(peer, now)
    }

    pub(super) fn connected(&mut self, conn: Conn, now: Time) {
        self.note(now, || Event::Connected { conn: conn.0 });
        self.speaker.connected(conn, now);
    }

    pub(super) fn failed(&mut self, conn: Conn, now: Time) {
        self.note(now, || Event::Failed { conn: conn.0 });
        self.speaker.failed(conn, now);
    }

    pub(super) fn closed(&mut self, conn: Conn, now: Time) {
        self.note(now, || Event::Closed { conn: conn.0 });
        self.speaker.closed(conn, now);
    }

    pub(super) fn received(&mut self, conn: Conn, bytes: &[u8], now: Time) {
        self.note(now, || Event::Received { conn: conn.0, bytes: to_hex(bytes) });
        self.speaker.received(conn, bytes, now);
    }

    pub(super) fn fill(&mut self, conn: Conn, out: &mut Vec<u8>, budget: usize, now: Time) -> bool {
        self.note(now, || Event::Fill { conn: conn.0, budget });
        self.speaker.fill(conn, out, budget, now)
    }

    pub(super) fn blocked(&mut self, conn: Conn, now: Time) {
        self.note(now, || Event::Blocked { conn: conn.0 });
        self.speaker.blocked(conn, now);
    }

    pub(super) fn progress(&mut self, conn: Conn, now: Time) {
        self.note(now, || Event::Progress { conn: conn.0 });
        self.speaker.progress(conn, now);
    }

    pub(super) fn tick(&mut self, now: Time) {
        // Most of them do nothing.
        if self.speaker.deadline().is_some_and(|deadline| deadline <= now) {
            self.note(now, || Event::Tick);
        }
        self.speaker.tick(now);
    }

    /// Whether packets follow anything otherwise than was told.
    pub(super) fn has_forwarding(&self) -> bool {
        self.speaker.has_forwarding()
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.speaker.deadline()
    }

    pub(super) fn drain_effects(&mut self, effects: &mut Vec<Effect>) {
        self.speaker.drain_effects(effects);
    }

    pub(super) fn drain_ready(&mut self, ready: &mut Vec<Conn>) {
        self.speaker.drain_ready(ready);
    }
}
