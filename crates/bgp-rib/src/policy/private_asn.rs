//! Policy: private AS numbers leave the path on Microsoft peering.

use super::AsnRanges;
use bgp_wire::Attributes;

policy! {
    /// On Microsoft peering private AS numbers (64512 to 65534, 4200000000 to 4294967294) are taken out of a
    /// received path, all of them, wherever they stand. To make a path longer, prepend a public number.
    /// On private peering the path stays as it is.
    PRIVATE_ASN = "private-asn" at Received,
    from "expressroute-routing.md", "expressroute-optimize-routing.md", "RFC 6996";
}

pub(super) fn applies(private: &AsnRanges, attributes: &Attributes<'_>) -> bool {
    !private.is_empty() && attributes.as_path.is_some_and(|path| path.asns().any(|asn| private.contains(asn)))
}

#[cfg(test)]
mod tests {
    use crate::policy::Judgement;
    use crate::policy::testing::*;

    #[test]
    fn they_are_taken_out_wherever_they_stand_on_microsoft_peering() {
        let long = route(&[CUSTOMER, 65010, 1299, 4_200_000_001, 174]);
        assert_eq!(path(&taken(&microsoft(), &long)), [CUSTOMER, 1299, 174]);
        assert!(taken(&microsoft(), &route(&[65010, 65010])).as_path.is_empty());
    }

    #[test]
    fn public_paths_are_not_rewritten() {
        let public = route(&[CUSTOMER, CUSTOMER, 1299]);
        assert_eq!(judge(&microsoft(), &public), Judgement::Accept { rewritten: None, weight: 0 });
    }

    #[test]
    fn private_peering_keeps_them() {
        assert_eq!(path(&taken(&private(), &route(&[65010, 65010]))), [65010, 65010]);
    }
}
