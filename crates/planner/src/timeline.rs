//! When production traffic can move: the steps laid out in time.

use crate::steps::Step;
use model::Date;

/// The steps of a plan in time, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The day on which it begins.
    pub today: Date,
    /// The day on which each step can be done at the earliest, by number; steps of unknown length count as none.
    pub done: Vec<Date>,
    /// Numbers of the steps that decide the last day, first to last, without those that are done.
    pub path: Vec<usize>,
    /// The first day on which production traffic can move, if steps of unknown length take no time.
    pub earliest: Date,
    /// Numbers of steps of unknown length that are still to be taken.
    pub unknown: Vec<usize>,
}

impl Timeline {
    /// Lays steps out from a day on.
    pub fn of(steps: &[Step], today: Date) -> Self {
        let mut done: Vec<Date> = Vec::new();
        // Of the steps before: the day, and how many of unknown length lead there.
        let mut guesses: Vec<usize> = Vec::new();
        let mut before: Vec<Option<usize>> = Vec::new();
        for step in steps {
            let needs =
                step.needs.iter().filter_map(|number| number.checked_sub(1)).filter(|index| *index < done.len());
            let last = needs.max_by_key(|index| (done[*index], guesses[*index]));
            if step.done.is_some() {
                done.push(today);
                guesses.push(0);
                before.push(None);
                continue;
            }
            let start = last.map_or(today, |index| done[index]).max(today);
            let start = step.not_before.map_or(start, |date| date.max(start));
            done.push(start.plus_days(step.lead.days.unwrap_or(0)));
            guesses.push(last.map_or(0, |index| guesses[index]) + usize::from(step.is_unknown()));
            before.push(last);
        }
        let mut path = Vec::new();
        let mut at = steps.len().checked_sub(1);
        while let Some(index) = at {
            if steps[index].done.is_none() {
                path.push(index + 1);
            }
            at = before[index];
        }
        path.reverse();
        let earliest = earliest(steps, &done, today);
        let unknown = steps.iter().filter(|step| step.done.is_none() && step.is_unknown());
        Self { today, earliest, path, unknown: unknown.map(|step| step.number).collect(), done }
    }
}

impl Step {
    /// Whether nobody knows how long it takes: no figure, and no date of the design in its place.
    pub fn is_unknown(&self) -> bool {
        self.lead.days.is_none() && self.not_before.is_none()
    }
}

/// The day on which all that comes before the last step is done: the last one waits for the date that was set.
fn earliest(steps: &[Step], done: &[Date], today: Date) -> Date {
    let Some(last) = steps.last() else { return today };
    let needs = last.needs.iter().filter_map(|number| done.get(number.checked_sub(1)?));
    needs.copied().max().unwrap_or(today).max(today)
}
