//! Statistics Report (RFC 7854, section 4.8): counters and gauges of a session.
//!
//! ```text
//! | Header and peer                              |
//! | Count (4)                                    |
//! | Type (2) | Length (2) | Value (4, 8 or 11)   |   once for each
//! ```

use super::{Peer, begin, finish};
use crate::iana::{bmp_type, statistic};
use crate::{Stamp, writer};
use bgp_wire::AfiSafi;

/// A number about a session. Counters begin at zero with the session and wrap; gauges tell what is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Counter of prefixes that the policy inwards rejected.
    Rejected(u32),
    /// Counter of announcements of what was announced already.
    DuplicateAnnouncements(u32),
    /// Counter of withdrawals of what was not there.
    DuplicateWithdrawals(u32),
    /// Counter of UPDATEs ignored since our AS is in the path.
    AsPathLoops(u32),
    /// Routes received, before policy.
    AdjRibIn(u64),
    /// Routes in use.
    LocRib(u64),
    /// Routes received, of one family.
    AdjRibInOf(AfiSafi, u64),
    /// Routes in use, of one family.
    LocRibOf(AfiSafi, u64),
    /// Counter of UPDATEs whose routes were treated as withdrawn (RFC 7606).
    UpdatesTreatedAsWithdraw(u32),
    /// Counter of the prefixes in them.
    PrefixesTreatedAsWithdraw(u32),
    /// Counter of UPDATEs that changed nothing.
    DuplicateUpdates(u32),
    /// Routes sent, after policy (RFC 8671).
    AdjRibOut(u64),
    /// Routes sent, of one family (RFC 8671).
    AdjRibOutOf(AfiSafi, u64),
}

/// Reports numbers of a session as they were at the stamp.
pub fn statistics(out: &mut Vec<u8>, peer: &Peer, stamp: Stamp, statistics: &[Statistic]) {
    let start = begin(bmp_type::STATISTICS_REPORT, out);
    peer.write(out, stamp, 0);
    // There are as many kinds as variants; nobody reports four billion of them.
    writer::u32(out, statistics.len() as u32);
    for statistic in statistics {
        statistic.write(out);
    }
    finish(start, out);
}

impl Statistic {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Rejected(n) => counter(out, statistic::REJECTED, n),
            Self::DuplicateAnnouncements(n) => counter(out, statistic::DUPLICATE_ANNOUNCEMENTS, n),
            Self::DuplicateWithdrawals(n) => counter(out, statistic::DUPLICATE_WITHDRAWALS, n),
            Self::AsPathLoops(n) => counter(out, statistic::AS_PATH_LOOPS, n),
            Self::AdjRibIn(n) => gauge(out, statistic::ADJ_RIB_IN, n),
            Self::LocRib(n) => gauge(out, statistic::LOC_RIB, n),
            Self::AdjRibInOf(family, n) => gauge_of(out, statistic::ADJ_RIB_IN_OF, family, n),
            Self::LocRibOf(family, n) => gauge_of(out, statistic::LOC_RIB_OF, family, n),
            Self::UpdatesTreatedAsWithdraw(n) => counter(out, statistic::UPDATES_WITHDRAWN, n),
            Self::PrefixesTreatedAsWithdraw(n) => counter(out, statistic::PREFIXES_WITHDRAWN, n),
            Self::DuplicateUpdates(n) => counter(out, statistic::DUPLICATE_UPDATES, n),
            Self::AdjRibOut(n) => gauge(out, statistic::ADJ_RIB_OUT, n),
            Self::AdjRibOutOf(family, n) => gauge_of(out, statistic::ADJ_RIB_OUT_OF, family, n),
        }
    }
}

fn counter(out: &mut Vec<u8>, kind: u16, number: u32) {
    writer::u16(out, kind);
    writer::u16(out, 4);
    writer::u32(out, number);
}

fn gauge(out: &mut Vec<u8>, kind: u16, number: u64) {
    writer::u16(out, kind);
    writer::u16(out, 8);
    writer::u64(out, number);
}

fn gauge_of(out: &mut Vec<u8>, kind: u16, family: AfiSafi, number: u64) {
    writer::u16(out, kind);
    writer::u16(out, 11);
    writer::u16(out, family.afi);
    out.push(family.safi);
    writer::u64(out, number);
}
