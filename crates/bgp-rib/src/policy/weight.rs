//! Policy: the weight of a connection.

policy! {
    /// Each session has a weight, 0 unless set; the route of the session with the highest is the best, before
    /// any attribute is asked. A VNet connected to several circuits chooses among them by it: it belongs to the
    /// connection and is told to nobody.
    WEIGHT = "weight" at Received, from "expressroute-optimize-routing.md";
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;
    use crate::policy::{Judgement, PeeringPolicy};

    #[test]
    fn every_route_of_a_session_has_its_weight() {
        let heavy = PeeringPolicy { weight: 100, ..gateway() };
        assert_eq!(judge(&heavy, &route(&[GATEWAY])), Judgement::Accept { rewritten: None, weight: 100 });
    }
}
