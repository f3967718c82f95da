//! A wheel of timers with a tick of a millisecond.
//!
//! Each session has two timers, each in one list at most: setting it again takes it out of the list that it was in. So
//! the wheel takes memory for each timer once, whatever peers do. Timers that are further away than one turn of the
//! wheel stay where they are as it passes.

use bfd::Time;

/// A tick, in microseconds.
const TICK: u64 = 1000;

/// Ticks in a turn, about a second. A multiple of 64.
const SLOTS: usize = 1024;

/// No timer: the end of a list.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Link {
    previous: u32,
    next: u32,
    /// The tick at which it is due, `NEVER` if it is not set.
    tick: u64,
}

const NEVER: u64 = u64::MAX;

/// The timers, by number.
#[derive(Debug)]
pub(super) struct Wheel {
    heads: Vec<u32>,
    /// A bit for each list that is not empty.
    occupied: [u64; SLOTS / 64],
    links: Vec<Link>,
    /// All ticks up to here have passed.
    passed: u64,
}

impl Wheel {
    pub(super) fn new() -> Self {
        Self { heads: vec![NONE; SLOTS], occupied: [0; SLOTS / 64], links: Vec::new(), passed: 0 }
    }

    /// Sets a timer, in place of when it was set to before. It is due at the first tick that is not before `at`.
    pub(super) fn set(&mut self, timer: u32, at: Time) {
        self.clear(timer);
        let index = timer as usize;
        if index >= self.links.len() {
            self.links.resize(index + 1, Link { previous: NONE, next: NONE, tick: NEVER });
        }
        // What is due already is found at the next tick to pass.
        let tick = at.as_micros().div_ceil(TICK).max(self.passed + 1);
        let slot = slot(tick);
        let head = self.heads[slot];
        self.links[index] = Link { previous: NONE, next: head, tick };
        if let Some(head) = self.links.get_mut(head as usize) {
            head.previous = timer;
        }
        self.heads[slot] = timer;
        self.occupied[slot / 64] |= 1 << (slot % 64);
    }

    /// Unsets a timer.
    pub(super) fn clear(&mut self, timer: u32) {
        let Some(link) = self.links.get_mut(timer as usize) else { return };
        let Link { previous, next, tick } = *link;
        if tick == NEVER {
            return;
        }
        *link = Link { previous: NONE, next: NONE, tick: NEVER };
        let slot = slot(tick);
        match self.links.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => self.heads[slot] = next,
        }
        if let Some(next) = self.links.get_mut(next as usize) {
            next.previous = previous;
        }
        if self.heads[slot] == NONE {
            self.occupied[slot / 64] &= !(1 << (slot % 64));
        }
    }

    /// Lets time pass and appends the timers that are due; they are set no more.
    pub(super) fn pass(&mut self, now: Time, due: &mut Vec<u32>) {
        let end = now.as_micros() / TICK;
        if end <= self.passed {
            return;
        }
        // After a long sleep each list is looked at once.
        let ticks = (end - self.passed).min(SLOTS as u64);
        let first = self.passed + 1;
        self.passed = end;
        for tick in first..first + ticks {
            let slot = slot(tick);
            if self.occupied[slot / 64] & 1 << (slot % 64) == 0 {
                continue;
            }
            let mut timer = self.heads[slot];
            while let Some(&Link { next, tick, .. }) = self.links.get(timer as usize) {
                if tick <= end {
                    self.clear(timer);
                    due.push(timer);
                }
                timer = next;
            }
        }
    }

    /// A moment at which to let time pass: that of the first timer, or before it when it is more than a turn away.
    /// `None` if no timer is set.
    pub(super) fn next(&self) -> Option<Time> {
        let first = self.passed + 1;
        let start = slot(first);
        // Words from that of the next tick on, all around and that word again for its lower bits.
        for step in 0..=SLOTS / 64 {
            let word = (start / 64 + step) % (SLOTS / 64);
            let mut bits = self.occupied[word];
            if step == 0 {
                bits &= u64::MAX << (start % 64);
            }
            if bits != 0 {
                let found = word * 64 + bits.trailing_zeros() as usize;
                let ahead = (found + SLOTS - start) % SLOTS;
                return Some(Time::from_micros((first + ahead as u64) * TICK));
            }
        }
        None
    }
}

fn slot(tick: u64) -> usize {
    (tick % SLOTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Any settings and sleeps, against a map of when each timer is due.
        #[test]
        fn each_timer_is_due_once_and_on_time(
            script in prop::collection::vec((0..8_u32, 0..5_000_000_u64, 0..400_000_u64), 1..200),
        ) {
            let mut wheel = Wheel::new();
            let mut model = BTreeMap::new();
            let mut now = 0_u64;
            for (timer, wait, sleep) in script {
                if wait % 7 == 0 {
                    wheel.clear(timer);
                    model.remove(&timer);
                } else {
                    wheel.set(timer, Time::from_micros(now + wait));
                    model.insert(timer, (now + wait).div_ceil(TICK).max(now / TICK + 1));
                }
                let first = model.values().min().copied();
                let next = wheel.next();
                prop_assert_eq!(next.is_some(), first.is_some());
                if let (Some(next), Some(first)) = (next, first) {
                    prop_assert!(next.as_micros() <= first * TICK, "wakes at {} ms for {} ms", next.as_micros() / TICK, first);
                    prop_assert!(next.as_micros() > now);
                }
                now += sleep;
                let mut due = Vec::new();
                wheel.pass(Time::from_micros(now), &mut due);
                due.sort_unstable();
                let expected: Vec<u32> =
                    model.iter().filter(|(_, tick)| **tick <= now / TICK).map(|(timer, _)| *timer).collect();
                prop_assert_eq!(&due, &expected);
                model.retain(|timer, _| !due.contains(timer));
            }
        }
    }

    #[test]
    fn a_timer_of_the_past_is_due_at_the_next_tick() {
        let mut wheel = Wheel::new();
        let mut due = Vec::new();
        wheel.pass(Time::from_micros(5_000_000), &mut due);
        wheel.set(3, Time::ZERO);
        assert_eq!(wheel.next(), Some(Time::from_micros(5_001_000)));
        wheel.pass(Time::from_micros(5_001_000), &mut due);
        assert_eq!(due, [3]);
    }
}
