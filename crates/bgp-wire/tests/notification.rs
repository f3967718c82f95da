//! NOTIFICATION (RFC 4271, section 4.5; RFC 4486, RFC 8538, RFC 9003).

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_wire::*;
use common::{hex, message, whole};
use model::Family;
use proptest::prelude::*;

#[track_caller]
fn both_ways(notification: &Notification, body: &str) {
    let bytes = message(3, &hex(body));
    let mut written = Vec::new();
    notification.write(STANDARD_LIMIT, &mut written);
    assert_eq!(written, bytes);
    assert_eq!(Message::read(whole(&bytes)), Ok(Message::Notification(notification.clone())));
}

#[test]
fn a_cause_without_data() {
    both_ways(&Cause::HOLD_TIMER_EXPIRED.into(), "04 00");
    assert_eq!(Notification::from(Cause::HOLD_TIMER_EXPIRED).to_string(), "Hold Timer Expired (4/0)");
}

#[test]
fn causes_have_their_numbers() {
    // "BGP Error (Notification) Codes" and the tables of subcodes.
    let table = [
        (Cause::NOT_SYNCHRONIZED, 1, 1),
        (Cause::BAD_MESSAGE_LENGTH, 1, 2),
        (Cause::BAD_MESSAGE_TYPE, 1, 3),
        (Cause::OPEN_UNSPECIFIC, 2, 0),
        (Cause::UNSUPPORTED_VERSION, 2, 1),
        (Cause::BAD_PEER_AS, 2, 2),
        (Cause::BAD_BGP_IDENTIFIER, 2, 3),
        (Cause::UNSUPPORTED_PARAMETER, 2, 4),
        (Cause::UNACCEPTABLE_HOLD_TIME, 2, 6),
        (Cause::UNSUPPORTED_CAPABILITY, 2, 7), // RFC 5492
        (Cause::ROLE_MISMATCH, 2, 11),         // RFC 9234
        (Cause::MALFORMED_ATTRIBUTE_LIST, 3, 1),
        (Cause::UNRECOGNIZED_WELL_KNOWN, 3, 2),
        (Cause::MISSING_WELL_KNOWN, 3, 3),
        (Cause::ATTRIBUTE_FLAGS_ERROR, 3, 4),
        (Cause::ATTRIBUTE_LENGTH_ERROR, 3, 5),
        (Cause::INVALID_ORIGIN, 3, 6),
        (Cause::INVALID_NEXT_HOP, 3, 8),
        (Cause::OPTIONAL_ATTRIBUTE_ERROR, 3, 9),
        (Cause::INVALID_NETWORK_FIELD, 3, 10),
        (Cause::MALFORMED_AS_PATH, 3, 11),
        (Cause::HOLD_TIMER_EXPIRED, 4, 0),
        (Cause::FSM_ERROR, 5, 0),
        (Cause::UNEXPECTED_IN_OPEN_SENT, 5, 1), // RFC 6608
        (Cause::UNEXPECTED_IN_OPEN_CONFIRM, 5, 2),
        (Cause::UNEXPECTED_IN_ESTABLISHED, 5, 3),
        (Cause::CEASE, 6, 0),
        (Cause::MAXIMUM_PREFIXES, 6, 1), // RFC 4486
        (Cause::ADMINISTRATIVE_SHUTDOWN, 6, 2),
        (Cause::PEER_DECONFIGURED, 6, 3),
        (Cause::ADMINISTRATIVE_RESET, 6, 4),
        (Cause::CONNECTION_REJECTED, 6, 5),
        (Cause::CONFIGURATION_CHANGE, 6, 6),
        (Cause::COLLISION_RESOLUTION, 6, 7),
        (Cause::OUT_OF_RESOURCES, 6, 8),
        (Cause::SEND_HOLD_TIMER_EXPIRED, 8, 0), // RFC 9687
        (Cause::HARD_RESET, 6, 9),              // RFC 8538
        (Cause::BFD_DOWN, 6, 10),               // RFC 9384
        (Cause::REFRESH_BAD_LENGTH, 7, 1),      // RFC 7313
    ];
    for (cause, code, subcode) in table {
        assert_eq!(cause, Cause { code, subcode }, "{cause}");
        assert!(!cause.to_string().starts_with("unknown"));
    }
}

#[test]
fn a_shutdown_tells_the_operator_why() {
    // RFC 9003, section 2: length, then UTF-8.
    let text = ShutdownText::try_from("line work, back at 06:00 ☎").unwrap();
    let notification = Notification::with_text(Cause::ADMINISTRATIVE_SHUTDOWN, &text);
    both_ways(&notification, "06 02 1C 6C696E6520776F726B2C206261636B2061742030363A303020E2988E");
    assert_eq!(notification.text(), Some(text));
    assert_eq!(notification.to_string(), "Administrative Shutdown (6/2): line work, back at 06:00 ☎");
}

#[test]
fn a_text_is_at_most_255_bytes() {
    assert!(ShutdownText::try_from("x".repeat(255).as_str()).is_ok());
    let error = ShutdownText::try_from("é".repeat(128).as_str()).unwrap_err();
    assert_eq!(error.to_string(), "the length of a shutdown text, 256 is outside 0..=255 bytes");
}

#[test]
fn a_text_that_is_none_is_left_alone() {
    for data in ["", "05 61", "01 FF", "02 C3"] {
        let notification = Notification::new(Cause::ADMINISTRATIVE_RESET, hex(data));
        assert_eq!(notification.text(), None, "{data}");
        assert_eq!(notification.to_string(), "Administrative Reset (6/4)");
    }
    // Only shutdown and reset have one.
    assert_eq!(Notification::new(Cause::PEER_DECONFIGURED, hex("01 61")).text(), None);
}

#[test]
fn a_hostile_text_stays_on_its_line() {
    let text = ShutdownText::try_from("a\r\nb\u{1b}[2J\u{202e}c\u{2028}d").unwrap();
    assert_eq!(text.to_string(), "a  b [2Jc d");
}

#[test]
fn too_many_prefixes_name_the_family_and_the_limit() {
    // RFC 4486, section 4.
    let notification = Notification::maximum_prefixes(Family::V6.into(), 200);
    both_ways(&notification, "06 01  0002 01 000000C8");
    assert_eq!(notification.prefix_limit(), Some((Family::V6.into(), 200)));
    assert_eq!(notification.to_string(), "Maximum Number of Prefixes Reached (6/1): 200 of IPv6 unicast");
    assert_eq!(Notification::from(Cause::MAXIMUM_PREFIXES).prefix_limit(), None);
}

#[test]
fn a_hard_reset_wraps_what_it_stands_for() {
    // RFC 8538, section 3.1.
    let text = ShutdownText::try_from("bye").unwrap();
    let inner = Notification::with_text(Cause::ADMINISTRATIVE_SHUTDOWN, &text);
    let notification = Notification::hard_reset(&inner);
    both_ways(&notification, "06 09  06 02 03 627965");
    assert_eq!(notification.inner(), Some(inner));
    assert_eq!(notification.to_string(), "Hard Reset (6/9): Administrative Shutdown (6/2): bye");
    assert_eq!(Notification::from(Cause::HARD_RESET).inner(), None);
    // However deep a peer nests them, the log has one level.
    let nested = Notification::hard_reset(&notification);
    assert_eq!(nested.to_string(), "Hard Reset (6/9): Hard Reset (6/9)");
}

#[test]
fn an_unknown_cause_is_kept_and_printed_by_number() {
    both_ways(&Notification::new(Cause { code: 9, subcode: 1 }, [1, 2]), "09 01 0102");
    assert_eq!(Cause { code: 9, subcode: 1 }.to_string(), "unknown error (9/1)");
    assert_eq!(Cause { code: 6, subcode: 77 }.to_string(), "Cease (6/77)");
}

#[test]
fn data_beyond_the_limit_is_cut() {
    let notification = Notification::new(Cause::OPTIONAL_ATTRIBUTE_ERROR, vec![1; 5000]);
    let mut bytes = Vec::new();
    notification.write(STANDARD_LIMIT, &mut bytes);
    assert_eq!(bytes.len(), 4096);
    assert_eq!(bytes[16..18], 4096u16.to_be_bytes());
}

proptest! {
    #[test]
    fn what_is_written_reads_back(code: u8, subcode: u8, data in prop::collection::vec(any::<u8>(), 0..300)) {
        let notification = Notification::new(Cause { code, subcode }, data);
        let mut bytes = Vec::new();
        notification.write(STANDARD_LIMIT, &mut bytes);
        prop_assert_eq!(Message::read(whole(&bytes)), Ok(Message::Notification(notification.clone())));
        prop_assert!(!notification.to_string().contains('\n'));
    }
}
