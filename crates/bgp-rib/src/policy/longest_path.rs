//! Policy: the longest AS_PATH that is taken.

use super::{Reason, Seen};
use bgp_wire::AsPath;

policy! {
    /// A route is refused whose AS_PATH is longer than any path of the Internet, as the decision counts: such
    /// paths come from mistakes, and have brought routers down. The eight prepends of a drained link are far
    /// below.
    LONGEST_PATH = "longest-path" at Received, from "NLNOG BGP filter guide, too long AS paths";
}

pub(super) fn refuse(limit: Option<usize>, path: &AsPath<'_>) -> Option<Reason> {
    let (limit, length) = (limit?, path.length());
    (length > limit).then(|| LONGEST_PATH.saw(Seen::PathLength(length, limit)))
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;

    #[test]
    fn a_path_of_the_limit_is_taken_and_a_longer_one_is_not() {
        assert_eq!(refused(&private(), &route(&[CUSTOMER; 100])), "");
        let reason = "longest-path: the path has 101 ASes, more than 100";
        for policy in [private(), microsoft(), gateway()] {
            assert_eq!(refused(&policy, &route(&[CUSTOMER; 101])), reason);
        }
        assert_eq!(refused(&open(), &route(&[CUSTOMER; 101])), "");
    }
}
