//! Hashes that a peer cannot aim at.
//!
//! Peers choose the keys of our tables, so the hashes are seeded with a secret of the process.

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use std::hash::Hasher;

/// The secret.
#[derive(Debug, Clone)]
pub(crate) struct Seeds {
    shared: SharedSeed,
    prefix: [u64; 2],
    bytes: u64,
}

impl Seeds {
    pub(crate) fn new(seed: u64) -> Self {
        let shared = SharedSeed::from_u64(seed);
        let draw = |n: u64| {
            let mut hasher = FoldHasher::with_seed(seed.rotate_left(32), &shared);
            hasher.write_u64(n);
            hasher.finish()
        };
        // An even factor would lose the lowest bit.
        let (prefix, bytes) = ([draw(1), draw(2) | 1], draw(3));
        Self { shared, prefix, bytes }
    }

    /// The hash of bytes that belong to somebody.
    pub(crate) fn bytes(&self, owner: u64, bytes: &[u8]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.bytes ^ owner, &self.shared);
        hasher.write(bytes);
        hasher.finish()
    }

    /// The hash of a number: one multiplication, both halves of the product folded.
    #[inline(always)]
    pub(crate) fn number(&self, number: u64) -> u64 {
        let [mask, factor] = self.prefix;
        let product = u128::from(number ^ mask) * u128::from(factor);
        (product as u64) ^ (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_numbers_spread_over_both_ends_of_the_hash() {
        let seeds = Seeds::new(7);
        let mut low = [0u32; 128];
        let mut high = [0u32; 128];
        for n in 0..128 * 64 {
            let hash = seeds.number(n << 16 | 24);
            low[(hash & 127) as usize] += 1;
            high[(hash >> 57) as usize] += 1;
        }
        // 64 are expected in each; sixteen times that would be a hash that does not spread.
        assert!(low.iter().chain(&high).all(|count| (1..1024).contains(count)), "{low:?} {high:?}");
    }

    #[test]
    fn seed_and_owner_change_the_hash() {
        let (a, b) = (Seeds::new(1), Seeds::new(2));
        assert_ne!(a.number(5), b.number(5));
        assert_ne!(a.bytes(0, b"x"), b.bytes(0, b"x"));
        assert_ne!(a.bytes(0, b"x"), a.bytes(1, b"x"));
    }
}
