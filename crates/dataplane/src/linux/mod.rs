//! Linux: namespaces, and all that is set up in them by netlink.
//!
//! [`Net`] is a namespace and a socket of rtnetlink(7) inside it; each chapter of what it can do has a file:
//!
//! - [`link`]: veth pairs, bridges, VXLAN, up and down, deletion.
//! - [`address`]: addresses and neighbours.
//! - [`route`]: routes and next-hop groups, one or many at once.
//! - [`sysctl`]: the settings of a router.
//! - [`qinq`]: tags put on and taken off, by programs in the kernel or by a thread.
//! - [`filter`]: programs at the entry of a link.
//! - [`traffic`]: rates and classes at the exit of a link; [`nft`]: translation and marks.
//! - [`netlink`]: the messages themselves.
//!
//! [`LinuxDataPlane`] puts them together to a [`DataPlane`](crate::DataPlane).
//!
//! Every call names its namespace by holding it; nothing is ever done in the namespace the caller happens to be in.

pub mod address;
pub mod filter;
pub mod link;
pub mod netlink;
pub mod nft;
mod plane;
mod probe;
pub mod qinq;
pub mod route;
pub mod sysctl;
pub mod traffic;

pub use address::{Address, Neighbour};
pub use link::{End, Link, Traffic, Vxlan};
pub use plane::{LinuxDataPlane, Options, Port};
pub use probe::probe;
pub use qinq::Tagger;
pub use route::{Hop, Nexthop, Route};
pub use socket::Namespace;

use netlink::Rtnetlink;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A network namespace, and the means to set it up. Calls from several threads take turns.
#[derive(Debug)]
pub struct Net {
    namespace: Namespace,
    rtnetlink: Mutex<Rtnetlink>,
}

impl Net {
    /// The means for a namespace that is there.
    ///
    /// # Errors
    ///
    /// It cannot be entered.
    pub fn open(namespace: &Namespace) -> io::Result<Self> {
        Ok(Self { namespace: namespace.clone(), rtnetlink: Mutex::new(Rtnetlink::open(Some(namespace))?) })
    }

    /// Makes a namespace with a name, its loopback device up.
    ///
    /// # Errors
    ///
    /// The name is taken or none, or the right is missing.
    pub fn create(name: &str) -> io::Result<Self> {
        let net = Self::open(&Namespace::create(name)?)?;
        net.up("lo")?;
        Ok(net)
    }

    /// Makes a namespace without a name, its loopback device up. It ends with its last holder.
    ///
    /// # Errors
    ///
    /// The right is missing.
    pub fn nameless() -> io::Result<Self> {
        let net = Self::open(&Namespace::new_nameless()?)?;
        net.up("lo")?;
        Ok(net)
    }

    /// The namespace of the calling thread: the host's, if nothing was done about it. Takes care.
    ///
    /// # Errors
    ///
    /// There is no rtnetlink.
    pub fn current() -> io::Result<Self> {
        Self::open(&Namespace::current()?)
    }

    /// The namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// One request at a time; one that panicked left nothing half done on the socket but answers, which are skipped.
    fn rtnetlink(&self) -> MutexGuard<'_, Rtnetlink> {
        self.rtnetlink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
