//! OPEN (RFC 4271, section 4.2) and capabilities (RFC 5492).

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_wire::*;
use common::{hex, message, whole};
use model::{Asn, Family};
use proptest::prelude::*;
use std::net::Ipv4Addr;

const V4: AfiSafi = AfiSafi { afi: 1, safi: 1 };
const V6: AfiSafi = AfiSafi { afi: 2, safi: 1 };

fn read(body: &str) -> Result<Open, Fault> {
    Open::read(&hex(body))
}

fn open(capabilities: Vec<Capability>) -> Open {
    Open {
        asn: Asn(65010),
        hold_time: HoldTime::try_from(180).unwrap(),
        router_id: RouterId::try_from(Ipv4Addr::new(192, 0, 2, 1)).unwrap(),
        capabilities,
    }
}

#[track_caller]
fn both_ways(open: &Open, body: &str) {
    let bytes = message(1, &hex(body));
    let mut written = Vec::new();
    open.write(&mut written).unwrap();
    assert_eq!(written, bytes);
    assert_eq!(Message::read(whole(&bytes)), Ok(Message::Open(open.clone())));
}

#[test]
fn without_capabilities() {
    // RFC 4271, section 4.2: version, AS, hold time, identifier, no parameters.
    both_ways(&open(vec![]), "04  FDF2  00B4  C0000201  00");
}

#[test]
fn with_every_capability() {
    let asn = Asn(4_200_000_001);
    let restart = GracefulRestart {
        restarted: true,
        notification: true,
        time: RestartTime::try_from(120).unwrap(),
        families: vec![RestartFamily { family: V4, forwarding: true }, RestartFamily { family: V6, forwarding: false }],
    };
    let capabilities = vec![
        Capability::Multiprotocol(V4),
        Capability::Multiprotocol(V6),
        Capability::RouteRefresh,
        Capability::ExtendedMessage,
        Capability::Role(Role::CUSTOMER),
        Capability::GracefulRestart(restart),
        Capability::FourOctetAs(asn),
        Capability::AddPath(vec![
            AddPathEntry { family: V4, mode: AddPathMode::Receive },
            AddPathEntry { family: V6, mode: AddPathMode::Both },
        ]),
        Capability::EnhancedRouteRefresh,
        // Long-lived graceful restart (RFC 9494) is not understood here, and kept.
        Capability::Other(OtherCapability::new(71, hex("0001 01 80 000E10")).unwrap()),
    ];
    both_ways(
        &Open { asn, ..open(capabilities) },
        "04  5BA0  00B4  C0000201  3C   # 23456 for a number that does not fit (RFC 6793, section 9)
         02 3A                          # one parameter: capabilities (RFC 5492, section 4)
         01 04 0001 00 01               # RFC 4760, section 8
         01 04 0002 00 01
         02 00                          # RFC 2918, section 2
         06 00                          # RFC 8654, section 3
         09 01 03                       # RFC 9234, section 4.1
         40 0A C078  0001 01 80  0002 01 00   # RFC 4724, section 3, with N of RFC 8538, section 2
         41 04 FA56EA01                 # RFC 6793, section 3
         45 08 0001 01 01  0002 01 03   # RFC 7911, section 4
         46 00                          # RFC 7313, section 3.1
         47 07 000101 80 000E10",
    );
}

#[test]
fn capabilities_may_come_in_parameters_of_their_own() {
    let one = read("04 FDF2 00B4 C0000201 0A   02 08  0200  4104 0000FDF2").unwrap();
    let many = read("04 FDF2 00B4 C0000201 0C   02 02 0200   02 06 4104 0000FDF2").unwrap();
    assert_eq!(one, many);
}

#[test]
fn more_than_255_bytes_take_the_extended_length() {
    let other = Capability::Other(OtherCapability::new(200, vec![7; 255]).unwrap());
    let open = open(vec![other.clone(), other]);
    // RFC 9072, section 2.
    let body = format!("04 FDF2 00B4 C0000201  FF FF 0205  02 0202  C8FF{0} C8FF{0}", "07".repeat(255));
    both_ways(&open, &body);
    // The first length is to be ignored.
    assert_eq!(read(&body.replace("FF FF 0205", "04 FF 0205")), Ok(open));
}

#[test]
fn the_lengths_of_one_octet_are_used_to_their_end() {
    for length in 245..=255 {
        let open = open(vec![
            Capability::Other(OtherCapability::new(200, vec![7; 2]).unwrap()),
            Capability::Other(OtherCapability::new(201, vec![7; length]).unwrap()),
        ]);
        let mut bytes = Vec::new();
        open.write(&mut bytes).unwrap();
        assert_eq!(Message::read(whole(&bytes)), Ok(Message::Open(open)));
    }
}

#[test]
fn an_open_never_exceeds_4096_bytes() {
    let other = Capability::Other(OtherCapability::new(200, vec![7; 255]).unwrap());
    let mut bytes = vec![1, 2, 3];
    let error = open(vec![other; 16]).write(&mut bytes).unwrap_err();
    assert_eq!(error, Oversize { what: "an OPEN", length: 29 + 6 + 16 * 257, limit: 4096 });
    assert_eq!(bytes, [1, 2, 3]);
}

/// RFC 4271, section 6.2; RFC 6286; RFC 7607; RFC 5492.
#[test]
fn each_fault_has_its_subcode_and_data() {
    let table: &[(&str, Fault, u8, &[u8])] = &[
        ("03 FDF2 00B4 C0000201 00", Fault::Version(3), 1, &[0, 4]),
        ("05 FDF2 00B4 C0000201 00", Fault::Version(5), 1, &[0, 4]),
        ("04 0000 00B4 C0000201 00", Fault::PeerAs(Asn(0)), 2, &[]),
        ("04 0000 00B4 C0000201 08  02 06 4104 0000FDF2", Fault::PeerAs(Asn(0)), 2, &[]),
        ("04 FDF2 00B4 C0000201 08  02 06 4104 00000000", Fault::PeerAs(Asn(0)), 2, &[]),
        ("04 FDF2 00B4 00000000 00", Fault::RouterId(Ipv4Addr::UNSPECIFIED), 3, &[]),
        ("04 FDF2 00B4 C0000201 03  01 01 00", Fault::Parameter(1), 4, &[]),
        ("04 FDF2 0001 C0000201 00", Fault::HoldTime(1), 6, &[]),
        ("04 FDF2 0002 C0000201 00", Fault::HoldTime(2), 6, &[]),
    ];
    for (body, fault, subcode, data) in table {
        assert_eq!(read(body).as_ref(), Err(fault));
        let told = Notification::new(Cause { code: 2, subcode: *subcode }, *data);
        assert_eq!(fault.notification(), told, "{fault}");
    }
    assert_eq!(read("04 FDF2 0000 C0000201 00").unwrap().hold_time, HoldTime::NEVER);
    assert_eq!(read("04 FDF2 0003 C0000201 00").unwrap().hold_time.seconds(), 3);
}

#[test]
fn lengths_that_contradict_each_other_are_unspecific_errors() {
    for body in [
        "04 FDF2 00B4 C0000201 01",                    // a parameter is promised
        "04 FDF2 00B4 C0000201 00 00",                 // a byte is left over
        "04 FDF2 00B4 C0000201 01 02",                 // no length
        "04 FDF2 00B4 C0000201 02 02 01",              // longer than the parameters
        "04 FDF2 00B4 C0000201 03 02 01 41",           // a capability without length
        "04 FDF2 00B4 C0000201 04 02 02 41 04",        // a capability longer than the parameter
        "04 FDF2 00B4 C0000201 07 02 05 41 03 000001", // a 4-octet AS number of three
        "04 FDF2 00B4 C0000201 FF FF 00",              // no extended length
        "04 FDF2 00B4 C0000201 FF FF 0003 02 0001",    // longer than the parameters
    ] {
        let fault = read(body).unwrap_err();
        assert!(matches!(fault, Fault::Open(_)), "{body}: {fault}");
        assert_eq!(fault.notification(), Cause { code: 2, subcode: 0 }.into());
    }
}

#[test]
fn a_capability_of_a_wrong_length_or_value_is_not_understood() {
    for (code, value) in [
        (1, "000101"),
        (2, "00"),
        (6, "00"),
        (9, ""),
        (9, "0304"),
        (64, "78"),
        (64, "0078 000101"),
        (69, "00010104"),
        (69, "00010100"),
        (69, "000101"),
        (70, "00"),
    ] {
        let value = hex(value);
        let body =
            [&hex("04 FDF2 00B4 C0000201")[..], &[value.len() as u8 + 4, 2, value.len() as u8 + 2, code]].concat();
        let body = [&body[..], &[value.len() as u8], &value].concat();
        let other = Capability::Other(OtherCapability::new(code, value).unwrap());
        assert_eq!(Open::read(&body), Ok(open(vec![other])));
    }
}

#[test]
fn of_graceful_restart_capabilities_the_last_counts() {
    // RFC 4724, section 3.
    let restart = |seconds| GracefulRestart {
        restarted: false,
        notification: false,
        time: RestartTime::try_from(seconds).unwrap(),
        families: vec![],
    };
    let open = open(vec![
        Capability::GracefulRestart(restart(60)),
        Capability::GracefulRestart(restart(120)),
        Capability::RouteRefresh,
    ]);
    assert_eq!(open.graceful_restart(), Some(&restart(120)));
}

#[test]
fn roles_fit_as_rfc_9234_pairs_them() {
    let roles = [Role::PROVIDER, Role::RS, Role::RS_CLIENT, Role::CUSTOMER, Role::PEER, Role(5)];
    let fitting = [(0, 3), (1, 2), (2, 1), (3, 0), (4, 4)];
    for ours in roles {
        for theirs in roles {
            let expected = fitting.contains(&(ours.0, theirs.0));
            let open = open(vec![Capability::Role(theirs)]);
            match open.role_beside(ours) {
                Ok(role) => assert!(expected && role == Some(theirs)),
                Err(fault) => {
                    assert!(!expected);
                    assert_eq!(fault, Fault::RoleMismatch { ours, theirs });
                    assert_eq!(fault.notification(), Cause { code: 2, subcode: 11 }.into());
                }
            }
        }
    }
    assert_eq!(open(vec![]).role_beside(Role::PEER), Ok(None));
    let twice = |role| open(vec![Capability::Role(Role::PEER), Capability::Role(role)]);
    assert_eq!(twice(Role::PEER).role_beside(Role::PEER), Ok(Some(Role::PEER)));
    assert!(twice(Role::CUSTOMER).role_beside(Role::PEER).is_err());
}

#[test]
fn missing_capabilities_are_listed_in_the_notification() {
    let fault = Fault::MissingCapabilities(vec![Capability::Multiprotocol(V6), Capability::RouteRefresh]);
    let told = Notification::new(Cause { code: 2, subcode: 7 }, hex("01 04 0002 00 01  02 00"));
    assert_eq!(fault.notification(), told);
    assert_eq!(fault.to_string(), "required and missing: IPv6 unicast, route refresh");
}

#[test]
fn families_without_the_capability_are_ipv4_alone() {
    // RFC 4760, section 8.
    assert_eq!(open(vec![]).families(), Families::V4);
    assert_eq!(open(vec![Capability::Multiprotocol(V6)]).families(), Families::V6);
    assert_eq!(open(vec![Capability::Multiprotocol(AfiSafi { afi: 1, safi: 128 })]).families(), Families::NONE);
}

#[test]
fn a_session_is_what_both_offer() {
    let entry = |mode| Capability::AddPath(vec![AddPathEntry { family: V4, mode }]);
    let ours = open(vec![
        Capability::Multiprotocol(V4),
        Capability::Multiprotocol(V6),
        Capability::FourOctetAs(Asn(65010)),
        Capability::ExtendedMessage,
        entry(AddPathMode::Receive),
    ]);
    let theirs = Open { asn: Asn(65020), ..open(vec![entry(AddPathMode::Both), Capability::FourOctetAs(Asn(65020))]) };
    let session = Session::agreed(&ours, &theirs);
    let expected = Session {
        neighbor: Neighbor::External,
        four_octet_as: true,
        families: Families::V4,
        add_path: Families::V4,
        receive_extended: true,
        send_extended: false,
    };
    assert_eq!(session, expected);
    assert_eq!(session.send_limit(), 4096);
    // The other way round: what they offered beyond ours means nothing.
    let back = Session::agreed(&theirs, &ours);
    let expected = Session { add_path: Families::NONE, receive_extended: false, ..expected };
    assert_eq!(back, expected);
    assert_eq!(back.send_limit(), 4096);
    assert_eq!(Session::agreed(&ours, &ours).send_limit(), 65_535);
    assert_eq!(Session::agreed(&ours, &ours).neighbor, Neighbor::Internal);
    assert!(!Session::agreed(&ours, &open(vec![])).four_octet_as);
}

fn family() -> impl Strategy<Value = AfiSafi> {
    prop_oneof![
        Just(AfiSafi::from(Family::V4)),
        Just(AfiSafi::from(Family::V6)),
        (any::<u16>(), any::<u8>()).prop_map(|(afi, safi)| AfiSafi { afi, safi }),
    ]
}

fn capability() -> impl Strategy<Value = Capability> {
    let modes = prop::sample::select(vec![AddPathMode::Receive, AddPathMode::Send, AddPathMode::Both]);
    let entry = (family(), modes).prop_map(|(family, mode)| AddPathEntry { family, mode });
    let kept = (family(), any::<bool>()).prop_map(|(family, forwarding)| RestartFamily { family, forwarding });
    let restart = (any::<(bool, bool)>(), 0u16..4096, prop::collection::vec(kept, 0..=63));
    prop_oneof![
        family().prop_map(Capability::Multiprotocol),
        Just(Capability::RouteRefresh),
        Just(Capability::ExtendedMessage),
        any::<u8>().prop_map(|role| Capability::Role(Role(role))),
        restart.prop_map(|((restarted, notification), time, families)| {
            let time = RestartTime::try_from(time).unwrap();
            Capability::GracefulRestart(GracefulRestart { restarted, notification, time, families })
        }),
        prop::collection::vec(entry, 0..=63).prop_map(Capability::AddPath),
        Just(Capability::EnhancedRouteRefresh),
        (100u8.., prop::collection::vec(any::<u8>(), 0..=255))
            .prop_map(|(code, value)| Capability::Other(OtherCapability::new(code, value).unwrap())),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        asn in 1u32..,
        hold_time in prop_oneof![Just(0u16), 3u16..],
        router_id in 1u32..,
        mut capabilities in prop::collection::vec(capability(), 0..12),
    ) {
        if asn > 65535 {
            capabilities.push(Capability::FourOctetAs(Asn(asn)));
        }
        let hold_time = HoldTime::try_from(hold_time).unwrap();
        let router_id = RouterId::try_from(router_id).unwrap();
        let open = Open { asn: Asn(asn), hold_time, router_id, capabilities };
        let mut bytes = Vec::new();
        open.write(&mut bytes).unwrap();
        prop_assert_eq!(Message::read(whole(&bytes)), Ok(Message::Open(open)));
    }

    #[test]
    fn what_can_be_read_can_be_written_and_read_again(body in prop::collection::vec(any::<u8>(), 0..60)) {
        let body = [&hex("04 FDF2 00B4 C0000201")[..], &body].concat();
        if let Ok(open) = Open::read(&body) {
            let mut bytes = Vec::new();
            open.write(&mut bytes).unwrap();
            prop_assert_eq!(Message::read(whole(&bytes)), Ok(Message::Open(open)));
        }
    }
}
