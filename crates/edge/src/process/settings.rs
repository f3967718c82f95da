//! From the configuration of a peer to what a speaker is told of it.

use super::recorded::Origin;
use crate::config::{Config, Domain, Peer};
use crate::policy::Policies;
use bgp_fsm::{BackOff, Graceful, OurRole};
use bgp_speaker::PeerConfig;
use bgp_wire::{Families, HoldTime, RestartTime, RouterId, ShutdownText};
use catalog::Catalog;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// When a session for too many routes is tried again, where the configuration does not say.
const PREFIX_LIMIT_RETRY: Duration = Duration::from_secs(60);

/// A peer that uses more different sets of attributes is told of in the log.
const MANY_ATTRIBUTE_SETS: u32 = 4096;

/// Our addresses towards a peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ours {
    pub(crate) v4: Option<Ipv4Addr>,
    pub(crate) v6: Option<Ipv6Addr>,
}

/// Settings of all peers of a configuration.
#[derive(Debug)]
pub(crate) struct Settings<'c> {
    config: &'c Config,
    policies: Policies<'c>,
    /// How many configurations were read before this one.
    revision: u32,
    /// We come back from a restart, and wait so long for the peers' routes.
    restarting: Option<Duration>,
}

impl<'c> Settings<'c> {
    pub(crate) fn new(config: &'c Config, catalog: &'c Catalog, revision: u32, restarting: Option<Duration>) -> Self {
        Self { config, policies: Policies::new(config, catalog), revision, restarting }
    }

    /// What a recording says of the settings of a peer.
    pub(crate) fn origin(&self, domain: &Domain, peer: &Peer, ours: Ours) -> Origin {
        Origin {
            revision: self.revision,
            domain: domain.name.to_string(),
            peer: peer.name.to_string(),
            drain: domain.drain,
            ours,
            restarting: self.restarting.map(|patience| patience.as_secs()),
        }
    }

    /// What the speaker is told of a peer.
    pub(crate) fn peer(&self, domain: &Domain, peer: &Peer, ours: Ours) -> PeerConfig {
        let policy = self.policies.of(domain, peer);
        let facts = self.policies.facts();
        let routes = bgp_rib::PeerConfig {
            router_id: self.config.router_id,
            next_hop4: ours.v4,
            next_hop6: ours.v6,
            import: policy.import(facts),
            export: peer.export.then(|| policy.export(facts)),
            attribute_sets: MANY_ATTRIBUTE_SETS,
            ..bgp_rib::PeerConfig::new(peer.address, peer.asn, self.config.asn)
        };
        PeerConfig { name: format!("{}/{}", domain.name, peer.name), session: self.session(peer), routes }
    }

    /// How the session is opened and kept.
    pub(crate) fn session(&self, peer: &Peer) -> bgp_fsm::Config {
        let router_id = RouterId::try_from(self.config.router_id).expect("a configuration with 0.0.0.0 is refused");
        let hold_time = HoldTime::try_from(peer.hold_time.get16()).expect("a configuration with 1 or 2 s is refused");
        let mut session = bgp_fsm::Config::new(self.config.asn, router_id, peer.asn);
        let (v4, v6) = peer.families();
        session.families = Families { v4, v6 };
        session.passive = peer.passive;
        session.hold_time = hold_time;
        session.connect_retry = Duration::from_secs(peer.connect_retry.get().into());
        session.idle_hold = BackOff { first: Duration::from_secs(1), most: Duration::from_secs(60) };
        let retry = peer.prefix_limit.as_ref().map(|limit| Duration::from_secs(limit.retry.get().into()));
        session.prefix_limit_hold = Some(retry.unwrap_or(PREFIX_LIMIT_RETRY));
        session.extended_messages = peer.extended_messages;
        session.add_path = if peer.add_path { session.families } else { Families::NONE };
        session.role = peer.bgp_role.map(|role| OurRole { role: crate::policy::bgp_role(role), strict: false });
        session.graceful_restart = peer.graceful_restart.then(|| self.graceful(session.families));
        session
    }

    fn graceful(&self, families: Families) -> Graceful {
        let restart_time = RestartTime::try_from(self.config.restart_time.get16());
        Graceful {
            restart_time: restart_time.expect("the range of `restart-time` is that of the field"),
            kept: families,
            forwarding: families,
            notification: true,
            stale_time: Duration::from_secs(self.config.stale_time.get().into()),
            restarting: self.restarting,
        }
    }

    /// Why the session of a peer is not to be, if it is not.
    pub(crate) fn down(&self, domain: &Domain, peer: &Peer) -> Option<Down> {
        if let Some(text) = &peer.shutdown {
            return Some(Down { why: "shut down by configuration".to_owned(), text: shutdown_text(text) });
        }
        if !domain.enabled {
            return Some(Down { why: "the peering is disabled".to_owned(), text: shutdown_text("peering disabled") });
        }
        let refused = self.policies.of(domain, peer).session(self.policies.facts()).err()?;
        Some(Down { why: refused.to_string(), text: None })
    }
}

/// Why a session is down on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Down {
    /// For the log.
    pub(crate) why: String,
    /// For the peer (RFC 9003).
    pub(crate) text: Option<ShutdownText>,
}

/// A text that a peer can be sent, if there is one.
pub(crate) fn shutdown_text(text: &str) -> Option<ShutdownText> {
    ShutdownText::try_from(text).ok().filter(|_| !text.is_empty())
}

/// Our addresses towards a peer, as it is told them: what is configured, else what it connects to, else what the kernel would send from.
pub(crate) fn ours(peer: &Peer, listen: &[std::net::SocketAddr], source: impl FnOnce() -> Option<IpAddr>) -> Ours {
    let mut specific = listen.iter().map(|address| address.ip()).filter(|ip| !ip.is_unspecified());
    let mut ours = Ours::default();
    for ip in specific.by_ref() {
        match ip {
            IpAddr::V4(ip) => _ = ours.v4.get_or_insert(ip),
            IpAddr::V6(ip) => _ = ours.v6.get_or_insert(ip),
        }
    }
    let known = match peer.address {
        IpAddr::V4(_) => ours.v4.is_some(),
        IpAddr::V6(_) => ours.v6.is_some(),
    };
    let local = peer.local_address.or_else(|| if known || peer.next_hop.is_some() { None } else { source() });
    for ip in local.into_iter().chain(peer.next_hop) {
        match ip {
            IpAddr::V4(ip) => ours.v4 = Some(ip),
            IpAddr::V6(ip) => ours.v6 = Some(ip),
        }
    }
    ours
}
