//! Ranges of AS numbers.

use bgp_wire::{PathSegment, SegmentKind};
use model::Asn;
use std::sync::Arc;

/// Ranges of AS numbers, as the catalogue has them. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AsnRanges {
    // Sorted, apart from each other.
    ranges: Arc<[(Asn, Asn)]>,
}

impl AsnRanges {
    /// The ranges from a first to a last number, both included, in any order.
    pub fn new(ranges: impl IntoIterator<Item = (Asn, Asn)>) -> Self {
        let mut all: Vec<(Asn, Asn)> = ranges.into_iter().filter(|(first, last)| first <= last).collect();
        all.sort_unstable();
        let mut ranges: Vec<(Asn, Asn)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match ranges.last_mut() {
                Some((_, end)) if first.0 <= end.0.saturating_add(1) => *end = last.max(*end),
                _ => ranges.push((first, last)),
            }
        }
        Self { ranges: ranges.into() }
    }

    /// Whether a number is in one of them.
    pub fn contains(&self, asn: Asn) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= asn);
        after.checked_sub(1).and_then(|index| self.ranges.get(index)).is_some_and(|(_, last)| asn <= *last)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Takes the numbers of the ranges out of a path.
    pub(super) fn strip(&self, path: &mut Vec<PathSegment>) {
        for segment in path.iter_mut() {
            segment.asns.retain(|asn| !self.contains(*asn));
        }
        path.retain(|segment| !segment.asns.is_empty());
        // A set that is gone may leave two sequences side by side, which are one.
        path.dedup_by(|next, last| {
            let join = (last.kind, next.kind) == (SegmentKind::Sequence, SegmentKind::Sequence);
            if join {
                last.asns.append(&mut next.asns);
            }
            join
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_in_them_when_one_of_the_ranges_has_it(
            ranges in proptest::collection::vec((0u32..60, 0u32..60), 0..8), number in 0u32..64,
        ) {
            let all = AsnRanges::new(ranges.iter().map(|&(first, last)| (Asn(first), Asn(last))));
            prop_assert_eq!(all.contains(Asn(number)), ranges.iter().any(|&(first, last)| (first..=last).contains(&number)));
        }
    }

    #[test]
    fn numbers_are_taken_out_and_what_is_left_stays_a_path() {
        let private = AsnRanges::new([(Asn(64512), Asn(65534))]);
        let mut path = vec![
            PathSegment::sequence([64512, 3333, 65000].map(Asn)),
            PathSegment::set([65001, 65002].map(Asn)),
            PathSegment::sequence([65003, 1299].map(Asn)),
        ];
        private.strip(&mut path);
        assert_eq!(path, [PathSegment::sequence([3333, 1299].map(Asn))]);
        private.strip(&mut path);
        assert_eq!(path, [PathSegment::sequence([3333, 1299].map(Asn))]);
        let mut path = vec![PathSegment::sequence([Asn(65000)])];
        private.strip(&mut path);
        assert!(path.is_empty());
    }

    #[test]
    fn the_last_number_can_be_in_a_range() {
        let top = AsnRanges::new([(Asn(u32::MAX), Asn(u32::MAX)), (Asn(u32::MAX - 1), Asn(u32::MAX))]);
        assert!(top.contains(Asn(u32::MAX)) && !top.contains(Asn(0)));
    }
}
