//! What could not be counted: how often, and where first.

use std::fmt;

/// What went wrong with a part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The file ends within a record.
    Cut,
    /// A line or object is no record.
    NoRecord,
    /// A record of traffic that was not let through.
    Rejected,
    /// A record that says that there was nothing, or that it is lost.
    NoData,
    /// A record without its bytes, as the begin of a flow.
    Begin,
    /// A message or packet ends within what it announces.
    Short,
    /// Data by a template that was not announced before.
    UnknownTemplate,
    /// The numbers of messages have a gap.
    Lost,
    /// A counter of 32 bits ran over.
    Wrapped,
    /// A part of a packet.
    Fragment,
    /// A packet that is no message of an exporter.
    NoExport,
}

impl Note {
    /// What it means to the result.
    fn effect(self) -> &'static str {
        match self {
            Self::Cut => "the end is missing; what came before counts",
            Self::NoRecord => "no flow record with addresses, times and bytes; left out",
            Self::Rejected => "traffic that was refused; left out, for it took no path",
            Self::NoData => "the log says that it has no data or lost some; the sums are too small by that",
            Self::Begin => "the beginning of a flow, without bytes; those come with its later records",
            Self::Short => "it ends within what it announces; the rest of it is left out",
            Self::UnknownTemplate => "its template was not announced before; left out, so the sums are too small by it",
            Self::Lost => "messages before it are missing; the sums are too small by those",
            Self::Wrapped => {
                "fewer bytes than its packets can have, so the counter ran over; the least that fits is counted"
            }
            Self::Fragment => "a fragment of a packet, which is not put together; left out",
            Self::NoExport => "no message of NetFlow 5, NetFlow 9 or IPFIX over UDP; left out",
        }
    }

    /// Whether the result is the worse for it.
    pub fn is_loss(self) -> bool {
        match self {
            Self::Cut | Self::NoRecord | Self::NoData | Self::Short | Self::UnknownTemplate => true,
            Self::Lost | Self::Wrapped | Self::Fragment => true,
            Self::Rejected | Self::Begin | Self::NoExport => false,
        }
    }
}

/// What could not be counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    all: std::collections::BTreeMap<Note, (u64, String)>,
}

impl Notes {
    /// Adds one. The place is asked of the first only.
    pub fn add<P: fmt::Display>(&mut self, note: Note, place: impl FnOnce() -> P) {
        self.all.entry(note).or_insert_with(|| (0, place().to_string())).0 += 1;
    }

    /// Each kind as a sentence, with whether the result is the worse for it.
    pub fn sentences(&self) -> impl Iterator<Item = (bool, String)> + '_ {
        self.all.iter().map(|(note, (count, place))| {
            let times = if *count == 1 { String::new() } else { format!("{count} times, first ") };
            (note.is_loss(), format!("{times}{place}: {}", note.effect()))
        })
    }

    /// How often something of a kind was met.
    pub fn count(&self, note: Note) -> u64 {
        self.all.get(&note).map_or(0, |(count, _)| *count)
    }
}
