//! Policy: no private space on Microsoft peering.

use super::{Net, PrefixList, Reason, Seen};

policy! {
    /// On Microsoft peering a prefix is refused that lies in private-use space (RFC 1918; RFC 4193 for IPv6), or
    /// that holds some: Microsoft's network could not tell one customer's from another's. Translate such
    /// addresses first. On private peering they are what is expected.
    PRIVATE_SPACE = "private-space" at Prefix,
    from "expressroute-routing.md", "RFC 1918, section 3", "RFC 4193, section 4.3";
}

pub(super) fn refuse<P: Net>(private: &PrefixList, prefix: P) -> Option<Reason> {
    let within = private.covering(prefix).map(|range| Seen::Within(prefix.into(), range.into()));
    let seen = within.or_else(|| private.held_by(prefix).map(|range| Seen::Holds(prefix.into(), range.into())))?;
    Some(PRIVATE_SPACE.saw(seen))
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;

    #[test]
    fn private_space_inside_or_held_is_refused_on_microsoft_peering() {
        let microsoft = microsoft();
        assert_eq!(refused_prefix(&microsoft, "10.1.0.0/16"), "private-space: 10.1.0.0/16 lies in 10.0.0.0/8");
        assert_eq!(refused_prefix(&microsoft, "172.0.0.0/8"), "private-space: 172.0.0.0/8 holds 172.16.0.0/12");
        assert_eq!(refused_prefix(&microsoft, "fd00::/48"), "private-space: fd00::/48 lies in fc00::/7");
        assert_eq!(refused_prefix(&microsoft, "51.4.7.0/24"), "");
    }

    #[test]
    fn private_peering_takes_it() {
        for prefix in ["10.1.0.0/16", "192.168.1.0/24", "fd00::/48"] {
            assert_eq!(refused_prefix(&private(), prefix), "");
        }
    }
}
