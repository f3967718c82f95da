//! KEEPALIVE (RFC 4271, section 4.4): a header and nothing else.

/// The one KEEPALIVE there is, ready to send.
pub const KEEPALIVE: [u8; 19] =
    [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 19, 4];
