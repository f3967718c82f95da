//! Circuits told apart by their tags, without VLAN devices (spec 09, 4).
//!
//! ```text
//!                      ┌── pair of (S 100, C 10): the outer end here, the inner one in its domain
//!  trunk ── tagger ────┼── pair of (S 100, C 20)
//!  88a8 S, 8100 C      └── …
//! ```
//!
//! A [`Tagger`] brings frames from the trunk to the pair of their tags and back: inwards it takes the tags off, outwards it puts
//! them on. Frames of tags that nobody asked for are counted and dropped. There are two ways:
//!
//! - `programs`: in the kernel, at the ingress of the trunk and of each outer end. For root of the machine; whoever sends may
//!   leave checksums and cutting to a device, and packets go on when the process ends.
//! - `packet`: a thread that reads and writes whole frames. For anybody who may make namespaces. Senders into a pair, and
//!   into the trunk, must finish their packets in software ([`finish_in_software`](socket::frame::finish_in_software)), and the
//!   trunk must carry 8 bytes more than they send: what is too long for it is counted and dropped.
//!
//! A VLAN device loses its carrier with the device below it. With [`Tagger::follow`] so does the other end of each pair. A
//! provider's tagger does not, as providers do not ([`Tagger::start`]).

mod code;
mod follow;
mod packet;
mod programs;

use super::{Namespace, Net};
use crate::{QinqBackend, Tag};
use follow::Follower;
use packet::Relay;
use programs::Programs;
pub(super) use programs::silence;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Bytes that two tags add to a frame.
pub const TAG_BYTES: u32 = 8;
/// The protocols of the outer and the inner tag.
const OUTER: u16 = 0x88a8;
const INNER: u16 = 0x8100;

/// What puts tags on and takes them off on a trunk. Dropped, a thread ends; programs stay until their tags are
/// [removed](Tagger::remove).
#[derive(Debug)]
pub struct Tagger {
    way: Way,
    follower: Option<Follower>,
    names: Mutex<BTreeMap<Tag, String>>,
}

#[derive(Debug)]
enum Way {
    Programs(Programs),
    Packet(Relay),
}

/// What a tagger has dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames of a tag that the kernel did not take, either way: too long, or the interface is down or full.
    pub dropped: BTreeMap<Tag, u64>,
    /// Frames from the trunk with tags that nobody asked for, or none.
    pub unknown: u64,
    /// The tags of the last of them.
    pub last_unknown: Option<Seen>,
}

/// The numbers of tags as a frame had them: outer and inner.
pub type Seen = (Option<u16>, Option<u16>);

impl Tagger {
    /// The tagger of a trunk, by a way that the [probe](super::probe) found. It knows nothing yet, whatever a process
    /// before it left.
    ///
    /// # Errors
    ///
    /// There is no such interface in the namespace, the right is missing, or the way is none that tags.
    pub fn start(way: QinqBackend, trunk: &str, namespace: &Namespace) -> io::Result<Self> {
        Self::begin(way, trunk, namespace, false)
    }

    /// The tagger of a trunk whose pairs lose their carrier with it. Programs that a process before this one left go on
    /// until their tags are added again.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), or the kernel does not tell of its links.
    pub fn follow(way: QinqBackend, trunk: &str, namespace: &Namespace) -> io::Result<Self> {
        Self::begin(way, trunk, namespace, true)
    }

    fn begin(way: QinqBackend, trunk: &str, namespace: &Namespace, follows: bool) -> io::Result<Self> {
        let way = match way {
            QinqBackend::Bpf => Way::Programs(Programs::load(trunk, namespace, follows)?),
            QinqBackend::Packet => {
                // A program would have the frames first.
                leave(&Net::open(namespace)?, trunk)?;
                Way::Packet(Relay::start(trunk, namespace)?)
            }
            QinqBackend::VlanDevice | QinqBackend::Untagged => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, format!("{way} puts no tags on")));
            }
        };
        let follower = if follows { Some(Follower::start(trunk, namespace)?) } else { None };
        Ok(Self { way, follower, names: Mutex::default() })
    }

    /// Brings frames of a tag to the outer end of a pair and back. A tag that is there already gets the new one. With the
    /// address of the inner end, which must be in another namespace, frames to it take a shorter way where there is one;
    /// they then arrive though the outer end be down.
    ///
    /// # Errors
    ///
    /// The tag is none ([`io::ErrorKind::InvalidInput`]), or there is no such interface in the trunk's namespace.
    pub fn add(&self, tag: Tag, interface: &str, inner: Option<[u8; 6]>) -> io::Result<()> {
        match &self.way {
            Way::Programs(programs) => programs.add(tag, interface, inner)?,
            Way::Packet(relay) => relay.add(tag, interface)?,
        }
        let before = self.names().insert(tag, interface.to_owned()).filter(|before| before != interface);
        if let Some(follower) = &self.follower {
            before.iter().for_each(|before| follower.remove(before));
            follower.add(interface);
        }
        Ok(())
    }

    /// Frames of the tag are unknown from now on, and its counter is gone.
    ///
    /// # Errors
    ///
    /// The thread has ended, or the kernel refuses.
    pub fn remove(&self, tag: Tag) -> io::Result<()> {
        if let (Some(name), Some(follower)) = (self.names().remove(&tag), &self.follower) {
            follower.remove(&name);
        }
        match &self.way {
            Way::Programs(programs) => programs.remove(tag),
            Way::Packet(relay) => relay.remove(tag),
        }
    }

    /// What was dropped so far.
    pub fn count(&self) -> Counts {
        match &self.way {
            Way::Programs(programs) => {
                let (unknown, last_unknown) = programs.unknown();
                Counts { dropped: programs.dropped(), unknown, last_unknown }
            }
            Way::Packet(relay) => relay.count(),
        }
    }

    fn names(&self) -> std::sync::MutexGuard<'_, BTreeMap<Tag, String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what taggers left on a trunk away, whichever process they were of.
///
/// # Errors
///
/// The kernel refuses. That there is no such interface is no error.
pub fn leave(net: &Net, trunk: &str) -> io::Result<()> {
    programs::leave(net, trunk)
}

/// Whether programs can be loaded and attached; the interface is as before afterwards.
pub(super) fn attempt_programs(net: &Net, interface: &str) -> io::Result<()> {
    programs::attempt(net, interface)
}

fn no_tag(tag: Tag) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{tag} is no tag of a trunk"))
}
