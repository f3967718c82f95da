//! What a session knows of the other end: the state variables of RFC 5880 section 6.8.1 that packets set.

use crate::{Diagnostic, Discriminator, Interval, Packet, State};

/// The other end, as its last packet described it.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    /// `None` until a packet arrives, and again after a detection time of silence.
    pub(crate) discriminator: Option<Discriminator>,
    pub(crate) state: State,
    pub(crate) diagnostic: Diagnostic,
    pub(crate) demand: bool,
    pub(crate) detect_mult: u8,
    pub(crate) desired_min_tx: Interval,
    pub(crate) required_min_rx: Interval,
}

impl Remote {
    /// Nothing heard: the initial values, to which silence returns (sections 6.8.1 and 6.8.18).
    pub(crate) const UNHEARD: Self = Self {
        discriminator: None,
        state: State::Down,
        diagnostic: Diagnostic::NONE,
        demand: false,
        detect_mult: 1,
        desired_min_tx: Interval::ZERO,
        required_min_rx: Interval::from_micros(1),
    };

    pub(crate) fn of(packet: &Packet) -> Self {
        Self {
            discriminator: Some(packet.my_discriminator),
            state: packet.state,
            diagnostic: packet.diagnostic,
            demand: packet.demand,
            detect_mult: packet.detect_mult.get(),
            desired_min_tx: packet.desired_min_tx,
            required_min_rx: packet.required_min_rx,
        }
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.discriminator.is_some()
    }
}
