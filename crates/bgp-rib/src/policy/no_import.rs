//! Policy: a session that takes no routes.

use super::{Reason, Seen};

policy! {
    /// Where the import of a session is switched off, all its routes are refused. They are held and counted as
    /// others are, so that they are there at once when it is switched on.
    NO_IMPORT = "no-import" at Received, from "RFC 4271, section 9.1.1";
}

pub(super) fn refuse(off: bool) -> Option<Reason> {
    off.then(|| NO_IMPORT.saw(Seen::Anything))
}

#[cfg(test)]
mod tests {
    use crate::policy::PeeringPolicy;
    use crate::policy::testing::*;

    #[test]
    fn nothing_is_taken_of_any_kind_of_session() {
        for policy in [private(), microsoft(), gateway(), network(), open()] {
            let off = PeeringPolicy { import: false, ..policy };
            assert_eq!(refused(&off, &route(&[1299])), "no-import: the session takes nothing");
        }
    }
}
