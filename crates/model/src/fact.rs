//! Facts: what is known of one value, from each source of evidence.
//!
//! A [`Fact`] holds every statement made about one value. The highest ranking one is what the
//! value *is*: live outranks ordered, ordered outranks declared. The others are kept, so that a
//! disagreement can be shown with both places. A fact without a statement is unknown, which is
//! neither an empty list nor an absent thing.

use crate::{Date, EvidenceKind};
use std::fmt;
use std::sync::Arc;

/// How strong a statement is; later variants outrank earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Rank {
    /// Wanted: a design file, a Terraform plan.
    #[default]
    Declared,
    /// Ordered: what the control plane holds.
    Ordered,
    /// Measured: what the edges and routers report.
    Live,
}

impl From<EvidenceKind> for Rank {
    fn from(kind: EvidenceKind) -> Self {
        match kind {
            EvidenceKind::Declared => Self::Declared,
            EvidenceKind::Ordered => Self::Ordered,
            EvidenceKind::Live => Self::Live,
        }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declared => "declared",
            Self::Ordered => "ordered",
            Self::Live => "live",
        })
    }
}

/// One file, export, API answer or session that statements come from.
#[derive(Debug, Clone)]
pub struct Source {
    /// What a person calls it: a file name, a resource id, a session.
    pub name: String,
    /// Its text, when places point into it.
    pub text: Option<Arc<str>>,
    /// How strong its statements are.
    pub rank: Rank,
    /// When the evidence was taken, if that is known.
    pub taken: Option<Date>,
}

/// Which of the [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// Where a statement stands: a source and a byte range in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Every source of one check, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a source and gives its id.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX))
    }

    /// The source of an id; `None` for an id of other sources.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(id.0 as usize)
    }

    /// The same, to complete what was learned while reading it.
    pub fn get_mut(&mut self, id: SourceId) -> Option<&mut Source> {
        self.0.get_mut(id.0 as usize)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The text that a place covers, if the source has text.
    pub fn text(&self, place: Place) -> Option<&str> {
        self.get(place.source)?.text.as_deref()?.get(place.start as usize..place.end as usize)
    }

    /// Line and column of a place's first byte, both from 1; the column counts characters.
    pub fn line_column(&self, place: Place) -> Option<(usize, usize)> {
        let before = self.get(place.source)?.text.as_deref()?.get(..place.start as usize)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        Some((line, before[line_start..].chars().count() + 1))
    }
}

/// One statement about a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stated<T> {
    /// What was said.
    pub value: T,
    /// How strongly.
    pub rank: Rank,
    /// Where.
    pub place: Place,
}

/// What is known of one value; see the module's head.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact<T> {
    best: Option<Stated<T>>,
    // Outranked statements; nearly always empty, and then without an allocation.
    rest: Vec<Stated<T>>,
}

impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self { best: None, rest: Vec::new() }
    }
}

impl<T> Fact<T> {
    /// A fact with one statement.
    pub fn stated(value: T, rank: Rank, place: Place) -> Self {
        Self { best: Some(Stated { value, rank, place }), rest: Vec::new() }
    }

    /// Adds a statement. Of two with the same rank the earlier one stands.
    pub fn state(&mut self, statement: Stated<T>) {
        match &mut self.best {
            None => self.best = Some(statement),
            Some(best) if statement.rank > best.rank => self.rest.push(std::mem::replace(best, statement)),
            Some(_) => self.rest.push(statement),
        }
    }

    /// Takes over the statements of another fact about the same value.
    pub fn merge(&mut self, other: Self) {
        if let Some(best) = other.best {
            self.state(best);
        }
        for statement in other.rest {
            self.state(statement);
        }
    }

    /// The statement that stands, `None` when nothing is known.
    pub fn known(&self) -> Option<&Stated<T>> {
        self.best.as_ref()
    }

    /// The value that stands, `None` when nothing is known.
    pub fn value(&self) -> Option<&T> {
        self.best.as_ref().map(|statement| &statement.value)
    }

    /// The value that stands, by copy.
    pub fn get(&self) -> Option<T>
    where
        T: Copy,
    {
        self.value().copied()
    }

    /// Whether the value is known to be just this.
    pub fn is(&self, value: &T) -> bool
    where
        T: PartialEq,
    {
        self.value() == Some(value)
    }

    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        self.best.is_some()
    }

    /// Where the statement that stands was made.
    pub fn place(&self) -> Option<Place> {
        self.best.as_ref().map(|statement| statement.place)
    }

    /// The strongest statement of at least this rank.
    pub fn at_least(&self, rank: Rank) -> Option<&Stated<T>> {
        self.best.as_ref().filter(|statement| statement.rank >= rank)
    }

    /// This fact if it is known, else the other: an override over a default.
    pub fn or<'a>(&'a self, default: &'a Self) -> &'a Self {
        if self.is_known() { self } else { default }
    }

    /// Every statement, the standing one first.
    pub fn statements(&self) -> impl Iterator<Item = &Stated<T>> {
        self.best.iter().chain(&self.rest)
    }

    /// The first outranked statement that says something else than the standing one.
    pub fn disagreement(&self) -> Option<(&Stated<T>, &Stated<T>)>
    where
        T: PartialEq,
    {
        let best = self.best.as_ref()?;
        self.rest.iter().find(|other| other.value != best.value).map(|other| (best, other))
    }
}

/// One element of a list, with its own place.
#[derive(Debug, Clone, Copy)]
pub struct Item<T> {
    /// The element.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// Two elements are the same when they say the same, wherever they stand.
impl<T: PartialEq> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A stated list. An empty list says "none"; an unknown one is a [`Fact`] without a statement.
pub type List<T> = Vec<Item<T>>;

impl<T> Fact<List<T>> {
    /// The elements, none when the list is unknown. Ask [`Fact::is_known`] where the two differ.
    pub fn items(&self) -> impl Iterator<Item = &Item<T>> {
        self.value().into_iter().flatten()
    }

    /// The values of the elements, none when the list is unknown.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.items().map(|item| &item.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: Place = Place { source: SourceId(0), start: 0, end: 0 };

    #[test]
    fn live_outranks_ordered_outranks_declared_in_any_order() {
        let mut fact = Fact::default();
        for (value, rank) in [("o", Rank::Ordered), ("d", Rank::Declared), ("l", Rank::Live), ("x", Rank::Live)] {
            fact.state(Stated { value, rank, place: NOWHERE });
        }
        assert_eq!(fact.value(), Some(&"l"));
        assert_eq!(fact.statements().count(), 4);
    }

    #[test]
    fn the_same_said_twice_is_no_disagreement() {
        let mut fact = Fact::stated(1, Rank::Declared, NOWHERE);
        fact.merge(Fact::stated(1, Rank::Ordered, NOWHERE));
        assert_eq!(fact.disagreement(), None);
        fact.merge(Fact::stated(2, Rank::Declared, NOWHERE));
        assert_eq!(fact.disagreement().unwrap().1.value, 2);
    }

    #[test]
    fn unknown_is_not_an_empty_list() {
        let unknown: Fact<List<u32>> = Fact::default();
        let none = Fact::stated(List::<u32>::new(), Rank::Declared, NOWHERE);
        assert!(!unknown.is_known() && none.is_known());
        assert_eq!(unknown.items().count(), none.items().count());
    }
}
