//! What a cell asks of a speaker, whichever program it is.
//!
//! A [`Setup`] is the wanted configuration in words that all daemons share; each module in `speakers` writes it in its
//! program's language, starts the program and reads its answers back into [`Held`].

use std::collections::BTreeSet;
use std::net::IpAddr;

/// An address family of routes; sessions carry the family of their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    /// IPv4 unicast.
    V4,
    /// IPv6 unicast.
    V6,
}

/// A community of any of the three sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Community {
    /// RFC 1997.
    Standard(u16, u16),
    /// RFC 4360, a route target of the two-octet AS kind.
    Target(u16, u32),
    /// RFC 8092.
    Large(u32, u32, u32),
}

/// GRACEFUL_SHUTDOWN, RFC 8326.
pub(crate) const GRACEFUL_SHUTDOWN: Community = Community::Standard(65535, 0);

/// A route that a speaker originates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// As `10.1.2.0/24`.
    pub(crate) prefix: String,
    /// Its communities.
    pub(crate) communities: Vec<Community>,
}

/// One session of a speaker, seen from it.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// A name fit for an identifier.
    pub(crate) name: &'static str,
    /// Our address.
    pub(crate) local: IpAddr,
    /// The neighbour's address.
    pub(crate) remote: IpAddr,
    /// The neighbour's AS.
    pub(crate) remote_asn: u32,
    /// Key of TCP MD5 (RFC 2385).
    pub(crate) md5: Option<String>,
    /// Hold time in seconds.
    pub(crate) hold: u16,
    /// Never connect, only listen.
    pub(crate) passive: bool,
    /// Tie to BFD, with 100 ms intervals and a multiplier of 3 where they can be set.
    pub(crate) bfd: bool,
    /// Announce graceful restart (RFC 4724).
    pub(crate) restart: bool,
    /// Most prefixes to take.
    pub(crate) limit: Option<u32>,
}

impl Session {
    /// The family of its addresses and its routes.
    pub(crate) fn family(&self) -> Family {
        if self.local.is_ipv6() { Family::V6 } else { Family::V4 }
    }
}

/// A speaker's configuration.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Its AS.
    pub(crate) asn: u32,
    /// Its router id, as an address.
    pub(crate) router_id: &'static str,
    /// Its sessions.
    pub(crate) sessions: Vec<Session>,
    /// Routes that it originates.
    pub(crate) routes: Vec<Route>,
}

/// A route as a speaker holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Held {
    /// AS_PATH, nearest first.
    pub(crate) path: Vec<u32>,
    /// Communities of all sizes.
    pub(crate) communities: BTreeSet<Community>,
    /// LOCAL_PREF, where the speaker tells it.
    pub(crate) local_pref: Option<u32>,
}

/// How a session ended, as the NOTIFICATION of the other side said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End<'a> {
    /// Cease, Maximum Number of Prefixes Reached (RFC 4486).
    Limit,
    /// Cease, Administrative Shutdown, with a message (RFC 9003).
    Shutdown(&'a str),
}

/// A running BGP daemon.
pub(crate) trait Speaker {
    /// Starts the daemon with this configuration.
    fn start(&mut self, setup: &Setup);

    /// Takes a changed configuration over without a restart: routes, keys, limits.
    fn configure(&mut self, setup: &Setup);

    /// Starts again after [`kill`](Self::kill), saying so to neighbours that helped (RFC 4724 section 4.1).
    fn restart(&mut self, setup: &Setup) {
        self.start(setup);
    }

    /// Ends the daemon with no chance to say goodbye.
    fn kill(&mut self);

    /// The daemon's processes.
    fn pids(&self) -> Vec<u32>;

    /// Whether the daemon calls the session Established.
    fn established(&self, session: &Session) -> bool;

    /// The prefixes heard from neighbours.
    fn prefixes(&self, family: Family) -> BTreeSet<String>;

    /// The route to a prefix heard from a neighbour.
    fn held(&self, prefix: &str) -> Option<Held>;

    /// Asks the neighbour to send its routes again (RFC 2918).
    fn refresh(&self, session: &Session);

    /// Ends the session with a message to the neighbour's operator (RFC 9003).
    fn shut(&self, session: &Session, message: &str);

    /// Whether the daemon tells its operator that the session ended this way.
    fn saw(&self, session: &Session, end: &End) -> bool;

    /// Whether BFD is up towards the neighbour.
    fn bfd_is_up(&self, session: &Session) -> bool;
}
