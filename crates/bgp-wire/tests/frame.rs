//! The message header (RFC 4271, sections 4.1 and 6.1; RFC 8654).

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_wire::*;
use common::{hex, message};
use proptest::prelude::*;

#[test]
fn a_keepalive_is_a_header_and_nothing_else() {
    // RFC 4271, section 4.4.
    let bytes = hex("FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF  0013  04");
    assert_eq!(bytes, KEEPALIVE);
    let frame = frame(&bytes, false).unwrap().unwrap();
    assert_eq!(frame, Frame { kind: Kind::Keepalive, body: &[] });
    assert_eq!(Message::read(frame), Ok(Message::Keepalive));
}

#[test]
fn a_message_is_taken_only_when_all_of_it_is_there() {
    let bytes = message(2, &[0, 0, 0, 0]);
    for end in 0..bytes.len() {
        assert_eq!(frame(&bytes[..end], false), Ok(None), "after {end} bytes");
    }
    let mut two = bytes.clone();
    two.extend_from_slice(&KEEPALIVE);
    assert_eq!(frame(&two, false).unwrap().unwrap().length(), bytes.len());
}

#[test]
fn garbage_is_refused_at_its_first_byte() {
    assert_eq!(frame(b"G", false), Err(Fault::NotSynchronized));
    assert_eq!(frame(b"\xFF\xFF\xFFGET / HTTP/1.1\r\n", false), Err(Fault::NotSynchronized));
    let notification = Fault::NotSynchronized.notification();
    assert_eq!((notification.cause, notification.data), (Cause { code: 1, subcode: 1 }, vec![]));
}

#[test]
fn an_unknown_type_comes_back_in_the_notification() {
    let fault = frame(&message(6, &[]), false).unwrap_err();
    assert_eq!(fault, Fault::Kind(6));
    assert_eq!(fault.notification(), Notification::new(Cause { code: 1, subcode: 3 }, [6]));
}

/// Shortest and longest by type, without and with extended messages (RFC 4271, section 6.1; RFC 8654, section 4).
#[test]
fn each_type_has_its_shortest_and_longest_length() {
    let table =
        [(1, 29, 4096, 4096), (2, 23, 4096, 65_535), (3, 21, 4096, 65_535), (4, 19, 19, 19), (5, 19, 4096, 65_535)];
    for (kind, shortest, standard, extended) in table {
        for (is_extended, longest) in [(false, standard), (true, extended)] {
            let refused = |length: u16| {
                let mut header = message(kind, &[]);
                header[16..18].copy_from_slice(&length.to_be_bytes());
                match frame(&header, is_extended) {
                    Ok(_) => false,
                    Err(fault) => {
                        assert_eq!(fault, Fault::Length { length });
                        let told = Notification::new(Cause { code: 1, subcode: 2 }, length.to_be_bytes());
                        assert_eq!(fault.notification(), told);
                        true
                    }
                }
            };
            assert!(refused(0) && refused(18) && refused(shortest - 1), "type {kind} of {shortest} - 1");
            assert!(!refused(shortest), "type {kind} of {shortest}");
            assert!(!refused(longest), "type {kind} of {longest}");
            assert!(longest == u16::MAX || refused(longest + 1), "type {kind} of {longest} + 1");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_yield_more_than_is_there(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(Some(frame)) = frame(&bytes, true) {
            prop_assert!(frame.length() <= bytes.len());
        }
    }

    #[test]
    fn what_is_wrong_early_stays_wrong(mut bytes in prop::collection::vec(any::<u8>(), 19..40), synchronized: bool) {
        if synchronized {
            bytes[..16].fill(0xFF);
        }
        let whole = frame(&bytes, true);
        for end in 0..bytes.len() {
            if let Err(fault) = frame(&bytes[..end], true) {
                prop_assert_eq!(whole.clone(), Err(fault));
            }
        }
    }
}
