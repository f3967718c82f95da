//! A domain with peers, spoken to in UPDATEs and listened to through the codec.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses what it needs, and may fail")]

use bgp_rib::{DomainId, PeerConfig, PeerId, Rib, Taken};
use bgp_wire::*;
use model::{Asn, Prefix, Value};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

pub(crate) const EDGE: Asn = Asn(12076);

pub(crate) const EXTERNAL: Session = Session {
    neighbor: Neighbor::External,
    four_octet_as: true,
    families: Families::BOTH,
    add_path: Families::NONE,
    receive_extended: false,
    send_extended: false,
};

pub(crate) const INTERNAL: Session = Session { neighbor: Neighbor::Internal, ..EXTERNAL };

pub(crate) fn prefix(text: &str) -> Prefix {
    Prefix::parse(text).unwrap()
}

pub(crate) fn prefix4(text: &str) -> Prefix4 {
    Prefix4::try_from(prefix(text)).unwrap()
}

/// A path of these ASes.
pub(crate) fn path(asns: &[u32]) -> AttributeSet {
    AttributeSet::new(Origin::Igp, vec![PathSegment::sequence(asns.iter().copied().map(Asn))])
}

/// What a peer has been told: what it holds, and how many messages it took.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    pub(crate) routes: BTreeMap<Prefix, AttributeSet>,
    pub(crate) updates: usize,
    /// Routes announced, again or not.
    pub(crate) announced: Vec<Prefix>,
    pub(crate) withdrawn: Vec<Prefix>,
    pub(crate) ends: usize,
}

pub(crate) struct Lab {
    pub(crate) rib: Rib,
    pub(crate) domain: DomainId,
    pub(crate) sessions: BTreeMap<PeerId, Session>,
}

impl Default for Lab {
    fn default() -> Self {
        let mut rib = Rib::new(1);
        let domain = rib.add_domain("circuit");
        Self { rib, domain, sessions: BTreeMap::new() }
    }
}

impl Lab {
    /// A peer whose address ends with `n`, established.
    pub(crate) fn peer(&mut self, n: u8, asn: u32) -> PeerId {
        self.peer_with(n, asn, |_| {})
    }

    pub(crate) fn peer_with(&mut self, n: u8, asn: u32, with: impl FnOnce(&mut PeerConfig)) -> PeerId {
        let mut config = PeerConfig::new(Ipv4Addr::new(172, 16, 0, n).into(), Asn(asn), EDGE);
        config.next_hop4 = Some(Ipv4Addr::new(172, 16, 0, 200));
        config.next_hop6 = Some("2001:db8::200".parse().unwrap());
        with(&mut config);
        let id = self.rib.add_peer(self.domain, config);
        self.up(id, if asn == EDGE.0 { INTERNAL } else { EXTERNAL }, u32::from(n));
        id
    }

    pub(crate) fn up(&mut self, id: PeerId, session: Session, router_id: u32) {
        self.sessions.insert(id, session);
        self.rib.up(id, &session, RouterId::try_from(router_id).unwrap());
    }

    pub(crate) fn announce(&mut self, id: PeerId, set: &AttributeSet, prefixes: &[&str]) -> Taken {
        let session = self.sessions[&id];
        let template = set.template(&session).unwrap();
        let Some(IpAddr::V4(address)) = self.rib.peer_config(id).map(|config| config.address) else { panic!() };
        let mut out = Vec::new();
        let all: Vec<Prefix> = prefixes.iter().map(|text| prefix(text)).collect();
        let mut v4 = all.iter().filter_map(|prefix| Prefix4::try_from(*prefix).ok());
        announce4(&mut out, 4096, &template, address, &mut v4).unwrap();
        let mut v6 = all.iter().filter_map(|prefix| Prefix6::try_from(*prefix).ok());
        let hop = NextHop6 { global: address.to_ipv6_mapped(), link_local: None };
        announce6(&mut out, 4096, &template, &hop, &mut v6).unwrap();
        self.send(id, &out)
    }

    pub(crate) fn withdraw(&mut self, id: PeerId, prefixes: &[&str]) -> Taken {
        let mut out = Vec::new();
        withdraw4(&mut out, 4096, &mut prefixes.iter().map(|text| prefix4(text)));
        self.send(id, &out)
    }

    /// Takes messages; what the last of them was about.
    pub(crate) fn send(&mut self, id: PeerId, mut bytes: &[u8]) -> Taken {
        let mut taken = Taken::default();
        while let Some(message) = frame(bytes, false).unwrap() {
            bytes = &bytes[message.length()..];
            taken = self.rib.update(id, &Update::split(message.body).unwrap()).unwrap();
        }
        taken
    }

    /// Lets a peer read all there is.
    pub(crate) fn read(&mut self, id: PeerId, mirror: &mut Mirror) {
        self.rib.drain_ready(&mut Vec::new());
        while self.read_some(id, mirror, 4096) {}
    }

    /// Lets a peer read about so many bytes; whether there is more.
    pub(crate) fn read_some(&mut self, id: PeerId, mirror: &mut Mirror, budget: usize) -> bool {
        let session = self.sessions[&id];
        let mut out = Vec::new();
        let more = self.rib.export(id, &mut out, budget);
        let mut bytes = out.as_slice();
        while let Some(message) = frame(bytes, session.send_extended).unwrap() {
            bytes = &bytes[message.length()..];
            if message.kind != Kind::Update {
                continue;
            }
            let update = Update::split(message.body).unwrap();
            if update.end_of_rib().is_some() {
                mirror.ends += 1;
                continue;
            }
            mirror.updates += 1;
            let reading = update.read(&session).unwrap();
            for routes in reading.withdrawals() {
                each(routes, |prefix| {
                    mirror.routes.remove(&prefix);
                    mirror.withdrawn.push(prefix);
                });
            }
            for (_, routes) in reading.announcements() {
                let set = reading.attributes.to_set().unwrap();
                each(routes, |prefix| {
                    mirror.routes.insert(prefix, set.clone());
                    mirror.announced.push(prefix);
                });
            }
        }
        more
    }

    /// What a peer is told from here on.
    pub(crate) fn heard(&mut self, id: PeerId) -> Mirror {
        let mut mirror = Mirror::default();
        self.read(id, &mut mirror);
        mirror
    }
}

fn each(routes: Routes<'_>, mut with: impl FnMut(Prefix)) {
    match routes {
        Routes::V4(nlri) => nlri.iter().for_each(|(_, prefix)| with(prefix.into())),
        Routes::V6(nlri) => nlri.iter().for_each(|(_, prefix)| with(prefix.into())),
    }
}
