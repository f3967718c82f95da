//! Who is connected to whom, and who has which prefixes.

use model::{Asn, Prefix};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Dice that fall the same way for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `below`, which is not 0.
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % below as u64) as usize
    }

    /// True once in `of` times.
    pub(crate) fn once_in(&mut self, of: usize) -> bool {
        self.roll(of) == 0
    }
}

/// A session between two speakers, each in an AS of its own. Two speakers may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) ends: [usize; 2],
    /// Only the first end connects.
    pub(crate) passive: bool,
    /// Both ends keep routes over a restart.
    pub(crate) graceful: bool,
    /// The hold time on both ends, in seconds.
    pub(crate) hold: u16,
    /// IPv6 routes go over it too.
    pub(crate) dual: bool,
}

/// A network.
pub(crate) struct Topology {
    pub(crate) speakers: usize,
    pub(crate) links: Vec<Link>,
    /// What each speaker originates.
    pub(crate) origins: Vec<BTreeSet<Prefix>>,
}

impl Topology {
    /// A ring, a tree, or a random graph, by the dice.
    pub(crate) fn roll(speakers: usize, dice: &mut Dice) -> Self {
        let mut pairs: Vec<[usize; 2]> = match dice.roll(3) {
            0 => (0..speakers).map(|a| [a, (a + 1) % speakers]).collect(),
            _ => (1..speakers).map(|a| [dice.roll(a), a]).collect(),
        };
        // Chords make a graph of a ring or a tree; a second session between two speakers is one of them at times.
        for _ in 0..[0, 3, speakers / 2][dice.roll(3)] {
            let (a, b) = (dice.roll(speakers), dice.roll(speakers));
            if a != b {
                pairs.push([a, b]);
            }
        }
        let links = pairs
            .into_iter()
            .map(|ends| Link {
                ends,
                passive: dice.once_in(3),
                graceful: dice.once_in(2),
                hold: [9, 15, 30][dice.roll(3)],
                dual: !dice.once_in(4),
            })
            .collect();
        // Prefixes are few, so that some have several origins.
        let origins = (0..speakers).map(|_| (0..dice.roll(3)).map(|_| prefix(dice.roll(speakers))).collect()).collect();
        Self { speakers, links, origins }
    }
}

/// The prefixes that may be originated, by number: every third is an IPv6 one.
pub(crate) fn prefix(number: usize) -> Prefix {
    let n = number as u16;
    let (address, length) = match n % 3 {
        0 => (IpAddr::V6(Ipv6Addr::new(0xfd00, n, 0, 0, 0, 0, 0, 0)), 32),
        _ => (IpAddr::V4(Ipv4Addr::new(172, 16 + (n >> 8) as u8, n as u8, 0)), 24),
    };
    Prefix::new(address, length).expect("a length that fits")
}

/// The AS of a speaker.
pub(crate) fn asn(speaker: usize) -> Asn {
    Asn(64512 + speaker as u32)
}

/// The router id of a speaker.
pub(crate) fn router_id(speaker: usize) -> u32 {
    0x0A00_0001 + speaker as u32
}

/// The address of an end of a link: unlike router ids, addresses are in the order of links.
pub(crate) fn address4(link: usize, end: usize) -> Ipv4Addr {
    Ipv4Addr::from(0x6440_0000 + 2 * link as u32 + end as u32)
}

/// The IPv6 address of an end of a link.
pub(crate) fn address6(link: usize, end: usize) -> Ipv6Addr {
    Ipv6Addr::new(0xfe00, 0, 0, 0, 0, 0, link as u16, end as u16)
}
