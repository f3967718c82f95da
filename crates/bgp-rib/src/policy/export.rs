//! What the neighbour is told.

use super::well_known_communities::{self, Receiver};
use super::{AsnRanges, Facts, Peering, PeeringPolicy, Reason, no_transit, region_reach, route_filter, route_leak};
use bgp_wire::{AttributeSet, Neighbor};
use model::{Asn, Community};
use std::sync::Arc;

/// The policy for the routes that one neighbour is told. Cheap to clone; equal ones send the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Export(Arc<Clauses>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Clauses {
    receiver: Receiver,
    local_asn: Asn,
    /// The AS whose own routes are not sent back to it.
    no_transit: Option<Asn>,
    route_filter: Option<Vec<Community>>,
    out_of_reach: Vec<Community>,
    gateway_asns: AsnRanges,
    prepends: usize,
    route_leak: Option<route_leak::Egress>,
}

impl Export {
    /// Tells everything. To another AS: our own AS in front of the path, no MED, no LOCAL_PREF; inside our own:
    /// the attributes as they are.
    pub fn open(local_asn: Asn, neighbor: Neighbor) -> Self {
        Self(Arc::new(Clauses {
            receiver: Receiver { neighbor, lateral: false },
            local_asn,
            no_transit: None,
            route_filter: None,
            out_of_reach: Vec::new(),
            gateway_asns: Default::default(),
            prepends: 0,
            route_leak: None,
        }))
    }

    pub(crate) fn compile(policy: &PeeringPolicy, facts: &Facts) -> Self {
        let express_route = policy.peering != Peering::Open;
        let microsoft = policy.is_customer_of(Peering::Microsoft);
        let sorted = |communities: &[Community]| {
            let mut communities = communities.to_vec();
            communities.sort_unstable();
            communities
        };
        Self(Arc::new(Clauses {
            receiver: Receiver { neighbor: policy.neighbor(), lateral: policy.bgp_role == Some(bgp_wire::Role::PEER) },
            local_asn: policy.local_asn,
            no_transit: policy.is_customer_of(Peering::Private).then_some(policy.peer_asn),
            route_filter: microsoft.then(|| sorted(&policy.route_filter)),
            out_of_reach: if microsoft { sorted(&policy.regions_out_of_reach) } else { Vec::new() },
            gateway_asns: if express_route { facts.gateway_asns.clone() } else { Default::default() },
            prepends: if policy.drain { facts.drain_prepends } else { 0 },
            route_leak: route_leak::Egress::new(policy),
        }))
    }

    /// The attributes with which a route goes out.
    ///
    /// # Errors
    ///
    /// Routes with them are not sent; the reason says which policy keeps them back.
    pub fn attributes(&self, set: &AttributeSet) -> Result<AttributeSet, Reason> {
        let clauses = &*self.0;
        match clauses.refuse(set) {
            Some(reason) => Err(reason),
            None => Ok(clauses.rewrite(set)),
        }
    }
}

impl Clauses {
    /// The clauses that keep a route back, in their order.
    fn refuse(&self, set: &AttributeSet) -> Option<Reason> {
        well_known_communities::refuse(self.receiver, set)
            .or_else(|| no_transit::refuse(self.no_transit?, set))
            .or_else(|| route_filter::refuse(self.route_filter.as_ref()?, set))
            .or_else(|| region_reach::refuse(&self.out_of_reach, set))
            .or_else(|| self.route_leak.as_ref()?.refuse(set.only_to_customer))
    }

    /// The clauses that rewrite, in their order.
    fn rewrite(&self, set: &AttributeSet) -> AttributeSet {
        let mut set = set.clone();
        match self.receiver.neighbor {
            Neighbor::Internal => {
                set.local_pref.get_or_insert(DEFAULT_LOCAL_PREF);
            }
            Neighbor::External => {
                self.gateway_asns.strip(&mut set.as_path);
                set.leave_as();
                // RFC 4271, section 5.1.2.
                set.prepend(self.local_asn, 1 + self.prepends);
            }
        }
        if let Some(leak) = &self.route_leak {
            leak.mark(&mut set);
        }
        set
    }
}

/// What LOCAL_PREF is when nobody has set it.
const DEFAULT_LOCAL_PREF: u32 = 100;
