//! Policy: a link is drained before work on it.

policy! {
    /// While a link is drained, every route that is sent over it has our AS eight times more in front, towards the
    /// customer and towards the gateway. Both sides move to the other link, and no session ends. The customer
    /// has to take such paths, and to compare their length.
    DRAIN = "drain" at Sent, from "planned-maintenance.md", "expressroute-faqs.md";
}

#[cfg(test)]
mod tests {
    use crate::policy::PeeringPolicy;
    use crate::policy::testing::*;

    #[test]
    fn our_as_is_there_eight_times_more_on_both_sides() {
        let customer = PeeringPolicy { drain: true, ..private() };
        assert_eq!(path(&sent(&customer, &route(&[GATEWAY])).unwrap()), [12076; 9]);
        let gateway = PeeringPolicy { drain: true, ..gateway() };
        let out = path(&sent(&gateway, &route(&[CUSTOMER])).unwrap());
        assert_eq!((out.len(), out.last()), (10, Some(&CUSTOMER)));
        assert!(out.iter().take(9).all(|asn| *asn == 12076));
    }
}
