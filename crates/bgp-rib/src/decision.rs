//! The decision: which of several paths to a prefix is the best.
//!
//! The steps in order, by RFC 4271, section 9.1.2.2, and RFC 4456, section 9, with the weight of ExpressRoute's
//! connections in front:
//!
//! 1. [`Weight`](Step::Weight)
//! 2. [`LocalPref`](Step::LocalPref)
//! 3. [`AsPathLength`](Step::AsPathLength)
//! 4. [`Origin`](Step::Origin)
//! 5. [`Med`](Step::Med), among paths of the same neighbouring AS
//! 6. [`ExternalFirst`](Step::ExternalFirst)
//! 7. the cost to the next hop is left out: there is no interior protocol here
//! 8. [`RouterId`](Step::RouterId), the originator's where RFC 4456 gives one
//! 9. [`ClusterListLength`](Step::ClusterListLength)
//! 10. [`PeerAddress`](Step::PeerAddress)
//! 11. [`PathId`](Step::PathId), for several paths of one peer (RFC 7911)
//!
//! All steps but MED order any two paths. MED does not, since it compares only some of them: a path is out when
//! there is another one, equal so far and of the same neighbouring AS, with a lower MED, whatever becomes of that
//! one. So [`best`] looks at all paths, and adding a path may turn the decision between two others. What the
//! first six steps leave equal is a [multipath set](Ranking).

use crate::intern::Interner;
use crate::slot::Path;
use bgp_wire::{AttributeSet, Attributes, Neighbor, Origin};
use std::cmp::{Ordering, Reverse};
use std::net::IpAddr;

/// A step of the decision, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The higher weight, which is local to this router.
    Weight,
    /// The higher LOCAL_PREF.
    LocalPref,
    /// The shorter AS_PATH.
    AsPathLength,
    /// The lower ORIGIN.
    Origin,
    /// The lower MED, among paths of the same neighbouring AS.
    Med,
    /// External before internal.
    ExternalFirst,
    /// The lower ORIGINATOR_ID, or router id of the peer.
    RouterId,
    /// The shorter CLUSTER_LIST.
    ClusterListLength,
    /// The lower address of the peer.
    PeerAddress,
    /// The lower path identifier of the same peer.
    PathId,
}

/// LOCAL_PREF of a route that has none.
const DEFAULT_LOCAL_PREF: u32 = 100;

/// What of attributes the decision looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    pub(crate) local_pref: u32,
    med: u32,
    neighbor_as: u32,
    /// ORIGINATOR_ID, 0 without.
    originator: u32,
    pub(crate) weight: u16,
    path_length: u16,
    cluster_list: u16,
    origin: u8,
    internal: bool,
}

impl Summary {
    /// Of attributes as received.
    pub(crate) fn received(attributes: &Attributes<'_>, neighbor: Neighbor, weight: u16) -> Self {
        let path = attributes.as_path;
        Self {
            local_pref: attributes.local_pref.unwrap_or(DEFAULT_LOCAL_PREF),
            med: attributes.med.unwrap_or_default(),
            neighbor_as: path.and_then(|path| path.first_as()).map_or(0, |asn| asn.0),
            originator: attributes.originator_id.map_or(0, u32::from),
            weight,
            path_length: path.map_or(0, |path| short(path.length())),
            cluster_list: short(attributes.cluster_list.len()),
            origin: attributes.origin.unwrap_or(Origin::Incomplete).code(),
            internal: neighbor == Neighbor::Internal,
        }
    }

    /// The same with another weight.
    pub(crate) fn weighing(self, weight: u16) -> Self {
        Self { weight, ..self }
    }

    /// Of attributes as policy left them. The neighbouring AS is the one they came from, whatever policy made of
    /// the path.
    pub(crate) fn rewritten(self, set: &AttributeSet) -> Self {
        let length = |segment: &bgp_wire::PathSegment| match segment.kind {
            bgp_wire::SegmentKind::Set => 1,
            bgp_wire::SegmentKind::Sequence => segment.asns.len(),
        };
        Self {
            local_pref: set.local_pref.unwrap_or(DEFAULT_LOCAL_PREF),
            med: set.med.unwrap_or_default(),
            path_length: short(set.as_path.iter().map(length).sum()),
            origin: set.origin.code(),
            ..self
        }
    }

    /// It came from inside our AS.
    pub(crate) fn is_internal(&self) -> bool {
        self.internal
    }

    /// The first four steps, the preferred the lesser.
    #[inline]
    fn before_med(&self) -> (Reverse<u16>, Reverse<u32>, u16, u8) {
        (Reverse(self.weight), Reverse(self.local_pref), self.path_length, self.origin)
    }
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// What of a peer the decision looks at, and the counts that change with it.
#[derive(Debug, Clone)]
pub(crate) struct Rank {
    pub(crate) router_id: u32,
    pub(crate) address: IpAddr,
    /// How many of its paths are the best of their prefix, by family.
    pub(crate) best: [u32; 2],
}

/// The decision's view of the paths of a domain.
pub(crate) struct Scale<'a> {
    pub(crate) interner: &'a Interner,
    pub(crate) ranks: &'a [Rank],
}

impl Scale<'_> {
    #[inline]
    fn summary(&self, path: &Path) -> &Summary {
        &self.interner.get(path.attr).summary
    }

    fn router_id(&self, path: &Path) -> u32 {
        match self.summary(path).originator {
            0 => self.ranks[usize::from(path.peer)].router_id,
            originator => originator,
        }
    }

    /// Compares two paths by one step. For MED the question is whether one puts the other out.
    fn compare(&self, step: Step, a: &Path, b: &Path) -> Ordering {
        let (x, y) = (self.summary(a), self.summary(b));
        match step {
            Step::Weight => y.weight.cmp(&x.weight),
            Step::LocalPref => y.local_pref.cmp(&x.local_pref),
            Step::AsPathLength => x.path_length.cmp(&y.path_length),
            Step::Origin => x.origin.cmp(&y.origin),
            Step::Med if x.neighbor_as == y.neighbor_as => x.med.cmp(&y.med),
            Step::Med => Ordering::Equal,
            Step::ExternalFirst => x.internal.cmp(&y.internal),
            Step::RouterId => self.router_id(a).cmp(&self.router_id(b)),
            Step::ClusterListLength => x.cluster_list.cmp(&y.cluster_list),
            Step::PeerAddress => {
                let address = |path: &Path| self.ranks[usize::from(path.peer)].address;
                address(a).cmp(&address(b))
            }
            Step::PathId => a.path_id.cmp(&b.path_id),
        }
    }

    /// The steps behind MED, which order all paths.
    fn tail(&self, a: &Path, b: &Path) -> Ordering {
        AFTER_MED.iter().fold(Ordering::Equal, |so_far, &step| so_far.then_with(|| self.compare(step, a, b)))
    }
}

const BEFORE_MED: [Step; 4] = [Step::Weight, Step::LocalPref, Step::AsPathLength, Step::Origin];
const AFTER_MED: [Step; 5] =
    [Step::ExternalFirst, Step::RouterId, Step::ClusterListLength, Step::PeerAddress, Step::PathId];

/// Where the best path is; `None` when none may be used.
pub(crate) fn best(paths: &[Path], scale: &Scale<'_>) -> Option<usize> {
    let mut best: Option<usize> = None;
    let mut ties = false;
    for (place, path) in paths.iter().enumerate().filter(|(_, path)| path.is_usable()) {
        let Some(leader) = best else {
            best = Some(place);
            continue;
        };
        match scale.summary(path).before_med().cmp(&scale.summary(&paths[leader]).before_med()) {
            Ordering::Less => (best, ties) = (Some(place), false),
            Ordering::Equal => ties = true,
            Ordering::Greater => {}
        }
    }
    match best {
        Some(leader) if ties => Some(break_ties(paths, leader, scale)),
        _ => best,
    }
}

/// The best of those that the first four steps hold equal to the leader.
fn break_ties(paths: &[Path], leader: usize, scale: &Scale<'_>) -> usize {
    let key = scale.summary(&paths[leader]).before_med();
    let meds = Meds::new(paths, key, scale);
    let tied = paths.iter().enumerate().filter(|(_, path)| {
        path.is_usable() && scale.summary(path).before_med() == key && meds.keep(scale.summary(path))
    });
    tied.min_by(|(_, a), (_, b)| scale.tail(a, b)).map_or(leader, |(place, _)| place)
}

/// The lowest MED of each neighbouring AS among tied paths.
struct Meds {
    /// All MEDs are the same, as they are when nobody sends any.
    same: bool,
    lowest: Vec<(u32, u32)>,
}

impl Meds {
    fn new(paths: &[Path], key: (Reverse<u16>, Reverse<u32>, u16, u8), scale: &Scale<'_>) -> Self {
        let tied = || {
            let usable = paths.iter().filter(|path| path.is_usable());
            usable.map(|path| scale.summary(path)).filter(|summary| summary.before_med() == key)
        };
        let first = tied().next().map(|summary| summary.med);
        if tied().all(|summary| Some(summary.med) == first) {
            return Self { same: true, lowest: Vec::new() };
        }
        let mut lowest: Vec<(u32, u32)> = tied().map(|summary| (summary.neighbor_as, summary.med)).collect();
        lowest.sort_unstable();
        lowest.dedup_by_key(|(asn, _)| *asn);
        Self { same: false, lowest }
    }

    fn keep(&self, summary: &Summary) -> bool {
        let lowest = || self.lowest.binary_search_by_key(&summary.neighbor_as, |(asn, _)| *asn);
        self.same || lowest().is_ok_and(|place| self.lowest[place].1 == summary.med)
    }
}

/// What became of a path beside the best one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ranking {
    Best,
    /// As good as the best up to the steps that only break ties.
    Multipath(Step),
    Backup(Step),
    /// Not to be used.
    Out,
}

impl Ranking {
    /// The step at which it lost to the best.
    pub(crate) fn lost_at(self) -> Option<Step> {
        match self {
            Self::Best | Self::Out => None,
            Self::Multipath(step) | Self::Backup(step) => Some(step),
        }
    }

    /// The order in which people look at paths: who lost late comes early.
    pub(crate) fn order(self) -> (u8, Reverse<Option<Step>>) {
        let group = match self {
            Self::Best => 0,
            Self::Multipath(_) => 1,
            Self::Backup(_) => 2,
            Self::Out => 3,
        };
        (group, Reverse(self.lost_at()))
    }
}

/// What became of each path, and at which step it lost to the best.
pub(crate) fn rank(paths: &[Path], scale: &Scale<'_>) -> Vec<Ranking> {
    let Some(best) = best(paths, scale) else { return vec![Ranking::Out; paths.len()] };
    let key = scale.summary(&paths[best]).before_med();
    let meds = Meds::new(paths, key, scale);
    let places = paths.iter().enumerate();
    places
        .map(|(place, path)| {
            if !path.is_usable() {
                return Ranking::Out;
            }
            if place == best {
                return Ranking::Best;
            }
            let differs = |step: &&Step| scale.compare(**step, &paths[best], path) != Ordering::Equal;
            if let Some(&step) = BEFORE_MED.iter().find(differs) {
                return Ranking::Backup(step);
            }
            if !meds.keep(scale.summary(path)) {
                return Ranking::Backup(Step::Med);
            }
            match AFTER_MED.iter().find(differs) {
                Some(Step::ExternalFirst) => Ranking::Backup(Step::ExternalFirst),
                // Two paths of one peer differ in their path identifier at last.
                step => Ranking::Multipath(step.copied().unwrap_or(Step::PathId)),
            }
        })
        .collect()
}
