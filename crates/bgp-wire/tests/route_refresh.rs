//! ROUTE-REFRESH (RFC 2918, section 3; RFC 7313).

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_wire::*;
use common::{hex, message, whole};
use model::Family;

#[test]
fn a_request_a_beginning_and_an_end() {
    let table = [
        (Family::V4, RefreshKind::Request, "0001 00 01"),
        (Family::V6, RefreshKind::Begin, "0002 01 01"),
        (Family::V6, RefreshKind::End, "0002 02 01"),
    ];
    for (family, kind, body) in table {
        let refresh = RouteRefresh { family: family.into(), kind };
        let bytes = message(5, &hex(body));
        let mut written = Vec::new();
        refresh.write(&mut written);
        assert_eq!(written, bytes);
        assert_eq!(Message::read(whole(&bytes)), Ok(Message::RouteRefresh(Some(refresh))));
    }
}

#[test]
fn an_unknown_subtype_is_to_be_ignored() {
    // RFC 7313, section 5.
    assert_eq!(RouteRefresh::read(&hex("0001 03 01")), Ok(None));
}

#[test]
fn an_unknown_family_is_the_sessions_to_ignore() {
    let read = RouteRefresh::read(&hex("4004 00 47")).unwrap().unwrap();
    assert_eq!(read.family, AfiSafi { afi: 0x4004, safi: 0x47 });
    assert_eq!(read.family.family(), None);
}

#[test]
fn a_wrong_length_comes_back_whole() {
    // RFC 7313, section 5.
    for body in ["", "0001", "0001 01", "0001 01 01 00", "0001 00 01 02 80 0001 FF"] {
        let bytes = message(5, &hex(body));
        let fault = Message::read(whole(&bytes)).unwrap_err();
        assert_eq!(fault.notification(), Notification::new(Cause { code: 7, subcode: 1 }, bytes));
    }
}
