//! BMP (RFC 7854), read back by software of others.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_record::bmp::*;
use bgp_wire::*;
use bgpkit_parser::models as theirs;
use bgpkit_parser::parser::bmp::messages as read;
use bgpkit_parser::parser::bmp::messages::{BmpMessageBody, PerPeerFlags};
use bytes::Bytes;
use common::*;
use model::{Asn, Family};
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};

const PEER: fn() -> Peer = || Peer {
    instance: Instance::Local(7),
    address: PEER4,
    asn: Asn(4_200_000_001),
    router_id: router_id("192.0.2.1"),
    four_octet_as: true,
};

/// The messages that a stream is made of.
fn parse(bytes: Vec<u8>) -> Vec<read::BmpMessage> {
    let mut bytes = Bytes::from(bytes);
    let mut all = Vec::new();
    while !bytes.is_empty() {
        all.push(bgpkit_parser::parse_bmp_msg(&mut bytes).unwrap());
    }
    all
}

fn one(bytes: Vec<u8>) -> read::BmpMessage {
    let [message] = <[_; 1]>::try_from(parse(bytes)).unwrap();
    message
}

#[test]
fn the_header_of_a_peer_is_that_of_rfc_7854() {
    // Sections 4.1 and 4.2, by hand.
    let mut out = Vec::new();
    peer_down(&mut out, &PEER(), STAMP, Down::RemoteSilent);
    assert_eq!(
        out,
        hex("03  00000031  02                        # version, length, Peer Down
             02 00  0000000000000007                  # local instance, IPv4 before policy, domain 7
             000000000000000000000000 C0A86481        # 192.168.100.129
             FA56EA01  C0000201                       # AS 4200000001, 192.0.2.1
             6B013CCA  0003D090                       # 1795243210.25
             04                                       # the peer ended it, without data")
    );
}

#[test]
fn a_stream_begins_with_who_speaks_and_ends_with_why() {
    let mut out = Vec::new();
    initiation(&mut out, "edge-a", "Twinpath 0.1.0", "");
    initiation(&mut out, "edge-a", "Twinpath 0.1.0", "Amsterdam");
    termination(&mut out, Ending::Redundant, "");
    termination(&mut out, Ending::Administrative, "line work");
    let messages = parse(out);
    let texts = |message: &read::BmpMessage| match &message.message_body {
        BmpMessageBody::InitiationMessage(it) => it.tlvs.iter().map(|tlv| (tlv.info_type, tlv.info.clone())).collect(),
        other => panic!("{other:?}"),
    };
    let own = [
        (read::InitiationTlvType::SysDescr, "Twinpath 0.1.0".to_owned()),
        (read::InitiationTlvType::SysName, "edge-a".to_owned()),
    ];
    let all: Vec<_> = texts(&messages[0]);
    assert_eq!(all, own);
    let all: Vec<_> = texts(&messages[1]);
    assert_eq!(all[0], (read::InitiationTlvType::String, "Amsterdam".to_owned()));
    assert_eq!(all[1..], own);
    let reasons = |message: &read::BmpMessage| match &message.message_body {
        BmpMessageBody::TerminationMessage(it) => it.tlvs.iter().map(|tlv| tlv.info_value.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    use read::TerminationTlvValue::{Reason, String};
    assert_eq!(reasons(&messages[2]), [Reason(read::TerminationReason::RedundantConnection)]);
    assert_eq!(
        reasons(&messages[3]),
        [String("line work".into()), Reason(read::TerminationReason::AdministrativelyClosed)]
    );
}

#[test]
fn every_ending_has_its_code() {
    for (ending, code) in [
        (Ending::Administrative, 0),
        (Ending::Unspecified, 1),
        (Ending::OutOfResources, 2),
        (Ending::Redundant, 3),
        (Ending::Permanent, 4),
    ] {
        let mut out = Vec::new();
        termination(&mut out, ending, "");
        assert_eq!(out, hex(&format!("03 0000000C 05  0001 0002 {code:04X}")));
    }
}

#[test]
fn peer_up_shows_both_ends_and_both_opens() {
    let (sent, received) = (open(12076, "192.0.2.9"), open(4_200_000_001, "192.0.2.1"));
    for (peer, ours) in [(PEER4, OURS4), (PEER6, OURS6)] {
        let up = PeerUp {
            local: SocketAddr::new(ours, 179),
            remote_port: 40_000,
            sent: &sent,
            received: &received,
            table: "circuit-1/private",
        };
        let mut out = Vec::new();
        peer_up(&mut out, &Peer { address: peer, ..PEER() }, STAMP, &up).unwrap();
        let message = one(out);
        let header = message.per_peer_header.unwrap();
        assert_eq!(header.peer_type, read::BmpPeerType::Local);
        assert_eq!((header.peer_distinguisher, header.peer_ip), (7, peer));
        assert_eq!((header.peer_asn.to_u32(), header.peer_bgp_id.to_string()), (4_200_000_001, "192.0.2.1".into()));
        assert_eq!(header.timestamp, 1_795_243_210.25);
        let BmpMessageBody::PeerUpNotification(body) = message.message_body else { panic!("no Peer Up") };
        assert_eq!((body.local_addr, body.local_port, body.remote_port), (ours, 179, 40_000));
        let asn = |message: &theirs::BgpMessage| match message {
            theirs::BgpMessage::Open(open) => {
                assert_eq!(open.hold_time, 180);
                (open.asn.to_u32(), open.bgp_identifier.to_string())
            }
            other => panic!("{other:?}"),
        };
        // Theirs keeps what the fixed field says.
        assert_eq!(asn(&body.sent_open), (12076, "192.0.2.9".into()));
        assert_eq!(asn(&body.received_open), (23456, "192.0.2.1".into()));
        let [tlv] = &body.tlvs[..] else { panic!("{:?}", body.tlvs) };
        assert_eq!((tlv.info_type, tlv.info_value.as_str()), (read::PeerUpTlvType::VrTableName, "circuit-1/private"));
    }
}

#[test]
fn an_open_that_fits_no_message_leaves_the_buffer_alone() {
    let other = Capability::Other(OtherCapability::new(200, vec![7; 255]).unwrap());
    let (small, large) = (open(65010, "192.0.2.1"), Open { capabilities: vec![other; 16], ..open(65010, "192.0.2.1") });
    let local = SocketAddr::new(OURS4, 179);
    for (sent, received) in [(&small, &large), (&large, &small)] {
        let mut out = vec![1];
        let up = PeerUp { local, remote_port: 1, sent, received, table: "" };
        peer_up(&mut out, &PEER(), STAMP, &up).unwrap_err();
        assert_eq!(out, [1]);
    }
}

#[test]
fn peer_down_says_who_ended_it() {
    let text = ShutdownText::try_from("line work").unwrap();
    let notification = Notification::with_text(Cause::ADMINISTRATIVE_SHUTDOWN, &text);
    let mut whole = Vec::new();
    notification.write(STANDARD_LIMIT, &mut whole);
    use read::PeerDownReason::*;
    for (how, reason, data) in [
        (Down::Local(&notification), LocalSystemClosedNotificationPduFollows, whole.clone()),
        (Down::LocalSilent(10), LocalSystemClosedFsmEvenFollows, vec![0, 10]),
        (Down::Remote(&notification), RemoteSystemClosedNotificationPduFollows, whole.clone()),
        (Down::RemoteSilent, RemoteSystemsClosedNoData, vec![]),
        (Down::NoLongerMonitored, PeerDeConfigured, vec![]),
    ] {
        let mut out = Vec::new();
        peer_down(&mut out, &PEER(), STAMP, how);
        let BmpMessageBody::PeerDownNotification(body) = one(out).message_body else { panic!("no Peer Down") };
        assert_eq!((body.reason, body.data.unwrap_or_default()), (reason, data));
    }
}

#[test]
fn route_monitoring_carries_the_update_as_it_was() {
    for (view, bits) in [(View::Received, 0x00), (View::Accepted, 0x40), (View::Candidate, 0x10), (View::Sent, 0x50)] {
        let mut out = Vec::new();
        let update = update4(&MODERN, "10.1.0.0/16");
        route_monitoring(&mut out, &PEER(), STAMP, view, &update);
        assert!(out.ends_with(&update));
        let message = one(out);
        let PerPeerFlags::PeerFlags(flags) = message.per_peer_header.unwrap().peer_flags else { panic!("flags") };
        assert_eq!(flags.bits(), bits);
        let BmpMessageBody::RouteMonitoring(body) = message.message_body else { panic!("no Route Monitoring") };
        let theirs::BgpMessage::Update(update) = body.bgp_message else { panic!("no UPDATE") };
        assert_eq!(update.announced_prefixes[0].to_string(), "10.1.0.0/16");
        assert_eq!(update.attributes.as_path().unwrap().to_string(), "65010 4200000001");
    }
}

#[test]
fn an_old_speaker_is_marked_so_that_its_paths_can_be_read() {
    let old = Session { four_octet_as: false, ..MODERN };
    let mut out = Vec::new();
    let peer = Peer { four_octet_as: false, asn: Asn(65010), ..PEER() };
    route_monitoring(&mut out, &peer, STAMP, View::Received, &update4(&old, "10.1.0.0/16"));
    let BmpMessageBody::RouteMonitoring(body) = one(out).message_body else { panic!("no Route Monitoring") };
    let theirs::BgpMessage::Update(update) = body.bgp_message else { panic!("no UPDATE") };
    assert_eq!(update.attributes.as_path().unwrap().to_string(), "65010 23456");
    assert_eq!(update.attributes.effective_as_path().unwrap().to_string(), "65010 4200000001");
}

#[test]
fn ipv6_routes_and_the_end_of_rib_pass() {
    let mut out = Vec::new();
    let peer = Peer { address: PEER6, ..PEER() };
    route_monitoring(&mut out, &peer, STAMP, View::Received, &update6("2001:db8:1::/48"));
    let mut end = Vec::new();
    end_of_rib(&mut end, Family::V6);
    route_monitoring(&mut out, &peer, STAMP, View::Received, &end);
    let messages = parse(out);
    let update = |message: &read::BmpMessage| match &message.message_body {
        BmpMessageBody::RouteMonitoring(read::RouteMonitoring { bgp_message: theirs::BgpMessage::Update(update) }) => {
            update.clone()
        }
        other => panic!("{other:?}"),
    };
    let first = update(&messages[0]);
    assert_eq!(first.attributes.get_reachable_nlri().unwrap().prefixes[0].to_string(), "2001:db8:1::/48");
    let last = update(&messages[1]);
    assert!(last.attributes.get_unreachable_nlri().unwrap().prefixes.is_empty());
}

#[test]
fn statistics_have_their_types_and_widths() {
    use read::{StatType as Type, StatsData as Data};
    let v6 = AfiSafi::from(Family::V6);
    let table = [
        (Statistic::Rejected(1), Type::PrefixesRejectedByInboundPolicy, Data::Counter(1)),
        (Statistic::DuplicateAnnouncements(2), Type::DuplicatePrefixAdvertisements, Data::Counter(2)),
        (Statistic::DuplicateWithdrawals(3), Type::DuplicateWithdrawnPrefixes, Data::Counter(3)),
        (Statistic::AsPathLoops(4), Type::UpdatesInvalidatedDueToASPathLoop, Data::Counter(4)),
        (Statistic::AdjRibIn(1 << 40), Type::RoutesInAdjRibsIn, Data::Gauge(1 << 40)),
        (Statistic::LocRib(6), Type::RoutesInLocRib, Data::Gauge(6)),
        (Statistic::AdjRibInOf(v6, 7), Type::RoutesInPerAfiSafiAdjRibIn, Data::AfiSafiGauge(2, 1, 7)),
        (Statistic::LocRibOf(v6, 8), Type::RoutesInPerAfiSafiLocRib, Data::AfiSafiGauge(2, 1, 8)),
        (Statistic::UpdatesTreatedAsWithdraw(9), Type::UpdatesSubjectedToTreatAsWithdraw, Data::Counter(9)),
        (Statistic::PrefixesTreatedAsWithdraw(10), Type::PrefixesSubjectedToTreatAsWithdraw, Data::Counter(10)),
        (Statistic::DuplicateUpdates(u32::MAX), Type::DuplicateUpdateMessagesReceived, Data::Counter(u32::MAX)),
        (Statistic::AdjRibOut(12), Type::RoutesInPostPolicyAdjRibOut, Data::Gauge(12)),
        (Statistic::AdjRibOutOf(v6, 13), Type::RoutesInPerAfiSafiPostPolicyAdjRibOut, Data::AfiSafiGauge(2, 1, 13)),
    ];
    let mut out = Vec::new();
    statistics(&mut out, &PEER(), STAMP, &table.clone().map(|(statistic, _, _)| statistic));
    let BmpMessageBody::StatsReport(report) = one(out).message_body else { panic!("no report") };
    assert_eq!(report.stats_count as usize, table.len());
    for (counter, (statistic, kind, data)) in report.counters.iter().zip(table) {
        assert_eq!((counter.stat_type, &counter.stat_data), (kind, &data), "{statistic:?}");
    }
}

#[test]
fn a_text_that_is_too_long_is_cut_between_characters() {
    let mut out = Vec::new();
    initiation(&mut out, &"é".repeat(40_000), "", "");
    // Header, an empty description, then the name: 65,535 is within its last character.
    assert_eq!(out[..14], hex("03 0001000C 04  0001 0000  0002 FFFE"));
    assert_eq!(std::str::from_utf8(&out[14..]), Ok("é".repeat(32_767).as_str()));
}

proptest! {
    /// Whatever the parts, the stream can be taken apart again, and nobody's message is longer than it says.
    #[test]
    fn a_stream_of_any_messages_stays_in_step(
        kinds in prop::collection::vec((0u8..5, any::<[u8; 16]>(), any::<bool>(), any::<u64>(), 1u32..), 0..20),
    ) {
        let mut out = Vec::new();
        let update = update4(&MODERN, "10.0.0.0/8");
        for (kind, address, six, domain, asn) in &kinds {
            let address = match six {
                true => IpAddr::from(*address),
                false => IpAddr::from([address[0], address[1], address[2], address[3]]),
            };
            let peer = Peer { instance: Instance::Local(*domain), address, asn: Asn(*asn), ..PEER() };
            match kind {
                0 => initiation(&mut out, "a", "b", "c"),
                1 => peer_down(&mut out, &peer, STAMP, Down::LocalSilent(0)),
                2 => route_monitoring(&mut out, &peer, STAMP, View::Received, &update),
                3 => statistics(&mut out, &peer, STAMP, &[Statistic::LocRib(*domain)]),
                _ => termination(&mut out, Ending::Unspecified, "d"),
            }
        }
        let messages = parse(out);
        prop_assert_eq!(messages.len(), kinds.len());
        for (message, (_, _, six, domain, asn)) in messages.iter().zip(&kinds) {
            let Some(header) = message.per_peer_header else { continue };
            prop_assert_eq!((header.peer_distinguisher, header.peer_asn.to_u32()), (*domain, *asn));
            prop_assert_eq!(header.peer_ip.is_ipv6(), *six);
        }
    }
}
