//! How long an UPDATE takes, in and out, with one route and with eight hundred.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark reads what it has written itself")]

use bgp_wire::*;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{Asn, Community};
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

fn template() -> Template {
    let mut set = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([65010, 65020, 65030].map(Asn))]);
    set.med = Some(100);
    set.communities = (0..4).map(|value| Community { asn: 12076, value }).collect();
    set.large_communities = vec![LargeCommunity { administrator: Asn(65010), data1: 1, data2: 2 }];
    set.template(&SESSION).unwrap()
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

fn message(prefixes: &[Prefix4]) -> Vec<u8> {
    let mut out = Vec::new();
    let n = announce4(&mut out, 4096, &template(), Ipv4Addr::new(10, 0, 0, 1), &mut prefixes.iter().copied()).unwrap();
    assert_eq!(n, prefixes.len());
    out
}

fn codec(c: &mut Criterion) {
    for (name, prefixes) in
        [("1", prefixes(1, false)), ("800", prefixes(800, false)), ("800 mixed", prefixes(800, true))]
    {
        let bytes = message(&prefixes);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(prefixes.len() as u64));
        group.bench_function("frame and split", |b| {
            b.iter(|| {
                let frame = frame(black_box(&bytes), false).unwrap().unwrap();
                Update::split(frame.body).unwrap()
            })
        });
        group.bench_function("plain only", |b| {
            b.iter(|| {
                let frame = frame(black_box(&bytes), false).unwrap().unwrap();
                Update::split(frame.body).unwrap().plain(&SESSION).unwrap()
            })
        });
        group.bench_function("plain and walk", |b| {
            b.iter(|| {
                let frame = frame(black_box(&bytes), false).unwrap().unwrap();
                let plain = Update::split(frame.body).unwrap().plain(&SESSION).unwrap();
                let Routes::V4(nlri) = plain.announced.unwrap().routes else { unreachable!() };
                nlri.iter().fold(0u64, |sum, (_, prefix)| sum.wrapping_add(prefix.key()))
            })
        });
        group.bench_function("read and walk", |b| {
            b.iter(|| {
                let frame = frame(black_box(&bytes), false).unwrap().unwrap();
                let reading = Update::split(frame.body).unwrap().read(&SESSION).unwrap();
                assert!(!reading.treat_as_withdraw);
                reading.announced.iter().fold(0u64, |sum, (_, prefix)| sum.wrapping_add(prefix.key()))
            })
        });
        let template = template();
        let mut out = Vec::with_capacity(8192);
        group.bench_function("encode", |b| {
            b.iter(|| {
                out.clear();
                announce4(
                    &mut out,
                    4096,
                    &template,
                    Ipv4Addr::new(10, 0, 0, 1),
                    &mut black_box(&prefixes).iter().copied(),
                )
                .unwrap();
                out.len()
            })
        });
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
