//! Policy: VNet routes carry the communities of their VNet.

use super::{Peering, PeeringPolicy, Role};
use bgp_wire::{AttributeSet, Attributes};
use model::Community;

policy! {
    /// The routes of a VNet carry the VNet's own community and that of its region, `12076:50nnn`, when the VNet
    /// has a community of its own; otherwise none. They are put on where the routes come in from the VNet's
    /// gateway, in place of whatever the gateway sent. On Microsoft peering routes keep the communities of their
    /// service and region that Microsoft's network gave them, and get those of the session beside them.
    VNET_COMMUNITIES = "vnet-communities" at Received,
    from "expressroute-routing.md", "bgp-communities.md", "how-to-configure-custom-bgp-communities-portal.md";
}

/// The communities to put on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Tags {
    /// What the gateway sent goes.
    replace: bool,
    communities: Vec<Community>,
}

impl Tags {
    /// `None` where the policy does not apply.
    pub(super) fn new(policy: &PeeringPolicy) -> Option<Self> {
        let communities = policy.vnet_communities.clone();
        match (policy.peering, policy.role) {
            (Peering::Private, Role::Gateway) => Some(Self { replace: true, communities }),
            (Peering::Microsoft, Role::Gateway) => Some(Self { replace: false, communities }),
            (Peering::Open, _) | (_, Role::Customer) => None,
        }
    }

    /// Whether they change anything.
    pub(super) fn apply(&self, attributes: &Attributes<'_>) -> bool {
        let there = &attributes.communities;
        match self.replace {
            true => !there.iter().eq(self.communities.iter().copied()),
            false => self.communities.iter().any(|tag| !there.contains(tag)),
        }
    }

    pub(super) fn put_on(&self, set: &mut AttributeSet) {
        if self.replace {
            set.communities.clear();
        }
        for tag in &self.communities {
            if !set.communities.contains(tag) {
                set.communities.push(*tag);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Judgement;
    use crate::policy::testing::*;

    fn west_europe() -> PeeringPolicy {
        PeeringPolicy { vnet_communities: communities(&["12076:20001", "12076:50002"]), ..gateway() }
    }

    #[test]
    fn the_customer_sees_the_vnets_community_and_its_regions() {
        let in_table = taken(&west_europe(), &tagged(&[GATEWAY], &["1:1"]));
        let out = sent(&private(), &in_table).unwrap();
        assert_eq!((path(&out), tags(&out)), (vec![12076], vec!["12076:20001".to_owned(), "12076:50002".to_owned()]));
    }

    #[test]
    fn a_vnet_without_a_community_of_its_own_shows_none() {
        assert_eq!(taken(&gateway(), &tagged(&[GATEWAY], &["12076:50002"])), route(&[GATEWAY]));
        assert_eq!(judge(&gateway(), &route(&[GATEWAY])), Judgement::Accept { rewritten: None, weight: 0 });
    }

    #[test]
    fn microsofts_routes_keep_theirs() {
        let set = tagged(&[8075], &["12076:51002", "12076:5060"]);
        assert_eq!(taken(&network(), &set), set);
        let more = PeeringPolicy { vnet_communities: communities(&["12076:51002", "12076:52002"]), ..network() };
        assert_eq!(tags(&taken(&more, &set)), ["12076:51002", "12076:5060", "12076:52002"]);
    }
}
