//! Two connections between the same two speakers (RFC 4271, section 6.8).
//!
//! Both sides may have connected at once. Each sends its OPEN on both connections; who hears the second OPEN while
//! the other connection is in OpenConfirm decides, and both decide the same way: the connection stays that was
//! opened by the speaker with the higher router id, or the higher AS where the ids are equal (RFC 6286, section 2.3).
//!
//! ```text
//!     A ──── X ───► B        router id of B is higher: Y stays
//!     A ◄─── Y ──── B        X ends with Cease/7
//! ```
//!
//! A connection whose OPEN has not come does not count: nobody knows whether the peer still holds it. When the session
//! comes up on the other one meanwhile, the question is left open until the OPEN comes.

use crate::connection::{Connection, Stage, confirm};
use crate::opening::Opening;
use crate::turn::Turn;
use crate::{Conn, Direction, Terms};
use bgp_wire::{Cause, Open};

impl Opening {
    /// An acceptable OPEN came on a connection that was taken out of its slot.
    pub(crate) fn agreed(&mut self, conn: Conn, direction: Direction, terms: Box<Terms>, turn: &mut Turn<'_>) {
        let other = match direction {
            Direction::Incoming => &mut self.outgoing,
            Direction::Outgoing => &mut self.incoming,
        };
        if let Some(confirmed) = other.take_if(|other| matches!(other.stage, Stage::OpenConfirm(_))) {
            if direction != kept(&terms) {
                *other = Some(confirmed);
                return turn.end(conn, Cause::COLLISION_RESOLUTION.into());
            }
            turn.end(confirmed.conn, Cause::COLLISION_RESOLUTION.into());
        }
        let stage = confirm(conn, terms, turn);
        *self.slot(direction) = Some(Connection { conn, direction, stage });
    }
}

/// Which of two connections stays.
pub(crate) fn kept(terms: &Terms) -> Direction {
    let rank = |open: &Open| (open.router_id, open.asn);
    if rank(&terms.ours) > rank(&terms.theirs) { Direction::Outgoing } else { Direction::Incoming }
}
