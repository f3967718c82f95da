//! The control packet on the wire, both ways.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

use bfd::{Auth, Diagnostic, Discriminator, Interval, Packet, PacketError, Password, Proof, State};
use proptest::prelude::*;
use std::num::NonZeroU8;

fn up() -> Packet {
    Packet {
        diagnostic: Diagnostic::NONE,
        state: State::Up,
        is_poll: false,
        is_final: false,
        control_plane_independent: false,
        demand: false,
        detect_mult: NonZeroU8::new(3).unwrap(),
        my_discriminator: Discriminator::new(0x0102_0304).unwrap(),
        your_discriminator: Discriminator::new(0x0a0b_0c0d),
        desired_min_tx: Interval::from_millis(300),
        required_min_rx: Interval::from_millis(50),
        required_min_echo_rx: Interval::ZERO,
        auth: None,
    }
}

#[track_caller]
fn same(packet: Packet, bytes: &[u8]) {
    assert_eq!(packet.to_bytes(), bytes);
    assert_eq!(Packet::parse(bytes), Ok(packet));
}

#[test]
fn every_field_has_its_place() {
    #[rustfmt::skip]
    let bytes = [
        0x20, 0xc0, 3, 24,
        1, 2, 3, 4,
        0x0a, 0x0b, 0x0c, 0x0d,
        0x00, 0x04, 0x93, 0xe0,
        0x00, 0x00, 0xc3, 0x50,
        0, 0, 0, 0,
    ];
    same(up(), &bytes);
}

#[test]
fn every_flag_state_and_diagnostic_has_its_bits() {
    let second = |packet: Packet| packet.to_bytes()[1];
    assert_eq!(second(Packet { is_poll: true, ..up() }), 0xe0);
    assert_eq!(second(Packet { is_final: true, ..up() }), 0xd0);
    assert_eq!(second(Packet { control_plane_independent: true, ..up() }), 0xc8);
    assert_eq!(second(Packet { demand: true, ..up() }), 0xc2);
    for (number, state) in State::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(second(Packet { state, ..up() })), number << 6);
    }
    for code in 0..=31 {
        let packet = Packet { diagnostic: Diagnostic::from_bits(code), ..up() };
        assert_eq!(packet.to_bytes()[0], 0x20 | code);
        assert_eq!(Packet::parse(&packet.to_bytes()), Ok(packet));
    }
}

#[test]
fn every_authentication_section_has_its_layout() {
    let with = |proof| Packet { auth: Some(Auth { key_id: 9, proof }), ..up() };
    let section = |packet: Packet| packet.to_bytes()[24..].to_vec();

    let password = with(Proof::Password(Password::new(b"pw").unwrap()));
    assert_eq!(section(password), [1, 5, 9, b'p', b'w']);
    assert_eq!(password.to_bytes()[..4], [0x20, 0xc4, 3, 29]);

    let mut md5 = vec![2, 24, 9, 0, 0, 0, 1, 2];
    md5.extend([7; 16]);
    assert_eq!(section(with(Proof::Md5 { meticulous: false, sequence: 258, digest: [7; 16] })), md5);

    let mut sha1 = vec![5, 28, 9, 0, 0, 0, 1, 2];
    sha1.extend([7; 20]);
    assert_eq!(section(with(Proof::Sha1 { meticulous: true, sequence: 258, hash: [7; 20] })), sha1);
}

#[test]
fn a_password_is_not_printed() {
    let auth = Auth { key_id: 1, proof: Proof::Password(Password::new(b"hunter2").unwrap()) };
    let text = format!("{auth:?}");
    assert!(!text.contains("hunter2") && !text.contains("104"), "{text}");
}

#[test]
fn a_password_has_1_to_16_bytes() {
    assert!(Password::new(b"").is_none());
    assert!(Password::new(&[b'x'; 16]).is_some());
    assert!(Password::new(&[b'x'; 17]).is_none());
}

#[test]
fn the_first_fault_in_the_order_of_the_rfc_is_named() {
    // All wrong at once, then mended from the top (RFC 5880 section 6.8.6).
    let mut bytes = [0; 24];
    bytes[1] = 0xc1;
    let mut fault = |at: usize, value: u8| {
        bytes[at] = value;
        Packet::parse(&bytes).map(|_| ())
    };
    assert_eq!(fault(0, 0), Err(PacketError::Version(0)));
    assert_eq!(fault(0, 0x20), Err(PacketError::Length { length: 0, least: 24 }));
    assert_eq!(fault(3, 30), Err(PacketError::Truncated { length: 30, payload: 24 }));
    assert_eq!(fault(3, 24), Err(PacketError::DetectMult));
    assert_eq!(fault(2, 1), Err(PacketError::Multipoint));
    assert_eq!(fault(1, 0xc0), Err(PacketError::MyDiscriminator));
    assert_eq!(fault(7, 1), Err(PacketError::YourDiscriminator(State::Up)));
    assert_eq!(fault(11, 1), Ok(()));
}

fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..=16).prop_map(|bytes| Proof::Password(Password::new(&bytes).unwrap())),
        any::<(bool, u32, [u8; 16])>().prop_map(|(meticulous, sequence, digest)| Proof::Md5 {
            meticulous,
            sequence,
            digest
        }),
        any::<(bool, u32, [u8; 20])>().prop_map(|(meticulous, sequence, hash)| Proof::Sha1 {
            meticulous,
            sequence,
            hash
        }),
    ]
}

fn packet() -> impl Strategy<Value = Packet> {
    let head = (0..32_u8, 0..4_usize, any::<[bool; 4]>(), 1..=255_u8);
    let numbers = (1..=u32::MAX, any::<u32>(), any::<[u32; 3]>());
    let auth = prop::option::of((any::<u8>(), proof()).prop_map(|(key_id, proof)| Auth { key_id, proof }));
    (head, numbers, auth).prop_map(|((diagnostic, state, flags, mult), (mine, yours, intervals), auth)| {
        let [is_poll, is_final, control_plane_independent, demand] = flags;
        let [desired_min_tx, required_min_rx, required_min_echo_rx] = intervals.map(Interval::from_micros);
        let state = State::ALL[state];
        let your_discriminator = match state {
            State::AdminDown | State::Down => Discriminator::new(yours),
            State::Init | State::Up => Discriminator::new(yours.max(1)),
        };
        Packet {
            diagnostic: Diagnostic::from_bits(diagnostic),
            state,
            is_poll,
            is_final,
            control_plane_independent,
            demand,
            detect_mult: NonZeroU8::new(mult).unwrap(),
            my_discriminator: Discriminator::new(mine).unwrap(),
            your_discriminator,
            desired_min_tx,
            required_min_rx,
            required_min_echo_rx,
            auth,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(packet in packet(), behind: Vec<u8>) {
        let mut bytes = packet.to_bytes();
        prop_assert!(bytes.len() <= Packet::MAX_LEN);
        prop_assert_eq!(usize::from(bytes[3]), bytes.len());
        bytes.extend(behind);
        prop_assert_eq!(Packet::parse(&bytes), Ok(packet));
    }

    #[test]
    fn no_part_of_a_packet_is_a_packet(packet in packet()) {
        let bytes = packet.to_bytes();
        for len in 0..bytes.len() {
            prop_assert!(Packet::parse(&bytes[..len]).is_err());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..60), start in 0..4) {
        // Three times out of four with a head that passes the first checks, else few would be read.
        if let (1.., [version, bits, _, length, ..]) = (start, bytes.as_mut_slice()) {
            *version = 0x20 | *version & 0x1f;
            *bits &= 0xfe;
            *length = 24 + *length % 36;
        }
        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert_eq!(Packet::parse(&packet.to_bytes()), Ok(packet));
        }
    }
}
