//! Policy: no interface subnets of other circuits.

use super::{Facts, Net, PeeringPolicy, PrefixList, Reason, Seen};
use model::Prefix;

policy! {
    /// On Microsoft peering a prefix is refused that lies in the interface subnet of another circuit: it would
    /// draw that circuit's own session away. The circuit's own subnets may be announced. On private peering
    /// every circuit has an address space of its own, and nothing is asked.
    INTERFACE_SUBNETS = "interface-subnets" at Prefix, from "expressroute-nat.md";
}

/// The subnets of all circuits, and those that are this circuit's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Subnets {
    all: PrefixList,
    own: Vec<Prefix>,
}

impl Subnets {
    pub(super) fn new(policy: &PeeringPolicy, facts: &Facts) -> Self {
        Self { all: facts.interface_subnets.clone(), own: policy.own_subnets.clone() }
    }

    pub(super) fn refuse<P: Net>(&self, prefix: P) -> Option<Reason> {
        let subnet = self.all.covering(prefix)?.into();
        (!self.own.contains(&subnet)).then(|| INTERFACE_SUBNETS.saw(Seen::Within(prefix.into(), subnet)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::*;

    #[test]
    fn the_own_subnet_may_be_announced_and_another_circuits_may_not() {
        let policy = PeeringPolicy { own_subnets: prefixes(&["51.4.0.0/30", "51.4.0.4/30"]), ..microsoft() };
        assert_eq!(refused_prefix(&policy, "51.4.0.0/30"), "");
        assert_eq!(refused_prefix(&policy, "51.4.0.5/32"), "");
        assert_eq!(refused_prefix(&policy, "51.4.0.9/32"), "interface-subnets: 51.4.0.9/32 lies in 51.4.0.8/30");
        assert_eq!(refused_prefix(&policy, "51.4.0.0/24"), "");
    }

    #[test]
    fn private_peerings_have_address_spaces_of_their_own() {
        assert_eq!(refused_prefix(&private(), "51.4.0.8/30"), "");
    }
}
