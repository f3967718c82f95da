//! What a new configuration changes, so that a reload touches nothing else.
//!
//! Every field of every table is taken apart by name, so a new key does not compile until it is decided what a
//! change of it touches.

use super::tree::{Config, Domain, Feed, Peer};
use super::values::Label;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One thing that differs between two configurations, with what is to be taken from the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'n> {
    /// Only a new process can take this up; the old value stays in force.
    NeedsRestart {
        /// The key.
        key: &'static str,
    },
    /// The addresses that peers connect to.
    Listeners,
    /// A domain is gone, with its peers and routes.
    DomainRemoved {
        /// The domain.
        domain: Label,
    },
    /// A domain is new.
    DomainAdded {
        /// The domain.
        domain: &'n Domain,
    },
    /// Addresses and rate of the domain's part of the port, or its tunnels.
    Interfaces {
        /// The domain.
        domain: &'n Domain,
    },
    /// The domain's own routes.
    Routes {
        /// The domain.
        domain: &'n Domain,
    },
    /// A peer is gone.
    PeerRemoved {
        /// The domain.
        domain: Label,
        /// The peer.
        peer: Label,
    },
    /// A peer is new.
    PeerAdded {
        /// The domain.
        domain: &'n Domain,
        /// The peer.
        peer: &'n Peer,
    },
    /// A peer stays, and something of it is other than it was.
    PeerChanged {
        /// The domain.
        domain: &'n Domain,
        /// The peer.
        peer: &'n Peer,
        /// What is touched.
        touched: Touched,
    },
    /// A feed is gone.
    FeedRemoved {
        /// The feed.
        feed: Label,
    },
    /// A feed is new, or its prefixes or attributes are others.
    Feed {
        /// The feed.
        feed: &'n Feed,
    },
}

/// What a change of a peer touches. Nothing at all: only words for people changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Touched {
    /// What is agreed on or bound when a session opens: it has to open again.
    pub session: bool,
    /// How it is dialled; the session stays, the next connect does it anew.
    pub dialling: bool,
    /// What is taken and given: judged anew, the session stays.
    pub policy: bool,
    /// How its liveness is watched.
    pub bfd: bool,
    /// Whether it shall be up at all.
    pub shutdown: bool,
}

impl Touched {
    fn or(self, other: Self) -> Self {
        Self {
            session: self.session || other.session,
            dialling: self.dialling || other.dialling,
            policy: self.policy || other.policy,
            bfd: self.bfd || other.bfd,
            shutdown: self.shutdown || other.shutdown,
        }
    }
}

/// What `new` changes, in an order in which it can be done: what goes, before what comes.
pub fn diff<'n>(old: &Config, new: &'n Config) -> Vec<Change<'n>> {
    let mut changes = Vec::new();
    let every_session = edge(old, new, &mut changes);
    feeds(old, new, &mut changes);
    domains(old, new, every_session, &mut changes);
    changes
}

/// Compares what is the edge's own; gives what that touches of every peer.
fn edge<'n>(old: &Config, new: &'n Config, changes: &mut Vec<Change<'n>>) -> Touched {
    let Config {
        name,
        asn,
        router_id,
        listen,
        control,
        workers,
        metrics,
        state,
        location,
        restart_time,
        stale_time,
        selection_deferral,
        dataplane,
        domains: _,
        feeds: _,
        bmp,
        record,
        places: _,
    } = new;
    let fixed = [
        ("name", *name != old.name),
        ("control", *control != old.control),
        ("workers", *workers != old.workers),
        ("state", *state != old.state),
        ("metrics", *metrics != old.metrics),
        ("bmp", *bmp != old.bmp),
        ("record", *record != old.record),
        ("dataplane", *dataplane != old.dataplane),
    ];
    changes.extend(fixed.iter().filter(|(_, differs)| *differs).map(|&(key, _)| Change::NeedsRestart { key }));
    let namespaces = |config: &Config| -> Vec<_> {
        let mut listen: Vec<_> = config
            .domains
            .iter()
            .filter_map(|domain| {
                let namespace = domain.namespace.clone()?;
                Some((namespace, domain.listen.clone().unwrap_or_else(|| config.listen.clone())))
            })
            .collect();
        listen.sort();
        listen.dedup();
        listen
    };
    if *listen != old.listen || namespaces(old) != namespaces(new) {
        changes.push(Change::Listeners);
    }
    Touched {
        session: *asn != old.asn || *router_id != old.router_id,
        // Told in the next OPEN, or asked when the next restart begins.
        dialling: (restart_time, stale_time, selection_deferral)
            != (&old.restart_time, &old.stale_time, &old.selection_deferral),
        policy: *location != old.location || interface_subnets(old) != interface_subnets(new),
        ..Touched::default()
    }
}

/// The interface subnets of all circuits, which no other circuit may announce.
fn interface_subnets(config: &Config) -> Vec<model::Prefix> {
    let mut subnets: Vec<_> = config.domains.iter().flat_map(|domain| domain.link_subnets.iter().copied()).collect();
    subnets.sort();
    subnets
}

fn feeds<'n>(old: &Config, new: &'n Config, changes: &mut Vec<Change<'n>>) {
    let before: HashMap<&Label, &Arc<Feed>> = old.feeds.iter().map(|feed| (&feed.name, feed)).collect();
    let stays = |name: &Label| new.feeds.iter().any(|feed| feed.name == *name);
    let gone = old.feeds.iter().filter(|feed| !stays(&feed.name));
    changes.extend(gone.map(|feed| Change::FeedRemoved { feed: feed.name.clone() }));
    let come = new.feeds.iter().filter(|feed| before.get(&feed.name) != Some(feed));
    changes.extend(come.map(|feed| Change::Feed { feed }));
}

fn domains<'n>(old: &Config, new: &'n Config, every_session: Touched, changes: &mut Vec<Change<'n>>) {
    let before: HashMap<&Label, &Arc<Domain>> = old.domains.iter().map(|domain| (&domain.name, domain)).collect();
    let after: HashMap<&Label, &Arc<Domain>> = new.domains.iter().map(|domain| (&domain.name, domain)).collect();
    let stays = |old: &Arc<Domain>| after.get(&old.name).is_some_and(|new| !is_another(old, new));
    let gone = old.domains.iter().filter(|domain| !stays(domain));
    changes.extend(gone.map(|domain| Change::DomainRemoved { domain: domain.name.clone() }));
    let kept = |new: &Domain| before.get(&new.name).copied().filter(|old| stays(old));
    // All that goes, goes first: an address may move from one domain to another.
    let pairs = || new.domains.iter().filter_map(|new| Some((kept(new)?, new)));
    for (old, new) in pairs().filter(|(old, new)| !Arc::ptr_eq(old, new)) {
        let stay: HashSet<&Label> = new.peers.iter().map(|peer| &peer.name).collect();
        let left = old.peers.iter().filter(|peer| !stay.contains(&peer.name));
        let left = left.map(|peer| Change::PeerRemoved { domain: old.name.clone(), peer: peer.name.clone() });
        changes.extend(left);
    }
    for (old, new) in pairs() {
        // Most of ten thousand domains are the very same, and nothing need be compared.
        if !Arc::ptr_eq(old, new) || every_session != Touched::default() {
            domain(old, new, every_session, changes);
        }
    }
    changes.extend(
        new.domains.iter().filter(|domain| kept(domain).is_none()).map(|domain| Change::DomainAdded { domain }),
    );
}

/// Whether so much is other that nothing of the domain can stay.
fn is_another(old: &Domain, new: &Domain) -> bool {
    let tags = |domain: &Domain| domain.attach.as_ref().map(|attach| (attach.s_tag, attach.c_tag));
    old.namespace != new.namespace
        || old.peering != new.peering
        || old.kernel_routes != new.kernel_routes
        || tags(old) != tags(new)
}

fn domain<'n>(old: &Domain, new: &'n Domain, every_session: Touched, changes: &mut Vec<Change<'n>>) {
    let Domain {
        name: _,
        description: _,
        peering: _,
        sku,
        namespace: _,
        kernel_routes: _,
        attach,
        tunnels,
        // What is listened to is the edge's to compare.
        listen: _,
        enabled,
        drain,
        advertised_prefixes,
        validation,
        route_filter,
        link_subnets,
        peers,
        routes,
        places: _,
    } = new;
    let of_all = Touched {
        // The inbound list is empty until the prefixes are validated.
        policy: (sku, drain, advertised_prefixes, validation, route_filter, link_subnets)
            != (&old.sku, &old.drain, &old.advertised_prefixes, &old.validation, &old.route_filter, &old.link_subnets),
        // Without validated prefixes there is no session at all, either.
        shutdown: *enabled != old.enabled || *validation != old.validation,
        ..every_session
    };
    if (attach, tunnels) != (&old.attach, &old.tunnels) {
        changes.push(Change::Interfaces { domain: new });
    }
    if *routes != old.routes {
        changes.push(Change::Routes { domain: new });
    }
    let before: HashMap<&Label, &Peer> = old.peers.iter().map(|peer| (&peer.name, peer)).collect();
    for peer in peers {
        let Some(old) = before.get(&peer.name) else {
            changes.push(Change::PeerAdded { domain: new, peer });
            continue;
        };
        let touched = of_all.or(self::peer(old, peer));
        if *old != peer || touched != Touched::default() {
            changes.push(Change::PeerChanged { domain: new, peer, touched });
        }
    }
}

fn peer(old: &Peer, new: &Peer) -> Touched {
    let Peer {
        name: _,
        description: _,
        address,
        local_address,
        next_hop,
        port,
        asn,
        role,
        passive,
        hold_time,
        connect_retry,
        families: _,
        import,
        export,
        weight,
        prefix_limit,
        graceful_shutdown,
        vnet_communities,
        md5,
        ttl_security,
        device,
        bfd,
        graceful_restart,
        add_path,
        extended_messages,
        bgp_role,
        shutdown,
        places: _,
    } = new;
    let bound = (address, local_address, asn, role, md5, ttl_security, device)
        != (&old.address, &old.local_address, &old.asn, &old.role, &old.md5, &old.ttl_security, &old.device)
        || *next_hop != old.next_hop;
    let agreed = (hold_time, graceful_restart, add_path, extended_messages, bgp_role)
        != (&old.hold_time, &old.graceful_restart, &old.add_path, &old.extended_messages, &old.bgp_role);
    Touched {
        session: bound || agreed || new.families() != old.families(),
        dialling: (port, passive, connect_retry) != (&old.port, &old.passive, &old.connect_retry),
        policy: (import, export, weight, prefix_limit, vnet_communities, graceful_shutdown)
            != (
                &old.import,
                &old.export,
                &old.weight,
                &old.prefix_limit,
                &old.vnet_communities,
                &old.graceful_shutdown,
            ),
        bfd: *bfd != old.bfd || (bfd.is_some() && bound),
        shutdown: *shutdown != old.shutdown,
    }
}
