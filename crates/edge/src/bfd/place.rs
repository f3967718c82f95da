//! The sockets of a namespace and family.

use bfd::{Time, iana};
use socket::Namespace;
use socket::tcp::CommonOptions;
use socket::udp::{Datagrams, Outbox};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Memory for datagrams that wait, in bytes: some 10,000 of them, the packets of 1,000 sessions at 50 ms while the
/// thread does not come to run for half a second.
const WAITING: u32 = 8 << 20;

/// By which a place is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PlaceKey {
    /// A name of `/run/netns`, or a path.
    pub(super) namespace: Option<String>,
    pub(super) is_v4: bool,
}

/// Where sessions of one namespace and family send and receive.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) key: PlaceKey,
    pub(super) namespace: Option<Namespace>,
    pub(super) receiver: Datagrams,
    pub(super) sender: Datagrams,
    pub(super) outbox: Outbox,
    /// All that reached the receiver up to this moment has been read.
    pub(super) drained: Time,
    /// The sessions here; without any, the place is closed.
    pub(super) sessions: u32,
    /// It is in the list of places to read.
    pub(super) is_unread: bool,
    /// Something could not be sent.
    pub(super) failed: bool,
}

impl Place {
    /// Opens the sockets. `first` is the source port to try first.
    pub(super) fn open(key: PlaceKey, listen: [IpAddr; 2], port: u16, first: u16, now: Time) -> io::Result<Self> {
        let namespace = match key.namespace.as_deref() {
            Some(path) if path.contains('/') => Some(Namespace::at(Path::new(path))?),
            Some(name) => Some(Namespace::named(name)?),
            None => None,
        };
        let options =
            CommonOptions { namespace: namespace.clone(), ttl: Some(iana::HOP_LIMIT), ..CommonOptions::default() };
        let [v4, v6] = listen;
        let any = if key.is_v4 { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
        // A namespace is this edge's own; only at home are there others to get on with.
        let address = match (&namespace, key.is_v4) {
            (Some(_), _) => any,
            (None, true) => v4,
            (None, false) => v6,
        };
        let receiver = Datagrams::receiving((address, port).into(), WAITING, &options)?;
        let sender = Datagrams::sending(any, iana::SOURCE_PORTS, first, &options)?;
        Ok(Self {
            key,
            namespace,
            receiver,
            sender,
            outbox: Outbox::new(),
            drained: now,
            sessions: 0,
            is_unread: false,
            failed: false,
        })
    }

    /// Whether its namespace is no longer the one of that name.
    pub(super) fn is_stale(&self) -> bool {
        let (Some(name), Some(held)) = (&self.key.namespace, &self.namespace) else { return false };
        let path = if name.contains('/') { Path::new(name).into() } else { Path::new("/run/netns").join(name) };
        // The one held is asked by the number of its file, which no other namespace has while it lives.
        let held = std::fs::metadata(format!("/proc/self/fd/{}", held.as_fd().as_raw_fd())).map(|file| file.ino());
        match (std::fs::metadata(path).map(|file| file.ino()), held) {
            (Ok(named), Ok(held)) => named != held,
            (Err(_), _) | (_, Err(_)) => true,
        }
    }
}
