//! What became of a stream: from when each packet left and what arrived, to loss, gaps, order, copies and delays.
//!
//! A **gap** is a run of numbers of which none arrived. It begins when its first packet left and ends when the next
//! packet left that did arrive, so at a thousand packets a second a gap of 116 packets is an outage of 116 ms, whatever
//! the delay. Reordering is RFC 4737's: a packet that arrives after one with a higher number.

use super::Stamp;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A packet that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number: 0 for the first that was sent.
    pub number: u32,
    /// When it reached the receiver's kernel.
    pub at: Stamp,
}

/// Packets in a row that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When the first of them left.
    pub from: Stamp,
    /// When the next one left that arrived; the end of the window when none did.
    pub to: Stamp,
    /// How many they are.
    pub packets: u32,
}

impl Gap {
    /// How long it is, in microseconds.
    pub fn micros(&self) -> u32 {
        self.to.since(self.from)
    }
}

/// Delays in one direction, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delays {
    /// Half of the packets took no longer.
    pub p50: u32,
    /// 99 in 100 took no longer.
    pub p99: u32,
    /// The longest.
    pub max: u32,
}

/// What became of the packets that left in a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loss {
    /// How many left.
    pub sent: u32,
    /// How many of them arrived, each counted once.
    pub received: u32,
    /// The runs that did not, in the order of sending.
    pub gaps: Vec<Gap>,
    /// Arrivals behind one with a higher number.
    pub reordered: u32,
    /// Arrivals of a packet that had arrived before.
    pub duplicates: u32,
    /// How long those that arrived took, each packet's first copy; nothing when none arrived.
    pub delays: Option<Delays>,
}

impl Loss {
    /// How many did not arrive.
    pub fn lost(&self) -> u32 {
        self.sent - self.received
    }

    /// The gap that took longest; the first of several.
    pub fn longest(&self) -> Option<Gap> {
        self.gaps.iter().rev().copied().max_by_key(Gap::micros)
    }

    /// When the first packet left that did not arrive.
    pub fn first(&self) -> Option<Stamp> {
        self.gaps.first().map(|gap| gap.from)
    }

    /// When traffic flowed again for good: the end of the last gap.
    pub fn last(&self) -> Option<Stamp> {
        self.gaps.last().map(|gap| gap.to)
    }
}

/// Looks at the packets that left in a window. `sent` says when each number left and never goes back; `arrivals`
/// are in the order of arrival. Numbers that were never sent count for nothing.
pub fn loss(sent: &[Stamp], arrivals: &[Arrival], window: Range<Stamp>) -> Loss {
    let first = sent.partition_point(|at| *at < window.start);
    let end = sent.partition_point(|at| *at < window.end).max(first);
    let of_window = sent.get(first..end).unwrap_or_default();
    let mut arrived = vec![false; of_window.len()];
    let mut delays = Vec::with_capacity(of_window.len().min(arrivals.len()));
    let mut highest = None;
    let mut loss = Loss { sent: count(of_window.len()), ..Loss::default() };
    for arrival in arrivals {
        let Some(index) = (arrival.number as usize).checked_sub(first) else { continue };
        let (Some(arrived), Some(left)) = (arrived.get_mut(index), of_window.get(index)) else { continue };
        if std::mem::replace(arrived, true) {
            loss.duplicates += 1;
            continue;
        }
        loss.received += 1;
        delays.push(arrival.at.since(*left));
        match highest {
            Some(highest) if index < highest => loss.reordered += 1,
            _ => highest = Some(index),
        }
    }
    loss.gaps = gaps(of_window, &arrived, window.end.min(sent.get(end).copied().unwrap_or(window.end)));
    loss.delays = percentiles(&mut delays);
    loss
}

fn gaps(sent: &[Stamp], arrived: &[bool], end: Stamp) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut is_open = false;
    for (left, arrived) in sent.iter().zip(arrived) {
        match (arrived, gaps.last_mut()) {
            (false, Some(gap)) if is_open => gap.packets += 1,
            (false, _) => gaps.push(Gap { from: *left, to: end, packets: 1 }),
            (true, Some(gap)) if is_open => gap.to = *left,
            (true, _) => {}
        }
        is_open = !arrived;
    }
    gaps
}

fn percentiles(delays: &mut [u32]) -> Option<Delays> {
    let last = delays.len().checked_sub(1)?;
    let mut at = |percent: usize| *delays.select_nth_unstable((last * percent).div_ceil(100)).1;
    Some(Delays { p50: at(50), p99: at(99), max: at(100) })
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// How many packets arrived in each slot from the beginning to `end`, copies among them: the line of a chart.
pub fn per_slot(arrivals: &[Arrival], slot: Stamp, end: Stamp) -> Vec<u16> {
    let slots = end.0.div_ceil(slot.0.max(1)) as usize;
    let mut counts = vec![0_u16; slots];
    for arrival in arrivals {
        if let Some(count) = counts.get_mut((arrival.at.0 / slot.0.max(1)) as usize) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: Range<Stamp> = Stamp::ZERO..Stamp::MAX;

    /// A packet a millisecond.
    fn steady(count: u32) -> Vec<Stamp> {
        (0..count).map(Stamp::from_ms).collect()
    }

    fn arriving(numbers: impl IntoIterator<Item = u32>) -> Vec<Arrival> {
        let late = |number: u32| Stamp(number * 1000 + 40);
        numbers.into_iter().map(|number| Arrival { number, at: late(number) }).collect()
    }

    #[test]
    fn a_run_that_is_missing_is_a_gap_as_long_as_it_took_to_send() {
        let seen = loss(&steady(1000), &arriving((0..100).chain(216..1000)), ALL);
        let gap = Gap { from: Stamp::from_ms(100), to: Stamp::from_ms(216), packets: 116 };
        assert_eq!((seen.lost(), seen.gaps.as_slice()), (116, [gap].as_slice()));
        assert_eq!(seen.delays, Some(Delays { p50: 40, p99: 40, max: 40 }));
    }

    #[test]
    fn what_is_missing_at_the_end_reaches_to_the_end_of_the_window() {
        let seen = loss(&steady(10), &arriving(0..5), Stamp::ZERO..Stamp::from_ms(20));
        assert_eq!(seen.gaps, [Gap { from: Stamp::from_ms(5), to: Stamp::from_ms(20), packets: 5 }]);
    }

    #[test]
    fn a_window_counts_only_what_left_in_it() {
        let seen = loss(&steady(100), &arriving((0..20).chain(30..100)), Stamp::from_ms(25)..Stamp::from_ms(50));
        assert_eq!((seen.sent, seen.lost(), seen.first()), (25, 5, Some(Stamp::from_ms(25))));
    }

    #[test]
    fn order_and_copies_are_told_apart() {
        let seen = loss(&steady(6), &arriving([0, 2, 1, 1, 3, 5, 4, 9]), ALL);
        assert_eq!((seen.received, seen.reordered, seen.duplicates), (6, 2, 1));
    }

    #[test]
    fn nothing_sent_is_nothing_lost() {
        assert_eq!(loss(&[], &arriving([0, 1]), ALL), Loss::default());
    }

    #[test]
    fn slots_count_arrivals() {
        assert_eq!(per_slot(&arriving(0..25), Stamp::from_ms(10), Stamp::from_ms(31)), [10, 10, 5, 0]);
    }

    /// The same by the definitions, with no regard for cost.
    fn naive(sent: &[Stamp], arrivals: &[Arrival], window: &Range<Stamp>) -> Loss {
        let numbers: Vec<u32> = (0..count(sent.len())).filter(|n| window.contains(&sent[*n as usize])).collect();
        let has = |number: u32| arrivals.iter().any(|arrival| arrival.number == number);
        let mut seen = Loss { sent: count(numbers.len()), ..Loss::default() };
        let mut delays = Vec::new();
        for (index, arrival) in arrivals.iter().enumerate().filter(|(_, a)| numbers.contains(&a.number)) {
            let before = arrivals[..index].iter().filter(|a| numbers.contains(&a.number));
            if before.clone().any(|a| a.number == arrival.number) {
                seen.duplicates += 1;
                continue;
            }
            seen.received += 1;
            seen.reordered += u32::from(before.clone().any(|a| a.number > arrival.number));
            delays.push(arrival.at.since(sent[arrival.number as usize]));
        }
        let mut run: Vec<u32> = Vec::new();
        let after = numbers.last().map_or(0, |last| *last as usize + 1);
        let end = sent.get(after).map_or(window.end, |next| window.end.min(*next));
        let close = |run: &mut Vec<u32>, to: Stamp, gaps: &mut Vec<Gap>| {
            if let Some(first) = run.first() {
                gaps.push(Gap { from: sent[*first as usize], to, packets: count(run.len()) });
                run.clear();
            }
        };
        for number in &numbers {
            match has(*number) {
                true => close(&mut run, sent[*number as usize], &mut seen.gaps),
                false => run.push(*number),
            }
        }
        close(&mut run, end, &mut seen.gaps);
        delays.sort_unstable();
        let at = |percent: usize| delays[((delays.len() - 1) * percent).div_ceil(100)];
        seen.delays = (!delays.is_empty()).then(|| Delays { p50: at(50), p99: at(99), max: at(100) });
        seen
    }

    proptest! {
        #[test]
        fn it_is_what_the_definitions_say(
            steps in prop::collection::vec(0_u32..3000, 0..60),
            arrivals in prop::collection::vec((0_u32..70, 0_u32..200_000), 0..120),
            from in 0_u32..100_000,
            len in 0_u32..150_000,
        ) {
            let sent: Vec<Stamp> = steps.iter().scan(0, |at, step| { *at += step; Some(Stamp(*at)) }).collect();
            let arrivals: Vec<Arrival> = arrivals.iter().map(|(n, at)| Arrival { number: *n, at: Stamp(*at) }).collect();
            let window = Stamp(from)..Stamp(from + len);
            prop_assert_eq!(loss(&sent, &arrivals, window.clone()), naive(&sent, &arrivals, &window));
        }
    }
}
