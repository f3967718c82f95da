//! Counting: bytes and flows by interval, in numbers that add up the same in any order.

use super::{Classifier, Direction};
use crate::Way;
use crate::flow::Flow;
use std::collections::BTreeMap;

/// What is counted apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The site.
    pub site: String,
    /// The way.
    pub way: Way,
    /// The class.
    pub class: String,
}

/// One key in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// Bytes from the site and to it.
    pub(super) bytes: [u64; 2],
    /// TCP and UDP records of the interval, from the site and to it.
    pub(super) flows: [u64; 2],
}

impl Cell {
    pub(super) fn add(&mut self, other: &Self) {
        for side in [0, 1] {
            self.bytes[side] = self.bytes[side].saturating_add(other.bytes[side]);
            self.flows[side] = self.flows[side].saturating_add(other.flows[side]);
        }
    }
}

/// Records that are not counted, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Odd {
    /// Between sites or within one.
    pub between: u64,
    /// They end before they begin: a clock was set.
    pub backwards: u64,
    /// They last longer than [`Tally::LONGEST_MS`], or lie before 1970 or after 9999: a clock is wrong.
    pub endless: u64,
}

/// Why a tally cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TallyError {
    /// Too many intervals.
    #[error(
        "the records touch more than {most} intervals of {seconds} s, the last at {at} s since 1970; wanted a longer \
         interval, or only records of some days (--from, --to)"
    )]
    Span {
        /// The most.
        most: usize,
        /// The interval.
        seconds: u32,
        /// The interval that was one too many.
        at: i64,
    },
}

pub(super) const YEAR_10000_MS: i64 = 253_402_300_800_000;

/// Counts of flow records. Its size hangs on sites, classes and intervals, not on the number of records.
#[derive(Debug, Clone)]
pub struct Tally {
    pub(super) seconds: u32,
    pub(super) keys: Vec<Key>,
    pub(super) cells: BTreeMap<i64, Vec<Cell>>,
    pub(super) records: u64,
    pub(super) odd: Odd,
    /// Number of the key for each site and verdict; `u16::MAX` where there is none yet.
    slots: Vec<u16>,
}

impl Tally {
    /// The longest record that is believed: a day. Exporters end a record after minutes.
    pub const LONGEST_MS: i64 = 86_400_000;
    /// The most intervals: a year of five minutes.
    pub const MOST_INTERVALS: usize = 105_408;

    /// An empty tally of intervals of so many seconds; at least one.
    pub fn new(seconds: u32) -> Self {
        Self {
            seconds: seconds.max(1),
            keys: Vec::new(),
            cells: BTreeMap::new(),
            records: 0,
            odd: Odd::default(),
            slots: Vec::new(),
        }
    }

    /// The length of an interval, in seconds.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// How many records were counted.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// What was left out.
    pub fn odd(&self) -> Odd {
        self.odd
    }

    /// Counts a record.
    ///
    /// # Errors
    /// There are too many intervals.
    pub fn add(&mut self, classifier: &Classifier, flow: &Flow) -> Result<(), TallyError> {
        let length = flow.end_ms.saturating_sub(flow.start_ms);
        if length < 0 {
            self.odd.backwards += 1;
            return Ok(());
        }
        if length > Self::LONGEST_MS || !(0..YEAR_10000_MS).contains(&flow.start_ms) {
            self.odd.endless += 1;
            return Ok(());
        }
        let Some(place) = classifier.place(flow) else {
            self.odd.between += 1;
            return Ok(());
        };
        let slot = self.slot(classifier, place.site, place.verdict);
        let side = usize::from(place.direction == Direction::In);
        self.records += 1;
        let counted = u64::from(matches!(flow.protocol, super::classify::TCP | super::classify::UDP));
        // The record holds its first millisecond, and each after it but the last.
        let length = length.max(1);
        let interval = i64::from(self.seconds) * 1000;
        let (first, last) = (flow.start_ms.div_euclid(interval), (flow.start_ms + length - 1).div_euclid(interval));
        if first == last {
            return self.put(first, slot, side, flow.bytes, counted);
        }
        // What is past at the end of an interval, less what was past at its beginning: nothing is lost by rounding.
        let past = |at: i64| {
            let gone = (at - flow.start_ms).clamp(0, length);
            u64::try_from(u128::from(flow.bytes) * gone.unsigned_abs() as u128 / length.unsigned_abs() as u128)
                .unwrap_or(0)
        };
        for index in first..=last {
            let bytes = past((index + 1) * interval) - past(index * interval);
            self.put(index, slot, side, bytes, counted)?;
        }
        Ok(())
    }

    fn put(&mut self, index: i64, slot: usize, side: usize, bytes: u64, flows: u64) -> Result<(), TallyError> {
        let cells = self.interval(index)?;
        if cells.len() <= slot {
            cells.resize(slot + 1, Cell::default());
        }
        let cell = &mut cells[slot];
        cell.bytes[side] = cell.bytes[side].saturating_add(bytes);
        cell.flows[side] = cell.flows[side].saturating_add(flows);
        Ok(())
    }

    /// The cells of an interval, which is new or known.
    fn interval(&mut self, index: i64) -> Result<&mut Vec<Cell>, TallyError> {
        if self.cells.len() >= Self::MOST_INTERVALS && !self.cells.contains_key(&index) {
            let at = index.saturating_mul(i64::from(self.seconds));
            return Err(TallyError::Span { most: Self::MOST_INTERVALS, seconds: self.seconds, at });
        }
        Ok(self.cells.entry(index).or_default())
    }

    fn slot(&mut self, classifier: &Classifier, site: u16, verdict: u16) -> usize {
        let place = usize::from(site) * classifier.verdicts.len() + usize::from(verdict);
        match self.slots.get(place) {
            Some(&slot) if slot != u16::MAX => return usize::from(slot),
            Some(_) => {}
            None => self.slots.resize(place + 1, u16::MAX),
        }
        let verdict = classifier.verdict_of(verdict);
        let slot =
            self.key(Key { site: classifier.site(site).to_owned(), way: verdict.way, class: verdict.class.clone() });
        self.slots[place] = u16::try_from(slot).unwrap_or(u16::MAX);
        slot
    }

    /// The number of a key, which is new or known.
    pub(super) fn key(&mut self, key: Key) -> usize {
        self.keys.iter().position(|own| *own == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        })
    }

    /// Adds what another counted. The interval of both must be the same.
    ///
    /// # Errors
    /// There are too many intervals.
    pub fn merge(&mut self, other: &Self) -> Result<(), TallyError> {
        let slots: Vec<usize> = other.keys.iter().map(|key| self.key(key.clone())).collect();
        for (index, cells) in &other.cells {
            // An interval whose records have no bytes is one all the same: percentiles count it.
            let own = self.interval(*index)?;
            for (cell, slot) in cells.iter().zip(&slots).filter(|(cell, _)| **cell != Cell::default()) {
                if own.len() <= *slot {
                    own.resize(slot + 1, Cell::default());
                }
                own[*slot].add(cell);
            }
        }
        // Another process may say anything.
        self.records = self.records.saturating_add(other.records);
        self.odd.between = self.odd.between.saturating_add(other.odd.between);
        self.odd.backwards = self.odd.backwards.saturating_add(other.odd.backwards);
        self.odd.endless = self.odd.endless.saturating_add(other.odd.endless);
        Ok(())
    }
}
