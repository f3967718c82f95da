//! What the tests of several rooms share: the reference design, and patches over it.
//!
//! The reference design is Contoso of `examples/`, in up to three layers of evidence. A [`patch`](Layers::patch)
//! is YAML merged over a layer: `null` removes a key, `*` stands for every name there, a list or scalar
//! replaces what was there.

use design::{Bounds, Entry, Node, Problem, Shape};
use model::{Date, Design, Source, SourceId, Sources};
use std::borrow::Cow;

/// The day on which tests check the reference design.
pub const TODAY: Date = Date::constant(2026, 11, 21);

/// The reference design as declared.
pub const CONTOSO: &str = include_str!("../../../examples/contoso.design.yaml");
/// Its ordered evidence.
pub const CONTOSO_ORDERED: &str = include_str!("../../../examples/contoso.ordered.yaml");
/// Its live evidence.
pub const CONTOSO_LIVE: &str = include_str!("../../../examples/contoso.live.yaml");

/// Documents that are read together as one design, strongest evidence last.
#[derive(Debug, Clone)]
pub struct Layers {
    layers: Vec<(&'static str, Node<'static>)>,
    /// Sources of all documents, patches too.
    pub sources: Sources,
}

impl Layers {
    /// Parses layers from their names (`design`, `ordered`, `live`) and texts.
    ///
    /// # Panics
    /// A text is no YAML mapping.
    pub fn new(texts: &[(&'static str, &'static str)]) -> Self {
        let mut sources = Sources::default();
        let layers = texts.iter().map(|(name, text)| (*name, parse(name, text, &mut sources))).collect();
        Self { layers, sources }
    }

    /// The reference design with its first `count` layers: declared, ordered, live.
    pub fn contoso(count: usize) -> Self {
        Self::new(&[("design", CONTOSO), ("ordered", CONTOSO_ORDERED), ("live", CONTOSO_LIVE)][..count])
    }

    /// Merges a patch: into the layers it names by the keys `design`, `ordered`, `live`, else into the last.
    ///
    /// # Panics
    /// The patch is no YAML mapping, names a layer that is not there, or uses `*` where nothing is named.
    pub fn patch(&mut self, patch: &'static str) -> &mut Self {
        if patch.is_empty() {
            return self;
        }
        let node = parse("patch", patch, &mut self.sources);
        let names = ["design", "ordered", "live"];
        if node.entries().iter().all(|entry| names.contains(&&*entry.key)) {
            for entry in node.entries() {
                let layer = self.layers.iter_mut().find(|(name, _)| *name == entry.key);
                let (_, layer) = layer.unwrap_or_else(|| panic!("the case has no layer `{}`", entry.key));
                merge(layer, &entry.value, patch);
            }
        } else if let Some((_, last)) = self.layers.last_mut() {
            merge(last, &node, patch);
        }
        self
    }

    /// Decodes and merges the layers.
    pub fn read(&mut self) -> (Design, Vec<Problem>) {
        let mut design = Design::default();
        let mut problems = Vec::new();
        for (index, (_, layer)) in self.layers.iter().enumerate() {
            let id = SourceId(u32::try_from(index).unwrap_or_default());
            let reading = design::decode(layer, id, &mut self.sources);
            model::Record::merge(&mut design, reading.design);
            problems.extend(reading.problems);
        }
        problems.extend(design::check_references(&design));
        (design, problems)
    }

    /// The same, for layers that are known to be well formed.
    ///
    /// # Panics
    /// Something in a layer cannot be used.
    pub fn design(&mut self) -> Design {
        let (design, problems) = self.read();
        assert!(problems.is_empty(), "{problems:#?}");
        design
    }
}

fn parse(name: &str, text: &'static str, sources: &mut Sources) -> Node<'static> {
    let source = Source { name: name.to_owned(), text: Some(text.into()), rank: model::Rank::Declared, taken: None };
    let id = sources.add(source);
    match design::parse(text, id, &Bounds::default()) {
        Ok(node) => node,
        Err(problem) => panic!("{name}: {problem:?}"),
    }
}

/// Merges `patch` over `node`, key by key.
fn merge(node: &mut Node<'static>, patch: &Node<'static>, text: &str) {
    let Shape::Map(changes) = &patch.shape else {
        *node = patch.clone();
        return;
    };
    if !matches!(node.shape, Shape::Map(_)) {
        *node = Node { place: patch.place, shape: Shape::Map(Vec::new()) };
    }
    let Shape::Map(entries) = &mut node.shape else { return };
    for change in changes {
        if change.key == "*" {
            assert!(!entries.is_empty(), "`*` stands for nothing in {text}");
            entries.iter_mut().for_each(|entry| merge(&mut entry.value, &change.value, text));
        } else if change.value.is_null() {
            entries.retain(|entry| entry.key != change.key);
        } else if let Some(entry) = entries.iter_mut().find(|entry| entry.key == change.key) {
            merge(&mut entry.value, &change.value, text);
        } else {
            let mut fresh = Node { place: change.value.place, shape: Shape::Null };
            merge(&mut fresh, &change.value, text);
            entries.push(Entry { key: Cow::clone(&change.key), place: change.place, value: fresh });
        }
    }
}
