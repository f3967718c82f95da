//! Any bytes at all, also such as nearly are messages.

use crate::hand::*;
use bgp_fsm::Name;
use bgp_wire::KEEPALIVE;
use proptest::prelude::*;

/// A stream that is mostly right: true messages with some octets changed, cut out or doubled.
fn nearly_right() -> impl Strategy<Value = Vec<u8>> {
    let messages = prop_oneof![
        Just(KEEPALIVE.to_vec()),
        (0u32..50, 1u32..50).prop_map(|(first, count)| announced(HOSTILE, first..first + count)),
        (0u32..50, 1u32..50).prop_map(|(first, count)| withdrawn(first..first + count)),
        Just(message(5, &[0, 1, 0, 1])),
        proptest::collection::vec(any::<u8>(), 0..60).prop_map(|body| update(&body, &[24, 10, 0, 0])),
        (1u8..6, proptest::collection::vec(any::<u8>(), 0..80)).prop_map(|(kind, body)| message(kind, &body)),
    ];
    let mutation = prop_oneof![
        8 => Just(None),
        1 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(Some),
    ];
    proptest::collection::vec((messages, mutation), 1..30).prop_map(|messages| {
        let mutated = messages.into_iter().map(|(mut bytes, mutation)| {
            if let Some((index, octet)) = mutation {
                let at = index.index(bytes.len());
                bytes[at] ^= octet;
            }
            bytes
        });
        mutated.collect::<Vec<_>>().concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_stream_harms_a_bystander(bytes in nearly_right(), pieces in proptest::collection::vec(1usize..700, 1..40)) {
        let mut edge = Edge::new();
        let conn = edge.hostile();
        let mut rest = &bytes[..];
        for piece in pieces {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            edge.say(conn, now);
            rest = later;
        }
        edge.say(conn, rest);
        // At most one NOTIFICATION, and it is the last word.
        let said = edge.read(conn);
        let last_words = said.iter().filter(|message| matches!(message, Said::Notification(_))).count();
        prop_assert!(last_words <= 1);
        prop_assert_eq!(last_words == 1 || edge.is_closed(conn), edge.is_closed(conn));
        if last_words == 1 {
            prop_assert!(matches!(said.last(), Some(Said::Notification(_))));
        }
        prop_assert_eq!(edge.ends().len(), usize::from(edge.is_closed(conn)));
        if edge.is_closed(conn) {
            prop_assert_eq!(edge.table(), [""; 0]);
        } else {
            prop_assert_eq!(edge.state(HOSTILE), Name::Established);
        }
        edge.bystanders_are_unharmed();
    }

    #[test]
    fn a_stream_means_the_same_in_whatever_pieces_it_comes(bytes in nearly_right(), piece in 1usize..200) {
        let play = |pieces: usize| {
            let mut edge = Edge::new();
            let conn = edge.hostile();
            for piece in bytes.chunks(pieces) {
                edge.say(conn, piece);
            }
            let notifications: Vec<_> =
                edge.read(conn).into_iter().filter(|message| matches!(message, Said::Notification(_))).collect();
            (edge.table(), notifications, edge.notices)
        };
        prop_assert_eq!(play(piece), play(bytes.len()));
    }
}
