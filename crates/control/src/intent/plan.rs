//! What follows for an edge: a pure function of the facts.

use catalog::Catalog;
use edge_api::{Carrier, Family, Filter, Gateway, Intent, Own, Peering, Session, Side, Validation};
use model::{Prefix, Value as _};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// All that an edge could notice of a circuit.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Its name.
    pub(super) name: String,
    /// Its service key.
    pub(super) service_key: String,
    /// Its peering location.
    pub(super) location: String,
    /// Its tier, in lower case.
    pub(super) tier: String,
    /// Whether the provider has handed it over.
    pub(super) provisioned: bool,
    /// The outer tag on the port pair.
    pub(super) s_tag: u16,
    /// Its bandwidth in Mbit/s.
    pub(super) bandwidth_mbps: u32,
    /// Its peerings.
    pub(super) private: Option<PeeringFacts>,
    /// Its Microsoft peering.
    pub(super) microsoft: Option<PeeringFacts>,
    /// The gateways behind its connections.
    pub(super) gateways: Vec<GatewayFacts>,
    /// Routes of other circuits, carried here by Global Reach.
    pub(super) carried: Vec<Own>,
    /// Verdicts of the operator on prefixes: whether one is validated.
    pub(super) verdicts: BTreeMap<String, bool>,
    /// The edge is under maintenance.
    pub(super) drain: bool,
    /// Its customer ports are down.
    pub(super) down: bool,
    /// Packets travel in namespaces, not over loopback.
    pub(super) namespaces: bool,
}

/// A peering, as it is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct PeeringFacts {
    /// The key of the row.
    pub(super) key: String,
    /// Not disabled.
    pub(super) enabled: bool,
    /// The AS number of the customer.
    pub(super) asn: u32,
    /// The inner tag.
    pub(super) vlan: u16,
    /// The subnets of the primary and the secondary link.
    pub(super) v4: Option<[String; 2]>,
    /// The same of IPv6, when that half is not disabled.
    pub(super) v6: Option<[String; 2]>,
    /// The MD5 key.
    pub(super) md5: Option<String>,
    /// Prefixes that the customer registered.
    pub(super) advertised: Vec<String>,
    /// How far their validation has come, as the peering says.
    pub(super) validation: Option<Validation>,
    /// The communities of the filter, when one is attached.
    pub(super) filter: Option<Vec<String>>,
}

/// A VNet gateway.
#[derive(Debug, Clone, Default)]
pub(super) struct GatewayFacts {
    /// The key of the row.
    pub(super) key: String,
    /// Its AS number.
    pub(super) asn: u32,
    /// Where it is in the cloud's network, when the operator has placed it.
    pub(super) underlay: Option<IpAddr>,
    /// The virtual networks behind it; one may be behind several.
    pub(super) vnets: Vec<Vnet>,
}

/// A virtual network whose prefixes are announced.
#[derive(Debug, Clone, Default)]
pub(super) struct Vnet {
    /// Its address space.
    pub(super) prefixes: Vec<String>,
    /// Its own community, when the customer has set one.
    pub(super) community: Option<String>,
    /// Its region.
    pub(super) region: String,
}

/// What an edge of the circuit's location shall run of a peering; nothing when it shall run none.
pub(super) fn intent(facts: &Facts, peering: Peering, side: Side) -> Option<Intent> {
    let of = match peering {
        Peering::Private => facts.private.as_ref()?,
        Peering::Microsoft => facts.microsoft.as_ref()?,
    };
    if !facts.provisioned {
        return None;
    }
    let microsoft = peering == Peering::Microsoft;
    Some(Intent {
        revision: 0,
        key: of.key.clone(),
        circuit: facts.name.clone(),
        service_key: facts.service_key.clone(),
        location: facts.location.clone(),
        peering,
        sku: facts.tier.clone(),
        side,
        s_tag: facts.s_tag,
        vlan: of.vlan,
        bandwidth_mbps: facts.bandwidth_mbps,
        enabled: of.enabled,
        drain: facts.drain,
        down: facts.down,
        sessions: sessions(facts, of, side),
        advertised_prefixes: if microsoft { of.advertised.clone() } else { Vec::new() },
        validation: microsoft.then(|| validation(&facts.verdicts, of)),
        filter: of.filter.clone().filter(|_| microsoft).map(|communities| Filter { communities }),
        own: if microsoft { Vec::new() } else { own(facts) },
        gateways: if microsoft { Vec::new() } else { gateways(facts) },
    })
}

fn sessions(facts: &Facts, of: &PeeringFacts, side: Side) -> Vec<Session> {
    let index = usize::from(side == Side::Secondary);
    let halves = [(Family::Ipv4, &of.v4), (Family::Ipv6, &of.v6)];
    let session = |(family, subnets): (Family, &Option<[String; 2]>)| {
        let subnet = subnets.as_ref()?.get(index)?.clone();
        let (customer, edge) = link(&subnet)?;
        let carrier = match facts.namespaces {
            true => Carrier::Namespace { name: namespace(facts, of, side) },
            // The stand-in is allotted later.
            false => Carrier::Loopback { customer: Ipv4Addr::UNSPECIFIED.into(), port: None },
        };
        let md5 = of.md5.clone().map(edge_api::Secret);
        // Spec 03, 10.3: on by default. Loopback has one port for all who would watch each other.
        let bfd = facts.namespaces;
        Some(Session { family, subnet, customer, edge, carrier, asn: of.asn, md5, prefix_limit: None, bfd })
    };
    halves.into_iter().filter_map(session).collect()
}

/// The customer's and the edge's address of a link: the first and the second of its subnet (spec 03, 3.3).
fn link(subnet: &str) -> Option<(IpAddr, IpAddr)> {
    match Prefix::parse(subnet).ok()?.network() {
        IpAddr::V4(network) => {
            let at = |offset| network.to_bits().checked_add(offset).map(Ipv4Addr::from_bits).map(IpAddr::V4);
            Some((at(1)?, at(2)?))
        }
        IpAddr::V6(network) => {
            let at = |offset| network.to_bits().checked_add(offset).map(Ipv6Addr::from_bits).map(IpAddr::V6);
            Some((at(1)?, at(2)?))
        }
    }
}

fn namespace(facts: &Facts, of: &PeeringFacts, side: Side) -> String {
    let side = if side == Side::Primary { 'a' } else { 'b' };
    format!("tp-{}-{}-{side}", facts.service_key, of.vlan)
}

/// How far the validation has come: what the operator says of prefixes counts before what the peering says.
fn validation(verdicts: &BTreeMap<String, bool>, of: &PeeringFacts) -> Validation {
    let verdict = |prefix: &String| {
        let canonical = Prefix::parse(prefix).map_or_else(|_| prefix.clone(), |prefix| prefix.to_string());
        verdicts.get(&canonical).copied()
    };
    if of.advertised.is_empty() {
        Validation::NotConfigured
    } else if of.advertised.iter().any(|prefix| verdict(prefix) == Some(false)) {
        Validation::ValidationNeeded
    } else if of.advertised.iter().all(|prefix| verdict(prefix) == Some(true)) {
        Validation::Configured
    } else {
        of.validation.unwrap_or(Validation::Configuring)
    }
}

/// The prefixes of virtual networks, each once, in order, and behind them those of other circuits that none of them has.
fn own(facts: &Facts) -> Vec<Own> {
    let mut routes: BTreeMap<Prefix, BTreeSet<String>> = BTreeMap::new();
    for vnet in facts.gateways.iter().flat_map(|gateway| &gateway.vnets) {
        for prefix in vnet.prefixes.iter().filter_map(|text| Prefix::parse(text).ok()) {
            routes.entry(prefix).or_default().extend(communities(vnet));
        }
    }
    let near: BTreeSet<String> = routes.keys().map(ToString::to_string).collect();
    let route = |(prefix, communities): (Prefix, BTreeSet<String>)| Own {
        prefix: prefix.to_string(),
        communities: communities.into_iter().collect(),
        as_path: Vec::new(),
    };
    let far = facts.carried.iter().filter(|own| !near.contains(&own.prefix)).cloned();
    routes.into_iter().map(route).chain(far).collect()
}

/// The gateways that packets can be sent to; the way to each is allotted later.
fn gateways(facts: &Facts) -> Vec<Gateway> {
    let gateway = |gateway: &GatewayFacts| {
        let prefixes = gateway.vnets.iter().flat_map(|vnet| &vnet.prefixes);
        let prefixes: BTreeSet<Prefix> = prefixes.filter_map(|text| Prefix::parse(text).ok()).collect();
        Some(Gateway {
            id: gateway.key.clone(),
            asn: gateway.asn,
            underlay: gateway.underlay?,
            vni: 0,
            sessions: Vec::new(),
            prefixes: prefixes.iter().map(ToString::to_string).collect(),
            // Spokes share the communities of the hub that their routes come from.
            communities: gateway.vnets.first().map(communities).unwrap_or_default(),
        })
    };
    facts.gateways.iter().filter_map(gateway).collect()
}

/// The communities of a virtual network: none unless it has one of its own, else that and its region's (spec 03, 8.1
/// and 8.5).
fn communities(vnet: &Vnet) -> Vec<String> {
    let Some(own) = &vnet.community else { return Vec::new() };
    let regional = Catalog::builtin().region(&vnet.region).map(|region| region.bgp_community_private.clone());
    [Some(own.clone()), regional.filter(|regional| !regional.is_empty())].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let peering = PeeringFacts {
            key: "/c/peerings/p".to_owned(),
            enabled: true,
            asn: 65010,
            vlan: 100,
            v4: Some(["192.168.15.16/30".to_owned(), "192.168.15.20/30".to_owned()]),
            ..PeeringFacts::default()
        };
        Facts {
            name: "c".to_owned(),
            provisioned: true,
            private: Some(peering.clone()),
            microsoft: Some(peering),
            ..Facts::default()
        }
    }

    fn addresses(facts: &Facts, side: Side) -> Vec<String> {
        let sessions = intent(facts, Peering::Private, side).unwrap().sessions;
        sessions.iter().map(|session| format!("{} {}", session.customer, session.edge)).collect()
    }

    #[test]
    fn the_customer_has_the_first_address_of_each_link_and_the_edge_the_second() {
        let mut facts = facts();
        assert_eq!(addresses(&facts, Side::Primary), ["192.168.15.17 192.168.15.18"]);
        facts.private.as_mut().unwrap().v6 = Some(["fd00::/126".to_owned(), "fd00::4/126".to_owned()]);
        assert_eq!(addresses(&facts, Side::Secondary), ["192.168.15.21 192.168.15.22", "fd00::5 fd00::6"]);
    }

    #[test]
    fn nothing_runs_before_the_provider_has_handed_over() {
        let facts = Facts { provisioned: false, ..facts() };
        assert_eq!(intent(&facts, Peering::Private, Side::Primary), None);
        let none = Facts { provisioned: true, private: None, ..facts };
        assert_eq!(intent(&none, Peering::Private, Side::Primary), None);
    }

    #[test]
    fn a_vnet_carries_its_regions_community_only_beside_one_of_its_own() {
        let vnet = |community: Option<&str>| Vnet {
            prefixes: vec!["10.2.0.0/16".to_owned(), "10.1.0.0/16".to_owned()],
            community: community.map(str::to_owned),
            region: "westeurope".to_owned(),
        };
        let behind = |vnets: Vec<Vnet>| vec![GatewayFacts { vnets, ..GatewayFacts::default() }];
        let own = |vnets: Vec<Vnet>| {
            let facts = Facts { gateways: behind(vnets), ..facts() };
            intent(&facts, Peering::Private, Side::Primary).unwrap().own
        };
        let plain = own(vec![vnet(None), vnet(None)]);
        assert_eq!(plain.iter().map(|own| own.prefix.as_str()).collect::<Vec<_>>(), ["10.1.0.0/16", "10.2.0.0/16"]);
        assert!(plain.iter().all(|own| own.communities.is_empty()));
        assert_eq!(own(vec![vnet(Some("12076:20001"))])[0].communities, ["12076:20001", "12076:50002"]);
        let facts = Facts { gateways: behind(vec![vnet(None)]), ..facts() };
        assert_eq!(intent(&facts, Peering::Microsoft, Side::Primary).unwrap().own, []);
    }

    #[test]
    fn a_gateway_is_told_when_it_has_a_place_and_announces_what_is_behind_it() {
        let vnet = Vnet { prefixes: vec!["10.1.0.0/16".to_owned()], ..Vnet::default() };
        let unplaced = GatewayFacts { key: "/g".to_owned(), asn: 65515, underlay: None, vnets: vec![vnet] };
        let gateways = |gateway: &GatewayFacts, peering| {
            let facts = Facts { gateways: vec![gateway.clone()], ..facts() };
            let intent = intent(&facts, peering, Side::Primary).unwrap();
            (intent.gateways, intent.own.len())
        };
        assert_eq!(gateways(&unplaced, Peering::Private), (Vec::new(), 1));
        let placed = GatewayFacts { underlay: "192.0.2.9".parse().ok(), ..unplaced };
        let (told, own) = gateways(&placed, Peering::Private);
        assert_eq!((told[0].asn, &told[0].prefixes[..], own), (65515, &["10.1.0.0/16".to_owned()][..], 1));
        assert_eq!(gateways(&placed, Peering::Microsoft), (Vec::new(), 0));
    }

    #[test]
    fn the_operators_word_on_prefixes_counts_first() {
        let mut facts = facts();
        let state = |facts: &Facts| intent(facts, Peering::Microsoft, Side::Primary).unwrap().validation.unwrap();
        assert_eq!(state(&facts), Validation::NotConfigured);
        let peering = facts.microsoft.as_mut().unwrap();
        peering.advertised = vec!["51.4.0.0/16".to_owned(), "51.5.0.0/16".to_owned()];
        assert_eq!(state(&facts), Validation::Configuring);
        facts.microsoft.as_mut().unwrap().validation = Some(Validation::ValidationNeeded);
        assert_eq!(state(&facts), Validation::ValidationNeeded);
        facts.verdicts.insert("51.4.0.0/16".to_owned(), true);
        assert_eq!(state(&facts), Validation::ValidationNeeded);
        facts.verdicts.insert("51.5.0.0/16".to_owned(), true);
        assert_eq!(state(&facts), Validation::Configured);
        facts.verdicts.insert("51.4.0.0/16".to_owned(), false);
        assert_eq!(state(&facts), Validation::ValidationNeeded);
    }

    #[test]
    fn a_filter_is_for_microsoft_peering_alone() {
        let mut facts = facts();
        facts.microsoft.as_mut().unwrap().filter = Some(vec!["12076:51002".to_owned()]);
        let filter = |peering| intent(&facts, peering, Side::Primary).unwrap().filter;
        assert_eq!(filter(Peering::Microsoft).unwrap().communities, ["12076:51002"]);
        assert_eq!(filter(Peering::Private), None);
    }
}
