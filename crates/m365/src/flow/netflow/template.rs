//! Layouts of data records, as exporters announce them, and the records read by them.

use super::super::Flow;
use super::number;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPFIX: the length is told in the record.
const VARIABLE: u16 = u16::MAX;
/// The number of the enterprise whose fields are those of the other direction (RFC 5103).
const REVERSE: u32 = 29_305;
/// The least length of a packet that the counters count: a header of IPv4.
const LEAST_PACKET: u64 = 20;
/// Seconds between 1900, where NTP begins, and 1970.
const NTP: i64 = 2_208_988_800;

/// What a field means here; numbers are those of IANA's registry of IPFIX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Bytes,
    Packets,
    BytesBack,
    PacketsBack,
    Protocol,
    SourcePort,
    DestinationPort,
    Source,
    Destination,
    /// Since the exporter was started.
    UptimeFirst,
    UptimeLast,
    /// When that was.
    Started,
    Seconds(End),
    Millis(End),
    /// 32 bits of seconds since 1900, 32 of a fraction.
    Ntp(End),
    /// Microseconds before the export.
    Before(End),
    Sampling,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

impl Meaning {
    fn of(enterprise: u32, id: u16) -> Self {
        match (enterprise, id) {
            (REVERSE, 1) => Self::BytesBack,
            (REVERSE, 2) => Self::PacketsBack,
            (0, 1 | 85) => Self::Bytes,
            (0, 2 | 86) => Self::Packets,
            (0, 4) => Self::Protocol,
            (0, 7) => Self::SourcePort,
            (0, 11) => Self::DestinationPort,
            (0, 8 | 27) => Self::Source,
            (0, 12 | 28) => Self::Destination,
            (0, 21) => Self::UptimeLast,
            (0, 22) => Self::UptimeFirst,
            (0, 34 | 305) => Self::Sampling,
            (0, 150) => Self::Seconds(End::First),
            (0, 151) => Self::Seconds(End::Last),
            (0, 152) => Self::Millis(End::First),
            (0, 153) => Self::Millis(End::Last),
            (0, 154 | 156) => Self::Ntp(End::First),
            (0, 155 | 157) => Self::Ntp(End::Last),
            (0, 158) => Self::Before(End::First),
            (0, 159) => Self::Before(End::Last),
            (0, 160) => Self::Started,
            _ => Self::Nothing,
        }
    }
}

/// A layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    fields: Vec<(Meaning, u16)>,
    /// Whether its records are about the exporter, not about flows.
    pub(super) options: bool,
}

/// When a message was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// In milliseconds since 1970.
    pub(super) at_ms: i64,
    /// How long the exporter runs, in milliseconds modulo 2^32; IPFIX does not say.
    pub(super) uptime: Option<u32>,
}

impl Sent {
    /// The time of a clock that runs since the exporter was started, and wraps every 49.7 days.
    pub(super) fn uptime(self, at: u32) -> Option<i64> {
        let before = self.uptime?.wrapping_sub(at).cast_signed();
        Some(self.at_ms - i64::from(before))
    }
}

/// What a data record came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) flow: Option<Flow>,
    pub(super) back: Option<Flow>,
    /// Whether a counter had run over.
    pub(super) wrapped: bool,
}

impl Template {
    /// Fields of a template: identifier and length each, in IPFIX with the number of an enterprise.
    pub(super) fn of(bytes: &mut &[u8], count: u16, ipfix: bool, options: bool) -> Option<Self> {
        let mut fields = Vec::new();
        for _ in 0..count {
            let id = u16::from_be_bytes(take(bytes, 2)?.try_into().ok()?);
            let length = u16::from_be_bytes(take(bytes, 2)?.try_into().ok()?);
            let enterprise = match ipfix && id & 0x8000 != 0 {
                true => u32::from_be_bytes(take(bytes, 4)?.try_into().ok()?),
                false => 0,
            };
            let id = if ipfix { id & 0x7fff } else { id };
            fields.push((Meaning::of(enterprise, id), length));
        }
        // A record without a byte would never end.
        fields.iter().any(|(_, length)| *length > 0).then_some(Self { fields, options })
    }

    /// The least length of a record.
    pub(super) fn least(&self) -> usize {
        self.fields.iter().map(|(_, length)| if *length == VARIABLE { 1 } else { usize::from(*length) }).sum()
    }

    /// Reads a record; nothing when the bytes end within it.
    pub(super) fn read(&self, bytes: &mut &[u8], sent: Sent) -> Option<Read> {
        let mut flow = Flow {
            start_ms: sent.at_ms,
            end_ms: sent.at_ms,
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            destination: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            source_port: 0,
            destination_port: 0,
            protocol: 0,
            bytes: 0,
            packets: 0,
        };
        let (mut source, mut destination, mut counted) = (None, None, None);
        let (mut first, mut last, mut started, mut uptimes) = (None, None, None, [None; 2]);
        let (mut back, mut packets_back, mut sampling, mut narrow) = (0, 0, 1, false);
        for (meaning, length) in &self.fields {
            let length = match *length {
                VARIABLE => match take(bytes, 1)?[0] {
                    255 => usize::from(u16::from_be_bytes(take(bytes, 2)?.try_into().ok()?)),
                    short => usize::from(short),
                },
                length => usize::from(length),
            };
            let field = take(bytes, length)?;
            let value = number(field);
            let mut end = |which: End, ms: Option<i64>| match which {
                End::First => first = ms,
                End::Last => last = ms,
            };
            match meaning {
                Meaning::Bytes => {
                    counted = Some(value);
                    narrow = length == 4;
                }
                Meaning::Packets => flow.packets = value,
                Meaning::BytesBack => back = value,
                Meaning::PacketsBack => packets_back = value,
                Meaning::Protocol => flow.protocol = u8::try_from(value).unwrap_or(0),
                Meaning::SourcePort => flow.source_port = u16::try_from(value).unwrap_or(0),
                Meaning::DestinationPort => flow.destination_port = u16::try_from(value).unwrap_or(0),
                // Templates of both families exist, with the other one zero.
                Meaning::Source => source = address(field).or(source),
                Meaning::Destination => destination = address(field).or(destination),
                Meaning::UptimeFirst => uptimes[0] = u32::try_from(value).ok(),
                Meaning::UptimeLast => uptimes[1] = u32::try_from(value).ok(),
                Meaning::Started => started = i64::try_from(value).ok(),
                Meaning::Seconds(which) => end(*which, i64::try_from(value).ok().and_then(|s| s.checked_mul(1000))),
                Meaning::Millis(which) => end(*which, i64::try_from(value).ok()),
                Meaning::Ntp(which) => {
                    let (seconds, fraction) = (i64::try_from(value >> 32).ok()?, value & 0xffff_ffff);
                    let ms = i64::try_from((fraction * 1000) >> 32).ok()?;
                    end(*which, Some((seconds - NTP) * 1000 + ms));
                }
                Meaning::Before(which) => {
                    end(*which, i64::try_from(value / 1000).ok().and_then(|before| sent.at_ms.checked_sub(before)));
                }
                Meaning::Sampling => sampling = value.max(1),
                Meaning::Nothing => {}
            }
        }
        let uptime = |at: Option<u32>| match (at, started) {
            (Some(at), Some(started)) => started.checked_add(i64::from(at)),
            (Some(at), None) => sent.uptime(at),
            (None, _) => None,
        };
        flow.start_ms = first.or_else(|| uptime(uptimes[0])).or(last).unwrap_or(sent.at_ms);
        flow.end_ms = last.or_else(|| uptime(uptimes[1])).unwrap_or(flow.start_ms);
        let (Some(source), Some(destination), Some(counted)) = (source, destination, counted) else {
            return Some(Read { flow: None, back: None, wrapped: false });
        };
        (flow.source, flow.destination) = (source, destination);
        let (bytes, wrapped) = if narrow { unwrapped(counted, flow.packets) } else { (counted, false) };
        flow.bytes = bytes.saturating_mul(sampling);
        flow.packets = flow.packets.saturating_mul(sampling);
        let back =
            (back > 0).then(|| flow.turned(back.saturating_mul(sampling), packets_back.saturating_mul(sampling)));
        Some(Read { flow: Some(flow), back, wrapped })
    }
}

/// Bytes of a counter of 32 bits that may have run over: the least that the packets can have had.
pub(super) fn unwrapped(bytes: u64, packets: u64) -> (u64, bool) {
    let least = packets.saturating_mul(LEAST_PACKET);
    match least.checked_sub(bytes) {
        Some(missing) if missing > 0 => (bytes.saturating_add(missing.div_ceil(1 << 32) << 32), true),
        _ => (bytes, false),
    }
}

fn address(field: &[u8]) -> Option<IpAddr> {
    match field.len() {
        4 => <[u8; 4]>::try_from(field).ok().map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        16 => <[u8; 16]>::try_from(field).ok().map(|bits| IpAddr::V6(Ipv6Addr::from(bits))),
        _ => None,
    }
    .filter(|address| !address.is_unspecified())
}

/// Takes bytes off the front.
pub(super) fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}
