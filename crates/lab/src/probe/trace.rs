//! The way of a stream, hop by hop.
//!
//! A packet with a small hop limit makes the router where it runs out answer (ICMP, RFC 792; ICMPv6, RFC 4443) and quote
//! what it dropped. The question leaves from the port of the stream and goes to its port, so routers that share out
//! flows treat both alike. Routers answer a few such questions a second, so this is for asking now and then.

use super::packet::{Kind, Packet};
use std::net::IpAddr;

/// The last hop limit that is tried.
pub const MAX_HOPS: u8 = 8;

/// The way that a stream takes: who answered at each hop, nothing where nobody did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// The routers, nearest first.
    pub hops: Vec<Option<IpAddr>>,
    /// Whether a question came through to the receiver.
    pub arrived: bool,
}

impl Route {
    pub(super) fn answer(&mut self, limit: u8, by: IpAddr) {
        let Some(index) = usize::from(limit).checked_sub(1).filter(|_| limit <= MAX_HOPS) else { return };
        if self.hops.len() <= index {
            self.hops.resize(index + 1, None);
        }
        if let Some(hop) = self.hops.get_mut(index) {
            *hop = Some(by);
        }
    }

    /// The addresses that answered, nearest first.
    pub fn answered(&self) -> impl Iterator<Item = IpAddr> {
        self.hops.iter().copied().flatten()
    }
}

/// The question that a router quotes in its "time exceeded".
///
/// `message` is what a raw socket reads: for IPv4 with the IP header before it, for IPv6 without.
pub(super) fn exceeded(message: &[u8], is_v4: bool) -> Option<Packet> {
    let (kind, quoted) = match is_v4 {
        true => {
            let icmp = message.get(header_v4(message)?..)?;
            (icmp.first()? == &11, icmp.get(8..)?)
        }
        false => (message.first()? == &3, message.get(8..)?),
    };
    let udp = match is_v4 {
        true => quoted.get(header_v4(quoted)?..)?,
        false => quoted.get(40..)?,
    };
    let packet = Packet::read(udp.get(8..)?)?;
    (kind && packet.kind == Kind::Trace).then_some(packet)
}

/// Octets of an IPv4 header.
fn header_v4(packet: &[u8]) -> Option<usize> {
    let first = packet.first()?;
    (first >> 4 == 4).then_some(usize::from(first & 15) * 4).filter(|len| *len >= 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ASKED: Packet = Packet { run: 7, stream: 3, kind: Kind::Trace, number: 2 };

    fn answer(kind: u8, packet: Packet) -> Vec<u8> {
        let outer = [0x45].into_iter().chain([0; 19]);
        let icmp = [kind, 0, 0, 0, 0, 0, 0, 0];
        let quoted = [0x46].into_iter().chain([0; 23]).chain([0; 8]).chain(packet.write());
        outer.chain(icmp).chain(quoted).collect()
    }

    #[test]
    fn a_quoted_question_is_found_behind_options() {
        assert_eq!(exceeded(&answer(11, ASKED), true), Some(ASKED));
    }

    #[test]
    fn other_messages_and_packets_that_count_are_none() {
        assert_eq!(exceeded(&answer(3, ASKED), true), None);
        assert_eq!(exceeded(&answer(11, Packet { kind: Kind::Count, ..ASKED }), true), None);
    }

    #[test]
    fn answers_may_come_in_any_order_and_leave_holes() {
        let mut route = Route::default();
        let by = |last| IpAddr::from([192, 0, 2, last]);
        for (limit, last) in [(3, 3), (1, 1), (0, 9), (99, 9)] {
            route.answer(limit, by(last));
        }
        assert_eq!(route.hops, [Some(by(1)), None, Some(by(3))]);
        assert_eq!(route.answered().count(), 2);
    }

    proptest! {
        #[test]
        fn no_bytes_are_trouble(bytes: Vec<u8>, is_v4: bool) {
            exceeded(&bytes, is_v4);
        }
    }
}
