//! Policy: routes that are about to go are the last choice.

use bgp_wire::iana::community::GRACEFUL_SHUTDOWN;
use bgp_wire::{AttributeSet, Attributes};

policy! {
    /// A route with the community GRACEFUL_SHUTDOWN gets the LOCAL_PREF 0: it is used while there is no other,
    /// and a customer can take a link out of use without a loss. The community goes on with the route, so that
    /// the next router does the same. Azure does not say that it heeds this community; here it can be switched
    /// off for each session.
    LAST_CHOICE = "graceful-shutdown" at Received, from "RFC 8326, section 4.1";
}

pub(super) fn applies(attributes: &Attributes<'_>) -> bool {
    attributes.communities.contains(&GRACEFUL_SHUTDOWN)
}

pub(super) fn lower(set: &mut AttributeSet) {
    set.local_pref = Some(0);
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;
    use crate::policy::{Judgement, PeeringPolicy};

    #[test]
    fn such_a_route_is_the_last_choice() {
        let set = tagged(&[CUSTOMER], &["65535:0"]);
        for policy in [private(), microsoft(), open()] {
            let taken = taken(&policy, &set);
            assert_eq!((taken.local_pref, tags(&taken)), (Some(0), vec!["65535:0".to_owned()]));
        }
        let deaf = PeeringPolicy { graceful_shutdown: false, ..open() };
        assert_eq!(judge(&deaf, &set), Judgement::Accept { rewritten: None, weight: 0 });
    }

    #[test]
    fn the_gateway_is_told() {
        let set = taken(&private(), &tagged(&[CUSTOMER], &["65535:0"]));
        let out = sent(&gateway(), &set).unwrap();
        assert_eq!((tags(&out), out.local_pref), (vec!["65535:0".to_owned()], None));
    }
}
