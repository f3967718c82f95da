//! Policy: a customer's routes do not come back to the customer.

use super::{Reason, Seen};
use bgp_wire::AttributeSet;
use model::Asn;

policy! {
    /// On private peering a route that has the customer's AS in its path is not sent to the customer: what one
    /// link announced does not come back over the other. The customer's router would drop it as a loop, and
    /// ExpressRoute is no transit between a customer's sites. On Microsoft peering the route filter does it.
    NO_TRANSIT = "no-transit" at Sent, from "expressroute-faqs.md", "RFC 4271, section 9.1.2";
}

pub(super) fn refuse(customer: Asn, set: &AttributeSet) -> Option<Reason> {
    let own = set.as_path.iter().any(|segment| segment.asns.contains(&customer));
    own.then(|| NO_TRANSIT.saw(Seen::InPath(customer)))
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;

    #[test]
    fn what_one_link_announced_does_not_come_back_over_the_other() {
        let out = sent(&private(), &route(&[CUSTOMER, 1299]));
        assert_eq!(out.unwrap_err(), format!("no-transit: AS {CUSTOMER} is in the path"));
        assert_eq!(path(&sent(&gateway(), &route(&[CUSTOMER])).unwrap()), [12076, CUSTOMER]);
    }
}
