//! Policy: the route filter of Microsoft peering.

use super::{Reason, Seen};
use bgp_wire::AttributeSet;
use model::Community;

policy! {
    /// On Microsoft peering a route goes to the customer when it carries a community of the route filter; one is
    /// enough. Without a filter nothing goes out. A peering configured before 2017-08-01 without one gets the
    /// Microsoft 365 prefixes: its filter is then the list of their communities.
    ROUTE_FILTER = "route-filter" at Sent, from "how-to-routefilter-powershell.md", "expressroute-faqs.md";
}

/// `filter` is sorted.
pub(super) fn refuse(filter: &[Community], set: &AttributeSet) -> Option<Reason> {
    let asked_for = set.communities.iter().any(|community| filter.binary_search(community).is_ok());
    (!asked_for).then(|| ROUTE_FILTER.saw(Seen::CarriesNone))
}

#[cfg(test)]
mod tests {
    use crate::policy::PeeringPolicy;
    use crate::policy::testing::*;

    #[test]
    fn without_a_filter_nothing_goes_out() {
        let out = sent(&microsoft(), &tagged(&[], &["12076:51002"]));
        assert_eq!(out.unwrap_err(), "route-filter: it carries no community that is asked for");
    }

    #[test]
    fn one_community_of_the_filter_is_enough() {
        let filtered = PeeringPolicy { route_filter: communities(&["12076:5060", "12076:51002"]), ..microsoft() };
        let out = sent(&filtered, &tagged(&[], &["12076:52002", "12076:51002"])).unwrap();
        assert_eq!((path(&out), tags(&out)), (vec![12076], vec!["12076:52002".to_owned(), "12076:51002".to_owned()]));
        assert!(sent(&filtered, &tagged(&[], &["12076:51003"])).is_err());
        assert!(sent(&filtered, &route(&[])).is_err());
    }

    #[test]
    fn other_sessions_have_none() {
        for policy in [private(), gateway(), network()] {
            assert!(sent(&policy, &route(&[])).is_ok());
        }
    }
}
