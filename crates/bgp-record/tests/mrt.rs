//! MRT (RFC 6396), read back by software of others.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_record::mrt::*;
use bgp_wire::*;
use bgpkit_parser::BgpkitParser;
use bgpkit_parser::models::{
    Bgp4MpEnum, Bgp4MpMessage, Bgp4MpType, BgpMessage, BgpState, EntryType, MrtMessage, MrtRecord, TableDumpV2Message,
    TableDumpV2Type,
};
use common::*;
use model::Asn;
use proptest::prelude::*;
use std::io::Cursor;
use std::net::{Ipv4Addr, Ipv6Addr};

const ENDS: Ends = Ends { peer_as: Asn(4_200_000_001), local_as: Asn(12076), peer: PEER4, local: OURS4 };

fn records(bytes: Vec<u8>) -> Vec<MrtRecord> {
    let mut input = Cursor::new(bytes);
    let mut all = Vec::new();
    while input.position() < input.get_ref().len() as u64 {
        all.push(bgpkit_parser::parse_mrt_record(&mut input).map_err(|error| error.error).unwrap());
    }
    all
}

fn one(bytes: Vec<u8>) -> MrtRecord {
    let [record] = <[_; 1]>::try_from(records(bytes)).unwrap();
    record
}

fn logged(bytes: Vec<u8>) -> Bgp4MpMessage {
    match one(bytes).message {
        MrtMessage::Bgp4Mp(Bgp4MpEnum::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_state_change_is_that_of_rfc_6396() {
    // Sections 3 and 4.4.4, by hand.
    let mut out = Vec::new();
    state_change(&mut out, STAMP, &ENDS, State::OpenConfirm, State::Established);
    assert_eq!(
        out,
        hex("6B013CCA 0011 0005 0000001C 0003D090   # seconds, BGP4MP_ET, STATE_CHANGE_AS4, length, microseconds
             FA56EA01 00002F2C  0000 0001           # AS numbers, no interface, IPv4
             C0A86481 C0A86482                      # the peer, we
             0005 0006")
    );
    let record = one(out);
    assert_eq!(record.common_header.entry_type, EntryType::BGP4MP_ET);
    assert_eq!(
        (record.common_header.timestamp, record.common_header.microsecond_timestamp),
        (1_795_243_210, Some(250_000))
    );
    let MrtMessage::Bgp4Mp(Bgp4MpEnum::StateChange(change)) = record.message else { panic!("no state change") };
    assert_eq!((change.old_state, change.new_state), (BgpState::OpenConfirm, BgpState::Established));
    assert_eq!((change.peer_ip, change.local_addr), (PEER4, OURS4));
    assert_eq!((change.peer_asn.to_u32(), change.local_asn.to_u32()), (4_200_000_001, 12076));
}

#[test]
fn every_state_has_its_code() {
    let states = [
        (State::Idle, BgpState::Idle),
        (State::Connect, BgpState::Connect),
        (State::Active, BgpState::Active),
        (State::OpenSent, BgpState::OpenSent),
        (State::OpenConfirm, BgpState::OpenConfirm),
        (State::Established, BgpState::Established),
    ];
    for (ours, theirs) in states {
        let mut out = Vec::new();
        state_change(&mut out, STAMP, &Ends { peer: PEER6, local: OURS6, ..ENDS }, State::Idle, ours);
        let MrtMessage::Bgp4Mp(Bgp4MpEnum::StateChange(change)) = one(out).message else { panic!("no state change") };
        assert_eq!((change.new_state, change.peer_ip, change.local_addr), (theirs, PEER6, OURS6));
    }
}

#[test]
fn messages_of_every_type_are_logged() {
    let mut open_bytes = Vec::new();
    open(65010, "192.0.2.1").write(&mut open_bytes).unwrap();
    let mut end = Vec::new();
    Notification::from(Cause::HOLD_TIMER_EXPIRED).write(4096, &mut end);
    let mut refresh = Vec::new();
    RouteRefresh { family: model::Family::V4.into(), kind: RefreshKind::Request }.write(&mut refresh);
    let read = |bytes: &[u8]| {
        let mut out = Vec::new();
        message(&mut out, STAMP, &ENDS, &MODERN, Sender::Peer, bytes);
        logged(out).bgp_message
    };
    assert!(matches!(read(&open_bytes), BgpMessage::Open(open) if open.asn.to_u32() == 65010));
    assert!(matches!(read(&KEEPALIVE), BgpMessage::KeepAlive));
    assert!(matches!(read(&end), BgpMessage::Notification(_)));
    assert!(matches!(read(&refresh), BgpMessage::RouteRefresh(_)));
    assert!(matches!(read(&update6("2001:db8:1::/48")), BgpMessage::Update(_)));
}

#[test]
fn the_subtype_says_how_an_update_is_to_be_read() {
    let old = Session { four_octet_as: false, ..MODERN };
    let many = Session { add_path: Families::V4, ..MODERN };
    let many_old = Session { add_path: Families::V4, ..old };
    for (session, sender, subtype) in [
        (MODERN, Sender::Peer, Bgp4MpType::MessageAs4),
        (MODERN, Sender::Local, Bgp4MpType::MessageAs4Local),
        (old, Sender::Peer, Bgp4MpType::Message),
        (old, Sender::Local, Bgp4MpType::MessageLocal),
        (many, Sender::Peer, Bgp4MpType::MessageAs4Addpath),
        (many, Sender::Local, Bgp4MpType::MessageAs4Local),
        (many_old, Sender::Peer, Bgp4MpType::MessageAddpath),
        (many_old, Sender::Local, Bgp4MpType::MessageLocal),
    ] {
        let update = update4(&session, "10.1.0.0/16");
        let mut out = Vec::new();
        message(&mut out, STAMP, &ENDS, &session, sender, &KEEPALIVE);
        let read = logged(out);
        assert_eq!(read.msg_type, subtype);
        let expected = if session.four_octet_as { 4_200_000_001 } else { 23456 };
        assert_eq!((read.peer_asn.to_u32(), read.local_asn.to_u32()), (expected, 12076));
        if sender == Sender::Peer && session.add_path.v4 {
            // The UPDATEs made here have no path identifiers.
            continue;
        }
        let mut out = Vec::new();
        message(&mut out, STAMP, &ENDS, &session, sender, &update);
        let BgpMessage::Update(update) = logged(out).bgp_message else { panic!("no UPDATE") };
        assert_eq!(update.announced_prefixes[0].to_string(), "10.1.0.0/16");
        assert_eq!(update.attributes.effective_as_path().unwrap().to_string(), "65010 4200000001");
    }
}

#[test]
fn path_identifiers_are_read_where_the_subtype_says_so() {
    // 10.1.0.0/16 with identifier 5 (RFC 7911, section 3; RFC 8050, section 3).
    let update = hex("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF 0032 02 0000 0014
                      40 01 01 00  40 02 06 02 01 0000FDF2  40 03 04 C0A86481  00000005 10 0A01");
    let session = Session { add_path: Families::V4, ..MODERN };
    let mut out = Vec::new();
    message(&mut out, STAMP, &ENDS, &session, Sender::Peer, &update);
    let BgpMessage::Update(update) = logged(out).bgp_message else { panic!("no UPDATE") };
    let [prefix] = &update.announced_prefixes[..] else { panic!("{:?}", update.announced_prefixes) };
    assert_eq!((prefix.prefix.to_string(), prefix.path_id), ("10.1.0.0/16".to_owned(), Some(5)));
}

fn peers() -> [TablePeer; 3] {
    [
        TablePeer { router_id: Some(router_id("192.0.2.1")), address: PEER4, asn: Asn(65010) },
        TablePeer { router_id: Some(router_id("192.0.2.2")), address: PEER6, asn: Asn(4_200_000_001) },
        TablePeer { router_id: None, address: OURS4, asn: Asn(12076) },
    ]
}

#[test]
fn a_table_of_peers_is_that_of_rfc_6396() {
    // Section 4.3.1, by hand.
    let mut out = Vec::new();
    peer_index_table(&mut out, STAMP, router_id("192.0.2.9"), "red", &peers()).unwrap();
    assert_eq!(
        out,
        hex("6B013CCA 000D 0001 0000003E
             C0000209 0003 726564 0003
             02 C0000201 C0A86481 0000FDF2
             03 C0000202 20010DB8000000000000000000000001 FA56EA01
             02 00000000 C0A86482 00002F2C")
    );
    let MrtMessage::TableDumpV2Message(TableDumpV2Message::PeerIndexTable(table)) = one(out).message else {
        panic!("no table of peers")
    };
    assert_eq!((table.view_name.as_str(), table.collector_bgp_id), ("red", Ipv4Addr::new(192, 0, 2, 9)));
    for (index, peer) in peers().iter().enumerate() {
        let read = &table.id_peer_map[&(index as u16)];
        assert_eq!((read.peer_ip, read.peer_asn.to_u32()), (peer.address, peer.asn.0));
    }
}

#[test]
fn a_dump_reads_back_as_routes_with_their_attributes() {
    let attributes = template(&set()).unwrap();
    let both = NextHop6 { link_local: Some(Ipv6Addr::new(0xFE80, 0, 0, 0, 0, 0, 0, 1)), ..HOP6 };
    let path = |peer, next_hop| Path { peer, since: 1_795_000_000, attributes: &attributes, next_hop };
    let four = NextHop::V4(Ipv4Addr::new(192, 168, 100, 129));
    let mut out = Vec::new();
    peer_index_table(&mut out, STAMP, router_id("192.0.2.9"), "red", &peers()).unwrap();
    rib(&mut out, STAMP, 0, prefix("0.0.0.0/0"), &[path(0, four)]).unwrap();
    rib(&mut out, STAMP, 1, prefix("10.1.2.0/23"), &[path(0, four), path(2, four)]).unwrap();
    rib(&mut out, STAMP, 2, prefix("2001:db8:1::/48"), &[path(1, NextHop::V6(HOP6))]).unwrap();
    rib(&mut out, STAMP, 3, prefix("2001:db8::1/128"), &[path(1, NextHop::V6(both))]).unwrap();

    let records = records(out.clone());
    let kinds: Vec<_> = records
        .iter()
        .filter_map(|record| match &record.message {
            MrtMessage::TableDumpV2Message(TableDumpV2Message::RibAfi(rib)) => {
                Some((rib.rib_type, rib.sequence_number, rib.rib_entries.len(), rib.rib_entries[0].originated_time))
            }
            _ => None,
        })
        .collect();
    let (v4, v6) = (TableDumpV2Type::RibIpv4Unicast, TableDumpV2Type::RibIpv6Unicast);
    let since = 1_795_000_000;
    assert_eq!(kinds, [(v4, 0, 1, since), (v4, 1, 2, since), (v6, 2, 1, since), (v6, 3, 1, since)]);

    // Their own way from records to routes.
    let routes: Vec<_> = BgpkitParser::from_reader(Cursor::new(out)).into_iter().collect();
    let seen: Vec<_> = routes
        .iter()
        .map(|route| (route.prefix.to_string(), route.peer_ip, route.next_hop.unwrap().to_string()))
        .collect();
    let expected = [
        ("0.0.0.0/0", PEER4, "192.168.100.129"),
        ("10.1.2.0/23", PEER4, "192.168.100.129"),
        ("10.1.2.0/23", OURS4, "192.168.100.129"),
        ("2001:db8:1::/48", PEER6, "2001:db8::1"),
        ("2001:db8::1/128", PEER6, "2001:db8::1"),
    ];
    assert_eq!(seen, expected.map(|(prefix, peer, hop)| (prefix.to_owned(), peer, hop.to_owned())));
    for route in routes {
        assert_eq!(route.as_path.unwrap().to_string(), "65010 4200000001");
        assert_eq!((route.med, route.local_pref), (Some(7), Some(150)));
        let communities: Vec<_> = route.communities.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(communities, ["12076:51004", "65010:1:2"]);
    }
}

#[test]
fn next_hop_is_in_its_place_among_the_attributes() {
    let mut set = AttributeSet::new(Origin::Igp, vec![]);
    set.med = Some(1);
    let attributes = template(&set).unwrap();
    let mut out = Vec::new();
    let next_hop = NextHop::V4(Ipv4Addr::new(10, 0, 0, 1));
    let path = Path { peer: 1, since: 2, attributes: &attributes, next_hop };
    rib(&mut out, STAMP, 9, prefix("10.0.0.0/8"), &[path]).unwrap();
    assert_eq!(
        out,
        hex("6B013CCA 000D 0002 00000025  00000009 08 0A 0001
             0001 00000002 0015  40 01 01 00  40 02 00  40 03 04 0A000001  80 04 04 00000001")
    );
    // Of MP_REACH_NLRI only the next hop is there (section 4.3.4).
    let mut out = Vec::new();
    rib(&mut out, STAMP, 9, prefix("::/0"), &[Path { next_hop: NextHop::V6(HOP6), ..path }]).unwrap();
    assert_eq!(
        out,
        hex("6B013CCA 000D 0004 00000031  00000009 00 0001
             0001 00000002 0022  80 0E 11 10 20010DB8000000000000000000000001
             40 01 01 00  40 02 00  80 04 04 00000001")
    );
}

#[test]
fn what_no_record_can_hold_is_refused_and_nothing_written() {
    let mut out = vec![1];
    let many = vec![peers()[0]; 65_536];
    let error = peer_index_table(&mut out, STAMP, router_id("192.0.2.9"), "", &many).unwrap_err();
    assert_eq!(error.to_string(), "a table of peers of 65536 bytes exceeds the limit of 65535");

    let mut set = AttributeSet::new(Origin::Igp, vec![]);
    set.communities = vec![iana::community::NO_EXPORT; 16_380];
    let attributes = template(&set).unwrap();
    let next_hop = NextHop::V6(HOP6);
    let path = Path { peer: 0, since: 0, attributes: &attributes, next_hop };
    rib(&mut out, STAMP, 0, prefix("::/0"), &[path]).unwrap_err();
    let attributes = template(&AttributeSet::new(Origin::Igp, vec![])).unwrap();
    let many = vec![Path { attributes: &attributes, ..path }; 65_536];
    rib(&mut out, STAMP, 0, prefix("::/0"), &many).unwrap_err();
    assert_eq!(out, [1]);
}

proptest! {
    #[test]
    fn any_prefix_reads_back(bits: u128, length in 0u8..=128, six: bool) {
        let address = match six {
            true => Ipv6Addr::from(bits).into(),
            false => Ipv4Addr::from(bits as u32).into(),
        };
        let prefix = model::Prefix::new(address, if six { length } else { length / 4 }).unwrap();
        let attributes = template(&set()).unwrap();
        let next_hop = if six { NextHop::V6(HOP6) } else { NextHop::V4(Ipv4Addr::LOCALHOST) };
        let mut out = Vec::new();
        let path = Path { peer: 0, since: 0, attributes: &attributes, next_hop };
        rib(&mut out, STAMP, 0, prefix, &[path]).unwrap();
        let MrtMessage::TableDumpV2Message(TableDumpV2Message::RibAfi(rib)) = one(out).message else {
            panic!("no RIB")
        };
        let read = rib.prefix.prefix;
        prop_assert_eq!((read.addr(), read.prefix_len()), (prefix.network(), prefix.length()));
    }
}
