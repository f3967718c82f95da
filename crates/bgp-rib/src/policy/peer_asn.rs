//! Policy: AS numbers that a customer's router may not have.

use super::{Facts, Peering, PeeringPolicy, Reason, Role, Seen};

policy! {
    /// A customer's router has any AS number, private or public, 16 or 32 bit, except those that Microsoft
    /// keeps for itself: 12076, and 65515 to 65520, of which 65515 is the VNet gateways'; and 0 and the last of
    /// all. On Microsoft peering, reserved and documentation numbers are refused as well.
    PEER_ASN = "peer-asn" at Session,
    from "expressroute-routing.md", "expressroute-howto-routing-arm.md", "RFC 7300", "RFC 7607";
}

pub(super) fn check(policy: &PeeringPolicy, facts: &Facts) -> Result<(), Reason> {
    let refused = match (policy.peering, policy.role) {
        (Peering::Open, _) | (_, Role::Gateway) => return Ok(()),
        (Peering::Private, Role::Customer) => &facts.refused_asns,
        (Peering::Microsoft, Role::Customer) => &facts.refused_asns_on_microsoft,
    };
    match refused.contains(policy.peer_asn) {
        true => Err(PEER_ASN.saw(Seen::Neighbor(policy.peer_asn))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::*;
    use model::Asn;

    fn refused(policy: PeeringPolicy, asn: u32) -> bool {
        let result = PeeringPolicy { peer_asn: Asn(asn), ..policy }.session(&facts());
        if let Err(reason) = result {
            assert_eq!(reason.to_string(), format!("peer-asn: the neighbour's AS is {asn}"));
        }
        result.is_err()
    }

    #[test]
    fn microsofts_own_numbers_are_refused_on_both_peerings() {
        for asn in [0, 12076, 65515, 65520, u32::MAX] {
            assert!(refused(private(), asn) && refused(microsoft(), asn), "{asn}");
        }
        for asn in [1, 64512, 65010, 65514, 65521, 4_200_000_000] {
            assert!(!refused(private(), asn) && !refused(microsoft(), asn), "{asn}");
        }
    }

    #[test]
    fn reserved_and_documentation_numbers_are_refused_on_microsoft_peering() {
        for asn in [23456, 64496, 64511, 65535, 65551] {
            assert!(!refused(private(), asn) && refused(microsoft(), asn), "{asn}");
        }
    }

    #[test]
    fn gateways_have_the_number_that_customers_may_not_have() {
        assert_eq!(gateway().session(&facts()), Ok(()));
        assert_eq!(open().session(&facts()), Ok(()));
    }
}
