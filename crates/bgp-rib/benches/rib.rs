//! What a path costs: taken in, told to another peer, taken in again, flipped to a backup, and lost.
//!
//! Many domains with the same prefixes, two peers each, as circuits are. A step goes through all of them, so that no table
//! is in the nearest cache when it is met again; the throughput is in paths.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark reads what it has written itself")]

use bgp_rib::{PeerConfig, PeerId, Rib};
use bgp_wire::*;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use model::{Asn, Community};
use std::net::Ipv4Addr;

const DOMAINS: u32 = 200;
const PREFIXES: u32 = 1000;
const GROUP: u32 = 50;

const SESSION: Session = Session {
    neighbor: Neighbor::External,
    four_octet_as: true,
    families: Families::V4,
    add_path: Families::NONE,
    receive_extended: false,
    send_extended: false,
};

/// The UPDATEs of one peer, `GROUP` prefixes with each attribute set.
fn updates(asn: u32, tag: u16, hop: u8) -> Vec<Vec<u8>> {
    (0..PREFIXES / GROUP)
        .map(|group| {
            let path = [asn, 64_600 + group % 7, 64_700 + group].map(Asn);
            let mut set = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence(path)]);
            set.communities = vec![Community { asn: 65000, value: tag }];
            let prefixes = (group * GROUP..(group + 1) * GROUP).map(|n| 0x0A00_0000 + (n << 8));
            let mut prefixes = prefixes.map(|bits| Prefix4::new(bits.into(), 24).unwrap());
            let mut out = Vec::new();
            let template = set.template(&SESSION).unwrap();
            announce4(&mut out, 4096, &template, Ipv4Addr::new(172, 16, 0, hop), &mut prefixes).unwrap();
            out
        })
        .collect()
}

struct World {
    rib: Rib,
    peers: Vec<[PeerId; 2]>,
    updates: Vec<[Vec<Vec<u8>>; 2]>,
    out: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut rib = Rib::new(9);
        let mut peers = Vec::new();
        let mut updates_of = Vec::new();
        for n in 0..DOMAINS {
            let domain = rib.add_domain("circuit");
            peers.push([1u8, 2].map(|host| {
                let asn = 64_512 + u32::from(host);
                let mut config = PeerConfig::new(Ipv4Addr::new(172, 16, 0, host).into(), Asn(asn), Asn(12076));
                config.next_hop4 = Some(Ipv4Addr::new(172, 16, 0, 100));
                let id = rib.add_peer(domain, config);
                rib.up(id, &SESSION, RouterId::try_from(u32::from(host)).unwrap());
                while rib.export(id, &mut Vec::new(), 4096) {}
                id
            }));
            updates_of.push([updates(64_513, n as u16, 1), updates(64_514, n as u16, 2)]);
        }
        Self { rib, peers, updates: updates_of, out: Vec::new() }
    }

    fn take(&mut self, domain: usize, peer: usize) {
        for message in &self.updates[domain][peer] {
            let body = frame(message, false).unwrap().unwrap().body;
            self.rib.update(self.peers[domain][peer], &Update::split(body).unwrap()).unwrap();
        }
    }

    fn tell(&mut self, domain: usize, peer: usize) -> usize {
        self.out.clear();
        while self.rib.export(self.peers[domain][peer], &mut self.out, 65_536) {}
        self.out.len()
    }

    fn down(&mut self, domain: usize, peer: usize) {
        let id = self.peers[domain][peer];
        self.rib.down(id, Families::NONE);
        self.rib.up(id, &SESSION, RouterId::try_from(peer as u32 + 1).unwrap());
        self.tell(domain, peer);
    }

    fn settle(&mut self) {
        self.rib.drain_ready(&mut Vec::new());
        for domain in 0..DOMAINS as usize {
            self.tell(domain, 0);
            self.tell(domain, 1);
        }
    }
}

/// Runs one step for each domain in turn, in a world made ready by `ready`.
fn step(c: &mut Criterion, name: &str, ready: impl Fn(&mut World), mut run: impl FnMut(&mut World, usize)) {
    let mut group = c.benchmark_group("200 domains of 1000 paths");
    group.throughput(Throughput::Elements((DOMAINS * PREFIXES).into()));
    group.sample_size(10);
    group.bench_function(name, |b| {
        b.iter_batched_ref(
            || {
                let mut world = World::new();
                ready(&mut world);
                world
            },
            |world| (0..DOMAINS as usize).for_each(|domain| run(world, domain)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn all(world: &mut World, peer: usize) {
    (0..DOMAINS as usize).for_each(|domain| world.take(domain, peer));
    world.settle();
}

fn rib(c: &mut Criterion) {
    step(c, "in", |_| {}, |world, domain| world.take(domain, 0));
    let taken = |world: &mut World| (0..DOMAINS as usize).for_each(|domain| world.take(domain, 0));
    step(c, "out", taken, |world, domain| assert!(world.tell(domain, 1) > 4000));
    step(c, "in again", |world| all(world, 0), |world, domain| world.take(domain, 0));
    step(c, "second path in", |world| all(world, 0), |world, domain| world.take(domain, 1));
    let both = |world: &mut World| {
        all(world, 0);
        all(world, 1);
    };
    step(c, "flip to the second path", both, |world, domain| world.down(domain, 0));
    step(
        c,
        "lost and told",
        |world| all(world, 0),
        |world, domain| {
            world.down(domain, 0);
            assert!(world.tell(domain, 1) > 4000);
        },
    );
}

criterion_group!(benches, rib);
criterion_main!(benches);
