//! Policy: routes that their sender wants kept.

use super::{Reason, Seen};
use bgp_wire::iana::community::{NO_ADVERTISE, NO_EXPORT, NO_EXPORT_SUBCONFED, NOPEER};
use bgp_wire::{AttributeSet, Neighbor};

policy! {
    /// A route with NO_ADVERTISE goes to nobody, one with NO_EXPORT or NO_EXPORT_SUBCONFED to no other AS (there
    /// is no confederation), one with NOPEER to no neighbour whose role is that of a lateral peer.
    /// Customers cannot set them on ExpressRoute: see `customer-communities`.
    WELL_KNOWN_COMMUNITIES = "well-known-communities" at Sent, from "RFC 1997", "RFC 3765, section 2";
}

/// What kind of neighbour a route would go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Receiver {
    pub(super) neighbor: Neighbor,
    /// A lateral peer.
    pub(super) lateral: bool,
}

pub(super) fn refuse(to: Receiver, set: &AttributeSet) -> Option<Reason> {
    let kept = set.communities.iter().find(|community| match **community {
        NO_ADVERTISE => true,
        NO_EXPORT | NO_EXPORT_SUBCONFED => to.neighbor == Neighbor::External,
        NOPEER => to.lateral,
        _ => false,
    });
    kept.map(|community| WELL_KNOWN_COMMUNITIES.saw(Seen::Carries(*community)))
}

#[cfg(test)]
mod tests {
    use crate::policy::PeeringPolicy;
    use crate::policy::testing::*;
    use model::Asn;

    #[test]
    fn what_is_not_for_others_stays() {
        for (tag, name) in
            [("65535:65281", "NO_EXPORT"), ("65535:65282", "NO_ADVERTISE"), ("65535:65283", "NO_EXPORT_SUBCONFED")]
        {
            let out = sent(&open(), &tagged(&[1299], &["1:1", tag]));
            assert_eq!(out.unwrap_err(), format!("well-known-communities: it carries {tag}"), "{name}");
        }
        assert!(sent(&open(), &tagged(&[1299], &["65535:65284", "65535:0", "65535:666"])).is_ok());
    }

    #[test]
    fn within_our_as_only_no_advertise_keeps_a_route_back() {
        let inside = PeeringPolicy { peer_asn: Asn(12076), ..open() };
        assert!(sent(&inside, &tagged(&[1299], &["65535:65281", "65535:65283"])).is_ok());
        assert!(sent(&inside, &tagged(&[1299], &["65535:65282"])).is_err());
    }

    #[test]
    fn nopeer_keeps_a_route_from_lateral_peers() {
        let lateral = PeeringPolicy { bgp_role: Some(bgp_wire::Role::PEER), ..open() };
        let provider = PeeringPolicy { bgp_role: Some(bgp_wire::Role::PROVIDER), ..open() };
        assert!(sent(&lateral, &tagged(&[1299], &["65535:65284"])).is_err());
        assert!(sent(&provider, &tagged(&[1299], &["65535:65284"])).is_ok());
    }
}
