//! Policy: no space that is nobody's.

use super::{Net, PrefixList, Reason, Seen};

policy! {
    /// On Microsoft peering a prefix is refused that lies in a special-purpose range that is not globally
    /// reachable: shared address space, documentation, benchmarking, multicast, reserved. The longest entry of the
    /// registry around the prefix decides. On private peering only what no router forwards is refused:
    /// this network, loopback, link-local, multicast and the reserved top of the space. A wide prefix may hold such
    /// ranges: whether it is the customer's to announce is asked by `advertised-prefixes`.
    BOGONS = "bogons" at Prefix,
    from "IANA special-purpose address registries", "RFC 6890, section 2.2";
}

pub(super) fn refuse<P: Net>(bogons: &PrefixList, prefix: P) -> Option<Reason> {
    let range = bogons.covering(prefix)?;
    Some(BOGONS.saw(Seen::Within(prefix.into(), range.into())))
}

#[cfg(test)]
mod tests {
    use crate::policy::PeeringPolicy;
    use crate::policy::testing::*;

    #[test]
    fn the_longest_entry_around_the_prefix_decides() {
        let microsoft = PeeringPolicy { advertised_prefixes: prefixes(&["192.0.0.0/8"]), ..microsoft() };
        assert_eq!(refused_prefix(&microsoft, "192.0.0.8/32"), "bogons: 192.0.0.8/32 lies in 192.0.0.0/24");
        assert_eq!(refused_prefix(&microsoft, "192.0.0.9/32"), "");
        assert_eq!(refused_prefix(&microsoft, "2001:db8:1::/48"), "bogons: 2001:db8:1::/48 lies in 2001:db8::/32");
    }

    #[test]
    fn private_peering_refuses_only_what_no_router_forwards() {
        for prefix in ["127.0.0.0/8", "127.0.0.1/32", "239.1.0.0/16", "fe80::/64", "ff02::/16"] {
            assert!(refused_prefix(&private(), prefix).starts_with("bogons: "), "{prefix}");
        }
        for prefix in ["100.64.0.0/16", "203.0.113.0/24", "2001:db8::/48", "64.0.0.0/2", "0.0.0.0/0"] {
            assert_eq!(refused_prefix(&private(), prefix), "");
        }
    }

    #[test]
    fn a_gateway_is_trusted() {
        assert!(!gateway().import(&facts()).has_prefix_clauses());
    }
}
