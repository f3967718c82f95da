//! What is not known, grouped by the fact that is missing.
//!
//! Many rules wait for the same fact, and the same fact is missing at many links. A [`Gap`] holds all of
//! that together: one field of one kind of record, where it is missing, and which rules wait for it.

use super::place::{Atlas, Location};
use super::text;
use crate::{Checklist, Missing, Rule, Severity};
use model::{Design, Fact, Field, List, Name, Rank, Reader, Record, Value};
use std::collections::BTreeMap;

/// A fact that rules wait for.
#[derive(Debug, Clone)]
pub struct Gap<'a> {
    /// The path of the fact, `*` where several names are meant: `circuits.*.busy_hour`.
    pub path: String,
    /// What it is, in words; the path where the model does not say.
    pub about: String,
    /// How it could be learned.
    pub learn: String,
    /// The weakest evidence that may state it.
    pub rank: Rank,
    /// Whether a required rule waits for it.
    pub blocks: bool,
    /// Where it is missing, each path once.
    pub missing: Vec<&'a Missing>,
    /// The rules that wait for it, by id.
    pub rules: Vec<&'static Rule>,
    /// The nearest line where it could stand, when it is missing in one place only.
    pub location: Option<Location<'a>>,
}

impl Gap<'_> {
    /// The subjects it is missing for, each once; empty when it concerns the design as a whole.
    pub fn subjects(&self) -> Vec<&str> {
        let mut subjects: Vec<&str> = Vec::new();
        for missing in &self.missing {
            if !missing.subject.is_empty() && !subjects.contains(&missing.subject.as_str()) {
                subjects.push(&missing.subject);
            }
        }
        subjects
    }
}

/// Everything that is missing: what blocks first, then what most rules wait for.
pub(super) fn gaps<'a>(checklist: &'a Checklist, design: &Design, atlas: &Atlas<'a>) -> Vec<Gap<'a>> {
    let mut gaps: BTreeMap<(&str, &str), Gap<'a>> = BTreeMap::new();
    for (rule, verdict) in &checklist.rows {
        for missing in verdict.missing_facts() {
            let known = Lookup::find(design, &missing.path);
            let key = known.map_or(("", missing.path.as_str()), |known| (known.record, known.field.name));
            let gap = gaps.entry(key).or_insert_with(|| Gap {
                path: missing.path.clone(),
                about: known.map_or_else(|| missing.path.clone(), |known| text::phrase(known.field.doc)),
                learn: String::new(),
                rank: known.map_or(Rank::Declared, |known| known.field.rank),
                blocks: false,
                missing: Vec::new(),
                rules: Vec::new(),
                // The design as a whole is no line to look at.
                location: atlas.locate(missing.place.filter(|place| Some(*place) != design.place)),
            });
            gap.path = common(&gap.path, &missing.path);
            gap.learn = learn(known, &gap.path);
            gap.blocks |= rule.severity == Severity::Required;
            if gap.missing.iter().all(|other| other.path != missing.path) {
                gap.missing.push(missing);
                gap.location = gap.location.filter(|_| gap.missing.len() == 1);
            }
            if gap.rules.last().is_none_or(|last| last.id != rule.id) {
                gap.rules.push(rule);
            }
        }
    }
    let mut gaps: Vec<_> = gaps.into_values().collect();
    gaps.sort_by(|a, b| (b.blocks, b.rules.len()).cmp(&(a.blocks, a.rules.len())).then_with(|| a.path.cmp(&b.path)));
    gaps
}

fn learn(known: Option<Known>, path: &str) -> String {
    // The names in it are anybody's, and backticks are ours.
    let path = path.replace('`', "'");
    match known {
        None => format!("write `{path}`"),
        Some(Known { field: Field { rank: Rank::Live, .. }, .. }) => {
            format!("only the running network can tell `{path}`: add a file with `evidence: live`")
        }
        Some(Known { field: Field { rank: Rank::Ordered, .. }, .. }) => {
            format!("only the control plane can tell `{path}`: add its export, or a file with `evidence: ordered`")
        }
        Some(Known { expected, .. }) => format!("write `{path}`: {expected}"),
    }
}

/// The path that stands for both: `*` where they differ. Paths of different lengths leave the shorter one.
fn common(one: &str, other: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (one.split('.').collect(), other.split('.').collect());
    match a.len() == b.len() {
        true => a.iter().zip(&b).map(|(a, b)| if a == b { a } else { "*" }).collect::<Vec<_>>().join("."),
        false => if a.len() < b.len() { one } else { other }.to_owned(),
    }
}

/// What the model says of the field at a path.
#[derive(Debug, Clone, Copy)]
struct Known {
    record: &'static str,
    field: &'static Field,
    expected: &'static str,
}

/// Goes down a path through the records of the model, whether the design has them or not.
struct Lookup<'p> {
    record: &'static str,
    path: &'p [&'p str],
    found: Option<Known>,
}

impl<'p> Lookup<'p> {
    fn find(design: &Design, path: &'p str) -> Option<Known> {
        let path: Vec<&str> = path.split('.').collect();
        let mut lookup = Lookup { record: Design::NAME, path: &path, found: None };
        design.read(&mut lookup);
        lookup.found
    }

    fn is_next(&self, field: &Field) -> bool {
        self.path.first().is_some_and(|name| name.split('|').any(|name| name == field.name))
    }

    fn arrive(&mut self, field: &'static Field, expected: &'static str) {
        self.found = Some(Known { record: self.record, field, expected });
    }

    /// Into a record that `names` steps of the path lead to; the field itself when the path ends there.
    fn enter<R: Record>(&mut self, field: &'static Field, names: usize, record: &R) {
        match self.path.get(names..) {
            None | Some([]) => self.arrive(field, "what is known of it"),
            Some(rest) => {
                let mut inner = Lookup { record: R::NAME, path: rest, found: None };
                record.read(&mut inner);
                self.found = inner.found;
            }
        }
    }
}

impl Reader for Lookup<'_> {
    fn fact<T: Value>(&mut self, field: &'static Field, _: &Fact<T>) {
        if self.is_next(field) {
            self.arrive(field, T::EXPECTED);
        }
    }

    fn list<T: Value>(&mut self, field: &'static Field, _: &Fact<List<T>>) {
        if self.is_next(field) {
            self.arrive(field, T::EXPECTED);
        }
    }

    fn part<R: Record>(&mut self, field: &'static Field, part: &R) {
        if self.is_next(field) {
            self.enter(field, 1, part);
        }
    }

    fn maybe<R: Record>(&mut self, field: &'static Field, _: Option<&R>) {
        if self.is_next(field) {
            self.enter(field, 1, &R::default());
        }
    }

    fn map<R: Record>(&mut self, field: &'static Field, _: &BTreeMap<Name, R>) {
        if self.is_next(field) {
            self.enter(field, 2, &R::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_says_what_a_path_means() {
        let known = Lookup::find(&Design::default(), "circuits.ams.private.primary.session").unwrap();
        assert_eq!((known.record, known.field.name, known.field.rank), ("Link", "session", Rank::Live));
        let part = Lookup::find(&Design::default(), "circuits.ams.microsoft").unwrap();
        assert_eq!((part.record, part.field.name), ("Circuit", "microsoft"));
        assert!(Lookup::find(&Design::default(), "circuits.ams.nonsense").is_none());
        assert!(Lookup::find(&Design::default(), "").is_none());
    }

    #[test]
    fn paths_that_differ_share_a_star() {
        assert_eq!(common("circuits.a.private.asn", "circuits.b.private.asn"), "circuits.*.private.asn");
        assert_eq!(common("circuits.a.connectivity.model", "connectivity.model"), "connectivity.model");
    }
}
