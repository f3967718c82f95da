//! Which session a packet is for (RFC 5880 section 6.3, RFC 5881 section 3).
//!
//! A packet that knows our discriminator names its session; the first ones of a neighbour do not, and are
//! told by the link that they came over. Either way the link must be the session's own: a discriminator can
//! be guessed, and a customer must not be able to end another's session with one packet.

use crate::{DemuxError, Discard, Discriminator, Packet};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// Where a packet comes from. One link has one session (RFC 5881 section 3); IPv4 and IPv6 on the same
/// interface are two links, since the addresses differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The interface, by any number that is unique in the process. An interface index is unique only within
    /// its network namespace.
    pub interface: u64,
    /// The neighbour's address: the source of its packets.
    pub peer: IpAddr,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on interface {}", self.peer, self.interface)
    }
}

/// The sessions of a process by discriminator and by link. `T` is how the caller knows a session, such as
/// its index in a vector.
#[derive(Debug, Clone)]
pub struct Demux<T> {
    by_discriminator: BTreeMap<Discriminator, (Link, T)>,
    by_link: BTreeMap<Link, Discriminator>,
}

impl<T: Copy> Demux<T> {
    /// One without sessions.
    pub fn new() -> Self {
        Self { by_discriminator: BTreeMap::new(), by_link: BTreeMap::new() }
    }

    /// Binds a session to its link and gives it a discriminator: `random`, or the next number that is free.
    /// A random one is hard to guess (section 6.8.1).
    ///
    /// # Errors
    ///
    /// The link has a session.
    pub fn bind(&mut self, link: Link, random: u32, session: T) -> Result<Discriminator, DemuxError> {
        if self.by_link.contains_key(&link) {
            return Err(DemuxError::LinkTaken(link));
        }
        let mut number = random;
        // Ends: memory holds fewer sessions than there are numbers.
        let discriminator = loop {
            match Discriminator::new(number) {
                Some(free) if !self.by_discriminator.contains_key(&free) => break free,
                Some(_) | None => number = number.wrapping_add(1),
            }
        };
        self.by_discriminator.insert(discriminator, (link, session));
        self.by_link.insert(link, discriminator);
        Ok(discriminator)
    }

    /// Forgets a session. Gives what it was known by, `None` if it was not bound.
    pub fn unbind(&mut self, discriminator: Discriminator) -> Option<T> {
        let (link, session) = self.by_discriminator.remove(&discriminator)?;
        self.by_link.remove(&link);
        Some(session)
    }

    /// The session that a packet from `link` is for.
    ///
    /// # Errors
    ///
    /// There is none, or the packet names the session of another link.
    pub fn find(&self, packet: &Packet, link: Link) -> Result<T, Discard> {
        let discriminator = match packet.your_discriminator {
            Some(discriminator) => discriminator,
            None => *self.by_link.get(&link).ok_or(Discard::UnknownLink(link))?,
        };
        match self.by_discriminator.get(&discriminator) {
            Some(&(bound, session)) if bound == link => Ok(session),
            Some(_) => Err(Discard::OtherLink { discriminator, link }),
            None => Err(Discard::UnknownDiscriminator(discriminator)),
        }
    }

    /// Sessions bound.
    pub fn len(&self) -> usize {
        self.by_discriminator.len()
    }

    /// Whether no session is bound.
    pub fn is_empty(&self) -> bool {
        self.by_discriminator.is_empty()
    }
}

impl<T: Copy> Default for Demux<T> {
    fn default() -> Self {
        Self::new()
    }
}
