//! What the tests of both formats share: two ends of a session, and messages of it.

#![allow(dead_code, reason = "each test uses some of it")]

use bgp_record::Stamp;
use bgp_wire::*;
use model::{Asn, Community, Family, Prefix};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(crate) const STAMP: Stamp = Stamp { seconds: 1_795_243_210, microseconds: 250_000 };
pub(crate) const PEER4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 100, 129));
pub(crate) const OURS4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 100, 130));
pub(crate) const PEER6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1));
pub(crate) const OURS6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 2));
pub(crate) const HOP6: NextHop6 = NextHop6 { global: Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1), link_local: None };

/// A session with all that is modern.
pub(crate) const MODERN: Session = Session {
    neighbor: Neighbor::External,
    four_octet_as: true,
    families: Families::BOTH,
    add_path: Families::NONE,
    receive_extended: false,
    send_extended: false,
};

pub(crate) fn router_id(text: &str) -> RouterId {
    RouterId::try_from(text.parse::<Ipv4Addr>().unwrap()).unwrap()
}

pub(crate) fn open(asn: u32, id: &str) -> Open {
    Open {
        asn: Asn(asn),
        hold_time: HoldTime::try_from(180).unwrap(),
        router_id: router_id(id),
        capabilities: vec![
            Capability::Multiprotocol(Family::V4.into()),
            Capability::Multiprotocol(Family::V6.into()),
            Capability::FourOctetAs(Asn(asn)),
        ],
    }
}

pub(crate) fn set() -> AttributeSet {
    let mut set = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([65010, 4_200_000_001].map(Asn))]);
    set.med = Some(7);
    set.local_pref = Some(150);
    set.communities = vec![Community { asn: 12076, value: 51004 }];
    set.large_communities = vec![LargeCommunity { administrator: Asn(65010), data1: 1, data2: 2 }];
    set
}

pub(crate) fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap();
    Prefix::new(address.parse().unwrap(), length.parse().unwrap()).unwrap()
}

/// An UPDATE of one IPv4 prefix.
pub(crate) fn update4(session: &Session, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut prefixes = [Prefix4::try_from(prefix(text)).unwrap()].into_iter();
    let template = set().template(session).unwrap();
    assert_eq!(announce4(&mut out, 4096, &template, Ipv4Addr::new(192, 168, 100, 129), &mut prefixes), Ok(1));
    out
}

/// An UPDATE of one IPv6 prefix.
pub(crate) fn update6(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut prefixes = [Prefix6::try_from(prefix(text)).unwrap()].into_iter();
    assert_eq!(announce6(&mut out, 4096, &set().template(&MODERN).unwrap(), &HOP6, &mut prefixes), Ok(1));
    out
}

/// Bytes from hexadecimal digits; blanks are for the eye, and `#` begins a comment to the end of the line.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap().chars())
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap_or_else(|| panic!("`{c}` is no hexadecimal digit")))
        .collect();
    assert!(digits.len().is_multiple_of(2), "half a byte at the end");
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}
