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
        }
    }

    /// Whether the result is the worse for it.
    pub fn is_loss(self) -> bool {
        match self {
            Self::Cut | Self::NoRecord | Self::NoData => true,
            Self::Rejected | Self::Begin => false,
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
