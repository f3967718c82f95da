//! ExpressRoute's policy of every session, made of the configuration and the catalogue.
//!
//! [`bgp_rib::policy`] knows what to do and no figure; the figures and ranges are the catalogue's. Both meet here
//! and nowhere else: [`Policies`] holds what is the same for all sessions, [`Policies::of`] adds what the
//! configuration says of one.

use crate::config::{BgpRole, Config, Domain, Peer, Peering, Side};
use bgp_rib::policy::{AsnRanges, Facts, Limit, Limits, PeeringPolicy, PrefixList, Role};
use catalog::{AsnKind, AsnRange, Catalog, CommunityKind, Location, Region};
use model::{Asn, Community, Tier};

/// The policies of all sessions of a configuration.
#[derive(Debug)]
pub struct Policies<'c> {
    catalog: &'c Catalog,
    asn: Asn,
    location: Option<&'c Location>,
    facts: Facts,
}

impl<'c> Policies<'c> {
    /// Prepares what is the same for all sessions.
    pub fn new(config: &Config, catalog: &'c Catalog) -> Self {
        let subnets = config.domains.iter().flat_map(|domain| domain.link_subnets.iter().copied());
        let facts = Facts { interface_subnets: PrefixList::new(subnets), ..facts(catalog) };
        let location = config.location.as_deref().and_then(|name| catalog.location(name));
        Self { catalog, asn: config.asn, location, facts }
    }

    /// What [`PeeringPolicy::import`], [`PeeringPolicy::export`] and [`PeeringPolicy::session`] need besides.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The policy of one session.
    pub fn of(&self, domain: &Domain, peer: &Peer) -> PeeringPolicy {
        let peering = match domain.peering {
            Peering::Private => bgp_rib::policy::Peering::Private,
            Peering::Microsoft => bgp_rib::policy::Peering::Microsoft,
            Peering::Open => bgp_rib::policy::Peering::Open,
        };
        let role = match peer.role {
            Side::Customer | Side::Open => Role::Customer,
            Side::Gateway => Role::Gateway,
        };
        PeeringPolicy {
            import: peer.import,
            limits: self.limits(domain, peer),
            weight: peer.weight.get16(),
            advertised_prefixes: domain.advertised_prefixes.clone().unwrap_or_default(),
            validation: domain.validation,
            own_subnets: domain.link_subnets.clone(),
            route_filter: domain.route_filter.clone().unwrap_or_default(),
            regions_out_of_reach: self.out_of_reach(domain),
            vnet_communities: peer.vnet_communities.clone(),
            drain: domain.drain,
            graceful_shutdown: peer.graceful_shutdown,
            bgp_role: peer.bgp_role.map(bgp_role),
            ..PeeringPolicy::new(peering, role, self.asn, peer.asn)
        }
    }

    /// The limits of the SKU, where the configuration names no others.
    fn limits(&self, domain: &Domain, peer: &Peer) -> Limits {
        let key = match (domain.peering, peer.role) {
            (Peering::Private, Side::Customer) => Some("routes-to-private"),
            (Peering::Private, Side::Gateway) => Some("routes-from-private"),
            (Peering::Microsoft, Side::Customer) => Some("routes-to-microsoft"),
            (Peering::Microsoft, Side::Gateway) | (Peering::Open, _) | (_, Side::Open) => None,
        };
        let warning = self.number("route-limit", "warning-from", "").unwrap_or(100);
        let limit = |family: &str, own: Option<u32>| {
            let of_sku = || self.number("route-limit", &format!("{family}-{}", key?), &domain.sku.to_string());
            own.or_else(of_sku).map(|routes| Limit::new(routes, warning))
        };
        let own = peer.prefix_limit.as_ref();
        Limits {
            v4: limit("ipv4", own.and_then(|own| own.ipv4).map(|routes| routes.get())),
            v6: limit("ipv6", own.and_then(|own| own.ipv6).map(|routes| routes.get())),
        }
    }

    fn number(&self, category: &str, key: &str, sku: &str) -> Option<u32> {
        number(self.catalog, category, key, sku)
    }

    /// The communities of all regions, and of services in them, that a circuit of this SKU does not reach.
    fn out_of_reach(&self, domain: &Domain) -> Vec<Community> {
        let Some(location) = self.location.filter(|_| domain.peering == Peering::Microsoft) else { return Vec::new() };
        let beyond =
            |name: &str| self.catalog.region(name).is_some_and(|region| !reaches(domain.sku, location, region));
        let regional = self.catalog.communities().iter().filter(|fact| match fact.kind {
            CommunityKind::RegionMicrosoft | CommunityKind::ServiceRegion => beyond(&fact.region_name),
            CommunityKind::RegionPrivate | CommunityKind::Service => false,
        });
        regional.map(|fact| fact.community).collect()
    }
}

/// Whether a circuit at a location reaches a region on Microsoft peering.
fn reaches(sku: Tier, location: &Location, region: &Region) -> bool {
    location.cloud == region.cloud
        && match sku {
            Tier::Local => region.is_local_to(&location.name),
            Tier::Standard => location.geopolitical_region == region.geopolitical_region,
            Tier::Premium => true,
        }
}

/// The facts of the catalogue that every session's policy asks.
fn facts(catalog: &Catalog) -> Facts {
    let ranges = |chosen: fn(&AsnRange) -> bool| {
        let ranges = catalog.asn_ranges().iter().filter(|range| chosen(range));
        AsnRanges::new(ranges.map(|range| (Asn(range.first_asn), Asn(range.last_asn))))
    };
    let special = || catalog.bogons().iter().filter(|bogon| !bogon.prefix.is_default_route());
    let bogons = special().filter(|bogon| !bogon.is_private_use());
    let unroutable = special().filter(|bogon| bogon.drop_on_private_peering);
    let longest =
        |family| number(catalog, "bgp", &format!("longest-{family}-prefix"), "").and_then(|n| n.try_into().ok());
    Facts {
        bogons: PrefixList::with_exceptions(bogons.map(|bogon| (bogon.prefix, bogon.drop_on_microsoft_peering))),
        unroutable: PrefixList::new(unroutable.map(|bogon| bogon.prefix)),
        private_space: PrefixList::new(catalog.private_ranges().map(|bogon| bogon.prefix)),
        interface_subnets: PrefixList::default(),
        refused_asns: ranges(AsnRange::is_refused),
        refused_asns_on_microsoft: ranges(AsnRange::is_refused_on_microsoft),
        refused_asns_in_path: ranges(AsnRange::is_refused_in_path),
        private_asns: ranges(|range| range.kind == AsnKind::Private),
        gateway_asns: ranges(|range| range.kind == AsnKind::AzureReserved),
        longest_path: number(catalog, "bgp", "longest-as-path", "").map(|length| length as usize),
        longest_prefix4: longest("ipv4"),
        longest_prefix6: longest("ipv6"),
        drain_prepends: number(catalog, "bgp", "maintenance-prepends", "").map_or(0, |times| times as usize),
    }
}

fn number(catalog: &Catalog, category: &str, key: &str, sku: &str) -> Option<u32> {
    catalog.limit(category, key, sku).and_then(|number| number.try_into().ok())
}

pub(crate) fn bgp_role(role: BgpRole) -> bgp_wire::Role {
    match role {
        BgpRole::Provider => bgp_wire::Role::PROVIDER,
        BgpRole::Customer => bgp_wire::Role::CUSTOMER,
        BgpRole::Peer => bgp_wire::Role::PEER,
        BgpRole::RouteServer => bgp_wire::Role::RS,
        BgpRole::RouteServerClient => bgp_wire::Role::RS_CLIENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bgp_wire::{AttributeSet, Origin, PathSegment, Prefix4, Prefix6};
    use model::{Family, Prefix, Value};

    const HEAD: &str = "name = 'msee'\nrouter-id = '10.0.0.1'\n";

    fn config(text: &str) -> Config {
        let mut files = |_: &std::path::Path| Err(std::io::Error::other("no files"));
        Config::parse("edge.toml", &format!("{HEAD}{text}"), Catalog::builtin(), &mut files).unwrap()
    }

    /// A domain with one peer.
    fn one(domain: &str, peer: &str) -> Config {
        config(&format!(
            "location = 'Amsterdam'\n[[domain]]\nname = 'd'\n{domain}\n\
             [[domain.peer]]\nname = 'p'\naddress = '10.0.0.2'\nasn = '65010'\n{peer}\n"
        ))
    }

    fn policy(config: &Config) -> (PeeringPolicy, Facts) {
        let policies = Policies::new(config, Catalog::builtin());
        let [domain] = &config.domains[..] else { panic!("one domain") };
        (policies.of(domain, &domain.peers[0]), policies.facts().clone())
    }

    fn limits(domain: &str, peer: &str) -> [Option<(u32, u32)>; 2] {
        let (policy, _) = policy(&one(domain, peer));
        [Family::V4, Family::V6].map(|family| policy.limits.of(family).map(|limit| (limit.routes, limit.warning)))
    }

    fn community(text: &str) -> Community {
        Community::parse(text).unwrap()
    }

    const MICROSOFT: &str = "peering = 'microsoft'\nadvertised-prefixes = ['51.4.0.0/16']\n";

    #[test]
    fn limits_are_those_of_peering_side_and_sku() {
        assert_eq!(limits("peering = 'private'", ""), [Some((4000, 3200)), Some((100, 80))]);
        assert_eq!(limits("peering = 'private'\nsku = 'premium'", ""), [Some((10_000, 8000)), Some((100, 80))]);
        assert_eq!(limits("peering = 'private'\nsku = 'local'", ""), [Some((4000, 3200)), Some((100, 80))]);
        assert_eq!(limits("peering = 'private'", "role = 'gateway'"), [Some((1000, 800)), Some((100, 80))]);
        assert_eq!(limits(MICROSOFT, ""), [Some((200, 160)); 2]);
        assert_eq!(limits(MICROSOFT, "role = 'gateway'"), [None; 2]);
        assert_eq!(limits("peering = 'open'", "role = 'open'"), [None; 2]);
    }

    #[test]
    fn the_configuration_may_name_other_limits() {
        let own = "prefix-limit = { ipv4 = 10 }";
        assert_eq!(limits("peering = 'private'", own), [Some((10, 8)), Some((100, 80))]);
        assert_eq!(limits("peering = 'open'", own), [Some((10, 8)), None]);
    }

    #[test]
    fn a_circuit_reaches_the_regions_of_its_sku() {
        let beyond = |sku: &str| {
            let (policy, _) = policy(&one(&format!("{MICROSOFT}sku = '{sku}'"), ""));
            ["12076:51002", "12076:51003", "12076:51004", "12076:52004", "12076:5060"]
                .map(|text| policy.regions_out_of_reach.contains(&community(text)))
        };
        // West Europe is beside Amsterdam, North Europe in Europe, East US elsewhere; Entra ID is in no region.
        assert_eq!(beyond("local"), [false, true, true, true, false]);
        assert_eq!(beyond("standard"), [false, false, true, true, false]);
        assert_eq!(beyond("premium"), [false; 5]);
    }

    #[test]
    fn the_national_clouds_are_out_of_reach_of_premium_too() {
        let (policy, _) = policy(&one(&format!("{MICROSOFT}sku = 'premium'"), ""));
        assert!(policy.regions_out_of_reach.contains(&community("12076:51105")));
    }

    #[test]
    fn without_a_location_every_region_is_sent() {
        let config = config(
            "[[domain]]\nname = 'd'\npeering = 'microsoft'\nsku = 'local'\nadvertised-prefixes = []\n\
             [[domain.peer]]\nname = 'p'\naddress = '10.0.0.2'\nasn = '65010'\n",
        );
        assert_eq!(policy(&config).0.regions_out_of_reach, []);
    }

    #[test]
    fn the_catalogue_refuses_what_the_pages_name() {
        let (microsoft, facts) = policy(&one(MICROSOFT, ""));
        let refused = |text: &str| {
            let prefix = Prefix::parse(text).unwrap();
            let import = microsoft.import(&facts);
            let reason = match prefix.family() {
                Family::V4 => import.prefix(Prefix4::try_from(prefix).unwrap()),
                Family::V6 => import.prefix(Prefix6::try_from(prefix).unwrap()),
            };
            reason.map_or("taken", |reason| reason.policy.name)
        };
        let cases = [
            ("0.0.0.0/0", "default-route"),
            ("::/0", "default-route"),
            ("10.1.0.0/16", "private-space"),
            ("fd00::/48", "private-space"),
            ("100.64.0.0/16", "bogons"),
            ("198.51.100.0/24", "bogons"),
            ("2001:db8::/32", "bogons"),
            ("192.0.0.9/32", "advertised-prefixes"),
            ("51.5.0.0/16", "advertised-prefixes"),
            ("51.4.3.2/32", "taken"),
        ];
        for (prefix, policy) in cases {
            assert_eq!(refused(prefix), policy, "{prefix}");
        }
    }

    #[test]
    fn private_peering_takes_private_space_and_a_default_route() {
        let (private, facts) = policy(&one("peering = 'private'", ""));
        let import = private.import(&facts);
        let refused = |text: &str| import.prefix(Prefix4::try_from(Prefix::parse(text).unwrap()).unwrap()).is_some();
        assert!(!["0.0.0.0/0", "10.0.0.0/8", "100.64.0.0/10", "198.18.0.0/15"].map(refused).contains(&true));
        assert!(
            !["127.0.0.0/8", "169.254.1.0/24", "224.0.0.0/24", "0.0.0.0/8", "240.0.0.0/8"]
                .map(refused)
                .contains(&false)
        );
    }

    #[test]
    fn reserved_numbers_are_refused_as_the_routers() {
        let session = |domain: &str, asn: &str| {
            let config = one(domain, "");
            let (mut policy, facts) = policy(&config);
            policy.peer_asn = Asn::parse(asn).unwrap();
            policy.session(&facts).map_err(|reason| reason.policy.name)
        };
        assert_eq!(session("peering = 'private'", "65515"), Err("peer-asn"));
        assert_eq!(session("peering = 'private'", "64500"), Ok(()));
        assert_eq!(session(MICROSOFT, "64500"), Err("peer-asn"));
        assert_eq!(session(&format!("{MICROSOFT}validation = 'configuring'"), "3333"), Err("prefix-validation"));
    }

    #[test]
    fn the_interface_subnets_of_other_circuits_are_refused() {
        let config = config(
            "[[domain]]\nname = 'a'\npeering = 'microsoft'\nadvertised-prefixes = ['51.0.0.0/8']\n\
             link-subnets = ['51.9.0.0/30']\n[[domain.peer]]\nname = 'p'\naddress = '51.9.0.1'\nasn = '3333'\n\
             [[domain]]\nname = 'b'\npeering = 'microsoft'\nadvertised-prefixes = []\nlink-subnets = ['51.9.0.4/30']\n",
        );
        let policies = Policies::new(&config, Catalog::builtin());
        let import = policies.of(&config.domains[0], &config.domains[0].peers[0]).import(policies.facts());
        let refused = |text: &str| import.prefix(Prefix4::try_from(Prefix::parse(text).unwrap()).unwrap());
        assert_eq!(refused("51.9.0.1/32"), None);
        assert_eq!(refused("51.9.0.5/32").unwrap().policy.name, "interface-subnets");
    }

    #[test]
    fn the_example_takes_the_prefixes_that_it_lists() {
        let text = include_str!("../../../examples/edge.toml");
        let mut files = |_: &std::path::Path| Err(std::io::Error::other("no files"));
        let config = Config::parse("edge.toml", text, Catalog::builtin(), &mut files).unwrap();
        let policies = Policies::new(&config, Catalog::builtin());
        let mut asked = 0;
        for domain in &config.domains {
            for prefix in domain.advertised_prefixes.iter().flatten() {
                let policy = policies.of(domain, &domain.peers[0]);
                let import = policy.import(policies.facts());
                let refused = match prefix.family() {
                    Family::V4 => import.prefix(Prefix4::try_from(*prefix).unwrap()),
                    Family::V6 => import.prefix(Prefix6::try_from(*prefix).unwrap()),
                };
                assert_eq!(refused, None);
                assert_eq!(policy.session(policies.facts()), Ok(()));
                asked += 1;
            }
        }
        assert!(asked > 0);
    }

    #[test]
    fn graceful_shutdown_is_heeded_unless_the_configuration_says_no() {
        assert!(policy(&one("peering = 'private'", "")).0.graceful_shutdown);
        assert!(!policy(&one("peering = 'private'", "graceful-shutdown = false")).0.graceful_shutdown);
    }

    #[test]
    fn a_drained_link_has_the_as_eight_times_more() {
        let (policy, facts) = policy(&one("peering = 'private'\ndrain = true", ""));
        let vnet = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([Asn(65515)])]);
        let sent = policy.export(&facts).attributes(&vnet).unwrap();
        assert_eq!(sent.as_path, [PathSegment::sequence([Asn(12076); 9])]);
    }
}
