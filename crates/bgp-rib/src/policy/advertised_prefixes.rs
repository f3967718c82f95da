//! Policies: prefixes are validated before Microsoft peering comes up, and nothing else is taken.

use super::{Net, Peering, PeeringPolicy, PrefixList, Reason, Seen};
use model::PrefixState;

policy! {
    /// A Microsoft peering has no session while the state of its advertised prefixes is anything but *configured*.
    /// Any change of the prefixes or of the AS number begins their validation anew.
    PREFIX_VALIDATION = "prefix-validation" at Session,
    from "expressroute-workflows.md", "expressroute-routing.md";
}

policy! {
    /// On Microsoft peering only the advertised prefixes that the customer has registered are taken, and longer
    /// prefixes within them: the list is an inbound filter. Without validation the list is empty.
    ADVERTISED_PREFIXES = "advertised-prefixes" at Prefix,
    from "expressroute-routing.md", "expressroute-howto-routing-portal-resource-manager.md";
}

pub(super) fn check_session(policy: &PeeringPolicy) -> Result<(), Reason> {
    match policy.validation {
        PrefixState::Configured => Ok(()),
        _ if !policy.is_customer_of(Peering::Microsoft) => Ok(()),
        state => Err(PREFIX_VALIDATION.saw(Seen::Validation(state))),
    }
}

pub(super) fn list(policy: &PeeringPolicy) -> PrefixList {
    match policy.validation {
        PrefixState::Configured => PrefixList::new(policy.advertised_prefixes.iter().copied()),
        PrefixState::NotConfigured | PrefixState::Configuring | PrefixState::ValidationNeeded => PrefixList::default(),
    }
}

pub(super) fn refuse<P: Net>(list: &PrefixList, prefix: P) -> Option<Reason> {
    list.covering(prefix).is_none().then(|| ADVERTISED_PREFIXES.saw(Seen::NotListed(prefix.into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::*;

    #[test]
    fn listed_prefixes_and_longer_ones_are_taken() {
        for prefix in ["51.4.0.0/16", "51.4.7.0/24", "2a01:111::/32", "2a01:111:f::/48"] {
            assert_eq!(refused_prefix(&microsoft(), prefix), "");
        }
        for prefix in ["51.0.0.0/8", "51.5.0.0/16", "2a01:112::/32"] {
            let reason = format!("advertised-prefixes: {prefix} is in no validated prefix");
            assert_eq!(refused_prefix(&microsoft(), prefix), reason);
        }
    }

    #[test]
    fn without_validation_there_is_no_session_and_no_prefix() {
        for state in [PrefixState::NotConfigured, PrefixState::Configuring, PrefixState::ValidationNeeded] {
            let policy = PeeringPolicy { validation: state, ..microsoft() };
            let reason = policy.session(&facts()).unwrap_err();
            assert_eq!(reason.to_string(), format!("prefix-validation: the prefixes are {state}"));
            assert!(refused_prefix(&policy, "51.4.7.0/24").starts_with("advertised-prefixes: "));
        }
        assert_eq!(microsoft().session(&facts()), Ok(()));
    }

    #[test]
    fn private_peering_and_microsofts_side_need_no_validation() {
        for policy in [private(), gateway(), network(), open()] {
            assert_eq!(policy.session(&facts()), Ok(()));
            assert_eq!(refused_prefix(&policy, "51.5.0.0/16"), "");
        }
    }
}
