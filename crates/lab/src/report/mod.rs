//! A drill for people, programs and change boards.
//!
//! [`Report`] is the one form that all are laid out from: [`terminal`], [`json`] and [`html`].

mod chart;
pub mod html;
pub mod json;
pub mod terminal;

use crate::drill::{Judged, Plan, Run, Scenario, Standing, judge};
use model::Date;
use serde::Serialize;

/// A drill.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The design file.
    pub design: String,
    /// Whose design it is.
    pub company: String,
    /// The day.
    #[serde(skip)]
    pub day: Date,
    /// The time of the beginning, like `2026-11-21T15:04:05Z`.
    pub began: String,
    /// What was built, in a line.
    pub topology: String,
    /// How often each scenario was run.
    pub repeat: u32,
    /// Every scenario that was asked for, in the order of running.
    pub scenarios: Vec<Entry>,
}

/// A scenario in a report.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is, for people.
    pub title: String,
    /// Where what is expected comes from.
    pub source: String,
    /// What was failed; nothing when it does not apply.
    pub target: Option<String>,
    /// Who notices silence there.
    pub detection: Option<String>,
    /// Why it does not apply, when it does not.
    pub not_applicable: Option<String>,
    /// How it stands, with its figures.
    pub judged: Option<Judged>,
    /// What was measured, run by run.
    pub runs: Vec<Run>,
}

impl Entry {
    /// A scenario that does not apply.
    pub fn not_applicable(scenario: &Scenario, reason: String) -> Self {
        Self {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            source: scenario.source.clone(),
            target: None,
            detection: None,
            not_applicable: Some(reason),
            judged: None,
            runs: Vec::new(),
        }
    }

    /// A scenario that was run, judged.
    pub fn new(scenario: &Scenario, plan: &Plan, runs: Vec<Run>) -> Self {
        Self {
            target: Some(plan.target.clone()),
            detection: plan.detection.map(|detection| detection.to_string()),
            not_applicable: None,
            judged: Some(judge(scenario, plan, &runs)),
            runs,
            ..Self::not_applicable(scenario, String::new())
        }
    }

    /// How it stands; nothing when it does not apply.
    pub fn standing(&self) -> Option<Standing> {
        self.judged.as_ref().map(|judged| judged.standing)
    }

    /// The run whose loss is nearest to the median: the one to show.
    pub fn typical(&self) -> Option<&Run> {
        let median = self.judged.as_ref()?.lost_ms.unwrap_or_default();
        let worst = |run: &Run| run.streams.iter().map(|stream| stream.during.lost_ms).fold(0.0, f64::max);
        self.runs.iter().min_by(|a, b| (worst(a) - median).abs().total_cmp(&(worst(b) - median).abs()))
    }
}

impl Report {
    /// How the whole stands: the worst of what applies; nothing when nothing does.
    pub fn standing(&self) -> Option<Standing> {
        self.scenarios.iter().filter_map(Entry::standing).max()
    }

    /// How many stand so.
    pub fn count(&self, standing: Option<Standing>) -> usize {
        self.scenarios.iter().filter(|entry| entry.standing() == standing).count()
    }

    /// The verdict in a sentence.
    pub fn verdict(&self) -> String {
        let applies = self.scenarios.len() - self.count(None);
        let (failed, unknown) = (self.count(Some(Standing::Fail)), self.count(Some(Standing::Unknown)));
        match (applies, failed, unknown) {
            (0, ..) => "no failure applies to this design".to_owned(),
            (_, 0, 0) if applies == 1 => "the failure costs no more than expected".to_owned(),
            (_, 0, 0) => format!("all {applies} failures cost no more than expected"),
            (_, 0, _) => format!("{unknown} of {applies} failures could not be judged"),
            _ => format!("{failed} of {applies} failures cost more than expected"),
        }
    }
}

/// Milliseconds as people write them: `0.8 ms`, `811 ms`, `1.2 s`.
fn span(ms: f64) -> String {
    match ms {
        ms if ms >= 1000.0 => format!("{:.1} s", ms / 1000.0),
        ms if ms >= 10.0 => format!("{ms:.0} ms"),
        ms => format!("{ms:.1} ms"),
    }
}

/// When the first router told that it knew: nothing to tell where nothing was lost.
fn noticed(judged: &Judged) -> String {
    match (judged.detection_ms, judged.lost) {
        (Some(ms), _) => span(ms),
        (None, Some(0)) => "–".to_owned(),
        (None, _) => "?".to_owned(),
    }
}

/// A number with its thousands apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The edges of Microsoft that the judged ways took while the failure lasted, in a few words.
fn path_after(run: &Run) -> String {
    let mut edges: Vec<&str> = run.streams.iter().filter_map(|stream| stream.ways[1].msee()).collect();
    edges.iter_mut().for_each(|edge| *edge = edge.trim_start_matches("msee-"));
    edges.sort_unstable();
    edges.dedup();
    match edges.len() {
        0 => "not told".to_owned(),
        1..=3 => edges.join(", "),
        more => format!("{more} edges"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::drill::model::Model;
    use crate::drill::{Pace, Scenarios, World, measure, plan, run};

    /// A drill of the model: carrier and silence are run, the rest does not apply.
    pub(crate) fn report() -> Report {
        let scenarios = Scenarios::builtin().unwrap();
        let entry = |scenario: &Scenario| {
            let mut world = Model::new();
            match plan(scenario, world.ground()) {
                Ok(plan) if ["carrier", "silent"].contains(&&*scenario.name) => {
                    let attempt = run(&mut world, &plan, &Pace::default()).unwrap();
                    Entry::new(scenario, &plan, vec![measure(world.ground(), &attempt)])
                }
                Ok(_) => Entry::not_applicable(scenario, "not of this test".to_owned()),
                Err(reason) => Entry::not_applicable(scenario, reason),
            }
        };
        Report {
            design: "contoso.design.yaml".to_owned(),
            company: "Contoso <b>".to_owned(),
            day: Date::constant(2026, 11, 21),
            began: "2026-11-21T15:04:05Z".to_owned(),
            topology: "1 site · 2 MSEE".to_owned(),
            repeat: 1,
            scenarios: scenarios.all.iter().map(entry).collect(),
        }
    }

    #[test]
    fn figures_are_written_as_people_write_them() {
        assert_eq!([0.0, 9.94, 811.4, 1200.0].map(span), ["0.0 ms", "9.9 ms", "811 ms", "1.2 s"]);
        assert_eq!([0, 999, 1204, 1_000_000].map(thousands), ["0", "999", "1,204", "1,000,000"]);
    }

    #[test]
    fn the_verdict_is_that_of_the_worst() {
        let mut report = report();
        assert_eq!(report.standing(), Some(Standing::Pass));
        assert_eq!(report.verdict(), "all 2 failures cost no more than expected");
        let judged = report.scenarios.iter_mut().find_map(|entry| entry.judged.as_mut()).unwrap();
        judged.standing = Standing::Fail;
        assert_eq!(report.verdict(), "1 of 2 failures cost more than expected");
    }
}
