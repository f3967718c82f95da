//! What the tests of messages share: bytes written as in the RFCs, and sessions to read them in.

#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod any;

use bgp_wire::*;

/// An external neighbour with all that is modern, and none of the long messages.
pub(crate) const EXTERNAL: Session = Session {
    neighbor: Neighbor::External,
    four_octet_as: true,
    families: Families::BOTH,
    add_path: Families::NONE,
    receive_extended: false,
    send_extended: false,
};

/// The same inside an AS.
pub(crate) const INTERNAL: Session = Session { neighbor: Neighbor::Internal, ..EXTERNAL };

/// An external neighbour that knows AS numbers of two octets only (RFC 6793 calls it OLD).
pub(crate) const OLD: Session = Session { four_octet_as: false, ..EXTERNAL };

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

/// A whole message: marker, length and type before the body.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xFF; 16];
    bytes.extend_from_slice(&(19 + body.len() as u16).to_be_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(body);
    bytes
}

/// The body of an UPDATE.
pub(crate) fn update(withdrawn: &[u8], attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut body = (withdrawn.len() as u16).to_be_bytes().to_vec();
    body.extend_from_slice(withdrawn);
    body.extend_from_slice(&(attributes.len() as u16).to_be_bytes());
    body.extend_from_slice(attributes);
    body.extend_from_slice(nlri);
    body
}

/// One attribute, with a length of two octets if the flags say so.
pub(crate) fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
    let [high, low] = (value.len() as u16).to_be_bytes();
    let mut bytes = vec![flags, code];
    if flags & 0x10 != 0 {
        bytes.push(high);
    }
    bytes.push(low);
    bytes.extend_from_slice(value);
    bytes
}

/// Takes the one message that a buffer is.
pub(crate) fn whole(bytes: &[u8]) -> Frame<'_> {
    let frame = frame(bytes, true).unwrap().expect("a whole message");
    assert_eq!(frame.length(), bytes.len());
    frame
}

/// The messages that a buffer is made of.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<Frame<'_>> {
    let mut all = Vec::new();
    while let Some(frame) = frame(bytes, true).unwrap() {
        bytes = &bytes[frame.length()..];
        all.push(frame);
    }
    assert!(bytes.is_empty());
    all
}
