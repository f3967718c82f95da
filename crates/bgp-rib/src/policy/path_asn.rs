//! Policy: AS numbers that must not be in a path.

use super::{AsnRanges, Reason, Seen};
use bgp_wire::AsPath;

policy! {
    /// On Microsoft peering a route is refused that has a documentation AS number, 64496 to 64511, anywhere in
    /// its path. On private peering such numbers are no fault.
    PATH_ASN = "path-asn" at Received, from "expressroute-routing.md", "RFC 5398";
}

pub(super) fn refuse(refused: &AsnRanges, path: &AsPath<'_>) -> Option<Reason> {
    if refused.is_empty() {
        return None;
    }
    path.asns().find(|asn| refused.contains(*asn)).map(|asn| PATH_ASN.saw(Seen::InPath(asn)))
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;

    #[test]
    fn documentation_numbers_are_refused_anywhere_in_the_path_on_microsoft_peering() {
        for asn in [64496, 64511] {
            let reason = format!("path-asn: AS {asn} is in the path");
            assert_eq!(refused(&microsoft(), &route(&[CUSTOMER, 1299, asn])), reason);
            assert_eq!(refused(&private(), &route(&[asn])), "");
        }
        for asn in [64495, 64512, 65536] {
            assert_eq!(refused(&microsoft(), &route(&[CUSTOMER, asn])), "");
        }
    }
}
