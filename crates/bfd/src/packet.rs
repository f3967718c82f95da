//! The control packet (RFC 5880 section 4.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
//! |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
//! +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
//! |                       My Discriminator                        |
//! |                      Your Discriminator                       |
//! |                    Desired Min TX Interval                    |
//! |                   Required Min RX Interval                    |
//! |                 Required Min Echo RX Interval                 |
//! +---------------------------------------------------------------+
//! |            authentication section, if A is set                |
//! ```

use crate::{Auth, Diagnostic, Interval, PacketError, State, iana};
use std::fmt;
use std::num::{NonZeroU8, NonZeroU32};

/// The number by which one end knows a session (RFC 5880 section 6.3). Never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Discriminator(NonZeroU32);

impl Discriminator {
    /// The discriminator of that number; `None` for 0, which on the wire means "not known".
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Discriminator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One control packet. The Multipoint bit, which must be 0, is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// Diag: why the sender's session last went down.
    pub diagnostic: Diagnostic,
    /// Sta: the state of the sender's session.
    pub state: State,
    /// P: the sender asks for a packet with F.
    pub is_poll: bool,
    /// F: this answers a packet with P.
    pub is_final: bool,
    /// C: the sender's BFD outlives its control plane.
    pub control_plane_independent: bool,
    /// D: the sender wishes for no periodic packets.
    pub demand: bool,
    /// Detect Mult: how many of the sender's packets may be waited for before it is given up.
    pub detect_mult: NonZeroU8,
    /// My Discriminator.
    pub my_discriminator: Discriminator,
    /// Your Discriminator; `None` while the sender does not know it.
    pub your_discriminator: Option<Discriminator>,
    /// Desired Min TX Interval: the sender wishes to send no faster.
    pub desired_min_tx: Interval,
    /// Required Min RX Interval: the sender can receive no faster. Zero: send no periodic packets.
    pub required_min_rx: Interval,
    /// Required Min Echo RX Interval. Zero: the sender echoes nothing.
    pub required_min_echo_rx: Interval,
    /// The authentication section; its presence is the A bit.
    pub auth: Option<Auth>,
}

const POLL: u8 = 1 << 5;
const FINAL: u8 = 1 << 4;
const CONTROL_PLANE_INDEPENDENT: u8 = 1 << 3;
const AUTH: u8 = 1 << 2;
const DEMAND: u8 = 1 << 1;
const MULTIPOINT: u8 = 1;

impl Packet {
    /// Bytes of a packet without authentication.
    pub const LEN: usize = 24;

    /// Bytes of the longest packet: with a SHA1 section.
    pub const MAX_LEN: usize = Self::LEN + Auth::MAX_LEN;

    /// Reads the payload of one datagram. Bytes behind the packet are passed over, as are those between
    /// the mandatory section and the packet's length when no authentication was announced.
    ///
    /// # Errors
    ///
    /// The first check of RFC 5880 section 6.8.6 that needs no session and fails, or an authentication
    /// section that is malformed (section 4.1 to 4.4).
    pub fn parse(payload: &[u8]) -> Result<Self, PacketError> {
        let Some((fixed, rest)) = payload.split_first_chunk::<{ Self::LEN }>() else {
            return Err(PacketError::Short(payload.len()));
        };
        let &[[version_diagnostic, bits, detect_mult, length], mine, yours, desired, required, echo] =
            fixed.as_chunks::<4>().0
        else {
            return Err(PacketError::Short(payload.len()));
        };
        if version_diagnostic >> 5 != iana::VERSION {
            return Err(PacketError::Version(version_diagnostic >> 5));
        }
        let least = if bits & AUTH == 0 { 24 } else { 26 };
        if length < least {
            return Err(PacketError::Length { length, least });
        }
        let Some(section) = rest.get(..usize::from(length) - Self::LEN) else {
            return Err(PacketError::Truncated { length, payload: payload.len() });
        };
        let detect_mult = NonZeroU8::new(detect_mult).ok_or(PacketError::DetectMult)?;
        if bits & MULTIPOINT != 0 {
            return Err(PacketError::Multipoint);
        }
        let my_discriminator = Discriminator::new(u32::from_be_bytes(mine)).ok_or(PacketError::MyDiscriminator)?;
        let your_discriminator = Discriminator::new(u32::from_be_bytes(yours));
        let state = State::from_bits(bits >> 6);
        if your_discriminator.is_none() && matches!(state, State::Init | State::Up) {
            return Err(PacketError::YourDiscriminator(state));
        }
        let auth = if bits & AUTH == 0 { None } else { Some(Auth::parse(section)?) };
        let interval = |bytes| Interval::from_micros(u32::from_be_bytes(bytes));
        Ok(Self {
            diagnostic: Diagnostic::from_bits(version_diagnostic),
            state,
            is_poll: bits & POLL != 0,
            is_final: bits & FINAL != 0,
            control_plane_independent: bits & CONTROL_PLANE_INDEPENDENT != 0,
            demand: bits & DEMAND != 0,
            detect_mult,
            my_discriminator,
            your_discriminator,
            desired_min_tx: interval(desired),
            required_min_rx: interval(required),
            required_min_echo_rx: interval(echo),
            auth,
        })
    }

    /// Appends the packet's bytes, [`Self::LEN`] of them and those of its authentication section.
    pub fn write(&self, out: &mut Vec<u8>) {
        let flags = [
            (self.is_poll, POLL),
            (self.is_final, FINAL),
            (self.control_plane_independent, CONTROL_PLANE_INDEPENDENT),
            (self.auth.is_some(), AUTH),
            (self.demand, DEMAND),
        ];
        let bits = flags.iter().filter(|(set, _)| *set).fold((self.state as u8) << 6, |bits, (_, flag)| bits | flag);
        let length = Self::LEN as u8 + self.auth.as_ref().map_or(0, Auth::len);
        out.extend([iana::VERSION << 5 | self.diagnostic.code(), bits, self.detect_mult.get(), length]);
        let numbers = [
            self.my_discriminator.number(),
            self.your_discriminator.map_or(0, Discriminator::number),
            self.desired_min_tx.as_micros(),
            self.required_min_rx.as_micros(),
            self.required_min_echo_rx.as_micros(),
        ];
        out.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        if let Some(auth) = &self.auth {
            auth.write(out);
        }
    }

    /// The packet's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::MAX_LEN);
        self.write(&mut bytes);
        bytes
    }
}
