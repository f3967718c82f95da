//! Graceful restart (RFC 4724, RFC 8538): the peer's, over which we keep its routes, and our own.
//!
//! ```text
//!  session lost ──► Down { keep }          routes of `keep` become stale
//!       │   └─ restart time over ──────► SweepStale
//!       ▼
//!  session up ──► F bit clear, or no capability ──► SweepStale at once
//!       │   └─ stale time over ────────► SweepStale
//!       ▼
//!  End-of-RIB ──► SweepStale
//! ```
//!
//! After a restart of our own, [`Action::Select`] says when a peer no longer holds up the selection of routes: its
//! End-of-RIB came, it sends none, or the time is over.

use crate::turn::Turn;
use crate::{Action, Established, Time, Up};
use bgp_wire::{Families, Open};
use model::Family;
use std::time::Duration;

/// Stale routes of the peer in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stale {
    pub(crate) families: Families,
    pub(crate) until: Time,
}

/// Whether the peer's routes are waited for after a restart of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deferral {
    /// The session was never started.
    Unset,
    /// They are, in these families, until then at most (Selection_Deferral_Timer).
    Waiting { families: Families, until: Time },
    /// They are not (any more).
    Over,
}

impl Deferral {
    pub(crate) fn until(self) -> Option<Time> {
        match self {
            Self::Waiting { until, .. } => Some(until),
            Self::Unset | Self::Over => None,
        }
    }
}

/// What becomes of routes when a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The connection was lost: RFC 4724 keeps them.
    Lost,
    /// A NOTIFICATION passed, or a timer ran out: RFC 8538 keeps them.
    Told,
    /// They go, whatever was agreed on.
    Hard,
}

impl Established {
    /// The families whose routes are kept over the end of the session, and for how many seconds.
    fn kept(&self, ending: Ending) -> Option<(Families, u16)> {
        self.terms.ours.graceful_restart()?;
        let theirs = self.terms.theirs.graceful_restart()?;
        let agreed = match ending {
            Ending::Lost => true,
            Ending::Told => self.notification_restart(),
            Ending::Hard => false,
        };
        let families: Families = theirs.families.iter().filter_map(|entry| entry.family.family()).collect();
        let families = families.and(self.terms.session.families);
        let seconds = theirs.time.seconds();
        (agreed && !families.is_empty() && seconds > 0).then_some((families, seconds))
    }

    /// Both sides set the N bit (RFC 8538, section 2).
    pub(crate) fn notification_restart(&self) -> bool {
        let set = |open: &Open| open.graceful_restart().is_some_and(|restart| restart.notification);
        set(&self.terms.ours) && set(&self.terms.theirs)
    }

    /// The peer named families that it keeps over a restart (RFC 4724, section 5).
    pub(crate) fn peer_may_restart(&self) -> bool {
        self.kept(Ending::Lost).is_some()
    }
}

impl Turn<'_> {
    /// The session ended: what is kept becomes stale. What was stale already goes, since it has outlived one
    /// restart (RFC 4724, section 4.2).
    pub(crate) fn keep(&mut self, session: &Established, ending: Ending) -> Families {
        self.sweep_all();
        let Some(((families, seconds), graceful)) = session.kept(ending).zip(self.config.graceful_restart) else {
            return Families::NONE;
        };
        let span = Duration::from_secs(seconds.into()).min(graceful.stale_time);
        self.memory.stale = Some(Stale { families, until: self.now + span });
        families
    }

    /// The session is up again: stale routes wait for the End-of-RIB where the peer kept its forwarding, and go where
    /// it did not. Gives the families that wait.
    pub(crate) fn resume(&mut self, theirs: &Open, agreed: Families) -> Families {
        let Some(stale) = self.memory.stale else { return Families::NONE };
        let forwarding: Families = theirs
            .graceful_restart()
            .into_iter()
            .flat_map(|restart| &restart.families)
            .filter(|entry| entry.forwarding)
            .filter_map(|entry| entry.family.family())
            .collect();
        let waiting = stale.families.and(forwarding).and(agreed);
        self.sweep(stale.families.without(waiting));
        if let (Some(stale), Some(graceful)) = (&mut self.memory.stale, self.config.graceful_restart) {
            stale.until = self.now + graceful.stale_time;
        }
        waiting
    }

    /// Removes stale routes of some families, as far as there are any.
    pub(crate) fn sweep(&mut self, families: Families) {
        let Some(stale) = self.memory.stale else { return };
        let gone = stale.families.and(families);
        if !gone.is_empty() {
            self.swept(gone);
        }
    }

    /// Removes what is stale of some families, for whatever reason it is.
    pub(crate) fn swept(&mut self, families: Families) {
        self.memory.stale = self.memory.stale.and_then(|stale| {
            let left = stale.families.without(families);
            (!left.is_empty()).then_some(Stale { families: left, ..stale })
        });
        self.act(Action::SweepStale { families });
    }

    pub(crate) fn sweep_all(&mut self) {
        self.sweep(Families::BOTH);
    }

    /// Begins to wait for the peer's routes, if we have restarted and this is the first start.
    pub(crate) fn defer_selection(&mut self) {
        if self.memory.deferral == Deferral::Unset {
            let time = self.config.graceful_restart.and_then(|graceful| graceful.restarting);
            self.memory.deferral = match time {
                Some(time) => Deferral::Waiting { families: self.config.families, until: self.now + time },
                None => Deferral::Over,
            };
        }
    }

    /// Of a peer that sends no End-of-RIB, or has itself restarted, nothing is waited for (RFC 4724, section 4.1),
    /// nor in families that were not agreed on.
    pub(crate) fn defer_for(&mut self, theirs: &Open, agreed: Families) {
        match theirs.graceful_restart() {
            Some(restart) if !restart.restarted => self.select(Families::BOTH.without(agreed)),
            _ => self.select(Families::BOTH),
        }
    }

    /// These families need not be waited for any more.
    pub(crate) fn select(&mut self, families: Families) {
        let Deferral::Waiting { families: waiting, until } = self.memory.deferral else { return };
        let (ready, left) = (waiting.and(families), waiting.without(families));
        let over = left.is_empty();
        self.memory.deferral = if over { Deferral::Over } else { Deferral::Waiting { families: left, until } };
        if !ready.is_empty() {
            self.act(Action::Select { families: ready });
        }
    }

    /// An End-of-RIB.
    pub(crate) fn end_of_rib(&mut self, family: Family) {
        let families = Families::from_iter([family]);
        self.sweep(families);
        self.select(families);
    }

    /// Timers that run in every state.
    pub(crate) fn restart_timers(&mut self) {
        if self.memory.stale.is_some_and(|stale| stale.until <= self.now) {
            self.sweep_all();
        }
        if self.memory.deferral.until().is_some_and(|until| until <= self.now) {
            self.select(Families::BOTH);
        }
    }
}

/// What is told of a session that came up.
pub(crate) fn up(session: &Established, stale: Families) -> Action {
    let restarts = session.terms.theirs.graceful_restart().is_some();
    Action::Up(Up {
        conn: session.conn,
        session: session.terms.session,
        end_of_rib: if restarts { session.terms.session.families } else { Families::NONE },
        stale,
        enhanced_refresh: session.terms.enhanced_refresh,
    })
}
