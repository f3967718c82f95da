//! What a probe carries.
//!
//! ```text
//!  0                   4                   8           10          12                  16
//!  ┌───────────────────┬───────────────────┬───────────┬───────────┬───────────────────┬─ ─ ─
//!  │ "TPdr"            │ run               │ stream    │ kind      │ number            │ zeros
//!  └───────────────────┴───────────────────┴───────────┴───────────┴───────────────────┴─ ─ ─
//! ```
//!
//! All numbers are big-endian. The run keeps packets of an earlier drill apart that were still under way.

/// Octets of a probe, at least.
pub(super) const LENGTH: usize = 16;

const MAGIC: [u8; 4] = *b"TPdr";

/// What a probe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To be counted.
    Count,
    /// To find the way; the number is the hop limit that it left with.
    Trace,
}

/// A probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) run: u32,
    pub(super) stream: u16,
    pub(super) kind: Kind,
    pub(super) number: u32,
}

impl Packet {
    pub(super) fn write(&self) -> [u8; LENGTH] {
        let kind: u16 = match self.kind {
            Kind::Count => 0,
            Kind::Trace => 1,
        };
        let mut bytes = [0; LENGTH];
        let parts = [MAGIC.as_slice(), &self.run.to_be_bytes(), &self.stream.to_be_bytes(), &kind.to_be_bytes()];
        let number = self.number.to_be_bytes();
        let all = parts.into_iter().flatten().chain(&number);
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// Reads a probe; `None` for anything else. What comes behind its octets is filling.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (run, rest) = rest.split_first_chunk::<4>()?;
        let (stream, rest) = rest.split_first_chunk::<2>()?;
        let (kind, rest) = rest.split_first_chunk::<2>()?;
        let (number, _) = rest.split_first_chunk::<4>()?;
        let kind = match u16::from_be_bytes(*kind) {
            0 => Kind::Count,
            1 => Kind::Trace,
            _ => return None,
        };
        let (run, stream) = (u32::from_be_bytes(*run), u16::from_be_bytes(*stream));
        (*magic == MAGIC).then_some(Self { run, stream, kind, number: u32::from_be_bytes(*number) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_probe_is_read_as_it_was_written(run: u32, stream: u16, is_trace: bool, number: u32, filling in 0_usize..64) {
            let kind = if is_trace { Kind::Trace } else { Kind::Count };
            let packet = Packet { run, stream, kind, number };
            let mut bytes = packet.write().to_vec();
            bytes.resize(LENGTH + filling, 0);
            prop_assert_eq!(Packet::read(&bytes), Some(packet));
        }

        #[test]
        fn anything_else_is_no_probe(bytes: Vec<u8>) {
            prop_assert_eq!(Packet::read(&bytes), None);
        }
    }

    #[test]
    fn a_probe_that_was_cut_short_is_none() {
        let bytes = Packet { run: 1, stream: 2, kind: Kind::Count, number: 3 }.write();
        assert_eq!(Packet::read(&bytes[..LENGTH - 1]), None);
    }
}
