//! What RFC 7606 asks of a malformed attribute.
//!
//! | fault | attributes | action | RFC 7606 |
//! | --- | --- | --- | --- |
//! | longer than the list, or cut off before its length | MP_REACH_NLRI, MP_UNREACH_NLRI | reset | 3 (j), 5.3 |
//! | | others | withdraw | 4 |
//! | twice | MP_REACH_NLRI, MP_UNREACH_NLRI | reset | 3 (g) |
//! | | others, known or not | discard all but the first | 3 (g) |
//! | not known, and marked as well-known | | reset | RFC 4271, 6.3 |
//! | Optional or Transitive bit wrong | MP_REACH_NLRI, MP_UNREACH_NLRI | reset | 5.3 |
//! | | others | withdraw | 3 (c) |
//! | not for this neighbour | LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST from outside | discard | 7.5, 7.9, 7.10 |
//! | | AS4_PATH, AS4_AGGREGATOR where AS numbers have four octets | discard | RFC 6793, 4.1 |
//! | a family that was not agreed on | MP_REACH_NLRI, MP_UNREACH_NLRI | discard | RFC 4760, 6 |
//! | length or value wrong | ATOMIC_AGGREGATE, AGGREGATOR | discard | 3 (f), 7.6, 7.7 |
//! | | AS4_PATH, AS4_AGGREGATOR | discard | RFC 6793, 6 |
//! | | MP_REACH_NLRI, MP_UNREACH_NLRI | reset | 5.3, 7.11, 7.12 |
//! | | others | withdraw | 3 (e), 7.1 to 7.15, RFC 8092, RFC 9234 |
//! | next hop is no host's address | NEXT_HOP of IPv4 routes in the UPDATE itself, MP_REACH_NLRI | withdraw | 3 (e) |
//! | missing | ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF | withdraw | 3 (d) |
//!
//! An UPDATE that announces nothing and has a fault of *withdraw* resets the session (section 5.2):
//! its routes may not have been found.

use crate::iana::attribute::{
    AGGREGATOR, AS_PATH, AS4_AGGREGATOR, AS4_PATH, ATOMIC_AGGREGATE, MP_REACH_NLRI, MP_UNREACH_NLRI,
};
use crate::{AfiSafi, Cause, Fault, iana};
use std::fmt;

/// What to do about a malformed attribute, the weakest first (RFC 7606, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Do as if the attribute were not there.
    Discard,
    /// Do as if the routes of the UPDATE had been withdrawn.
    TreatAsWithdraw,
    /// End the session.
    SessionReset,
}

/// What is wrong with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Problem {
    /// Its length exceeds what is left of the list.
    #[error("its length exceeds the attribute list")]
    Overrun,
    /// The list ends before its length.
    #[error("the attribute list ends within its header")]
    CutOff,
    /// It is not the first of its type.
    #[error("it is there more than once")]
    Duplicate,
    /// It is marked as well-known, and is not known.
    #[error("type {0} is not known and not optional")]
    UnknownWellKnown(u8),
    /// The Optional or Transitive bit does not fit its type.
    #[error("flags 0x{0:02x} do not fit its type")]
    Flags(u8),
    /// Its length does not fit its type.
    #[error("a length of {0} octets does not fit its type")]
    Length(u16),
    /// A value that is not defined.
    #[error("value {0} is not defined")]
    Value(u8),
    /// A segment of an AS path has a type that is not for this neighbour or not defined.
    #[error("AS path segment type {0} is not allowed")]
    SegmentType(u8),
    /// A segment of an AS path is empty.
    #[error("an AS path segment is empty")]
    SegmentEmpty,
    /// A segment of an AS path does not fit into what is left.
    #[error("an AS path segment exceeds the attribute")]
    SegmentOverrun,
    /// AS 0 is in it (RFC 7607).
    #[error("it holds AS 0")]
    AsZero,
    /// A next hop that is no host's address.
    #[error("the next hop is no host's address")]
    NextHop,
    /// The length of the next hop does not fit its family.
    #[error("a next hop of {0} octets does not fit its family")]
    NextHopLength(u8),
    /// Routes that cannot be taken apart.
    #[error("its routes cannot be read at octet {0}")]
    Routes(u16),
    /// It is there and must not come from this neighbour.
    #[error("it is not for this neighbour to send")]
    Unexpected,
    /// A family that was not agreed on.
    #[error("{0} was not agreed on")]
    Family(AfiSafi),
    /// It is not there and must be.
    #[error("it is missing")]
    Missing,
}

impl Problem {
    /// What to do about it: the table at the head of this file.
    pub(crate) fn action(self, code: u8) -> Action {
        let multiprotocol = matches!(code, MP_REACH_NLRI | MP_UNREACH_NLRI);
        let discarded = matches!(code, ATOMIC_AGGREGATE | AGGREGATOR | AS4_PATH | AS4_AGGREGATOR);
        match self {
            Self::Duplicate if multiprotocol => Action::SessionReset,
            Self::Duplicate | Self::Unexpected | Self::Family(_) => Action::Discard,
            Self::UnknownWellKnown(_) => Action::SessionReset,
            Self::NextHop | Self::Missing => Action::TreatAsWithdraw,
            Self::Overrun | Self::CutOff | Self::Flags(_) if multiprotocol => Action::SessionReset,
            Self::Overrun | Self::CutOff | Self::Flags(_) => Action::TreatAsWithdraw,
            Self::Length(_)
            | Self::Value(_)
            | Self::SegmentType(_)
            | Self::SegmentEmpty
            | Self::SegmentOverrun
            | Self::AsZero
            | Self::NextHopLength(_)
            | Self::Routes(_) => match () {
                () if multiprotocol => Action::SessionReset,
                () if discarded => Action::Discard,
                () => Action::TreatAsWithdraw,
            },
        }
    }

    /// Code and subcode when it ends the session (RFC 4271, section 6.3; RFC 4760, section 7).
    pub(crate) fn cause(self, code: u8) -> Cause {
        match self {
            Self::Overrun | Self::CutOff | Self::Duplicate => Cause::MALFORMED_ATTRIBUTE_LIST,
            Self::UnknownWellKnown(_) => Cause::UNRECOGNIZED_WELL_KNOWN,
            Self::Missing => Cause::MISSING_WELL_KNOWN,
            _ if matches!(code, MP_REACH_NLRI | MP_UNREACH_NLRI) => Cause::OPTIONAL_ATTRIBUTE_ERROR,
            Self::Flags(_) => Cause::ATTRIBUTE_FLAGS_ERROR,
            _ if code == AS_PATH => Cause::MALFORMED_AS_PATH,
            Self::Length(_) => Cause::ATTRIBUTE_LENGTH_ERROR,
            Self::Value(_) => Cause::INVALID_ORIGIN,
            Self::NextHop => Cause::INVALID_NEXT_HOP,
            Self::SegmentType(_)
            | Self::SegmentEmpty
            | Self::SegmentOverrun
            | Self::AsZero
            | Self::NextHopLength(_)
            | Self::Routes(_)
            | Self::Unexpected
            | Self::Family(_) => Cause::OPTIONAL_ATTRIBUTE_ERROR,
        }
    }
}

/// A malformed attribute and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeFault<'a> {
    /// The type code, 0 where it cannot be told.
    pub code: u8,
    /// What is wrong.
    pub problem: Problem,
    /// What RFC 7606 asks for.
    pub action: Action,
    /// The attribute as received, empty for one that is missing.
    pub bytes: &'a [u8],
}

impl AttributeFault<'_> {
    /// The same as the end of the session.
    pub fn to_fault(&self) -> Fault {
        Fault::Attribute { code: self.code, problem: self.problem, bytes: self.bytes.to_vec() }
    }
}

impl fmt::Display for AttributeFault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", iana::attribute::name(self.code), self.problem)?;
        f.write_str(match self.action {
            Action::Discard => "; attribute discarded",
            Action::TreatAsWithdraw => "; treated as withdraw",
            Action::SessionReset => "; session reset",
        })
    }
}

/// The faults of one attribute list. The strongest is kept, and of the others the first few, for the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttributeFaults<'a> {
    kept: Vec<AttributeFault<'a>>,
    strongest: Option<AttributeFault<'a>>,
    count: usize,
}

/// A list of 65,535 octets has room for 21,000 faults; a log line does not.
const KEPT: usize = 8;

impl<'a> AttributeFaults<'a> {
    pub(crate) fn push(&mut self, fault: AttributeFault<'a>) {
        self.count += 1;
        if self.kept.len() < KEPT {
            self.kept.push(fault);
        }
        if self.strongest.is_none_or(|strongest| strongest.action < fault.action) {
            self.strongest = Some(fault);
        }
    }

    /// The first of those with the strongest action (RFC 7606, section 3 (h)).
    pub fn strongest(&self) -> Option<&AttributeFault<'a>> {
        self.strongest.as_ref()
    }

    /// The first ones, at most eight.
    pub fn first(&self) -> &[AttributeFault<'a>] {
        &self.kept
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.count
    }
}
