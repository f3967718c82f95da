//! Policy: regions that the circuit's SKU does not reach.

use super::{Reason, Seen};
use bgp_wire::AttributeSet;
use model::Community;

policy! {
    /// On Microsoft peering a route of a region that the circuit does not reach is kept back, whatever the route
    /// filter says. A Local circuit reaches the regions beside its location, a Standard one those of its
    /// geopolitical region, a Premium one all. Routes without a regional community are of no region.
    REGION_REACH = "region-reach" at Sent, from "expressroute-faqs.md", "expressroute-routing.md";
}

/// `out_of_reach` is sorted.
pub(super) fn refuse(out_of_reach: &[Community], set: &AttributeSet) -> Option<Reason> {
    let beyond = set.communities.iter().find(|community| out_of_reach.binary_search(community).is_ok());
    beyond.map(|community| REGION_REACH.saw(Seen::Carries(*community)))
}

#[cfg(test)]
mod tests {
    use crate::policy::PeeringPolicy;
    use crate::policy::testing::*;

    #[test]
    fn a_region_out_of_reach_is_kept_back_though_the_filter_asks_for_it() {
        let local = PeeringPolicy {
            route_filter: communities(&["12076:51002", "12076:51004", "12076:5060"]),
            regions_out_of_reach: communities(&["12076:52004", "12076:51004"]),
            ..microsoft()
        };
        let out = sent(&local, &tagged(&[], &["12076:51004"]));
        assert_eq!(out.unwrap_err(), "region-reach: it carries 12076:51004");
        assert!(sent(&local, &tagged(&[], &["12076:51002"])).is_ok());
        assert!(sent(&local, &tagged(&[], &["12076:5060"])).is_ok());
    }
}
