//! Policy: no AS_SET.

use super::{Reason, Seen};
use bgp_wire::AsPath;

policy! {
    /// A customer's route with an AS_SET in its path is refused. RFC 9774 asks so: a set hides where a route
    /// began. Aggregate without one, by a route of your own.
    AS_SET = "as-set" at Received, from "RFC 9774, section 3";
}

pub(super) fn refuse(on: bool, path: &AsPath<'_>) -> Option<Reason> {
    (on && path.has_set()).then(|| AS_SET.saw(Seen::Set))
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;
    use bgp_wire::PathSegment;
    use model::Asn;

    #[test]
    fn a_set_is_refused_of_customers_only() {
        let mut set = route(&[CUSTOMER]);
        set.as_path.push(PathSegment::set([Asn(1299), Asn(174)]));
        for customer in [private(), microsoft()] {
            assert_eq!(refused(&customer, &set), "as-set: the path has an AS_SET");
        }
        assert_eq!(refused(&gateway(), &set), "");
        assert_eq!(refused(&open(), &set), "");
    }
}
