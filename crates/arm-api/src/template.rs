//! Paths of operations.

use std::collections::BTreeMap;

/// The path of an operation as the swagger writes it, like
/// `/subscriptions/{subscriptionId}/providers/Microsoft.Network/routeFilters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    segments: Vec<Segment>,
}

/// A part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A word; its case is passed over.
    Word(String),
    /// A name, and what it is called in the swagger.
    Name(String),
}

impl Template {
    /// Reads a template.
    pub fn new(text: &str) -> Self {
        let segment = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => Segment::Name(name.to_owned()),
            None => Segment::Word(part.to_owned()),
        };
        Self { segments: text.split('/').filter(|part| !part.is_empty()).map(segment).collect() }
    }

    /// What a path, cut at its slashes and decoded, says for the names; nothing when it is another path. Names are
    /// as given.
    pub fn names(&self, path: &[String]) -> Option<BTreeMap<&str, String>> {
        if path.len() != self.segments.len() {
            return None;
        }
        let mut names = BTreeMap::new();
        for (segment, part) in self.segments.iter().zip(path) {
            match segment {
                Segment::Word(word) if word.eq_ignore_ascii_case(part) => {}
                Segment::Word(_) => return None,
                Segment::Name(name) => _ = names.insert(name.as_str(), part.clone()),
            }
        }
        Some(names)
    }

    /// The path with the documented spelling of its words and the names given.
    pub fn path(&self, names: &BTreeMap<&str, String>) -> String {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            match segment {
                Segment::Word(word) => path.push_str(word),
                Segment::Name(name) => path.push_str(names.get(name.as_str()).map_or("", String::as_str)),
            }
        }
        path
    }

    /// Its parts.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }
}
