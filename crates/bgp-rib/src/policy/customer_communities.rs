//! Policy: what communities a customer sets means nothing.

use bgp_wire::iana::community::GRACEFUL_SHUTDOWN;
use bgp_wire::{AttributeSet, Attributes};

policy! {
    /// Microsoft ignores communities that a customer sets, well-known ones too. They are taken off when a route
    /// is received: communities, extended and large ones. So none of them can be taken for one of Microsoft's
    /// own. The one that stays is GRACEFUL_SHUTDOWN (see `graceful-shutdown`), where it is heeded: the VNet
    /// gateway, which chooses between the two links, has to see it.
    CUSTOMER_COMMUNITIES = "customer-communities" at Received,
    from "expressroute-routing.md", "bgp-communities-in-expressroute.md";
}

/// Whether there is anything to take off. GRACEFUL_SHUTDOWN stays where `heeded`.
pub(super) fn applies(attributes: &Attributes<'_>, heeded: bool) -> bool {
    attributes.communities.iter().any(|community| !(heeded && community == GRACEFUL_SHUTDOWN))
        || !attributes.extended_communities.is_empty()
        || !attributes.large_communities.is_empty()
}

pub(super) fn remove(set: &mut AttributeSet, heeded: bool) {
    set.communities.retain(|community| heeded && *community == GRACEFUL_SHUTDOWN);
    set.extended_communities.clear();
    set.large_communities.clear();
}

#[cfg(test)]
mod tests {
    use crate::policy::PeeringPolicy;
    use crate::policy::testing::*;
    use bgp_wire::{ExtendedCommunity, LargeCommunity};
    use model::Asn;

    #[test]
    fn a_customers_communities_are_taken_off_on_both_peerings() {
        let mut set = tagged(&[CUSTOMER], &["12076:51002", "3333:1", "65535:65281"]);
        set.extended_communities.push(ExtendedCommunity::route_target(1, 1));
        set.large_communities.push(LargeCommunity { administrator: Asn(1), data1: 2, data2: 3 });
        for customer in [private(), microsoft()] {
            assert_eq!(taken(&customer, &set), route(&[CUSTOMER]));
        }
        assert_eq!(taken(&open(), &set), set);
    }

    #[test]
    fn graceful_shutdown_stays_where_it_is_heeded() {
        let set = tagged(&[CUSTOMER], &["3333:1", "65535:0"]);
        assert_eq!(tags(&taken(&private(), &set)), ["65535:0"]);
        let deaf = PeeringPolicy { graceful_shutdown: false, ..private() };
        assert_eq!(taken(&deaf, &set), route(&[CUSTOMER]));
    }
}
