//! A transport connection: what has come of it and is not yet a whole message, and what waits to go out.

use crate::Peer;
use bgp_wire::{HEADER, frame};

/// A connection, from the moment it is asked for or made to its end.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Whose it is.
    pub(crate) peer: Peer,
    /// We told the peer that we take messages of up to 65,535 bytes, and it told us (RFC 8654).
    pub(crate) extended: bool,
    /// The first bytes of a message whose rest has to come; never as much as a whole one.
    pub(crate) partial: Vec<u8>,
    /// Messages of the session itself, which go before routes.
    pub(crate) control: Vec<u8>,
    /// It is on the list of those with something to send.
    pub(crate) is_ready: bool,
}

impl Connection {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, extended: false, partial: Vec::new(), control: Vec::new(), is_ready: false }
    }
}

/// Moves bytes from `received` to `partial` until that is one message, or is known to be none; whether it has
/// come to that. No more than the message is taken.
pub(crate) fn complete(partial: &mut Vec<u8>, received: &mut &[u8], extended: bool) -> bool {
    fill(partial, received, HEADER);
    match frame(partial, extended) {
        Ok(None) => {}
        Ok(Some(_)) | Err(_) => return true,
    }
    // The length is one that a message of its type may have, or `frame` had refused it.
    if let Some(&[high, low]) = partial.get(HEADER - 3..HEADER - 1) {
        fill(partial, received, u16::from_be_bytes([high, low]).into());
    }
    !matches!(frame(partial, extended), Ok(None))
}

/// Moves bytes until `to` holds `length` of them or there are no more.
fn fill(to: &mut Vec<u8>, from: &mut &[u8], length: usize) {
    let count = length.saturating_sub(to.len()).min(from.len());
    let (taken, rest) = from.split_at(count);
    to.extend_from_slice(taken);
    *from = rest;
}

#[cfg(test)]
mod tests {
    use super::*;
    use bgp_wire::KEEPALIVE;

    #[test]
    fn a_message_is_whole_whatever_pieces_it_came_in() {
        for cut in 0..KEEPALIVE.len() {
            let mut partial = KEEPALIVE[..cut].to_vec();
            let mut rest = [&KEEPALIVE[cut..], b"next"].concat();
            let mut received = rest.as_slice();
            assert!(complete(&mut partial, &mut received, false));
            assert_eq!(partial, KEEPALIVE);
            assert_eq!(received, b"next");
            rest.clear();
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_not_waited_for() {
        let mut partial = Vec::new();
        let mut bytes = KEEPALIVE.to_vec();
        bytes[16] = 0xff;
        assert!(complete(&mut partial, &mut bytes.as_slice(), true));
        assert_eq!(partial.len(), HEADER);
    }
}
