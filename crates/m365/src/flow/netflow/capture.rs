//! Packets out of pcap and pcapng, and datagrams out of packets.

use super::message::Collector;
use super::{Filled, Note, Notes, ReadError, Sink, fill};
use std::io::BufRead;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// No packet or block is longer.
const LONGEST: usize = 1 << 20;
/// So many interfaces of a pcapng are remembered.
const MOST_INTERFACES: usize = 4096;

/// The order of the bytes of a capture.
#[derive(Debug, Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
        match self {
            Self::Little => u32::from_le_bytes(four),
            Self::Big => u32::from_be_bytes(four),
        }
    }

    fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let two = bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).unwrap_or_default();
        match self {
            Self::Little => u16::from_le_bytes(two),
            Self::Big => u16::from_be_bytes(two),
        }
    }
}

/// Reads a capture of exporters' packets.
pub(in crate::flow) fn read(input: &mut dyn BufRead, notes: &mut Notes, sink: Sink<'_>) -> Result<(), ReadError> {
    let mut magic = [0; 4];
    fill(input, &mut magic)?;
    let mut reader = Reader { input, notes, sink, collector: Collector::default(), packets: 0 };
    match magic {
        [0x0a, 0x0d, 0x0d, 0x0a] => reader.blocks(),
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => reader.packets(Order::Little),
        _ => reader.packets(Order::Big),
    }
}

struct Reader<'a, 'b> {
    input: &'a mut dyn BufRead,
    notes: &'a mut Notes,
    sink: Sink<'b>,
    collector: Collector,
    packets: u64,
}

impl Reader<'_, '_> {
    fn cut(&mut self) {
        let number = self.packets + 1;
        self.notes.add(Note::Cut, || format!("packet {number}"));
    }

    fn too_long(&self, length: usize) -> ReadError {
        ReadError::Unknown(format!(
            "packet {} says that it has {length} bytes; the capture is damaged",
            self.packets + 1
        ))
    }

    /// The rest of a pcap: a header of 24 bytes, then packets with 16 before each.
    fn packets(&mut self, order: Order) -> Result<(), ReadError> {
        let mut header = [0; 20];
        if fill(self.input, &mut header)? != Filled::Whole {
            self.cut();
            return Ok(());
        }
        let link = order.u32(&header, 16) & 0xffff;
        let mut bytes = Vec::new();
        loop {
            let mut head = [0; 16];
            match fill(self.input, &mut head)? {
                Filled::None => return Ok(()),
                Filled::Cut => {
                    self.cut();
                    return Ok(());
                }
                Filled::Whole => {}
            }
            let length = order.u32(&head, 8) as usize;
            if length > LONGEST {
                return Err(self.too_long(length));
            }
            bytes.resize(length, 0);
            if length > 0 && fill(self.input, &mut bytes)? != Filled::Whole {
                self.cut();
                return Ok(());
            }
            self.packet(link, &bytes)?;
        }
    }

    /// The rest of a pcapng, whose first block has told its type.
    fn blocks(&mut self) -> Result<(), ReadError> {
        const SECTION: u32 = 0x0a0d_0d0a;
        let mut kind = SECTION;
        let mut order = Order::Little;
        let mut links: Vec<u32> = Vec::new();
        let mut bytes = Vec::new();
        loop {
            let mut head = [0; 4];
            if fill(self.input, &mut head)? != Filled::Whole {
                self.cut();
                return Ok(());
            }
            let mut read = 8;
            let mut first = [0; 4];
            if kind == SECTION {
                // The order of the bytes stands behind the length that needs it.
                if fill(self.input, &mut first)? != Filled::Whole {
                    self.cut();
                    return Ok(());
                }
                read = 12;
                order = if first == [0x1a, 0x2b, 0x3c, 0x4d] { Order::Big } else { Order::Little };
                links.clear();
            }
            let length = order.u32(&head, 0) as usize;
            if !(12..=LONGEST).contains(&length) || length < read {
                return Err(self.too_long(length));
            }
            bytes.resize(length - read, 0);
            if !bytes.is_empty() && fill(self.input, &mut bytes)? != Filled::Whole {
                self.cut();
                return Ok(());
            }
            match kind {
                1 if links.len() < MOST_INTERFACES => links.push(u32::from(order.u16(&bytes, 0))),
                3 | 6 => {
                    let (interface, at, kept) = match kind {
                        3 => (0, 4, order.u32(&bytes, 0)),
                        _ => (order.u32(&bytes, 0) as usize, 20, order.u32(&bytes, 12)),
                    };
                    let end = (at + kept as usize).min(bytes.len().saturating_sub(4));
                    let link = links.get(interface).copied().unwrap_or(1);
                    let packet = bytes.get(at..end).unwrap_or_default().to_vec();
                    self.packet(link, &packet)?;
                }
                _ => {}
            }
            let mut next = [0; 4];
            match fill(self.input, &mut next)? {
                Filled::None => return Ok(()),
                Filled::Cut => {
                    self.cut();
                    return Ok(());
                }
                Filled::Whole => kind = order.u32(&next, 0),
            }
        }
    }

    fn packet(&mut self, link: u32, packet: &[u8]) -> Result<(), ReadError> {
        self.packets += 1;
        let number = self.packets;
        match datagram(link, packet) {
            Ok((exporter, payload)) => self.collector.message(exporter, number, payload, self.notes, self.sink),
            Err(note) => {
                self.notes.add(note, || format!("packet {number}"));
                Ok(())
            }
        }
    }
}

/// The sender and the payload of a UDP datagram in a packet of a kind of link.
fn datagram(link: u32, packet: &[u8]) -> Result<(IpAddr, &[u8]), Note> {
    let skip = match link {
        0 | 108 => 4,
        101 | 228 | 229 => 0,
        113 => 16,
        276 => 20,
        1 => {
            // Tags of VLANs stand before the type.
            let mut at = 12;
            while matches!(packet.get(at..at + 2), Some([0x81, 0x00] | [0x88, 0xa8])) {
                at += 4;
            }
            at + 2
        }
        _ => return Err(Note::NoExport),
    };
    let packet = packet.get(skip..).ok_or(Note::Short)?;
    let two = |at: usize| packet.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]])).ok_or(Note::Short);
    let (source, protocol, header) = match packet.first().ok_or(Note::Short)? >> 4 {
        4 => {
            if two(6)? & 0x3fff != 0 {
                return Err(Note::Fragment);
            }
            let source: [u8; 4] = packet.get(12..16).and_then(|four| four.try_into().ok()).ok_or(Note::Short)?;
            (IpAddr::V4(Ipv4Addr::from(source)), packet[9], usize::from(packet[0] & 15) * 4)
        }
        6 => {
            let source: [u8; 16] = packet.get(8..24).and_then(|all| all.try_into().ok()).ok_or(Note::Short)?;
            (IpAddr::V6(Ipv6Addr::from(source)), packet[6], 40)
        }
        _ => return Err(Note::NoExport),
    };
    match protocol {
        17 => {}
        44 => return Err(Note::Fragment),
        _ => return Err(Note::NoExport),
    }
    let length = usize::from(two(header + 4)?);
    let payload = packet.get(header + 8..header + length).ok_or(Note::Short)?;
    Ok((source, payload))
}
