//! A record in the making, column by column.

use super::{Column, Flow, Note};
use std::net::{IpAddr, Ipv4Addr};

/// What is known of a record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Draft {
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    duration_ms: Option<i64>,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    source_port: u16,
    destination_port: u16,
    protocol: Option<u8>,
    bytes: Option<u64>,
    packets: u64,
    bytes_back: u64,
    packets_back: u64,
    rejected: bool,
    no_data: bool,
}

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Text, which may hold a number.
    Text(&'a [u8]),
    /// A whole number.
    Number(i64),
    /// Milliseconds since 1970.
    Time(i64),
    /// An address.
    Address(IpAddr),
}

impl Draft {
    /// Sets a column; what is not of its kind leaves it as it was.
    pub fn set(&mut self, column: Column, value: Value<'_>) {
        let number = || match value {
            Value::Number(number) => u64::try_from(number).ok(),
            Value::Text(text) => digits(text),
            Value::Time(_) | Value::Address(_) => None,
        };
        let port = || number().and_then(|number| u16::try_from(number).ok()).unwrap_or(0);
        match column {
            Column::Start => self.start_ms = time(value),
            Column::End => self.end_ms = time(value),
            Column::Duration => self.duration_ms = duration(value),
            Column::Source => self.source = address(value),
            Column::Destination => self.destination = address(value),
            Column::SourcePort => self.source_port = port(),
            Column::DestinationPort => self.destination_port = port(),
            Column::Protocol => self.protocol = protocol(value),
            Column::Bytes => self.bytes = number(),
            Column::Packets => self.packets = number().unwrap_or(0),
            Column::BytesBack => self.bytes_back = number().unwrap_or(0),
            Column::PacketsBack => self.packets_back = number().unwrap_or(0),
            Column::Action => {
                self.rejected =
                    matches!(value, Value::Text(text) if text.eq_ignore_ascii_case(b"reject") || text == b"D");
            }
            Column::Status => {
                self.no_data = matches!(value, Value::Text(b"NODATA" | b"SKIPDATA"));
            }
        }
    }

    /// Whether it names an address, so that it is meant as a record.
    pub(super) fn is_spoken_for(&self) -> bool {
        self.source.is_some() || self.destination.is_some() || self.no_data
    }

    /// The record, and that of the other direction where it is told in one with it.
    ///
    /// # Errors
    /// It is not a record to count; the note says why.
    pub fn finish(&self) -> Result<(Flow, Option<Flow>), Note> {
        if self.no_data {
            return Err(Note::NoData);
        }
        let (Some(source), Some(destination), Some(protocol)) = (self.source, self.destination, self.protocol) else {
            return Err(Note::NoRecord);
        };
        let Some(start_ms) = self.start_ms.or(self.end_ms) else { return Err(Note::NoRecord) };
        if self.rejected {
            return Err(Note::Rejected);
        }
        let Some(bytes) = self.bytes else { return Err(Note::NoRecord) };
        let end_ms = self.end_ms.unwrap_or_else(|| start_ms.saturating_add(self.duration_ms.unwrap_or(0)));
        let (source_port, destination_port) = (self.source_port, self.destination_port);
        let flow = Flow {
            start_ms,
            end_ms,
            source,
            destination,
            source_port,
            destination_port,
            protocol,
            bytes,
            packets: self.packets,
        };
        let back = (self.bytes_back > 0).then(|| flow.turned(self.bytes_back, self.packets_back));
        Ok((flow, back))
    }
}

impl Flow {
    /// The record of the other direction.
    pub(crate) fn turned(&self, bytes: u64, packets: u64) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
            bytes,
            packets,
            ..*self
        }
    }
}

/// A number without sign; what follows a dot is left out, as of `8.0`, which is how nfdump writes type and code of ICMP.
pub(super) fn digits(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    let whole = text.split(|byte| *byte == b'.').next().unwrap_or_default();
    if whole.is_empty() {
        return None;
    }
    whole.iter().try_fold(0u64, |number, byte| match byte {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

fn address(value: Value<'_>) -> Option<IpAddr> {
    match value {
        Value::Address(address) => Some(address),
        Value::Number(number) => u32::try_from(number).ok().map(|bits| IpAddr::V4(bits.into())),
        Value::Text(text) => {
            let text = text.trim_ascii();
            v4(text).map(IpAddr::V4).or_else(|| std::str::from_utf8(text).ok()?.parse().ok())
        }
        Value::Time(_) => None,
    }
}

/// An IPv4 address, without the detour over text: it is most of what a table holds.
fn v4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split(|byte| *byte == b'.');
    for octet in &mut octets {
        let part = parts.next().filter(|part| (1..=3).contains(&part.len()))?;
        *octet = u8::try_from(digits(part)?).ok()?;
    }
    parts.next().is_none().then(|| octets.into())
}

fn protocol(value: Value<'_>) -> Option<u8> {
    match value {
        Value::Number(number) => u8::try_from(number).ok(),
        Value::Text(text) => {
            let text = text.trim_ascii();
            digits(text).and_then(|number| u8::try_from(number).ok()).or_else(|| {
                let named = |name: &[u8]| text.eq_ignore_ascii_case(name);
                // Names of IANA's registry, and the letters of NSG flow logs.
                let known: [(&[&[u8]], u8); 7] = [
                    (&[b"TCP", b"T"], 6),
                    (&[b"UDP", b"U"], 17),
                    (&[b"ICMP"], 1),
                    (&[b"ICMP6", b"IPv6-ICMP"], 58),
                    (&[b"GRE"], 47),
                    (&[b"ESP"], 50),
                    (&[b"SCTP"], 132),
                ];
                known.iter().find(|(names, _)| names.iter().any(|name| named(name))).map(|(_, number)| *number)
            })
        }
        Value::Time(_) | Value::Address(_) => None,
    }
}

/// Seconds as milliseconds: `12.345`.
fn duration(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Number(number) => number.checked_mul(1000),
        Value::Text(text) => {
            let seconds = i64::try_from(digits(text)?).ok()?;
            seconds.checked_mul(1000)?.checked_add(i64::from(millis(text)))
        }
        Value::Time(_) | Value::Address(_) => None,
    }
}

/// The milliseconds after the first dot of a text.
fn millis(text: &[u8]) -> u16 {
    let part = text.split(|byte| *byte == b'.').nth(1).unwrap_or_default();
    let digit =
        |index: usize| part.get(index).filter(|byte| byte.is_ascii_digit()).map_or(0, |byte| u16::from(byte - b'0'));
    digit(0) * 100 + digit(1) * 10 + digit(2)
}

/// A time: seconds, milli-, micro- or nanoseconds since 1970, told apart by their size, or `2026-11-21 08:30:00.250`, with `T` and `Z`
/// as well; without a zone it is UTC.
fn time(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Time(ms) => Some(ms),
        Value::Number(number) => scaled(number),
        Value::Text(text) => {
            let text = text.trim_ascii();
            match text.get(4) {
                Some(b'-') => date_time(text),
                _ => {
                    let whole = scaled(i64::try_from(digits(text)?).ok()?)?;
                    // Only seconds are written with a fraction.
                    whole.checked_add(i64::from(millis(text)))
                }
            }
        }
        Value::Address(_) => None,
    }
}

/// Seconds reach the year 5138 before they would be milliseconds of 1973.
fn scaled(number: i64) -> Option<i64> {
    Some(match number {
        ..0 => return None,
        0..100_000_000_000 => number * 1000,
        100_000_000_000..100_000_000_000_000 => number,
        100_000_000_000_000..100_000_000_000_000_000 => number / 1000,
        _ => number / 1_000_000,
    })
}

/// An instant as records write it, or a day: milliseconds since 1970.
pub fn instant(text: &str) -> Option<i64> {
    match text.len() {
        10 if text.contains('-') => date_time(format!("{text} 00:00:00").as_bytes()),
        _ => time(Value::Text(text.as_bytes())),
    }
}

fn date_time(text: &[u8]) -> Option<i64> {
    let part = |from: usize, to: usize| digits(text.get(from..to)?).and_then(|number| i64::try_from(number).ok());
    let signs = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if !signs.iter().all(|(at, sign)| text.get(*at) == Some(sign)) || !matches!(text.get(10), Some(b' ' | b'T')) {
        return None;
    }
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let fine = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let rest = text.get(19..)?;
    let zone = rest.iter().position(|byte| matches!(byte, b'+' | b'-')).and_then(|at| rest.get(at..));
    if !fine || zone.is_some_and(|zone| zone.iter().any(|byte| matches!(byte, b'1'..=b'9'))) {
        return None;
    }
    // Days since 1970, years beginning in March (Howard Hinnant's civil calendar).
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + i64::from(millis(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_apart_by_their_shape_and_size() {
        let of = |text: &str| time(Value::Text(text.as_bytes()));
        let wanted = Some(1_795_249_800_250);
        assert_eq!(of("2026-11-21 08:30:00.250"), wanted);
        assert_eq!(of("2026-11-21T08:30:00.250Z"), wanted);
        assert_eq!(of("2026-11-21T08:30:00.250+00:00"), wanted);
        assert_eq!(of("1795249800.250"), wanted);
        assert_eq!(of("1795249800250"), wanted);
        assert_eq!(of("1795249800250000"), wanted);
        assert_eq!(of("1795249800250000000"), wanted);
        assert_eq!(of("1970-01-01 00:00:00"), Some(0));
        assert_eq!(of("2024-02-29 00:00:00"), Some(1_709_164_800_000));
        for bad in ["", "-1", "2026-13-01 00:00:00", "2026-11-21", "2026-11-21 08:30:00+01:00", "soon"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_protocols_and_durations_are_read() {
        assert_eq!(address(Value::Text(b" 192.0.2.1 ")), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(address(Value::Text(b"2001:db8::1")), Some("2001:db8::1".parse().unwrap()));
        for bad in ["192.0.2", "192.0.2.1.1", "192.0.2.256", "-", ""] {
            assert_eq!(address(Value::Text(bad.as_bytes())), None, "{bad}");
        }
        assert_eq!(protocol(Value::Text(b"tcp")), Some(6));
        assert_eq!(protocol(Value::Text(b"17")), Some(17));
        assert_eq!(duration(Value::Text(b"12.5")), Some(12_500));
    }
}
