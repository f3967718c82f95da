//! Policy: the longest prefix that is taken.

use super::{Facts, Net, Reason, Seen};
use model::Family;

policy! {
    /// Prefixes longer than a length are refused. Azure takes IPv4 prefixes up to /32, so that with today's
    /// figures nothing is refused; a NAT pool may be a single address. No page names a length for IPv6.
    LONGEST_PREFIX = "longest-prefix" at Prefix, from "expressroute-faqs.md";
}

/// The longest prefixes; `None` for any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Longest {
    v4: Option<u8>,
    v6: Option<u8>,
}

impl Longest {
    pub(super) fn new(facts: &Facts) -> Self {
        // A limit that no prefix can exceed is none, so that no prefix has to be asked.
        Self {
            v4: facts.longest_prefix4.filter(|length| *length < 32),
            v6: facts.longest_prefix6.filter(|length| *length < 128),
        }
    }

    pub(super) fn refuse<P: Net>(&self, prefix: P) -> Option<Reason> {
        let limit = match P::FAMILY {
            Family::V4 => self.v4?,
            Family::V6 => self.v6?,
        };
        (prefix.bits() > limit).then(|| LONGEST_PREFIX.saw(Seen::Longer(prefix.into(), limit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::*;

    #[test]
    fn single_addresses_are_taken_under_the_limits_of_azure() {
        assert_eq!(refused_prefix(&microsoft(), "51.4.3.2/32"), "");
        assert_eq!(refused_prefix(&microsoft(), "2a01:111::1/128"), "");
        assert_eq!(Longest::new(&facts()), Longest::default());
    }

    #[test]
    fn a_lower_limit_refuses_longer_prefixes_of_its_family() {
        let facts = Facts { longest_prefix4: Some(24), longest_prefix6: Some(48), ..facts() };
        let import = private().import(&facts);
        let refuse4 = |length| import.prefix(bgp_wire::Prefix4::new([10, 0, 0, 0].into(), length).unwrap());
        let refuse6 = |length| import.prefix(bgp_wire::Prefix6::new(1u128.to_be_bytes().into(), length).unwrap());
        assert_eq!(refuse4(24), None);
        assert_eq!(refuse4(25).unwrap().to_string(), "longest-prefix: 10.0.0.0/25 is longer than /24");
        assert_eq!((refuse6(48), refuse6(49).is_some()), (None, true));
    }
}
