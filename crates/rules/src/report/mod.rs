//! Reports: a checklist, laid out for people and for programs.
//!
//! [`Report`] is the one intermediate. It sorts the findings by who must act and by what blocks, groups what
//! is unknown by the fact that is missing, and finds the line of every place. A format is a file that only
//! lays it out, so all formats say the same: [`terminal`], [`markdown`] and [`html`] for people, [`json`],
//! [`sarif`] and [`junit`] for programs. All write to a given writer; none knows a file or the day.

mod drawing;
mod gap;
mod place;
mod text;

pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod terminal;

pub use gap::Gap;
pub use place::{Location, Span};

use crate::source::Doc;
use crate::{
    Checklist, Counts, Disagreement, Finding, Overall, Owner, Profile, Reason, Rule, Severity, Stage, Standing, Verdict,
};
use catalog::Catalog;
use model::{Date, Design, Place, Rank, Source, Sources};
use place::Atlas;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A checklist with everything that a format needs to lay it out.
pub struct Report<'a> {
    /// What was checked: the names of its sources.
    pub title: String,
    /// Who the design is for, if it says so.
    pub company: Option<&'a str>,
    /// The answer to "are we ready?".
    pub overall: Overall,
    /// How many rules gave which verdict.
    pub counts: Counts,
    /// How far the connection has come.
    pub stage: Stage,
    /// The edition of the prerequisites that was asked.
    pub profile: Profile,
    /// The day of the check.
    pub today: Date,
    /// The date of the provider facts, which age fastest.
    pub facts_of: Option<Date>,
    /// Faults that count: first what you can mend, the gravest first.
    pub findings: Vec<Entry<'a>>,
    /// Faults that a waiver accepts, in the same order.
    pub waived: Vec<Entry<'a>>,
    /// What is worth knowing of rules that hold.
    pub notes: Vec<Entry<'a>>,
    /// What is to be said of the waivers themselves.
    pub waivers: &'a [Finding],
    /// What is not known, by the fact that is missing; what blocks first.
    pub unknown: Vec<Gap<'a>>,
    /// Where sources disagree.
    pub disagreements: &'a [Disagreement],
    /// Every rule with its verdict, by id.
    pub rows: Vec<Row<'a>>,
    /// The design that was judged.
    pub design: &'a Design,
    /// The facts it was judged by.
    pub catalog: &'a Catalog,
    atlas: Atlas<'a>,
}

/// What a report is made of.
#[derive(Clone, Copy)]
pub struct Checked<'a> {
    /// The answers.
    pub checklist: &'a Checklist,
    /// Where they were read.
    pub sources: &'a Sources,
    /// What was judged.
    pub design: &'a Design,
    /// By which facts.
    pub catalog: &'a Catalog,
    /// On which day.
    pub today: Date,
}

/// A finding with its rule and its line.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What was found.
    pub finding: &'a Finding,
    /// How grave it is.
    pub severity: Severity,
    /// Where it stands, when it stands anywhere.
    pub location: Option<Location<'a>>,
    /// Other rules that find the very same; those that sum up several others do.
    pub also: Vec<&'static Rule>,
}

/// A rule with its verdict.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The rule.
    pub rule: &'static Rule,
    /// What it says.
    pub verdict: &'a Verdict,
    /// What that counts as.
    pub standing: Standing,
}

impl<'a> Report<'a> {
    /// Lays out a checklist.
    pub fn new(checked: Checked<'a>) -> Self {
        let Checked { checklist, sources, design, catalog, today } = checked;
        let atlas = Atlas::new(sources);
        let mut entries = Vec::new();
        let mut notes = Vec::new();
        for (rule, verdict) in &checklist.rows {
            let (list, findings) = match verdict {
                Verdict::Fail { findings, .. } => (&mut entries, findings),
                Verdict::Pass { notes: remarks, .. } => (&mut notes, remarks),
                Verdict::Unknown(_) | Verdict::NotApplicable(_) => continue,
            };
            list.extend(findings.iter().map(|finding| Entry {
                rule,
                finding,
                severity: finding.severity.unwrap_or(rule.severity),
                location: atlas.locate(finding.place),
                also: Vec::new(),
            }));
        }
        let mut entries = joined(entries);
        // Stable, so the order of the rules and of their findings remains within.
        entries.sort_by_key(|entry| (entry.rule.owner, Reverse(entry.severity)));
        let (waived, findings) = entries.into_iter().partition(|entry| entry.finding.waived.is_some());
        let row = |(rule, verdict): &'a (&'static Rule, Verdict)| Row {
            rule,
            verdict,
            standing: Standing::of(rule, verdict),
        };
        Self {
            title: title(sources),
            company: design.company.value().map(String::as_str),
            overall: checklist.overall(),
            counts: checklist.counts(),
            stage: checklist.stage,
            profile: checklist.profile,
            today,
            facts_of: catalog.provenance_of("providers.json").map(|provenance| provenance.date),
            findings,
            waived,
            notes,
            waivers: &checklist.waivers,
            unknown: gap::gaps(checklist, design, &atlas),
            disagreements: &checklist.disagreements,
            rows: checklist.rows.iter().map(row).collect(),
            design,
            catalog,
            atlas,
        }
    }

    /// What was read, in order.
    pub fn sources(&self) -> impl Iterator<Item = &'a Source> + use<'a> {
        self.atlas.sources().iter()
    }

    /// File and line of a place.
    pub fn locate(&self, place: impl Into<Option<Place>>) -> Option<Location<'a>> {
        self.atlas.locate(place.into())
    }

    /// How many circuits the design has.
    pub fn circuits(&self) -> usize {
        self.design.circuits.len()
    }

    /// How many peerings the circuits have.
    pub fn peerings(&self) -> usize {
        let count = |circuit: &model::Circuit| {
            [&circuit.private, &circuit.microsoft, &circuit.public].into_iter().flatten().count()
        };
        self.design.circuits.values().map(count).sum()
    }

    /// The counts in words, without those that are zero: `(3, "faults")`.
    pub fn tallies(&self) -> Vec<(usize, &'static str)> {
        let words = [
            ("fault", "faults"),
            ("warning", "warnings"),
            ("unknown", "unknown"),
            ("waived", "waived"),
            ("holds", "hold"),
            ("does not apply", "do not apply"),
            ("asked later", "asked later"),
        ];
        let tally = |(count, (one, many))| (count, if count == 1 { one } else { many });
        let mut tallies: Vec<_> = self.counts.by_standing().into_iter().zip(words).map(tally).collect();
        tallies.retain(|(count, _)| *count > 0);
        tallies
    }

    /// The verdict as one sentence for somebody who reads nothing else.
    pub fn verdict_in_words(&self) -> String {
        let blocking = self.unknown.iter().filter(|gap| gap.blocks).count();
        let plural = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        match self.overall {
            Overall::Blocked => {
                let faults = plural(self.counts.faults, "requirement is not met", "requirements are not met");
                format!("not ready: {faults}")
            }
            Overall::Incomplete => {
                format!(
                    "not known yet: nothing blocks, but {}",
                    plural(blocking, "required fact is missing", "required facts are missing")
                )
            }
            Overall::ReadyWithWarnings => match self.counts.warnings {
                0 => "ready, with remarks".to_owned(),
                count => format!(
                    "ready, but {}",
                    plural(count, "recommendation is not followed", "recommendations are not followed")
                ),
            },
            Overall::Ready => "ready: every requirement that was asked is met".to_owned(),
        }
    }
}

impl<'a> Entry<'a> {
    /// What it is about: the subject, or the path where the design as a whole is meant.
    pub fn about(&self) -> &'a str {
        about(self.finding)
    }

    /// What was seen and what was wanted, as one phrase.
    pub fn phrase(&self) -> String {
        phrase(self.finding)
    }

    /// The command that mends it, when there is one.
    pub fn mend(&self) -> Option<String> {
        let file = self.location?.file;
        self.rule.fixable.then(|| format!("twinpath fix {}", shell_word(file)))
    }
}

/// Findings that say the very same made one: that of the gravest and then most specific rule, the one that
/// finds the fewest. The order of the rules remains.
fn joined(entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &entries {
        *found.entry(entry.rule.id).or_default() += 1;
    }
    let mut same: BTreeMap<_, Vec<Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        let Finding { path, place, seen, expected, waived, .. } = entry.finding;
        same.entry((path, *place, seen, expected, waived.is_some())).or_default().push(entry);
    }
    let mut joined: Vec<Entry<'_>> = same
        .into_values()
        .filter_map(|mut same| {
            // The steps and Microsoft 365 repeat what other groups ask first.
            let repeats = |rule: &Rule| matches!(rule.group(), "CFG" | "M365");
            same.sort_by_key(|Entry { rule, severity, .. }| {
                (Reverse(*severity), repeats(rule), found.get(rule.id).copied(), rule.id)
            });
            let mut entries = same.into_iter();
            let mut first = entries.next()?;
            first.also = entries.map(|entry| entry.rule).filter(|rule| rule.id != first.rule.id).collect();
            Some(first)
        })
        .collect();
    joined.sort_by_key(|entry| (entry.rule.id, entry.finding.place, &entry.finding.path));
    joined
}

fn about(finding: &Finding) -> &str {
    if finding.subject.is_empty() { &finding.path } else { &finding.subject }
}

fn phrase(finding: &Finding) -> String {
    match finding.expected.is_empty() {
        true => finding.seen.clone(),
        false => format!("{}, wanted {}", finding.seen, finding.expected),
    }
}

impl Row<'_> {
    /// Why it is not asked, when it is not.
    pub fn reason(&self) -> Option<Reason> {
        match self.verdict {
            Verdict::NotApplicable(reason) => Some(*reason),
            Verdict::Pass { .. } | Verdict::Fail { .. } | Verdict::Unknown(_) => None,
        }
    }

    /// The strongest evidence that shows that the rule holds.
    pub fn rank(&self) -> Option<Rank> {
        match self.verdict {
            Verdict::Pass { proofs, .. } => proofs.iter().map(|proof| proof.rank).max(),
            Verdict::Fail { .. } | Verdict::Unknown(_) | Verdict::NotApplicable(_) => None,
        }
    }
}

/// The newest document of a rule.
fn newest(rule: &Rule) -> Option<&'static Doc> {
    rule.sources.iter().copied().max_by_key(|doc| doc.date)
}

/// What a group of rules is about.
fn group_title(group: &str) -> &'static str {
    match group {
        "ACC" => "Account and subscription",
        "PROV" => "Connectivity provider",
        "NET-RED" => "Two links, two sessions",
        "DR" => "Disaster recovery",
        "NET-BGP" => "Routing and BGP",
        "ADDR" => "Addressing",
        "NAT" => "Address translation",
        "QOS" => "Traffic classes",
        "SEC" => "Security",
        "M365" => "Microsoft 365",
        "CRM" => "Dynamics 365",
        "PUB" => "Public peering",
        "CFG" => "Configuration steps",
        "CAP" => "Capacity and limits",
        _ => "Other",
    }
}

/// What those who must act are told.
fn owner_title(owner: Owner) -> &'static str {
    match owner {
        Owner::You => "You can mend these now",
        Owner::Provider => "Your provider must act",
        Owner::Microsoft => "Microsoft must act",
    }
}

fn title(sources: &Sources) -> String {
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        names if names.len() <= 3 => names.join(" + "),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// A file name as a shell takes it.
fn shell_word(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%".contains(c);
    match !name.is_empty() && name.chars().all(plain) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("'{}'", name.replace('\'', r"'\''"))),
    }
}
