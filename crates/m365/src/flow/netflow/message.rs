//! What exporters say, message by message.

use super::super::{Flow, Note, Notes, ReadError, Sink};
use super::number;
use super::template::{Sent, Template, take, unwrapped};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// So many templates are remembered; networks have some tens.
const MOST_TEMPLATES: usize = 16_384;

/// Who says something: the exporter, and the domain that it speaks of.
type Speaker = (IpAddr, u32);

/// What exporters announced so far.
#[derive(Debug, Default)]
pub(super) struct Collector {
    templates: BTreeMap<(Speaker, u16), Template>,
    /// The number that the next message of a speaker has.
    next: BTreeMap<(Speaker, u16), u32>,
}

/// Where the collector is, for notes.
struct At {
    exporter: IpAddr,
    domain: u32,
    packet: u64,
}

impl At {
    fn place(&self) -> String {
        match self.exporter {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => format!("message {}, domain {}", self.packet, self.domain),
            exporter => format!("packet {}, exporter {exporter}, domain {}", self.packet, self.domain),
        }
    }
}

impl Collector {
    /// Reads one message, the whole payload of a datagram.
    pub(super) fn message(
        &mut self,
        exporter: IpAddr,
        packet: u64,
        bytes: &[u8],
        notes: &mut Notes,
        sink: Sink<'_>,
    ) -> Result<(), ReadError> {
        let word = |at: usize| bytes.get(at..at + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]]));
        let long = |at: usize| bytes.get(at..at + 4).map_or(0, |four| number(four) as u32);
        let header = match word(0) {
            5 => 24,
            9 => 20,
            10 => 16,
            _ => {
                notes.add(Note::NoExport, || format!("packet {packet}"));
                return Ok(());
            }
        };
        let Some(body) = bytes.get(header..) else {
            notes.add(Note::Short, || format!("packet {packet}"));
            return Ok(());
        };
        match word(0) {
            5 => {
                let at = At { exporter, domain: u32::from(word(20)), packet };
                let count = u32::from(word(2));
                self.follow(&at, 5, long(16), count, notes);
                let sent =
                    Sent { at_ms: i64::from(long(8)) * 1000 + i64::from(long(12) / 1_000_000), uptime: Some(long(4)) };
                // The upper two bits tell how it was sampled.
                let sampling = u64::from(word(22) & 0x3fff).max(1);
                old(body, count, sent, sampling, &at, notes, sink)
            }
            9 => {
                let at = At { exporter, domain: long(16), packet };
                self.follow(&at, 9, long(12), 1, notes);
                let sent = Sent { at_ms: i64::from(long(8)) * 1000, uptime: Some(long(4)) };
                self.sets(body, false, sent, &at, notes, sink).map(drop)
            }
            _ => {
                let at = At { exporter, domain: long(12), packet };
                let sent = Sent { at_ms: i64::from(long(4)) * 1000, uptime: None };
                let length = usize::from(word(2));
                let body = bytes.get(header..length.min(bytes.len())).unwrap_or_default();
                if length > bytes.len() {
                    notes.add(Note::Short, || at.place());
                }
                let records = self.sets(body, true, sent, &at, notes, sink)?;
                self.follow(&at, 10, long(8), records, notes);
                Ok(())
            }
        }
    }

    /// Sees by the number of a message whether others are missing.
    fn follow(&mut self, at: &At, version: u16, number: u32, adds: u32, notes: &mut Notes) {
        let speaker = ((at.exporter, at.domain), version);
        if let Some(expected) = self.next.get(&speaker) {
            // A number that is behind is one that was overtaken, or an exporter that began anew.
            let ahead = number.wrapping_sub(*expected);
            if (1..1 << 24).contains(&ahead) {
                notes.add(Note::Lost, || at.place());
            }
        }
        if self.next.len() < MOST_TEMPLATES || self.next.contains_key(&speaker) {
            self.next.insert(speaker, number.wrapping_add(adds));
        }
    }

    /// Reads sets of templates and data; gives the number of data records.
    fn sets(
        &mut self,
        mut bytes: &[u8],
        ipfix: bool,
        sent: Sent,
        at: &At,
        notes: &mut Notes,
        sink: Sink<'_>,
    ) -> Result<u32, ReadError> {
        let mut records = 0;
        while let Some(head) = take(&mut bytes, 4) {
            let (id, length) = (number(&head[..2]) as u16, number(&head[2..]) as usize);
            let Some(mut set) = length.checked_sub(4).and_then(|length| take(&mut bytes, length)) else {
                notes.add(Note::Short, || at.place());
                break;
            };
            match (id, ipfix) {
                (0, false) | (2, true) => self.templates(&mut set, ipfix, false, at, notes),
                (1, false) | (3, true) => self.templates(&mut set, ipfix, true, at, notes),
                (256.., _) => {
                    let Some(template) = self.templates.get(&((at.exporter, at.domain), id)) else {
                        notes.add(Note::UnknownTemplate, || {
                            format!("{}, template {id}, {} bytes", at.place(), set.len())
                        });
                        continue;
                    };
                    // What is shorter than a record is padding.
                    let least = template.least();
                    while set.len() >= least {
                        let Some(read) = template.read(&mut set, sent) else {
                            notes.add(Note::Short, || at.place());
                            break;
                        };
                        records += 1;
                        if template.options {
                            continue;
                        }
                        if read.wrapped {
                            notes.add(Note::Wrapped, || at.place());
                        }
                        match read.flow {
                            Some(flow) => sink(&flow)?,
                            None => notes.add(Note::NoRecord, || format!("{}, template {id}", at.place())),
                        }
                        if let Some(back) = read.back {
                            sink(&back)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(records)
    }

    fn templates(&mut self, set: &mut &[u8], ipfix: bool, options: bool, at: &At, notes: &mut Notes) {
        let speaker = (at.exporter, at.domain);
        // Padding is shorter than a template.
        while set.len() >= 4 {
            let Some(head) = take(set, 4) else { return };
            let (id, second) = (number(&head[..2]) as u16, number(&head[2..]) as u16);
            if id < 256 {
                return;
            }
            // IPFIX: no fields at all takes the template back.
            if second == 0 && ipfix {
                self.templates.remove(&(speaker, id));
                continue;
            }
            let count = match (options, ipfix) {
                (false, _) => Some(second),
                // The number of fields that are the scope, which lead.
                (true, true) => take(set, 2).map(|_| second),
                // Bytes of scope, bytes of the rest, four for each field.
                (true, false) => take(set, 2).map(|rest| (second / 4).saturating_add(number(rest) as u16 / 4)),
            };
            let template = count.and_then(|count| Template::of(set, count, ipfix, options));
            let Some(template) = template else {
                notes.add(Note::Short, || format!("{}, template {id}", at.place()));
                return;
            };
            if self.templates.len() < MOST_TEMPLATES || self.templates.contains_key(&(speaker, id)) {
                self.templates.insert((speaker, id), template);
            }
        }
    }
}

/// The records of NetFlow 5, of 48 bytes each.
fn old(
    mut body: &[u8],
    count: u32,
    sent: Sent,
    sampling: u64,
    at: &At,
    notes: &mut Notes,
    sink: Sink<'_>,
) -> Result<(), ReadError> {
    for _ in 0..count {
        let Some(record) = take(&mut body, 48) else {
            notes.add(Note::Short, || at.place());
            return Ok(());
        };
        let of = |from: usize, to: usize| number(&record[from..to]);
        let address = |at: usize| IpAddr::V4(Ipv4Addr::from(of(at, at + 4) as u32));
        let packets = of(16, 20);
        let (bytes, wrapped) = unwrapped(of(20, 24), packets);
        if wrapped {
            notes.add(Note::Wrapped, || at.place());
        }
        sink(&Flow {
            start_ms: sent.uptime(of(24, 28) as u32).unwrap_or(sent.at_ms),
            end_ms: sent.uptime(of(28, 32) as u32).unwrap_or(sent.at_ms),
            source: address(0),
            destination: address(4),
            source_port: of(32, 34) as u16,
            destination_port: of(34, 36) as u16,
            protocol: record[38],
            bytes: bytes.saturating_mul(sampling),
            packets: packets.saturating_mul(sampling),
        })?;
    }
    Ok(())
}
