//! Verdicts, and the tally from which a rule makes one.

use crate::{Answer, Facts, Severity, Stage};
use model::{Attestation, Date, Fact, Place, Rank, Stated, Value};
use std::fmt;

/// What a rule says of a design.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It holds, on this evidence.
    Pass {
        /// The statements that show it.
        proofs: Vec<Proof>,
        /// What is worth knowing all the same.
        notes: Vec<Finding>,
    },
    /// It does not hold.
    Fail {
        /// Each fault, never none.
        findings: Vec<Finding>,
        /// What could not be judged beside them.
        missing: Vec<Missing>,
    },
    /// It cannot be told.
    Unknown(Vec<Missing>),
    /// It is not asked.
    NotApplicable(Reason),
}

/// Why a rule is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its guard is false: the design has no such thing.
    Guard(&'static str),
    /// The profile's edition of the page does not have it.
    Profile,
    /// It is asked at a later stage.
    Later(Stage),
}

/// A statement that shows that a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// How strong it is.
    pub rank: Rank,
    /// Where it stands.
    pub place: Place,
}

/// A fault: where, what was seen, what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, in words: `amsterdam / microsoft / primary link`. Empty for the design as a whole.
    pub subject: String,
    /// The path of the value in the design: `circuits.amsterdam.microsoft.primary.subnet`.
    pub path: String,
    /// Where the value stands.
    pub place: Option<Place>,
    /// What was seen.
    pub seen: String,
    /// What was expected.
    pub expected: String,
    /// How grave it is, when other than the rule's own severity.
    pub severity: Option<Severity>,
    /// Who accepts it, why and until when; `None` while it counts.
    pub waived: Option<Waived>,
}

/// A fault that somebody has accepted for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// The name of the waiver.
    pub waiver: String,
    /// Who answers for it.
    pub owner: String,
    /// Why the fault is accepted.
    pub reason: String,
    /// The last day on which it is.
    pub expires: Date,
}

/// Evidence that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it would be about.
    pub subject: String,
    /// The path of the value that would say it.
    pub path: String,
    /// The nearest place where it could stand.
    pub place: Option<Place>,
}

/// Where in the design a question looks: a subject and one of its keys.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    /// What it is about.
    pub subject: Subject<'a>,
    /// The key below the subject; dots for deeper ones.
    pub key: &'a str,
    /// Where the subject stands, for what is missing.
    pub place: Option<Place>,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The design as a whole.
    Design,
    /// A named part: the section and the name, `("circuits", "amsterdam")`.
    Named(&'static str, &'a str),
    /// A part of a named part: `("circuits", "amsterdam", "private")`.
    Inner(&'static str, &'a str, &'static str),
    /// A part of that: `("circuits", "amsterdam", "private", "primary")`.
    Innermost(&'static str, &'a str, &'static str, &'static str),
}

impl<'a> Subject<'a> {
    /// One key of the subject; `place` is where it stands or, when it is missing, could stand.
    pub fn at(self, key: &'a str, place: Option<Place>) -> Spot<'a> {
        Spot { subject: self, key, place }
    }

    /// The subject in words.
    pub fn label(self) -> String {
        match self {
            Self::Design => String::new(),
            Self::Named(_, name) => name.to_owned(),
            Self::Inner(_, name, part) => format!("{name} / {part}"),
            Self::Innermost(_, name, part, link) => format!("{name} / {part} / {link} link"),
        }
    }

    fn path(self, key: &str) -> String {
        let mut path = match self {
            Self::Design => return key.to_owned(),
            Self::Named(section, name) => format!("{section}.{name}"),
            Self::Inner(section, name, part) => format!("{section}.{name}.{part}"),
            Self::Innermost(section, name, part, inner) => format!("{section}.{name}.{part}.{inner}"),
        };
        if !key.is_empty() {
            path.push('.');
            path.push_str(key);
        }
        path
    }
}

impl Spot<'_> {
    /// A finding here.
    pub fn finding(&self, place: Option<Place>, seen: impl fmt::Display, expected: impl fmt::Display) -> Finding {
        Finding {
            subject: self.subject.label(),
            path: self.subject.path(self.key),
            place: place.or(self.place),
            seen: seen.to_string(),
            expected: expected.to_string(),
            severity: None,
            waived: None,
        }
    }

    /// What is missing here.
    pub fn missing(&self) -> Missing {
        Missing { subject: self.subject.label(), path: self.subject.path(self.key), place: self.place }
    }
}

impl Finding {
    /// Whether another finding is about the same value and says the same of it.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.place, &self.path, &self.seen, &self.expected) == (other.place, &other.path, &other.seen, &other.expected)
    }
}

impl<T> From<&Stated<T>> for Proof {
    fn from(statement: &Stated<T>) -> Self {
        Self { rank: statement.rank, place: statement.place }
    }
}

/// Collects what a rule sees, subject by subject, and makes the verdict of it.
///
/// A fault anywhere fails; else something missing anywhere leaves it unknown; else it passes.
/// A tally that was never touched means that there was nothing to ask about.
/// What two subjects share, as circuits share the design's connectivity, is said once.
#[derive(Debug, Default)]
pub struct Tally {
    proofs: Vec<Proof>,
    notes: Vec<Finding>,
    findings: Vec<Finding>,
    missing: Vec<Missing>,
    held: bool,
}

impl Tally {
    /// An empty tally.
    pub fn new() -> Self {
        Self::default()
    }

    /// It holds here, as this statement shows.
    pub fn pass(&mut self, proof: impl Into<Proof>) {
        self.held = true;
        self.proofs.push(proof.into());
    }

    /// It holds here, by a fact that has no place of its own, like a count.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// It does not hold here.
    pub fn fail(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// It does not hold here, and that is graver or lighter than the rule says.
    pub fn fail_as(&mut self, severity: Severity, finding: Finding) {
        self.fail(Finding { severity: Some(severity), ..finding });
    }

    /// It holds, but this is worth knowing.
    pub fn note(&mut self, finding: Finding) {
        self.held = true;
        self.notes.push(Finding { severity: Some(Severity::Informational), ..finding });
    }

    /// It cannot be told here.
    pub fn unknown(&mut self, spot: Spot<'_>) {
        self.lack(spot.missing());
    }

    /// Asks one value: unknown when nothing is known of it, else pass or fail by the question.
    pub fn expect<T: Value>(
        &mut self,
        spot: Spot<'_>,
        fact: &Fact<T>,
        holds: impl FnOnce(&T) -> bool,
        expected: impl fmt::Display,
    ) {
        match fact.known() {
            None => self.unknown(spot),
            Some(statement) if holds(&statement.value) => self.pass(statement),
            Some(statement) => self.fail(spot.finding(Some(statement.place), &statement.value, expected)),
        }
    }

    /// Asks for an attestation: unknown when blank, fail when it is no.
    pub fn attested(&mut self, spot: Spot<'_>, fact: &Fact<Attestation>, expected: impl fmt::Display) {
        self.expect(spot, fact, Attestation::is_yes, expected);
    }

    /// Asks for an attestation that is dated in time: unknown without its date or without the deadline, which
    /// stands at the second spot; fail when it is no or late.
    pub fn timely(
        &mut self,
        (spot, fact): (Spot<'_>, &Fact<Attestation>),
        (deadline_spot, deadline): (Spot<'_>, &Fact<Date>),
        in_time: impl FnOnce(Date, Date) -> bool,
        expected: &str,
    ) {
        let Some(attested) = fact.known() else { return self.unknown(spot) };
        match (&attested.value, deadline.get()) {
            (Attestation::No, _) => self.fail(spot.finding(Some(attested.place), "no", expected)),
            (Attestation::Yes { .. }, None) => self.unknown(deadline_spot),
            (Attestation::Yes { date: None, .. }, Some(_)) => self.unknown(spot),
            (Attestation::Yes { date: Some(date), .. }, Some(deadline)) if in_time(*date, deadline) => {
                self.pass(attested);
            }
            (Attestation::Yes { date: Some(date), .. }, Some(deadline)) => {
                let expected = format!("{expected}, which is {deadline}");
                self.fail(spot.finding(Some(attested.place), format!("dated {date}"), expected));
            }
        }
    }

    /// Takes over the verdict of another rule, on which this one rests; one that is not asked says nothing.
    pub fn rely(&mut self, facts: &Facts<'_>, id: &'static str) {
        let Some(rule) = crate::rule(id) else {
            return self.unknown(Subject::Design.at(id, None));
        };
        match facts.verdict(rule) {
            Verdict::Pass { proofs, .. } => {
                self.held = true;
                self.proofs.extend(proofs);
            }
            Verdict::Fail { findings, missing } => {
                findings.iter().for_each(|finding| self.fail(finding.clone()));
                missing.iter().for_each(|missing| self.lack(missing.clone()));
            }
            Verdict::Unknown(missing) => missing.iter().for_each(|missing| self.lack(missing.clone())),
            Verdict::NotApplicable(_) => {}
        }
    }

    fn lack(&mut self, missing: Missing) {
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
    }

    /// Whether a fault was found so far.
    pub fn has_failed(&self) -> bool {
        !self.findings.is_empty()
    }

    /// The verdict. With nothing asked it is not applicable, for the reason given.
    pub fn verdict(self, nothing: &'static str) -> Answer {
        Ok(if !self.findings.is_empty() {
            Verdict::Fail { findings: self.findings, missing: self.missing }
        } else if !self.missing.is_empty() {
            Verdict::Unknown(self.missing)
        } else if self.held {
            Verdict::Pass { proofs: self.proofs, notes: self.notes }
        } else {
            Verdict::NotApplicable(Reason::Guard(nothing))
        })
    }
}

/// A list in few words, for a finding: its first item and how many follow.
pub(crate) fn and_more<T: fmt::Display>(items: &[T]) -> String {
    match items {
        [] => "none".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

impl Verdict {
    /// Not applicable, because the guard is false.
    pub fn guard(reason: &'static str) -> Self {
        Self::NotApplicable(Reason::Guard(reason))
    }

    /// What could not be judged.
    pub fn missing_facts(&self) -> &[Missing] {
        match self {
            Self::Fail { missing, .. } | Self::Unknown(missing) => missing,
            Self::Pass { .. } | Self::NotApplicable(_) => &[],
        }
    }

    /// Unknown, because one thing is missing.
    pub fn missing(spot: Spot<'_>) -> Self {
        Self::Unknown(vec![spot.missing()])
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guard(guard) => f.write_str(guard),
            Self::Profile => f.write_str("not in force in this profile"),
            Self::Later(Stage::Live) => f.write_str("asked of the running network"),
            Self::Later(_) => f.write_str("asked once the circuit is ordered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_circuits_share_is_said_once() {
        let spot = Subject::Design.at("connectivity.contract", None);
        let mut tally = Tally::new();
        for _circuit in ["amsterdam", "dublin"] {
            tally.unknown(spot);
            tally.fail(spot.finding(None, "no", "a contract"));
        }
        let Ok(Verdict::Fail { findings, missing }) = tally.verdict("") else { panic!("a fault fails") };
        assert_eq!((findings.len(), missing.len()), (1, 1));
    }
}
