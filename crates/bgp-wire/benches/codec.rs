//! How long an UPDATE takes, in and out, with one route and with eight hundred: ours, and three published codecs.
//!
//! Work asked of each on the way in: take the message off the buffer, read its attributes, visit every route. The
//! first rows of ours do less of that, to show where the time goes; `remembered` is what the edge does for attributes
//! that it has seen, `read` what it does the first time. The way out begins at values: ours at a template, which is
//! made once for an attribute set and not once for a message; theirs at what they decode to.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark reads what it has written itself")]

use bgp_wire::*;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{Asn, Community};
use std::collections::HashMap;
use std::hint::black_box;
use std::net::Ipv4Addr;

const SESSION: Session = Session {
    neighbor: Neighbor::External,
    four_octet_as: true,
    families: Families::BOTH,
    add_path: Families::NONE,
    receive_extended: false,
    send_extended: false,
};

fn set(path: u32) -> AttributeSet {
    let mut set = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([65010, 65020, path].map(Asn))]);
    set.med = Some(100);
    set.communities = (0..4).map(|value| Community { asn: 12076, value }).collect();
    set.large_communities = vec![LargeCommunity { administrator: Asn(65010), data1: 1, data2: 2 }];
    set
}

fn prefixes(count: u32, mixed: bool) -> Vec<Prefix4> {
    let mut state = 12345u32;
    (0..count)
        .map(|n| {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            let length = if mixed && (state >> 16) % 10 >= 7 { 16 + ((state >> 8) % 17) as u8 } else { 24 };
            Prefix4::new((0x0A00_0000 + (n << 8)).into(), length).unwrap()
        })
        .collect()
}

fn message(path: u32, prefixes: &[Prefix4]) -> Vec<u8> {
    let mut out = Vec::new();
    let template = set(path).template(&SESSION).unwrap();
    let n = announce4(&mut out, 4096, &template, Ipv4Addr::new(10, 0, 0, 1), &mut prefixes.iter().copied()).unwrap();
    assert_eq!(n, prefixes.len());
    out
}

/// Five thousand attribute sets that came before, the one that comes now among them.
fn memory() -> HashMap<Vec<u8>, u32> {
    (0..5000)
        .map(|path| {
            let bytes = message(path + 65_030, &prefixes(1, false));
            let update = Update::split(&bytes[19..]).unwrap();
            (update.attributes.to_vec(), path)
        })
        .collect()
}

fn walk(routes: Routes<'_>) -> u64 {
    let Routes::V4(nlri) = routes else { unreachable!() };
    nlri.iter().fold(0u64, |sum, (_, prefix)| sum.wrapping_add(prefix.key()))
}

fn codec(c: &mut Criterion) {
    let memory = memory();
    for (name, prefixes) in
        [("1", prefixes(1, false)), ("800", prefixes(800, false)), ("800 mixed", prefixes(800, true))]
    {
        let bytes = message(65_030, &prefixes);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(prefixes.len() as u64));
        let body = || frame(black_box(&bytes), false).unwrap().unwrap().body;
        group.bench_function("in, ours, cut only", |b| b.iter(|| Update::split(body()).unwrap()));
        group.bench_function("in, ours, plain and walk", |b| {
            b.iter(|| walk(Update::split(body()).unwrap().plain(&SESSION).unwrap().announced.unwrap().routes))
        });
        group.bench_function("in, ours, remembered", |b| {
            b.iter(|| {
                let announced = Update::split(body()).unwrap().plain(&SESSION).unwrap().announced.unwrap();
                (memory[announced.attributes.as_slice().unwrap()], walk(announced.routes))
            })
        });
        group.bench_function("in, ours, read", |b| {
            b.iter(|| {
                let reading = Update::split(body()).unwrap().read(&SESSION).unwrap();
                assert!(!reading.treat_as_withdraw);
                walk(Routes::V4(reading.announced))
            })
        });
        group.bench_function("in, ours, read to a set", |b| {
            b.iter(|| {
                let reading = Update::split(body()).unwrap().read(&SESSION).unwrap();
                (reading.attributes.to_set(), walk(Routes::V4(reading.announced)))
            })
        });
        group.bench_function("in, rustbgpd-wire", |b| b.iter(|| rustbgpd::read(black_box(&bytes))));
        group.bench_function("in, routecore", |b| b.iter(|| routecore_read(black_box(&bytes))));
        group.bench_function("in, zettabgp", |b| b.iter(|| zetta::read(black_box(&bytes[19..]))));

        let template = set(65_030).template(&SESSION).unwrap();
        let mut out = Vec::with_capacity(8192);
        group.bench_function("out, ours", |b| {
            b.iter(|| {
                out.clear();
                let mut rest = black_box(&prefixes).iter().copied();
                announce4(&mut out, 4096, &template, Ipv4Addr::new(10, 0, 0, 1), &mut rest).unwrap()
            })
        });
        group.bench_function("out, ours, from a set", |b| {
            b.iter(|| {
                out.clear();
                let template = black_box(set(65_030)).template(&SESSION).unwrap();
                let mut rest = black_box(&prefixes).iter().copied();
                announce4(&mut out, 4096, &template, Ipv4Addr::new(10, 0, 0, 1), &mut rest).unwrap()
            })
        });
        let (parsed, mut buffer) = (rustbgpd::parse(&bytes), Vec::with_capacity(8192));
        group.bench_function("out, rustbgpd-wire", |b| b.iter(|| rustbgpd::write(black_box(&parsed), &mut buffer)));
        assert_eq!(buffer.len(), bytes.len());
        let (parsed, mut buffer) = (zetta::parse(&bytes[19..]), vec![0; 8192]);
        group.bench_function("out, zettabgp", |b| b.iter(|| zetta::write(black_box(&parsed), &mut buffer)));
        group.finish();
    }
}

mod rustbgpd {
    use rustbgpd_wire::{Ipv4UnicastMode, Message, ParsedUpdate, UpdateMessage, decode_message};

    pub(super) fn parse(bytes: &[u8]) -> ParsedUpdate {
        let mut bytes = bytes.to_vec().into();
        let Ok(Message::Update(update)) = decode_message(&mut bytes, 4096) else { unreachable!() };
        let parsed = update.parse_revised(true, false, false, &[]).unwrap();
        assert!(parsed.malformed.is_empty());
        parsed.update
    }

    /// Its buffer is owned; the copy is what a reader of a socket would save.
    pub(super) fn read(bytes: &[u8]) -> u64 {
        let update = parse(bytes);
        update.announced.iter().fold(0, |sum, entry| sum.wrapping_add(u64::from(u32::from(entry.prefix.addr))))
    }

    pub(super) fn write(update: &ParsedUpdate, out: &mut Vec<u8>) {
        out.clear();
        let mode = Ipv4UnicastMode::Body;
        UpdateMessage::build(&update.announced, &[], &update.attributes, true, false, mode).encode(out).unwrap();
    }
}

fn routecore_read(bytes: &[u8]) -> u64 {
    use routecore::bgp::message::update::{SessionConfig, UpdateMessage};
    use routecore::bgp::nlri::afisafi::{IsPrefix, Nlri};
    let update = UpdateMessage::from_octets(bytes, &SessionConfig::modern()).unwrap();
    let attributes = update.path_attributes().unwrap().filter(|attribute| attribute.is_ok()).count() as u64;
    update.announcements().unwrap().fold(attributes, |sum, nlri| match nlri.unwrap() {
        Nlri::Ipv4Unicast(nlri) => sum.wrapping_add(u64::from(nlri.prefix().len())),
        _ => unreachable!(),
    })
}

mod zetta {
    use zettabgp::message::update::BgpUpdateMessage;
    use zettabgp::prelude::*;

    fn params() -> BgpSessionParams {
        let local = std::net::Ipv4Addr::LOCALHOST;
        let mut params = BgpSessionParams::new(65000, 180, BgpTransportMode::IPv4, local, vec![]);
        params.has_as32bit = true;
        params.fuzzy_pathid = false;
        params
    }

    pub(super) fn parse(body: &[u8]) -> BgpUpdateMessage {
        let mut update = BgpUpdateMessage::new();
        update.decode_from(&params(), body).unwrap();
        update
    }

    pub(super) fn read(body: &[u8]) -> u64 {
        match parse(body).updates {
            BgpAddrs::IPV4U(routes) => {
                routes.iter().fold(0, |sum, route| sum.wrapping_add(u64::from(u32::from(route.addr))))
            }
            _ => unreachable!(),
        }
    }

    pub(super) fn write(update: &BgpUpdateMessage, out: &mut [u8]) -> usize {
        update.encode_to(&params(), out).unwrap()
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
