//! What must hold of a table whatever its peers send: what they are told reads without a fault and comes to what the
//! table says it tells, and when all have gone nothing is left.
//!
//! The input is a list of steps. Each begins with an octet that names a peer and what it does; an UPDATE follows with a
//! length of two octets in front.

use bgp_rib::{PeerConfig, PeerId, Rib, RouteFilter};
use bgp_wire::{AttributeSet, Families, Kind, Neighbor, NextHop, RouterId, Routes, Session, Update, frame};
use model::{Asn, Family, Prefix};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

struct Peer {
    id: PeerId,
    session: Session,
    mirror: BTreeMap<Prefix, (AttributeSet, NextHop)>,
    is_up: bool,
}

/// Plays the steps.
pub fn play(mut steps: &[u8]) {
    let mut rib = Rib::new(7);
    let domain = rib.add_domain("fuzz");
    let mut peers: Vec<Peer> = (0..3).map(|n| join(&mut rib, domain, n)).collect();
    while let Some((&step, rest)) = steps.split_first() {
        steps = rest;
        let place = usize::from(step & 3) % peers.len();
        let Some(peer) = peers.get_mut(place) else { return };
        match step >> 2 & 7 {
            0..=3 => {
                let Some((length, rest)) = steps.split_first_chunk() else { break };
                let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
                steps = rest;
                let Ok(update) = Update::split(body) else { continue };
                // The same twice is to change nothing.
                let sent = [rib.update(peer.id, &update), rib.update(peer.id, &update)];
                if sent.iter().any(Result::is_err) {
                    assert!(sent.iter().all(Result::is_err));
                    down(&mut rib, peer, Families::NONE);
                }
            }
            4 => drop(read(&mut rib, peer, 1)),
            5 => drop(read(&mut rib, peer, 3000)),
            6 if peer.is_up => down(&mut rib, peer, if step & 0x20 != 0 { Families::BOTH } else { Families::NONE }),
            6 => up(&mut rib, peer, place),
            _ => rib.refresh(peer.id, if step & 0x20 != 0 { Family::V6 } else { Family::V4 }, step & 0x40 != 0),
        }
    }
    for peer in &mut peers {
        while read(&mut rib, peer, 10_000) {}
        let mut told = BTreeMap::new();
        for family in Family::BOTH {
            for view in rib.advertised(peer.id, family, &RouteFilter::default(), None, usize::MAX) {
                let Ok(template) = view.attributes.template(&peer.session) else { continue };
                let set = bgp_wire::Attributes::read(template.bytes(), &peer.session).to_set();
                if let (Some(set), Some(hop)) = (set, view.next_hop) {
                    told.insert(view.prefix, (set, hop));
                }
            }
        }
        // Near the length of a message it depends on the prefix whether there is room for one.
        let fits = |set: &AttributeSet| set.template(&peer.session).is_ok_and(|template| template.bytes().len() < 3900);
        told.retain(|_, (set, _)| fits(set));
        peer.mirror.retain(|_, (set, _)| fits(set));
        assert_eq!(peer.mirror, told);
    }
    peers.iter_mut().for_each(|peer| down(&mut rib, peer, Families::NONE));
    let memory = rib.memory();
    assert_eq!((rib.attribute_sets(), memory.slots, memory.logs, memory.paths), (0, 0, 0, 0));
}

fn join(rib: &mut Rib, domain: bgp_rib::DomainId, place: usize) -> Peer {
    let asn = [65001, 65002, 12076].get(place).copied().unwrap_or_default();
    let mut config = PeerConfig::new(Ipv4Addr::new(172, 16, 0, place as u8).into(), Asn(asn), Asn(12076));
    config.next_hop4 = Some(Ipv4Addr::new(172, 16, 0, 100));
    config.next_hop6 = Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 100));
    config.enforce_first_as = place == 0;
    let id = rib.add_peer(domain, config);
    let session = Session {
        neighbor: if place == 2 { Neighbor::Internal } else { Neighbor::External },
        four_octet_as: place != 1,
        families: Families::BOTH,
        add_path: if place == 0 { Families::BOTH } else { Families::NONE },
        receive_extended: false,
        send_extended: false,
    };
    let mut peer = Peer { id, session, mirror: BTreeMap::new(), is_up: false };
    up(rib, &mut peer, place);
    peer
}

fn up(rib: &mut Rib, peer: &mut Peer, place: usize) {
    if let Ok(router_id) = RouterId::try_from(place as u32 + 1) {
        rib.up(peer.id, &peer.session, router_id);
        peer.is_up = true;
    }
}

fn down(rib: &mut Rib, peer: &mut Peer, keep: Families) {
    rib.down(peer.id, keep);
    peer.mirror.clear();
    peer.is_up = false;
}

/// Lets a peer read; whether there is more.
fn read(rib: &mut Rib, peer: &mut Peer, budget: usize) -> bool {
    let mut out = Vec::new();
    let more = rib.export(peer.id, &mut out, budget);
    let theirs = Session { add_path: Families::NONE, ..peer.session };
    let mut bytes = out.as_slice();
    while let Ok(Some(message)) = frame(bytes, false) {
        bytes = &bytes[message.length()..];
        if message.kind != Kind::Update {
            continue;
        }
        let Ok(update) = Update::split(message.body) else { panic!("no UPDATE") };
        if update.end_of_rib().is_some() {
            continue;
        }
        let Ok(reading) = update.read(&theirs) else { panic!("what was sent ends the session") };
        assert!(!reading.treat_as_withdraw && reading.attributes.faults.count() == 0);
        for routes in reading.withdrawals() {
            each(routes, |prefix| drop(peer.mirror.remove(&prefix)));
        }
        for (hop, routes) in reading.announcements() {
            let Some(set) = reading.attributes.to_set() else { panic!("an announcement without ORIGIN or AS_PATH") };
            each(routes, |prefix| drop(peer.mirror.insert(prefix, (set.clone(), hop))));
        }
    }
    assert!(bytes.is_empty());
    more
}

fn each(routes: Routes<'_>, mut with: impl FnMut(Prefix)) {
    match routes {
        Routes::V4(nlri) => nlri.iter().for_each(|(_, prefix)| with(prefix.into())),
        Routes::V6(nlri) => nlri.iter().for_each(|(_, prefix)| with(prefix.into())),
    }
}
