//! Asking every rule, and what comes of it.

use crate::{Facts, Finding, Profile, Reason, Rule, Severity, Stage, Verdict};
use model::{Design, Fact, Field, List, Name, Place, Reader, Record, Value};
use std::collections::BTreeMap;
use std::fmt;

/// The verdict of one rule: not asked out of its profile or before its stage, else as its question says.
pub(crate) fn judge(rule: &'static Rule, facts: &Facts<'_>) -> Verdict {
    if !rule.in_force(facts.profile) {
        return Verdict::NotApplicable(Reason::Profile);
    }
    if facts.stage < rule.stage {
        return Verdict::NotApplicable(Reason::Later(rule.stage));
    }
    match (rule.check)(facts) {
        Ok(verdict) | Err(verdict) => verdict,
    }
}

/// The whole checklist, answered.
#[derive(Debug, Clone)]
pub struct Checklist {
    /// Every rule with its verdict, by id.
    pub rows: Vec<(&'static Rule, Verdict)>,
    /// Where sources disagree about the same value.
    pub disagreements: Vec<Disagreement>,
    /// The edition of the prerequisites that was asked.
    pub profile: Profile,
    /// How far the connection has come.
    pub stage: Stage,
    /// What is to be said of the waivers themselves: expired, incomplete, or matching nothing.
    pub waivers: Vec<Finding>,
}

/// Two sources that say different things of the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The path of the value.
    pub path: String,
    /// What stands, and where it was said.
    pub stands: (String, Place),
    /// What else was said, and where.
    pub other: (String, Place),
}

/// The answer to "are we ready?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// Every required and recommended rule holds, as far as asked.
    Ready,
    /// Only advice is not followed, or sources disagree.
    ReadyWithWarnings,
    /// A required rule cannot be judged.
    Incomplete,
    /// A required rule fails.
    Blocked,
}

/// How many rules gave which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Required rules that fail.
    pub faults: usize,
    /// Recommended rules that fail.
    pub warnings: usize,
    /// Rules that cannot be judged.
    pub unknown: usize,
    /// Rules that fail only where a waiver accepts it.
    pub waived: usize,
    /// Rules that hold.
    pub hold: usize,
    /// Rules whose guard is false, or that the profile does not have.
    pub not_applicable: usize,
    /// Rules that are asked at a later stage.
    pub later: usize,
}

/// What a rule counts as, waivers considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It fails, and a finding is of a required kind.
    Fault,
    /// It fails in a lighter way.
    Warning,
    /// It cannot be judged.
    Unknown,
    /// Each of its faults is accepted by a waiver.
    Waived,
    /// It holds.
    Holds,
    /// Its guard is false, or the profile does not have it.
    NotApplicable,
    /// It is asked at a later stage.
    Later,
}

impl Standing {
    /// What a verdict of a rule counts as.
    pub fn of(rule: &Rule, verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Fail { findings, missing } => match findings.iter().any(|finding| finding.waived.is_none()) {
                true if gravity(rule, verdict) == Severity::Required => Self::Fault,
                true => Self::Warning,
                false if missing.is_empty() => Self::Waived,
                false => Self::Unknown,
            },
            Verdict::Unknown(_) => Self::Unknown,
            Verdict::Pass { .. } => Self::Holds,
            Verdict::NotApplicable(Reason::Later(_)) => Self::Later,
            Verdict::NotApplicable(Reason::Guard(_) | Reason::Profile) => Self::NotApplicable,
        }
    }
}

/// Asks every rule.
pub fn check(facts: Facts<'_>) -> Checklist {
    Checklist {
        disagreements: disagreements(facts.design),
        profile: facts.profile,
        stage: facts.stage,
        waivers: Vec::new(),
        rows: facts.into_verdicts(),
    }
}

impl Checklist {
    /// The verdict of a rule.
    pub fn verdict(&self, id: &str) -> Option<&Verdict> {
        self.rows.iter().find(|(rule, _)| rule.id == id).map(|(_, verdict)| verdict)
    }

    /// The answer to "are we ready?". What a waiver accepts does not count.
    pub fn overall(&self) -> Overall {
        let rows =
            self.rows.iter().map(|(rule, verdict)| match (Standing::of(rule, verdict), gravity(rule, verdict)) {
                (Standing::Fault, _) => Overall::Blocked,
                (Standing::Unknown, _) if rule.severity == Severity::Required => Overall::Incomplete,
                // A light fault beside something unknown leaves a required rule open.
                (_, _) if rule.severity == Severity::Required && !verdict.missing_facts().is_empty() => {
                    Overall::Incomplete
                }
                (Standing::Warning, Severity::Recommended) => Overall::ReadyWithWarnings,
                _ => Overall::Ready,
            });
        // A waiver that ran out blocks, so that it is renewed or removed.
        let floor = match self.waivers.iter().filter_map(|remark| remark.severity).max() {
            Some(Severity::Required) => Overall::Blocked,
            Some(Severity::Recommended) => Overall::ReadyWithWarnings,
            None | Some(Severity::Informational) if !self.disagreements.is_empty() => Overall::ReadyWithWarnings,
            None | Some(Severity::Informational) => Overall::Ready,
        };
        rows.fold(floor, Ord::max)
    }

    /// How many rules gave which verdict.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (rule, verdict) in &self.rows {
            let count = match Standing::of(rule, verdict) {
                Standing::Fault => &mut counts.faults,
                Standing::Warning => &mut counts.warnings,
                Standing::Unknown => &mut counts.unknown,
                Standing::Waived => &mut counts.waived,
                Standing::Holds => &mut counts.hold,
                Standing::NotApplicable => &mut counts.not_applicable,
                Standing::Later => &mut counts.later,
            };
            *count += 1;
        }
        counts
    }
}

impl Counts {
    /// The counts in the order of [`Standing`].
    pub fn by_standing(&self) -> [usize; 7] {
        let Self { faults, warnings, unknown, waived, hold, not_applicable, later } = *self;
        [faults, warnings, unknown, waived, hold, not_applicable, later]
    }
}

/// How grave a verdict is: the gravest of its findings that no waiver accepts, each its own or the rule's severity.
pub fn gravity(rule: &Rule, verdict: &Verdict) -> Severity {
    match verdict {
        Verdict::Fail { findings, .. } => {
            let standing = findings.iter().filter(|finding| finding.waived.is_none());
            standing.map(|finding| finding.severity.unwrap_or(rule.severity)).max().unwrap_or(Severity::Informational)
        }
        Verdict::Pass { .. } | Verdict::Unknown(_) | Verdict::NotApplicable(_) => rule.severity,
    }
}

impl fmt::Display for Overall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ready => "ready",
            Self::ReadyWithWarnings => "ready with warnings",
            Self::Incomplete => "incomplete",
            Self::Blocked => "blocked",
        })
    }
}

/// Every value of which sources say different things.
pub fn disagreements(design: &Design) -> Vec<Disagreement> {
    let mut finder = Finder { path: Vec::new(), found: Vec::new() };
    design.read(&mut finder);
    finder.found
}

struct Finder<'a> {
    path: Vec<&'a str>,
    found: Vec<Disagreement>,
}

impl Finder<'_> {
    fn note(&mut self, field: &Field, stands: (String, Place), other: (String, Place)) {
        // What a file says of itself differs from file to file, and a later test takes nothing back.
        match (self.path.as_slice(), field.name) {
            ([], "evidence" | "taken") | (["dr"], "last_test" | "last_test_failed") => return,
            _ => {}
        }
        let path = [&self.path[..], &[field.name]].concat().join(".");
        self.found.push(Disagreement { path, stands, other });
    }

    fn within<R: Record>(&mut self, names: &[&str], record: &R) {
        let mut inner = Finder { path: [&self.path[..], names].concat(), found: std::mem::take(&mut self.found) };
        record.read(&mut inner);
        self.found = inner.found;
    }
}

impl Reader for Finder<'_> {
    fn fact<T: Value>(&mut self, field: &'static Field, fact: &Fact<T>) {
        if let Some((stands, other)) = fact.disagreement() {
            self.note(field, (stands.value.to_string(), stands.place), (other.value.to_string(), other.place));
        }
    }

    fn list<T: Value>(&mut self, field: &'static Field, list: &Fact<List<T>>) {
        let text = |list: &List<T>| list.iter().map(|item| item.value.to_string()).collect::<Vec<_>>().join(", ");
        if let Some((stands, other)) = list.disagreement() {
            self.note(field, (text(&stands.value), stands.place), (text(&other.value), other.place));
        }
    }

    fn part<R: Record>(&mut self, field: &'static Field, part: &R) {
        self.within(&[field.name], part);
    }

    fn maybe<R: Record>(&mut self, field: &'static Field, part: Option<&R>) {
        if let Some(part) = part {
            self.within(&[field.name], part);
        }
    }

    fn map<R: Record>(&mut self, field: &'static Field, map: &BTreeMap<Name, R>) {
        for (name, record) in map {
            self.within(&[field.name, name.as_str()], record);
        }
    }
}
