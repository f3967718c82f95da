//! ExpressRoute's routing policy, as a named list.
//!
//! A [`PeeringPolicy`] says in plain values what holds on one session: which peering, which side, limits,
//! validated prefixes, route filter. [`PeeringPolicy::import`] and [`PeeringPolicy::export`] make of it what
//! the table asks:
//!
//! 1. [`PeeringPolicy::session`]: may there be a session at all?
//! 2. [`Import::attributes`], once for each set of attributes: taken (perhaps rewritten) or refused?
//! 3. [`Import::prefix`], once for each prefix, when [`Import::has_prefix_clauses`].
//! 4. [`Import::limits`], held against the count of routes of the session.
//! 5. [`Export::attributes`], once for each set of attributes that goes out.
//!
//! Each policy has a file, a name that does not change and a manual page ([`Policy`], [`POLICIES`],
//! `docs/reference/policies.md`). What is refused says why ([`Reason`]). Numbers and ranges are the caller's,
//! who takes them from the catalogue ([`Facts`]).

#[macro_use]
mod page;
mod asn_ranges;
mod export;
mod import;
mod prefix_list;
mod reason;
mod settings;
#[cfg(test)]
mod testing;

mod advertised_prefixes;
mod as_set;
mod bogons;
mod customer_communities;
mod default_route;
mod drain;
mod gateway_asn;
mod graceful_shutdown;
mod interface_subnets;
mod longest_path;
mod longest_prefix;
mod no_import;
mod no_transit;
mod path_asn;
mod peer_asn;
mod prefix_limit;
mod private_asn;
mod private_space;
mod region_reach;
mod route_filter;
mod route_leak;
mod vnet_communities;
mod weight;
mod well_known_communities;

pub use asn_ranges::AsnRanges;
pub use export::Export;
pub use import::{AttributeClauses, Import, Judgement};
pub use page::{Point, Policy};
pub use prefix_limit::{Count, Limit, Limits};
pub use prefix_list::{Net, PrefixList};
pub use reason::{Reason, Seen};
pub use settings::{Facts, Peering, PeeringPolicy, Role};

/// Every policy, in the order in which a route meets them.
pub static POLICIES: &[&Policy] = &[
    &peer_asn::PEER_ASN,
    &advertised_prefixes::PREFIX_VALIDATION,
    &prefix_limit::PREFIX_LIMIT,
    &no_import::NO_IMPORT,
    &longest_path::LONGEST_PATH,
    &as_set::AS_SET,
    &path_asn::PATH_ASN,
    &route_leak::ROUTE_LEAK,
    &private_asn::PRIVATE_ASN,
    &customer_communities::CUSTOMER_COMMUNITIES,
    &graceful_shutdown::LAST_CHOICE,
    &vnet_communities::VNET_COMMUNITIES,
    &weight::WEIGHT,
    &default_route::DEFAULT_ROUTE,
    &longest_prefix::LONGEST_PREFIX,
    &private_space::PRIVATE_SPACE,
    &bogons::BOGONS,
    &interface_subnets::INTERFACE_SUBNETS,
    &advertised_prefixes::ADVERTISED_PREFIXES,
    &well_known_communities::WELL_KNOWN_COMMUNITIES,
    &no_transit::NO_TRANSIT,
    &route_filter::ROUTE_FILTER,
    &region_reach::REGION_REACH,
    &gateway_asn::GATEWAY_ASN,
    &drain::DRAIN,
];

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use bgp_wire::AttributeSet;
    use model::Asn;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let names: BTreeSet<&str> = POLICIES.iter().map(|policy| policy.name).collect();
        assert_eq!(names.len(), POLICIES.len());
        for name in names {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !name.contains("--"), "{name}");
        }
    }

    #[test]
    fn every_policy_has_a_page_and_a_source() {
        for policy in POLICIES {
            assert!(policy.doc.trim().ends_with(['.', ')']) && policy.doc.len() > 80, "{}", policy.name);
            assert!(!policy.sources.is_empty(), "{}", policy.name);
        }
    }

    #[test]
    fn a_plain_session_takes_and_gives_everything() {
        let wild = tagged(&[CUSTOMER, 64500, 65515, 64512], &["12076:50002", "1:1"]);
        for import in [Import::open(), open().import(&facts())] {
            assert!(!import.has_prefix_clauses());
            assert_eq!(import, Import::open());
        }
        assert_eq!(taken(&open(), &wild), wild);
        assert_eq!(refused_prefix(&open(), "127.0.0.0/8"), "");
        let out = sent(&open(), &AttributeSet { med: Some(5), ..wild.clone() }).unwrap();
        assert_eq!(path(&out), [12076, CUSTOMER, 64500, 65515, 64512]);
        assert_eq!((out.med, out.communities), (None, wild.communities));
        assert_eq!(open().export(&facts()), Export::open(Asn(12076), bgp_wire::Neighbor::External));
    }

    #[test]
    fn extended_communities_that_are_not_transitive_stay_inside_our_as() {
        // RFC 4360, section 2: a link bandwidth, and a route target.
        let extended_communities = [[0x40, 4, 0x2F, 0x2C, 0, 0, 0, 1], [0, 2, 0x2F, 0x2C, 0, 0, 0, 1]]
            .map(bgp_wire::ExtendedCommunity)
            .to_vec();
        let set = AttributeSet { extended_communities: extended_communities.clone(), ..route(&[CUSTOMER]) };
        assert_eq!(sent(&open(), &set).unwrap().extended_communities, extended_communities[1..]);
        let inside = PeeringPolicy { peer_asn: Asn(12076), ..open() };
        assert_eq!(sent(&inside, &set).unwrap().extended_communities, extended_communities);
    }

    #[test]
    fn inside_our_own_as_attributes_stay() {
        let inside = PeeringPolicy { peer_asn: Asn(12076), ..open() };
        let out = sent(&inside, &AttributeSet { med: Some(5), ..route(&[CUSTOMER]) }).unwrap();
        assert_eq!((path(&out), out.med, out.local_pref), (vec![CUSTOMER], Some(5), Some(100)));
        let kept = sent(&inside, &tagged(&[CUSTOMER], &["65535:65281"]));
        assert!(kept.is_ok());
    }

    #[test]
    fn circuits_of_one_kind_share_what_looks_at_attributes() {
        let other = PeeringPolicy { peer_asn: Asn(65010), limits: Limits::default(), ..private() };
        let (a, b) = (private().import(&facts()), other.import(&facts()));
        assert_eq!(a.attribute_clauses(), b.attribute_clauses());
        let other = PeeringPolicy { advertised_prefixes: prefixes(&["8.8.8.0/24"]), ..microsoft() };
        let (a, b) = (microsoft().import(&facts()), other.import(&facts()));
        assert_eq!(a.attribute_clauses(), b.attribute_clauses());
        assert_ne!(a, b);
    }
}
