//! Policy: routes that go the wrong way between providers, peers and customers.

use super::{PeeringPolicy, Reason, Seen};
use bgp_wire::{AttributeSet, Neighbor, Role};
use model::Asn;

policy! {
    /// Where a session has roles, the attribute OTC marks a route that has gone down to a customer or across to a
    /// peer; it may only go down from there. One that comes up from a customer is a leak and refused, as is one
    /// from a peer with another AS in OTC. The mark is put on where it is missing, and a route that has it goes
    /// to no provider and no peer.
    ROUTE_LEAK = "route-leak" at Received, from "RFC 9234, section 5";
}

/// What is done with received routes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Ingress {
    ours: Role,
    peer: Asn,
}

impl Ingress {
    /// `None` for a session without roles.
    pub(super) fn new(policy: &PeeringPolicy) -> Option<Self> {
        Some(Self { ours: external_role(policy)?, peer: policy.peer_asn })
    }

    pub(super) fn refuse(&self, otc: Option<Asn>) -> Option<Reason> {
        let asn = otc?;
        let leak = sells(self.ours) || self.ours == Role::PEER && asn != self.peer;
        leak.then(|| ROUTE_LEAK.saw(Seen::OnlyToCustomer(asn)))
    }

    /// The mark that a route without one gets.
    pub(super) fn mark(&self, otc: Option<Asn>) -> Option<Asn> {
        (otc.is_none() && (buys(self.ours) || self.ours == Role::PEER)).then_some(self.peer)
    }
}

/// What is done with routes that are sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Egress {
    ours: Role,
    local: Asn,
}

impl Egress {
    /// `None` for a session without roles.
    pub(super) fn new(policy: &PeeringPolicy) -> Option<Self> {
        Some(Self { ours: external_role(policy)?, local: policy.local_asn })
    }

    pub(super) fn refuse(&self, otc: Option<Asn>) -> Option<Reason> {
        let asn = otc?;
        (buys(self.ours) || self.ours == Role::PEER).then(|| ROUTE_LEAK.saw(Seen::OnlyToCustomer(asn)))
    }

    pub(super) fn mark(&self, set: &mut AttributeSet) {
        if sells(self.ours) || self.ours == Role::PEER {
            set.only_to_customer.get_or_insert(self.local);
        }
    }
}

/// Roles are of sessions between ASes.
fn external_role(policy: &PeeringPolicy) -> Option<Role> {
    policy.bgp_role.filter(|_| policy.neighbor() == Neighbor::External)
}

fn sells(role: Role) -> bool {
    matches!(role, Role::PROVIDER | Role::RS)
}

fn buys(role: Role) -> bool {
    matches!(role, Role::CUSTOMER | Role::RS_CLIENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::*;

    fn with(role: Role) -> PeeringPolicy {
        PeeringPolicy { bgp_role: Some(role), ..open() }
    }

    fn marked(asn: u32) -> AttributeSet {
        AttributeSet { only_to_customer: Some(Asn(asn)), ..route(&[CUSTOMER]) }
    }

    /// RFC 9234, section 5, the ingress procedure.
    #[test]
    fn a_mark_from_below_is_a_leak_and_from_a_peer_if_it_is_another_as() {
        assert_eq!(refused(&with(Role::PROVIDER), &marked(1)), "route-leak: OTC with AS 1");
        assert_eq!(refused(&with(Role::RS), &marked(CUSTOMER)), format!("route-leak: OTC with AS {CUSTOMER}"));
        assert_eq!(refused(&with(Role::PEER), &marked(1)), "route-leak: OTC with AS 1");
        assert_eq!(taken(&with(Role::PEER), &marked(CUSTOMER)), marked(CUSTOMER));
        assert_eq!(taken(&with(Role::CUSTOMER), &marked(1)), marked(1));
        assert_eq!(taken(&open(), &marked(1)), marked(1));
    }

    #[test]
    fn a_route_from_above_or_a_peer_gets_its_mark() {
        for role in [Role::CUSTOMER, Role::RS_CLIENT, Role::PEER] {
            assert_eq!(taken(&with(role), &route(&[CUSTOMER])), marked(CUSTOMER));
        }
        assert_eq!(taken(&with(Role::PROVIDER), &route(&[CUSTOMER])), route(&[CUSTOMER]));
    }

    /// RFC 9234, section 5, the egress procedure.
    #[test]
    fn a_marked_route_goes_down_only_and_what_goes_down_is_marked() {
        for role in [Role::CUSTOMER, Role::RS_CLIENT, Role::PEER] {
            assert_eq!(sent(&with(role), &marked(7)).unwrap_err(), "route-leak: OTC with AS 7");
        }
        for role in [Role::PROVIDER, Role::RS, Role::PEER] {
            assert_eq!(sent(&with(role), &route(&[])).unwrap().only_to_customer, Some(Asn(12076)));
        }
        assert_eq!(sent(&with(Role::PROVIDER), &marked(7)).unwrap().only_to_customer, Some(Asn(7)));
        assert_eq!(sent(&with(Role::CUSTOMER), &route(&[])).unwrap().only_to_customer, None);
    }

    #[test]
    fn inside_our_as_there_are_no_roles() {
        let inside = PeeringPolicy { peer_asn: Asn(12076), ..with(Role::PROVIDER) };
        assert_eq!(sent(&inside, &route(&[])).unwrap().only_to_customer, None);
    }
}
