//! Nodes to records: fills a record's facts from a mapping and collects what does not fit.

use crate::problem::nearest;
use crate::{Entry, Node, Problem, Shape};
use model::{Fact, Field, Item, List, Name, Rank, Record, Stated, Value, Visitor};
use std::collections::BTreeMap;

/// Fills a record from a node; statements get the rank of the source.
pub(crate) fn record<R: Record>(node: &Node<'_>, record: &mut R, rank: Rank, problems: &mut Vec<Problem>) {
    let Shape::Map(entries) = &node.shape else {
        if !node.is_null() {
            problems.push(Problem::new(node.place, node.kind(), "a mapping of keys and values"));
        }
        return;
    };
    record.set_place(node.place);
    let mut decoder = Decoder { entries, rank, problems, known: Vec::new() };
    record.visit(&mut decoder);
    let Decoder { known, .. } = decoder;
    for entry in entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
        let meant = nearest(&entry.key, known.iter().copied());
        let expected = format!("one of {}", known.join(", "));
        problems.push(Problem::new(entry.place, format!("the unknown key `{}`", entry.key), expected).suggest(meant));
    }
}

struct Decoder<'n, 't, 'p> {
    entries: &'n [Entry<'t>],
    rank: Rank,
    problems: &'p mut Vec<Problem>,
    known: Vec<&'static str>,
}

impl<'n, 't> Decoder<'n, 't, '_> {
    /// The entry of a field, unless it has no value or this kind of source may not state it.
    fn entry(&mut self, field: &'static Field) -> Option<&'n Entry<'t>> {
        self.known.push(field.name);
        let entry = self.entries.iter().find(|entry| entry.key == field.name)?;
        if entry.value.is_null() || entry.value.text() == Some("unknown") {
            return None;
        }
        if field.rank > self.rank {
            let seen = format!("`{}` in evidence that is {}", field.name, self.rank);
            let expected = format!(
                "only {} evidence to state it (`evidence: {}` at the head of a file of its own)",
                field.rank, field.rank
            );
            self.problems.push(Problem::new(entry.place, seen, expected));
            return None;
        }
        Some(entry)
    }

    fn value<T: Value>(&mut self, node: &Node<'_>) -> Option<T> {
        let Some(text) = node.text() else {
            self.problems.push(Problem::new(node.place, node.kind(), T::EXPECTED));
            return None;
        };
        match T::parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let meant = error.suggestion.or_else(|| match T::SHAPE {
                    model::Shape::Words(words) => nearest(text, words.iter().copied()).map(str::to_owned),
                    _ => None,
                });
                self.problems.push(Problem::new(node.place, error.reason, T::EXPECTED).suggest(meant));
                None
            }
        }
    }
}

impl Visitor for Decoder<'_, '_, '_> {
    fn fact<T: Value>(&mut self, field: &'static Field, fact: &mut Fact<T>) {
        let Some(entry) = self.entry(field) else { return };
        if let Some(value) = self.value(&entry.value) {
            fact.state(Stated { value, rank: self.rank, place: entry.value.place });
        }
    }

    /// A single value stands for a list of one.
    fn list<T: Value>(&mut self, field: &'static Field, list: &mut Fact<List<T>>) {
        let Some(entry) = self.entry(field) else { return };
        let nodes = match &entry.value.shape {
            Shape::List(items) => items.as_slice(),
            Shape::Null | Shape::Scalar(_) | Shape::Map(_) => std::slice::from_ref(&entry.value),
        };
        let before = self.problems.len();
        let items: List<T> =
            nodes.iter().filter_map(|node| self.value(node).map(|value| Item { value, place: node.place })).collect();
        // A list with an unreadable element is not known: a rule must not judge half of it.
        if self.problems.len() == before {
            list.state(Stated { value: items, rank: self.rank, place: entry.value.place });
        }
    }

    fn part<R: Record>(&mut self, field: &'static Field, part: &mut R) {
        let Some(entry) = self.entry(field) else { return };
        part.set_place(entry.place);
        record(&entry.value, part, self.rank, self.problems);
    }

    fn maybe<R: Record>(&mut self, field: &'static Field, part: &mut Option<Box<R>>) {
        let Some(entry) = self.entry(field) else { return };
        let part = part.get_or_insert_default();
        part.set_place(entry.place);
        record(&entry.value, &mut **part, self.rank, self.problems);
    }

    fn map<R: Record>(&mut self, field: &'static Field, map: &mut BTreeMap<Name, R>) {
        let Some(entry) = self.entry(field) else { return };
        let Shape::Map(entries) = &entry.value.shape else {
            let expected = "a mapping of names to what they stand for";
            self.problems.push(Problem::new(entry.value.place, entry.value.kind(), expected));
            return;
        };
        for named in entries {
            let value = map.entry(Name::from(&*named.key)).or_default();
            value.set_place(named.place);
            record(&named.value, value, self.rank, self.problems);
        }
    }
}

/// The keys of a record, in order.
pub(crate) fn keys<R: Record>() -> Vec<&'static str> {
    let mut decoder = Decoder { entries: &[], rank: Rank::Declared, problems: &mut Vec::new(), known: Vec::new() };
    R::default().visit(&mut decoder);
    decoder.known
}
