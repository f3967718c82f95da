//! Three published codecs, asked the same question.

use crate::common::message;
use crate::seen::{Outcome, Path, Routes4, Routes6, Seen, raws};
use bgp_wire::{Neighbor, Prefix4, Prefix6, Session};
use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A codec of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oracle {
    /// `rustbgpd-wire` 0.27.0, the only one with RFC 7606.
    Rustbgpd,
    /// `routecore` 0.7.2: accepts or refuses.
    Routecore,
    /// `zettabgp` 0.6.0: accepts, refuses or panics.
    Zettabgp,
}

impl Oracle {
    pub(crate) const ALL: [Self; 3] = [Self::Rustbgpd, Self::Routecore, Self::Zettabgp];

    /// What it makes of an UPDATE. The last two know no more than fine and reset.
    pub(crate) fn read(self, body: &[u8], session: &Session) -> (Outcome, Option<Seen>) {
        match self {
            Self::Rustbgpd => rustbgpd(body, session),
            Self::Routecore => accepted(routecore(body, session)),
            Self::Zettabgp => accepted(zettabgp(body, session)),
        }
    }

    /// Whether it reads routes of a family that we do not route.
    pub(crate) fn knows(self, family: (u16, u8)) -> bool {
        match self {
            Self::Rustbgpd => matches!(family, (1 | 2, 4 | 128 | 133) | (1, 132) | (25, 70) | (16388, 71 | 72)),
            // They read many, and some only on one side.
            Self::Routecore | Self::Zettabgp => true,
        }
    }
}

fn accepted(seen: Option<Seen>) -> (Outcome, Option<Seen>) {
    match seen {
        Some(seen) => (Outcome::Fine, Some(seen.normalized())),
        None => (Outcome::Reset, None),
    }
}

fn rustbgpd(body: &[u8], session: &Session) -> (Outcome, Option<Seen>) {
    use rustbgpd_wire::{Afi, AsPathSegment, ErrorDisposition, Message, PathAttribute, Prefix, Safi};
    let mut bytes = message(2, body).into();
    let Ok(Message::Update(update)) = rustbgpd_wire::decode_message(&mut bytes, u16::MAX) else {
        return (Outcome::Reset, None);
    };
    let internal = session.neighbor == Neighbor::Internal;
    let mut families = Vec::new();
    if session.add_path.v4 {
        families.push((Afi::Ipv4, Safi::Unicast));
    }
    if session.add_path.v6 {
        families.push((Afi::Ipv6, Safi::Unicast));
    }
    let Ok(parsed) = update.parse_revised(session.four_octet_as, internal, session.add_path.v4, &families) else {
        return (Outcome::Reset, None);
    };
    let attributes = &parsed.update.attributes;
    let reaches =
        attributes.iter().any(|a| matches!(a, PathAttribute::MpReachNlri(reach) if !reach.announced.is_empty()));
    let in_body = !parsed.update.announced.is_empty();
    let valid = rustbgpd_wire::validate::validate_update_attributes(attributes, in_body || reaches, in_body, !internal);
    let dispositions = parsed.malformed.iter().map(|m| m.disposition).chain(valid.err().map(|error| error.disposition));
    let outcome = match dispositions.max() {
        None => Outcome::Fine,
        Some(ErrorDisposition::AttributeDiscard) => Outcome::Discard,
        Some(ErrorDisposition::TreatAsWithdraw) => Outcome::Withdraw,
        Some(ErrorDisposition::SessionReset) => return (Outcome::Reset, None),
    };

    let four = |entries: &[rustbgpd_wire::Ipv4NlriEntry]| -> Routes4 {
        entries.iter().map(|e| (e.path_id, Prefix4::new(e.prefix.addr, e.prefix.len).unwrap())).collect()
    };
    let split = |entries: &[rustbgpd_wire::NlriEntry], four: &mut Option<Routes4>| -> Routes6 {
        let mut six = Vec::new();
        for entry in entries {
            match entry.prefix {
                Prefix::V4(p) => {
                    four.get_or_insert_default().push((entry.path_id, Prefix4::new(p.addr, p.len).unwrap()))
                }
                Prefix::V6(p) => six.push((entry.path_id, Prefix6::new(p.addr, p.len).unwrap())),
            }
        }
        six
    };
    let mut seen = Seen {
        withdrawn: Some(four(&parsed.update.withdrawn)),
        announced: Some(four(&parsed.update.announced)),
        reach: Some(Vec::new()),
        unreach: Some(Vec::new()),
        next_hop6: Some(None),
        link_local: Some(None),
        origin: Some(None),
        as_path: Some(None),
        next_hop: Some(None),
        med: Some(None),
        local_pref: Some(None),
        atomic_aggregate: Some(false),
        aggregator: Some(None),
        communities: Some(Default::default()),
        extended: Some(Default::default()),
        large: Some(Default::default()),
        originator_id: Some(None),
        cluster_list: Some(Vec::new()),
        only_to_customer: Some(None),
        others: Some(Vec::new()),
    };
    for attribute in attributes {
        match attribute {
            PathAttribute::Origin(origin) => seen.origin = Some(Some(*origin as u8)),
            PathAttribute::AsPath(path) => {
                let segments = path.segments.iter().map(|segment| match segment {
                    AsPathSegment::AsSet(asns) => (true, asns.clone()),
                    AsPathSegment::AsSequence(asns) => (false, asns.clone()),
                });
                seen.as_path = Some(Some(segments.collect()));
            }
            PathAttribute::Aggregator(a) => seen.aggregator = Some(Some((a.asn, a.router_id))),
            PathAttribute::AtomicAggregate => seen.atomic_aggregate = Some(true),
            PathAttribute::NextHop(address) => seen.next_hop = Some(Some(*address)),
            // Its session drops them from an external neighbour.
            PathAttribute::LocalPref(_) | PathAttribute::OriginatorId(_) | PathAttribute::ClusterList(_)
                if !internal => {}
            PathAttribute::LocalPref(number) => seen.local_pref = Some(Some(*number)),
            PathAttribute::OriginatorId(id) => seen.originator_id = Some(Some(*id)),
            PathAttribute::ClusterList(ids) => seen.cluster_list = Some(ids.clone()),
            PathAttribute::Med(number) => seen.med = Some(Some(*number)),
            PathAttribute::Communities(list) | PathAttribute::CommunitiesPartial(list) => {
                seen.communities = Some(list.iter().copied().collect());
            }
            PathAttribute::ExtendedCommunities(list) | PathAttribute::ExtendedCommunitiesPartial(list) => {
                seen.extended = Some(list.iter().map(|community| community.as_u64().to_be_bytes()).collect());
            }
            PathAttribute::LargeCommunities(list) | PathAttribute::LargeCommunitiesPartial(list) => {
                seen.large = Some(list.iter().map(|c| (c.global_admin, c.local_data1, c.local_data2)).collect());
            }
            PathAttribute::OnlyToCustomer(asn) | PathAttribute::OnlyToCustomerPartial(asn) => {
                seen.only_to_customer = Some(Some(*asn));
            }
            PathAttribute::MpReachNlri(reach) => {
                if let (Afi::Ipv6, IpAddr::V6(hop)) = (reach.afi, reach.next_hop) {
                    seen.next_hop6 = Some(Some(hop));
                    seen.link_local = Some(reach.link_local_next_hop);
                }
                seen.reach = Some(split(&reach.announced, &mut seen.announced));
            }
            PathAttribute::MpUnreachNlri(unreach) => {
                seen.unreach = Some(split(&unreach.withdrawn, &mut seen.withdrawn));
            }
            PathAttribute::Unknown(raw) => {
                seen.others.get_or_insert_default().push((raw.type_code, raw.data.to_vec()));
            }
            _ => {}
        }
    }
    (outcome, Some(seen.normalized()))
}

fn routecore(body: &[u8], session: &Session) -> Option<Seen> {
    use routecore::bgp::message::update::{SessionConfig, UpdateMessage};
    use routecore::bgp::nlri::afisafi::{Addpath, IsPrefix, Nlri};
    use routecore::bgp::nlri::nexthop::NextHop;
    use routecore::bgp::types::AfiSafiType;
    let mut config = if session.four_octet_as { SessionConfig::modern() } else { SessionConfig::legacy() };
    for (is_on, family) in
        [(session.add_path.v4, AfiSafiType::Ipv4Unicast), (session.add_path.v6, AfiSafiType::Ipv6Unicast)]
    {
        if is_on {
            config.add_addpath_rxtx(family);
        }
    }
    let bytes = message(2, body);
    let update = UpdateMessage::from_octets(&bytes[..], &config).ok()?;
    // A bad attribute is an item of its own here.
    for attribute in update.path_attributes().ok()? {
        if matches!(attribute, Err(_) | Ok(routecore::bgp::path_attributes::WireformatPathAttribute::Invalid(..))) {
            return None;
        }
    }
    let mut seen = Seen { reach: Some(Vec::new()), unreach: Some(Vec::new()), ..Seen::default() };
    let four = |nlri: Vec<Nlri<_>>, six: &mut Option<Routes6>| -> Routes4 {
        let mut routes = Vec::new();
        for nlri in nlri {
            let (id, prefix) = match &nlri {
                Nlri::Ipv4Unicast(nlri) => (0, nlri.prefix()),
                Nlri::Ipv4UnicastAddpath(nlri) => (Addpath::path_id(nlri).0, nlri.prefix()),
                Nlri::Ipv6Unicast(nlri) => (0, nlri.prefix()),
                Nlri::Ipv6UnicastAddpath(nlri) => (Addpath::path_id(nlri).0, nlri.prefix()),
                _ => continue,
            };
            match prefix.addr() {
                IpAddr::V4(address) => routes.push((id, Prefix4::new(address, prefix.len()).unwrap())),
                IpAddr::V6(address) => {
                    six.get_or_insert_default().push((id, Prefix6::new(address, prefix.len()).unwrap()));
                }
            }
        }
        routes
    };
    seen.announced = Some(four(update.announcements_vec().ok()?, &mut seen.reach));
    seen.withdrawn = Some(four(update.withdrawals_vec().ok()?, &mut seen.unreach));
    match update.mp_next_hop().ok()? {
        Some(NextHop::Unicast(IpAddr::V6(global))) => {
            (seen.next_hop6, seen.link_local) = (Some(Some(global)), Some(None));
        }
        Some(NextHop::Ipv6LL { global, link_local }) => {
            (seen.next_hop6, seen.link_local) = (Some(Some(global)), Some(Some(link_local)));
        }
        _ => {}
    }
    seen.origin = Some(update.origin().ok()?.map(u8::from));
    if session.four_octet_as {
        seen.as_path = Some(match update.aspath().ok()? {
            None => None,
            Some(path) => {
                let mut segments: Path = Vec::new();
                for segment in path.segments() {
                    let asns = segment.asns().map(|asn| asn.into_u32()).collect();
                    let mut bytes = Vec::new();
                    segment.compose(&mut bytes).unwrap();
                    segments.push((bytes[0] == 1, asns));
                }
                Some(segments)
            }
        });
        seen.aggregator = Some(update.aggregator().ok()?.map(|a| (a.asn().into_u32(), a.address())));
    }
    seen.next_hop = Some(match update.conventional_next_hop().ok()? {
        Some(NextHop::Unicast(IpAddr::V4(address))) => Some(address),
        _ => None,
    });
    seen.med = Some(update.multi_exit_disc().ok()?.map(|med| med.0));
    if session.neighbor == Neighbor::Internal {
        seen.local_pref = Some(update.local_pref().ok()?.map(|pref| pref.0));
    }
    seen.atomic_aggregate = Some(update.is_atomic_aggregate().ok()?);
    let communities = update.communities().ok()?.into_iter().flatten();
    seen.communities = Some(communities.map(|community| u32::from_be_bytes(community.to_raw())).collect());
    let extended = update.ext_communities().ok()?.into_iter().flatten();
    seen.extended = Some(extended.map(|community| community.to_raw()).collect());
    let large = update.large_communities().ok()?.into_iter().flatten();
    seen.large = Some(large.map(|c| (c.global(), c.local1(), c.local2())).collect());
    Some(seen)
}

fn zettabgp(body: &[u8], session: &Session) -> Option<Seen> {
    use zettabgp::message::update::BgpUpdateMessage;
    use zettabgp::prelude::*;
    let mut capabilities = Vec::new();
    for (is_on, afi) in [(session.add_path.v4, 1), (session.add_path.v6, 2)] {
        if is_on {
            capabilities.push(BgpCapAddPath { afi, safi: 1, send: true, receive: true });
        }
    }
    if hangs(body, session) {
        return None;
    }
    let capabilities = vec![BgpCapability::CapAddPath(capabilities)];
    let mut params = BgpSessionParams::new(65000, 180, BgpTransportMode::IPv4, Ipv4Addr::LOCALHOST, capabilities);
    params.has_as32bit = session.four_octet_as;
    params.fuzzy_pathid = false;
    quiet_panics();
    let update = catch_unwind(AssertUnwindSafe(|| {
        let mut update = BgpUpdateMessage::new();
        update.decode_from(&params, body).ok().map(|()| update)
    }));
    let update = update.ok().flatten()?;

    let prefix4 = |prefix: &BgpAddrV4| Prefix4::new(prefix.addr, prefix.prefixlen).unwrap();
    let prefix6 = |prefix: &BgpAddrV6| Prefix6::new(prefix.addr, prefix.prefixlen).unwrap();
    let four = |routes: &BgpAddrs| -> Routes4 {
        match routes {
            BgpAddrs::IPV4U(routes) => routes.iter().map(|prefix| (0, prefix4(prefix))).collect(),
            BgpAddrs::IPV4UP(routes) => routes.iter().map(|r| (r.pathid, prefix4(&r.nlri))).collect(),
            _ => Vec::new(),
        }
    };
    let six = |routes: &BgpAddrs| -> Routes6 {
        match routes {
            BgpAddrs::IPV6U(routes) => routes.iter().map(|prefix| (0, prefix6(prefix))).collect(),
            BgpAddrs::IPV6UP(routes) => routes.iter().map(|r| (r.pathid, prefix6(&r.nlri))).collect(),
            _ => Vec::new(),
        }
    };
    let mut seen = Seen {
        withdrawn: Some(four(&update.withdraws)),
        announced: Some(four(&update.updates)),
        reach: Some(Vec::new()),
        unreach: Some(Vec::new()),
        origin: Some(None),
        next_hop: Some(None),
        med: Some(None),
        atomic_aggregate: Some(false),
        communities: Some(Default::default()),
        extended: Some(Default::default()),
        large: Some(Default::default()),
        only_to_customer: Some(None),
        ..Seen::default()
    };
    if session.four_octet_as {
        (seen.as_path, seen.aggregator) = (Some(None), Some(None));
    }
    for attribute in &update.attrs {
        match attribute {
            BgpAttrItem::Origin(origin) => {
                seen.origin = Some(Some(match origin.value {
                    BgpAttrOrigin::Igp => 0,
                    BgpAttrOrigin::Egp => 1,
                    BgpAttrOrigin::Incomplete => 2,
                }));
            }
            BgpAttrItem::ASPath(path) if session.four_octet_as => {
                let segments = path.value.iter().map(|item| match item {
                    BgpASitem::Seq(seq) => (false, seq.value.iter().map(|asn| asn.value).collect()),
                    BgpASitem::Set(set) => (true, set.value.iter().map(|asn| asn.value).collect()),
                });
                seen.as_path = Some(Some(segments.collect()));
            }
            BgpAttrItem::NextHop(BgpNextHop { value: IpAddr::V4(address) }) => seen.next_hop = Some(Some(*address)),
            BgpAttrItem::MED(med) => seen.med = Some(Some(med.value)),
            BgpAttrItem::AtomicAggregate(_) => seen.atomic_aggregate = Some(true),
            BgpAttrItem::AggregatorAS(a) if session.four_octet_as => seen.aggregator = Some(Some((a.asn, a.addr))),
            BgpAttrItem::CommunityList(list) => seen.communities = Some(list.value.iter().map(|c| c.value).collect()),
            BgpAttrItem::ExtCommunityList(list) => {
                let bytes = |c: &BgpExtCommunity| {
                    let number = u64::from(c.ctype) << 56 | u64::from(c.subtype) << 48 | u64::from(c.a) << 32;
                    (number | u64::from(c.b)).to_be_bytes()
                };
                seen.extended = Some(list.value.iter().map(bytes).collect());
            }
            BgpAttrItem::LargeCommunityList(list) => {
                seen.large = Some(list.value.iter().map(|c| (c.ga, c.ldp1, c.ldp2)).collect());
            }
            BgpAttrItem::MPUpdates(reach) => {
                if let BgpAddr::V6(hop) = reach.nexthop {
                    seen.next_hop6 = Some(Some(hop));
                }
                seen.reach = Some(six(&reach.addrs));
                seen.announced.get_or_insert_default().extend(four(&reach.addrs));
            }
            BgpAttrItem::MPWithdraws(unreach) => {
                seen.unreach = Some(six(&unreach.addrs));
                seen.withdrawn.get_or_insert_default().extend(four(&unreach.addrs));
            }
            BgpAttrItem::OTC(otc) => seen.only_to_customer = Some(Some(otc.value)),
            _ => {}
        }
    }
    Some(seen)
}

/// Whether `zettabgp` would never return: it takes nothing off an AS_PATH of which one octet is left, and
/// tries again. It reads ATTR_SET (RFC 6368) by the same code.
fn hangs(body: &[u8], session: &Session) -> bool {
    let width = if session.four_octet_as { 4 } else { 2 };
    let Ok(update) = bgp_wire::Update::split(body) else { return true };
    raws(update.attributes).iter().any(|raw| match raw.code {
        128 => true,
        2 => {
            let mut left = raw.value.as_slice();
            while let [_, count, rest @ ..] = left {
                left = &rest[(usize::from(*count) * width).min(rest.len() / width * width)..];
            }
            raw.value.len() > 1 && !left.is_empty()
        }
        _ => false,
    })
}

/// Keeps the panics of `zettabgp` off the screen, and no others.
fn quiet_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let quiet = info.location().is_some_and(|place| place.file().contains("zettabgp"));
            if !quiet {
                loud(info);
            }
        }));
    });
}
