//! Messages as exporters send them, and as nobody should.

use super::super::{Flow, Kind, Note, Notes, read};

/// The reading of a file, whatever comes of it.
fn flows(bytes: &[u8]) -> (Vec<Flow>, Notes) {
    let (mut flows, mut notes) = (Vec::new(), Notes::default());
    let kind = Kind::of(bytes).unwrap();
    read(kind, &mut &*bytes, &mut notes, &mut |flow| {
        flows.push(*flow);
        Ok(())
    })
    .unwrap();
    (flows, notes)
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A capture of datagrams from 192.0.2.254, by Ethernet with a tag, in the order of this machine or the other.
fn capture(payloads: &[Vec<u8>], big: bool) -> Vec<u8> {
    let word = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut out = joined(&[&word(0xa1b2_c3d4), &[0; 12], &word(65_535), &word(1)]);
    for payload in payloads {
        let packet = packet(payload);
        out.extend(joined(&[&[0; 8], &word(packet.len() as u32), &word(packet.len() as u32), &packet]));
    }
    out
}

fn packet(payload: &[u8]) -> Vec<u8> {
    let udp = (payload.len() as u16 + 8).to_be_bytes();
    let total = (payload.len() as u16 + 28).to_be_bytes();
    joined(&[
        &[0; 12],
        &[0x81, 0, 0, 5, 8, 0],
        &[0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 254, 192, 0, 2, 1],
        &[0x08, 0x07, 0x08, 0x07, udp[0], udp[1], 0, 0],
        payload,
    ])
}

/// 2026-11-21 08:30:00 UTC.
const AT: u32 = 1_795_249_800;

fn v5(sequence: u32, uptime: u32, first: u32, bytes: u32, packets: u32) -> Vec<u8> {
    joined(&[
        &[0, 5, 0, 1],
        &uptime.to_be_bytes(),
        &AT.to_be_bytes(),
        &[0; 4],
        &sequence.to_be_bytes(),
        &[0; 4],
        &[10, 10, 0, 1, 52, 96, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2],
        &packets.to_be_bytes(),
        &bytes.to_be_bytes(),
        &first.to_be_bytes(),
        &uptime.to_be_bytes(),
        &[0xc3, 0x50, 0x01, 0xbb, 0, 0, 6, 0, 0, 0, 0, 0, 24, 24, 0, 0],
    ])
}

#[test]
fn version_5_is_read_from_captures_of_either_order_and_from_files() {
    let message = v5(0, 60_000, 30_000, 1000, 5);
    for bytes in
        [capture(std::slice::from_ref(&message), false), capture(std::slice::from_ref(&message), true), message.clone()]
    {
        let (list, notes) = flows(&bytes);
        assert_eq!(notes, Notes::default());
        let flow = list[0];
        assert_eq!((flow.bytes, flow.source_port, flow.destination_port, flow.protocol), (1000, 50_000, 443, 6));
        assert_eq!((flow.start_ms, flow.end_ms), (i64::from(AT) * 1000 - 30_000, i64::from(AT) * 1000));
        assert_eq!(flow.destination.to_string(), "52.96.0.1");
    }
    // Of four messages the third is lost.
    let lost = [0, 1, 3].map(|sequence| v5(sequence, 60_000, 30_000, 1000, 5));
    let (list, notes) = flows(&capture(&lost, false));
    assert_eq!((list.len(), notes.count(Note::Lost)), (3, 1));
}

#[test]
fn clocks_and_counters_may_run_over() {
    // The exporter ran for 49.7 days while the flow lasted.
    let (list, _) = flows(&v5(0, 1000, u32::MAX - 999, 1000, 5));
    assert_eq!(list[0].end_ms - list[0].start_ms, 2000);
    // A million packets have 20 MB at the least.
    let (list, notes) = flows(&v5(0, 1000, 0, 1000, 300_000_000));
    assert_eq!(list[0].bytes, 1000 + (2 << 32));
    assert_eq!(notes.count(Note::Wrapped), 1);
}

fn message9(sequence: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let count = sets.len() as u16;
    joined(&[
        &[0, 9],
        &count.to_be_bytes(),
        &60_000u32.to_be_bytes(),
        &AT.to_be_bytes(),
        &sequence.to_be_bytes(),
        &[0, 0, 0, 7],
        &sets.concat(),
    ])
}

fn message10(sequence: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let body = sets.concat();
    joined(&[
        &[0, 10],
        &(body.len() as u16 + 16).to_be_bytes(),
        &AT.to_be_bytes(),
        &sequence.to_be_bytes(),
        &[0, 0, 0, 7],
        &body,
    ])
}

fn set(id: u16, body: &[u8]) -> Vec<u8> {
    joined(&[&id.to_be_bytes(), &(body.len() as u16 + 4).to_be_bytes(), body])
}

fn fields(id: u16, list: &[(u16, u16)]) -> Vec<u8> {
    let mut out = joined(&[&id.to_be_bytes(), &(list.len() as u16).to_be_bytes()]);
    for (field, length) in list {
        out.extend(joined(&[&field.to_be_bytes(), &length.to_be_bytes()]));
    }
    out
}

const NINE: [(u16, u16); 8] = [(27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (1, 4), (22, 4), (21, 4)];

fn record9() -> Vec<u8> {
    let v6 = |last: u8| {
        let mut address = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        address[15] = last;
        address
    };
    let (from, to) = (30_000u32.to_be_bytes(), 40_000u32.to_be_bytes());
    joined(&[&v6(1), &v6(2), &[0xc3, 0x50, 0x0d, 0x96, 17], &[0, 0, 3, 232], &from, &to, &[0, 0]])
}

#[test]
fn version_9_needs_its_templates() {
    let early = message9(0, &[set(300, &record9())]);
    let announced = message9(1, &[set(0, &fields(300, &NINE)), set(300, &record9())]);
    // A template of options: bytes of scope, bytes of the rest.
    let options = joined(&[&[1, 45, 0, 4, 0, 4], &[0, 1, 0, 4], &[0, 34, 0, 4]]);
    let about = message9(2, &[set(1, &options), set(301, &[0; 8])]);
    let (list, notes) = flows(&capture(&[early, announced, about], false));
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].bytes, list[0].destination_port, list[0].end_ms - list[0].start_ms), (1000, 3478, 10_000));
    let told: Vec<String> = notes.sentences().map(|(_, text)| text).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("packet 1, exporter 192.0.2.254, domain 7, template 300"), "{told:?}");
}

#[test]
fn ipfix_has_enterprises_lengths_in_records_and_both_directions() {
    let mut template = joined(&[&[1, 44, 0, 8], &[0, 8, 0, 4], &[0, 12, 0, 4], &[0, 4, 0, 1], &[0, 1, 0, 8]]);
    // A name of variable length, the bytes back of RFC 5103, times in milliseconds.
    template.extend(joined(&[
        &[0, 82, 255, 255],
        &[0x80, 1, 0, 8, 0, 0, 0x72, 0x79],
        &[0, 152, 0, 8],
        &[0, 153, 0, 8],
    ]));
    let start = (u64::from(AT) * 1000).to_be_bytes();
    let end = (u64::from(AT) * 1000 + 500).to_be_bytes();
    let record = joined(&[
        &[10, 10, 0, 1, 52, 96, 0, 1, 6],
        &1000u64.to_be_bytes(),
        &[3, b'e', b't', b'h'],
        &9000u64.to_be_bytes(),
        &start,
        &end,
    ]);
    let file = joined(&[
        &message10(0, &[set(2, &template), set(300, &record)]),
        &message10(1, &[set(300, &joined(&[&record, &record]))]),
        // Taken back, so the next is unknown; and one message is missing.
        &message10(9, &[set(2, &[1, 44, 0, 0]), set(300, &record)]),
    ]);
    let (list, notes) = flows(&file);
    assert_eq!(list.len(), 6);
    assert_eq!((list[0].bytes, list[1].bytes, list[1].source.to_string().as_str()), (1000, 9000, "52.96.0.1"));
    assert_eq!(list[0].end_ms - list[0].start_ms, 500);
    assert_eq!((notes.count(Note::UnknownTemplate), notes.count(Note::Lost)), (1, 1));
    // Cut anywhere, what came before counts.
    for length in 0..file.len() {
        let (list, _) = match length {
            0 => continue,
            length if Kind::of(&file[..length]).is_err() => continue,
            length => flows(&file[..length]),
        };
        assert!(list.len() <= 6);
    }
}

#[test]
fn a_pcapng_is_read_and_what_is_no_export_is_told() {
    let block = |kind: u32, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let mut body = body.to_vec();
        body.resize(padded, 0);
        let length = (padded as u32 + 12).to_le_bytes();
        joined(&[&kind.to_le_bytes(), &length, &body, &length])
    };
    let one = |packet: &[u8]| {
        let length = (packet.len() as u32).to_le_bytes();
        block(6, &joined(&[&[0; 12], &length, &length, packet]))
    };
    let section = block(0x0a0d_0d0a, &joined(&[&0x1a2b_3c4du32.to_le_bytes(), &[1, 0, 0, 0], &[255; 8]]));
    let dns = packet(b"no export of anything");
    let bytes =
        joined(&[&section, &block(1, &[1, 0, 0, 0, 255, 255, 0, 0]), &one(&packet(&v5(0, 1, 1, 9, 0))), &one(&dns)]);
    let (list, notes) = flows(&bytes);
    assert_eq!((list.len(), list[0].bytes, notes.count(Note::NoExport)), (1, 9, 1));
    let (list, notes) = flows(&bytes[..bytes.len() - 10]);
    assert_eq!((list.len(), notes.count(Note::Cut)), (1, 1));
}

#[test]
fn nothing_that_comes_can_make_it_fall() {
    // Every byte of a good message set to others, as a hostile exporter might.
    let good = message9(1, &[set(0, &fields(300, &NINE)), set(300, &record9())]);
    for at in 0..good.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            flows(&capture(&[bad], false));
        }
    }
    let packet = capture(std::slice::from_ref(&good), false);
    for at in 24..packet.len() {
        let mut bad = packet.clone();
        bad[at] = 0xff;
        let _ = read(Kind::Capture, &mut &bad[..], &mut Notes::default(), &mut |_| Ok(()));
    }
}
