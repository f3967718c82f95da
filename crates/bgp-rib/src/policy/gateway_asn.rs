//! Policy: one AS, 12076, with the gateways behind it.

policy! {
    /// To the customer the path of a VNet's route is 12076 alone: the gateway's own AS, 65515, one of those that
    /// Microsoft keeps, is taken out of what is sent, and 12076 put in front. A gateway sees the customer's
    /// routes as 12076 and the customer's AS, private or not; and those of another VNet on the circuit as 12076,
    /// since it would take its own AS for a loop. (Over a VPN the customer sees 65515: that session is not ours.)
    GATEWAY_ASN = "gateway-asn" at Sent,
    from "use-s2s-vpn-as-backup-for-expressroute-privatepeering.md", "expressroute-routing.md";
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;

    #[test]
    fn the_customer_sees_12076_alone() {
        assert_eq!(path(&sent(&private(), &route(&[GATEWAY])).unwrap()), [12076]);
    }

    #[test]
    fn a_gateway_sees_12076_and_the_customers_as() {
        assert_eq!(path(&sent(&gateway(), &route(&[65010, 65010])).unwrap()), [12076, 65010, 65010]);
        assert_eq!(path(&sent(&gateway(), &route(&[GATEWAY])).unwrap()), [12076]);
    }
}
