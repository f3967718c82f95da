//! AS_PATH (RFC 4271, section 5.1.2) and AS4_PATH (RFC 6793).
//!
//! ```text
//! +---------------+---------------+-----------------------------------+
//! | Segment type  | Count of ASes | AS numbers, of 2 or 4 octets each |   and so on
//! +---------------+---------------+-----------------------------------+
//! ```
//!
//! Between speakers that do not both know four-octet numbers, AS_PATH holds numbers of two octets, with
//! 23456 in place of one that does not fit, and AS4_PATH beside it holds the true ones. [`AsPath`] reads as
//! one path what was sent in two.

use super::fault::Problem;
use crate::iana::{asn, segment};
use crate::reader::Reader;
use model::Asn;

/// How the AS numbers of a segment are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentKind {
    /// Unordered.
    Set,
    /// Ordered, the nearest first.
    Sequence,
}

/// An AS path, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct AsPath<'a> {
    /// AS_PATH.
    head: &'a [u8],
    /// Its numbers have four octets.
    wide: bool,
    /// How much of it is in front of AS4_PATH, counted as the path length counts.
    lead: usize,
    /// AS4_PATH, empty without.
    tail: &'a [u8],
}

impl<'a> AsPath<'a> {
    /// Checks AS_PATH. Segments of confederations (RFC 5065) are refused: there is none to be a member of.
    pub(super) fn check(value: &'a [u8], wide: bool) -> Result<Self, Problem> {
        check(value, wide, segment::AS_SEQUENCE)?;
        Ok(Self { head: value, wide, lead: usize::MAX, tail: &[] })
    }

    /// The path when AS4_PATH came with it (RFC 6793, section 4.2.3): as much of AS_PATH as AS4_PATH is
    /// shorter, then AS4_PATH. A longer AS4_PATH is ignored.
    pub(super) fn with_as4_path(self, as4_path: &'a [u8]) -> Self {
        let whole = Self { head: as4_path, wide: true, lead: usize::MAX, tail: &[] };
        match self.length().checked_sub(whole.length()) {
            Some(lead) => Self { lead, tail: as4_path, ..self },
            None => self,
        }
    }

    /// The segments, the nearest first.
    pub fn segments(&self) -> Segments<'a> {
        Segments { head: Reader::new(self.head), wide: self.wide, lead: self.lead, tail: Reader::new(self.tail) }
    }

    /// All AS numbers, sets and sequences alike.
    pub fn asns(&self) -> impl Iterator<Item = Asn> + use<'a> {
        self.segments().flat_map(|segment| segment.asns)
    }

    /// The length that the decision counts: a set is one (RFC 4271, section 9.1.2.2).
    pub fn length(&self) -> usize {
        self.segments().map(|segment| segment.length()).sum()
    }

    /// The AS that the route came from: the first of a leading sequence.
    pub fn first_as(&self) -> Option<Asn> {
        let mut first = self.segments().next()?;
        match first.kind {
            SegmentKind::Set => None,
            SegmentKind::Sequence => first.asns.next(),
        }
    }

    /// The AS that the route began in: the last of a sequence at the end.
    pub fn origin_as(&self) -> Option<Asn> {
        let last = self.segments().last()?;
        match last.kind {
            SegmentKind::Set => None,
            SegmentKind::Sequence => last.asns.last(),
        }
    }

    /// Whether the AS is anywhere in it.
    pub fn contains(&self, asn: Asn) -> bool {
        self.asns().any(|other| other == asn)
    }

    /// Whether a set is in it, which RFC 9774 no longer allows to be sent.
    pub fn has_set(&self) -> bool {
        self.segments().any(|segment| segment.kind == SegmentKind::Set)
    }

    /// The path as a value of its own. Sequences that follow each other become one.
    pub fn to_segments(&self) -> Vec<PathSegment> {
        let mut path: Vec<PathSegment> = Vec::new();
        for segment in self.segments() {
            match path.last_mut() {
                Some(last) if (last.kind, segment.kind) == (SegmentKind::Sequence, SegmentKind::Sequence) => {
                    last.asns.extend(segment.asns);
                }
                _ => path.push(PathSegment { kind: segment.kind, asns: segment.asns.collect() }),
            }
        }
        path
    }
}

impl PartialEq for AsPath<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.to_segments() == other.to_segments()
    }
}

impl Eq for AsPath<'_> {}

/// A segment, read where it lies.
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// Set or sequence.
    pub kind: SegmentKind,
    /// Its AS numbers.
    pub asns: Asns<'a>,
}

impl Segment<'_> {
    fn length(&self) -> usize {
        match self.kind {
            SegmentKind::Set => 1,
            SegmentKind::Sequence => self.asns.len(),
        }
    }
}

/// A walk over segments.
#[derive(Debug, Clone)]
pub struct Segments<'a> {
    head: Reader<'a>,
    wide: bool,
    lead: usize,
    tail: Reader<'a>,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        if self.lead > 0
            && let Some(mut segment) = next_segment(&mut self.head, self.wide)
        {
            let length = segment.length();
            if length > self.lead {
                segment.asns.cut(self.lead);
            }
            self.lead = self.lead.saturating_sub(length);
            return Some(segment);
        }
        self.lead = 0;
        next_segment(&mut self.tail, true)
    }
}

/// The next segment that is no confederation's: those are left out of AS4_PATH (RFC 6793, section 6), and
/// an AS_PATH with one never gets here.
fn next_segment<'a>(reader: &mut Reader<'a>, wide: bool) -> Option<Segment<'a>> {
    loop {
        let kind = reader.u8()?;
        let count = usize::from(reader.u8()?);
        let asns = Asns { bytes: reader.take(count * width(wide))?, wide };
        match kind {
            segment::AS_SET => return Some(Segment { kind: SegmentKind::Set, asns }),
            segment::AS_SEQUENCE => return Some(Segment { kind: SegmentKind::Sequence, asns }),
            _ => {}
        }
    }
}

/// A walk over AS numbers.
#[derive(Debug, Clone)]
pub struct Asns<'a> {
    bytes: &'a [u8],
    wide: bool,
}

impl Asns<'_> {
    fn cut(&mut self, count: usize) {
        self.bytes = self.bytes.get(..count * width(self.wide)).unwrap_or(self.bytes);
    }
}

impl Iterator for Asns<'_> {
    type Item = Asn;

    #[inline]
    fn next(&mut self) -> Option<Asn> {
        if self.wide {
            let (asn, rest) = self.bytes.split_first_chunk()?;
            self.bytes = rest;
            Some(Asn(u32::from_be_bytes(*asn)))
        } else {
            let (asn, rest) = self.bytes.split_first_chunk()?;
            self.bytes = rest;
            Some(Asn(u16::from_be_bytes(*asn).into()))
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.bytes.len() / width(self.wide);
        (count, Some(count))
    }
}

impl ExactSizeIterator for Asns<'_> {}

/// A segment as a value of its own. It may hold more AS numbers than a segment on the wire can.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathSegment {
    /// Set or sequence.
    pub kind: SegmentKind,
    /// Its AS numbers.
    pub asns: Vec<Asn>,
}

impl PathSegment {
    /// A sequence, the nearest AS first.
    pub fn sequence(asns: impl IntoIterator<Item = Asn>) -> Self {
        Self { kind: SegmentKind::Sequence, asns: asns.into_iter().collect() }
    }

    /// A set.
    pub fn set(asns: impl IntoIterator<Item = Asn>) -> Self {
        Self { kind: SegmentKind::Set, asns: asns.into_iter().collect() }
    }
}

/// Appends a path. A sequence of more than 255 becomes several; of a set that long the rest goes into
/// another set.
pub(super) fn write(path: &[PathSegment], wide: bool, out: &mut Vec<u8>) {
    for PathSegment { kind, asns } in path {
        let kind = match kind {
            SegmentKind::Set => segment::AS_SET,
            SegmentKind::Sequence => segment::AS_SEQUENCE,
        };
        for asns in asns.chunks(255) {
            out.extend_from_slice(&[kind, asns.len() as u8]);
            for &Asn(number) in asns {
                if wide {
                    out.extend_from_slice(&number.to_be_bytes());
                } else {
                    out.extend_from_slice(&narrow(number).to_be_bytes());
                }
            }
        }
    }
}

/// The number in two octets, or the one that stands for all that do not fit.
pub(super) fn narrow(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(asn::AS_TRANS.0 as u16)
}

fn width(wide: bool) -> usize {
    if wide { 4 } else { 2 }
}

/// Checks AS4_PATH. It may hold segments of confederations, which are left out when it is read.
pub(super) fn check_as4_path(value: &[u8]) -> Result<(), Problem> {
    if value.is_empty() {
        return Err(Problem::Length(0));
    }
    check(value, true, segment::AS_CONFED_SET)
}

/// Checks segments up to the end (RFC 7606, section 7.2), and that AS 0 is not in them (RFC 7607).
fn check(value: &[u8], wide: bool, last_type: u8) -> Result<(), Problem> {
    let mut reader = Reader::new(value);
    while !reader.is_empty() {
        let (Some(kind), Some(count)) = (reader.u8(), reader.u8()) else {
            return Err(Problem::SegmentOverrun);
        };
        if !(segment::AS_SET..=last_type).contains(&kind) {
            return Err(Problem::SegmentType(kind));
        }
        if count == 0 {
            return Err(Problem::SegmentEmpty);
        }
        let bytes = reader.take(usize::from(count) * width(wide)).ok_or(Problem::SegmentOverrun)?;
        if (Asns { bytes, wide }).any(|asn| asn == Asn(0)) {
            return Err(Problem::AsZero);
        }
    }
    Ok(())
}
