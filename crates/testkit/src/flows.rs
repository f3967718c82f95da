//! Flow records as a network of two sites would export them: seeded, so that the same seed gives the same records.
//!
//! Clients of `10.10.0.0/16`, `10.20.0.0/16` and `2001:db8:10::/48` talk to far ends that the caller names, and to some
//! that nobody lists; each record comes with the one of its answer often enough. Times rise over a day, with the disorder of an exporter that tells a
//! flow when it ends.

use std::io::{self, Write};
use std::net::IpAddr;

/// The columns of [`write`].
pub const HEADER: &str = "src,dst,sport,dport,protocol,bytes,packets,first_ms,last_ms";

/// When the day begins: 2026-11-16 00:00 UTC.
const DAY: u64 = 1_794_787_200_000;

/// Writes so many records as lines of CSV under [`HEADER`], of part `part` of `parts` of the day.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut impl Write, records: u64, seed: u64, part: (u64, u64), far: &[IpAddr]) -> io::Result<()> {
    let mut dice = Dice(seed ^ part.0.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    writeln!(out, "{HEADER}")?;
    let length = 86_400_000 / part.1.max(1);
    let far: [Vec<&IpAddr>; 2] =
        [far.iter().filter(|far| far.is_ipv4()).collect(), far.iter().filter(|far| far.is_ipv6()).collect()];
    for index in 0..records {
        let begun = DAY + part.0 * length + index * length / records.max(1);
        let first = begun.saturating_sub(dice.below(120_000));
        // Most flows are short; one in a hundred lasts for minutes.
        let lasts = if dice.below(100) == 0 { dice.below(1_800_000) } else { dice.below(5_000) };
        let v6 = dice.below(8) == 0;
        let own = dice.below(2000);
        let near = match (v6, dice.below(3)) {
            (true, _) => format!("2001:db8:10::{own:x}"),
            (false, 0) => format!("10.20.{}.{}", own >> 8, own & 255),
            (false, _) => format!("10.10.{}.{}", own >> 8, own & 255),
        };
        let listed = &far[usize::from(v6)];
        let distant = match dice.below(4) {
            0 if !v6 => format!("198.51.{}.{}", dice.below(8), dice.below(256)),
            _ if listed.is_empty() => "192.0.2.1".to_owned(),
            _ => listed[dice.below(listed.len() as u64) as usize].to_string(),
        };
        let port = [443, 443, 443, 80, 25, 993, 3478, 3479, 22, 53][dice.below(10) as usize];
        let protocol = if (3478..3490).contains(&port) || port == 53 {
            17
        } else {
            [6, 6, 6, 6, 6, 6, 6, 17, 50][dice.below(9) as usize]
        };
        let high = 49_152 + dice.below(16_384);
        let (high, port) = if protocol == 50 { (0, 0) } else { (high, port) };
        let packets = 1 + dice.below(if lasts > 10_000 { 20_000 } else { 60 });
        let bytes = packets * (60 + dice.below(1200));
        let last = first + lasts;
        match dice.below(2) {
            0 => writeln!(out, "{near},{distant},{high},{port},{protocol},{bytes},{packets},{first},{last}")?,
            _ => writeln!(out, "{distant},{near},{port},{high},{protocol},{bytes},{packets},{first},{last}")?,
        }
    }
    out.flush()
}

/// SplitMix64: good enough for traffic, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % most.max(1)
    }
}
