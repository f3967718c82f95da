//! What the tables must hold together: names that are unique, peers that can be told apart, settings that have
//! a meaning where they stand.

use super::problem::nearest;
use super::setting::Door;
use super::tree::{Config, Domain, Feed, Peer};
use super::values::{Backend, Encapsulation, Family, Label, Peering, Side};
use super::{Problem, Section};
use model::{Asn, Family as AddressFamily, Prefix};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// Checks a configuration whose values are legal each by itself.
pub(crate) fn check(config: &Config, door: &mut Door<'_>) {
    let mut check = Check { config, door, peers: HashMap::new(), tags: HashSet::new(), networks: HashSet::new() };
    check.edge();
    for domain in &config.domains {
        check.domain(domain);
    }
}

struct Check<'c, 'd, 'f> {
    config: &'c Config,
    door: &'d mut Door<'f>,
    /// The peers of a namespace, by the address they connect from.
    peers: HashMap<(Option<&'c str>, IpAddr), Vec<&'c Peer>>,
    /// The tags that have a domain already.
    tags: HashSet<(Option<u32>, Option<u32>)>,
    /// The numbers of tunnels.
    networks: HashSet<u32>,
}

impl<'c> Check<'c, '_, '_> {
    fn refuse(&mut self, at: Range<usize>, seen: impl Into<String>, expected: impl Into<String>) {
        self.door.refuse(Problem::new(at, seen, expected));
    }

    fn edge(&mut self) {
        let config = self.config;
        if config.router_id.is_unspecified() {
            self.refuse(config.places.of("router-id"), "0.0.0.0", "an identifier other than 0 (RFC 6286, section 2.1)");
        }
        if is_no_asn(config.asn) {
            self.refuse(config.places.of("asn"), format!("AS {}", config.asn), "an AS number that a router can have");
        }
        if let Some(location) = &config.location
            && self.door.catalog().location(location).is_none()
        {
            let meant = nearest(location, self.door.catalog().locations().iter().map(|known| known.name.as_str()));
            let meant = meant.map(str::to_owned);
            let problem = Problem::new(config.places.of("location"), format!("`{location}`"), "a peering location");
            self.door.refuse(problem.suggest(meant));
        }
        self.listen(&config.listen, config.places.of("listen"));
        self.unique(&config.domains, |domain| (&domain.name, domain.places.of("name")), Domain::SECTION);
        self.unique(&config.feeds, |feed| (&feed.name, feed.places.of("name")), Feed::SECTION);
        let mut stations = HashSet::new();
        for bmp in &config.bmp {
            if !stations.insert(bmp.address) {
                let seen = format!("a second station at {}", bmp.address);
                self.refuse(bmp.places.of("address"), seen, "one entry a station");
            }
        }
    }

    fn domain(&mut self, domain: &'c Domain) {
        self.unique(&domain.peers, |peer: &Peer| (&peer.name, peer.places.of("name")), Peer::SECTION);
        match &domain.listen {
            Some(_) if domain.namespace.is_none() => {
                let seen = "`listen` of a domain without a namespace";
                self.refuse(domain.places.of("listen"), seen, "`listen` of the edge, or a `namespace` too");
            }
            Some(listen) => self.listen(listen, domain.places.of("listen")),
            None => {}
        }
        if domain.peering != Peering::Microsoft {
            for key in ["advertised-prefixes", "validation", "route-filter", "link-subnets"] {
                if domain.places.has(key) {
                    let seen = format!("`{key}` on a {} peering", domain.peering.as_str());
                    self.refuse(domain.places.of(key), seen, "that key on a Microsoft peering only");
                }
            }
        } else if domain.advertised_prefixes.is_none() {
            let seen = "a Microsoft peering without `advertised-prefixes`";
            self.refuse(domain.places.of("peering"), seen, "a list, which may be empty; nothing else is accepted");
        }
        self.forwarding(domain);
        let mut routes = HashSet::new();
        for route in &domain.routes {
            if !routes.insert(route.prefix) {
                let seen = format!("a second route to {}", route.prefix);
                self.refuse(route.places.of("prefix"), seen, "one route a prefix");
            }
        }
        for peer in &domain.peers {
            self.peer(domain, peer);
            self.addresses(domain, peer);
        }
    }

    /// What the data plane needs to carry the domain.
    fn forwarding(&mut self, domain: &'c Domain) {
        let plane = self.config.dataplane.as_ref().filter(|plane| plane.backend != Backend::None);
        for (key, is_used) in [
            ("kernel-routes", domain.kernel_routes),
            ("attach", domain.attach.is_some()),
            ("tunnel", !domain.tunnels.is_empty()),
        ] {
            if is_used && plane.is_none() {
                let seen = format!("`{key}` without a data plane");
                self.refuse(domain.places.of(key), seen, "`[dataplane]` with a backend too");
            }
            if is_used && domain.namespace.as_deref().is_none_or(|name| name.contains('/')) {
                let seen = format!("`{key}` of a domain without a named namespace");
                self.refuse(domain.places.of(key), seen, "`namespace` with a name of `/run/netns` too");
            }
        }
        let Some(plane) = plane else { return };
        if let Some(attach) = &domain.attach {
            let at = |key| attach.places.of(key);
            if plane.port.is_none() {
                self.refuse(domain.places.of("attach"), "`attach` without a port", "`port` of `[dataplane]` too");
            }
            let tags = (attach.s_tag.map(|tag| tag.get()), attach.c_tag.map(|tag| tag.get()));
            match (plane.encapsulation, tags) {
                (Encapsulation::Qinq, (Some(_), Some(_))) | (Encapsulation::Untagged, (None, None)) => {}
                (Encapsulation::Qinq, _) => {
                    self.refuse(
                        at("s-tag"),
                        "`attach` without both tags",
                        "`s-tag` and `c-tag`, as the port is `qinq`",
                    );
                }
                (Encapsulation::Untagged, _) => {
                    self.refuse(at("s-tag"), "`attach` with a tag", "no tags, as the port is `untagged`");
                }
            }
            if !self.tags.insert(tags) {
                self.refuse(at("s-tag"), "the same part of the port as another domain", "tags of its own");
            }
        }
        for tunnel in &domain.tunnels {
            if plane.cloud.is_none() {
                self.refuse(tunnel.places.of("vni"), "a tunnel without a cloud", "`cloud` of `[dataplane]` too");
            }
            if plane.cloud.is_some_and(|cloud| cloud.is_ipv4() != tunnel.remote.is_ipv4()) {
                let seen = tunnel.remote.to_string();
                self.refuse(tunnel.places.of("remote"), seen, "an address of the family of `cloud`");
            }
            if !self.networks.insert(tunnel.vni.get()) {
                let seen = format!("a second tunnel {}", tunnel.vni.get());
                self.refuse(tunnel.places.of("vni"), seen, "a number of its own");
            }
        }
    }

    fn peer(&mut self, domain: &Domain, peer: &Peer) {
        let at = |key| peer.places.of(key);
        if is_no_asn(peer.asn) {
            self.refuse(at("asn"), format!("AS {}", peer.asn), "an AS number that a router can have");
        } else if peer.asn == self.config.asn && domain.peering != Peering::Open {
            let seen = format!("AS {}, which is our own", peer.asn);
            self.refuse(at("asn"), seen, "another AS; only an open domain has sessions inside one");
        }
        if peer.role == Side::Open && domain.peering != Peering::Open {
            let seen = format!("an open peer on a {} peering", domain.peering.as_str());
            self.refuse(at("role"), seen, "`customer` or `gateway`");
        }
        if peer.role != Side::Gateway && !peer.vnet_communities.is_empty() {
            let seen = format!("`vnet-communities` of a {} peer", peer.role.as_str());
            self.refuse(at("vnet-communities"), seen, "that key on a gateway only");
        }
        let hold = peer.hold_time.get();
        if matches!(hold, 1 | 2) {
            self.refuse(at("hold-time"), format!("{hold} s"), "0 or at least 3 (RFC 4271, section 4.2)");
        }
        if let Some(local) = peer.local_address
            && local.is_ipv4() != peer.address.is_ipv4()
        {
            let seen = format!("{local} as our address towards {}", peer.address);
            self.refuse(at("local-address"), seen, "an address of the same family as `address`");
        }
        if !is_unicast(peer.address) {
            self.refuse(at("address"), peer.address.to_string(), "the address of a router");
        }
        if let Some(families) = &peer.families {
            let repeated = families.iter().enumerate().any(|(index, family)| families[..index].contains(family));
            if families.is_empty() || repeated {
                self.refuse(at("families"), shown(families), "`ipv4`, `ipv6` or both, each once");
            }
        }
        if let Some(text) = &peer.shutdown
            && text.len() > 255
        {
            self.refuse(at("shutdown"), format!("a message of {} bytes", text.len()), "at most 255 bytes (RFC 9003)");
        }
        if let Some(device) = &peer.device
            && !is_device(device)
        {
            self.refuse(at("device"), format!("`{device}`"), "the name of a device, 1 to 15 bytes");
        }
    }

    /// Whoever connects must be known by its address.
    fn addresses(&mut self, domain: &'c Domain, peer: &'c Peer) {
        let others = self.peers.entry((domain.namespace.as_deref(), peer.address)).or_default();
        let told_apart =
            |other: &&Peer| matches!((other.local_address, peer.local_address), (Some(a), Some(b)) if a != b);
        let clash = others.iter().find(|other| !told_apart(other)).map(|other| other.name.clone());
        others.push(peer);
        if let Some(other) = clash {
            let seen = format!("{}, which peer {other} has too", peer.address);
            let expected = "an address that is unique in the namespace, or a `local-address` of each that differs";
            self.refuse(peer.places.of("address"), seen, expected);
        }
    }

    fn listen(&mut self, listen: &[SocketAddr], at: Range<usize>) {
        for (index, address) in listen.iter().enumerate() {
            if address.port() != 0 && listen[..index].contains(address) {
                self.refuse(at.clone(), format!("{address} twice"), "each address once");
            }
        }
    }

    fn unique<'n, T>(
        &mut self,
        items: &'n [T],
        name: impl Fn(&'n T) -> (&'n Label, Range<usize>),
        section: &'static Section,
    ) {
        let mut seen = HashSet::with_capacity(items.len());
        for item in items {
            let (name, at) = name(item);
            if !seen.insert(name) {
                self.refuse(at, format!("a second {} `{name}`", section.heading), "a name of its own");
            }
        }
    }
}

/// AS 0 (RFC 7607) and AS_TRANS (RFC 6793).
fn is_no_asn(asn: Asn) -> bool {
    matches!(asn.0, 0 | 23456)
}

fn is_unicast(address: IpAddr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && address != IpAddr::from([255, 255, 255, 255])
}

/// A name that Linux takes for a device (`dev_valid_name`).
fn is_device(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && !matches!(name, "." | "..")
        && !name.contains(|c: char| c == '/' || c == ':' || c.is_whitespace())
}

fn shown(families: &[Family]) -> String {
    match families {
        [] => "an empty list".to_owned(),
        _ => families.iter().map(|family| family.as_str()).collect::<Vec<_>>().join(", "),
    }
}

impl Peer {
    /// The families that are exchanged.
    pub fn families(&self) -> (bool, bool) {
        match &self.families {
            Some(families) => (families.contains(&Family::V4), families.contains(&Family::V6)),
            None => (self.address.is_ipv4(), self.address.is_ipv6()),
        }
    }
}

impl Domain {
    /// Whether the data plane has anything to do with it.
    pub(crate) fn is_forwarded(&self) -> bool {
        self.kernel_routes || self.attach.is_some() || !self.tunnels.is_empty()
    }
}

impl Feed {
    /// All its prefixes of a family.
    pub fn all(&self, family: AddressFamily) -> impl Iterator<Item = Prefix> {
        let listed = self.prefixes.iter().chain(self.file.iter().flat_map(|file| &file.prefixes));
        listed.copied().filter(move |prefix| prefix.family() == family)
    }
}
