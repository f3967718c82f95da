//! What the tests of several rooms share: the reference design, and patches over it.
//!
//! The reference design is Contoso of `examples/`, in up to three layers of evidence. A [`patch`](Layers::patch)
//! is YAML merged over a layer: `null` removes a key, `*` stands for every name there, a list or scalar
//! replaces what was there.
//!
//! [`arm`] is the contract with the real clients: Microsoft's swagger, what clients call, a recorded journey.
//! [`flows`] writes flow records. [`rights`] gives tests the right to make network namespaces.

pub mod arm;
mod fleet;
pub mod flows;
#[cfg(unix)]
pub mod postgres;
#[cfg(unix)]
pub mod rights;

pub use fleet::circuit as fleet_circuit;

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

    /// The single changes that a patch stands for here: `*` is replaced by one name at a time, wherever the
    /// keys around the change exist. A patch without `*` stands for itself, if its keys exist.
    pub fn expand(&mut self, patch: &'static str) -> Vec<Change> {
        let node = parse("patch", patch, &mut self.sources);
        let names = ["design", "ordered", "live"];
        if !node.entries().is_empty() && node.entries().iter().all(|entry| names.contains(&&*entry.key)) {
            let mut changes = vec![Change::default()];
            for entry in node.entries() {
                let index = self.layers.iter().position(|(name, _)| *name == entry.key);
                let Some(index) = index else { return Vec::new() };
                let here = concrete(&entry.value, Some(&self.layers[index].1));
                let with = |change: &Change| {
                    let parts = here.iter().map(|node| [&change.0[..], &[(index, node.clone())]].concat());
                    parts.map(Change).collect::<Vec<_>>()
                };
                changes = changes.iter().flat_map(with).collect();
            }
            return changes;
        }
        let last = self.layers.len() - 1;
        concrete(&node, Some(&self.layers[last].1)).into_iter().map(|node| Change(vec![(last, node)])).collect()
    }

    /// Makes one change.
    pub fn apply(&mut self, change: &Change) -> &mut Self {
        for (index, node) in &change.0 {
            merge(&mut self.layers[*index].1, node, "change");
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

/// Values that a scrambled design may hold where another stood: right ones, wrong ones, absurd ones.
const STRAY: &[&str] = &[
    "0",
    "1",
    "4094",
    "65515",
    "12076",
    "4294967295",
    "4294967296",
    "-1",
    "true",
    "false",
    "none",
    "unknown",
    "active",
    "EF",
    "yes",
    "no",
    "10.0.0.0/8",
    "10.1.2.3/8",
    "0.0.0.0/0",
    "192.168.15.16/28",
    "192.168.15.16/29",
    "131.107.250.0/30",
    "fd00::/125",
    "::/0",
    "192.168.15.18",
    "2026-11-21",
    "1 Gbps",
    "3 Gbps",
    "premium metered",
    "standard",
    "Atlantis",
    "Amsterdam",
    "12076:5010",
    "exchange",
    "customer",
    "provider",
    "300 ms x 3",
    "",
    "ж",
    "\u{7f}",
];

/// A scrambled reference design as text: each pick takes a value of the design, by number, and removes it,
/// puts a stray value there, or puts another of its own values there.
pub fn scramble(picks: &[(usize, usize)]) -> String {
    let mut sources = Sources::default();
    let mut root = parse("design", CONTOSO, &mut sources);
    for &(which, what) in picks {
        let count = scalars(&root).len();
        let own = scalars(&root)[what % count].to_owned();
        let value = match what % 5 {
            0 => None,
            1 | 2 => Some(own),
            _ => Some(STRAY[what / 5 % STRAY.len()].to_owned()),
        };
        replace(&mut root, &mut (which % count), &value);
    }
    yaml(&root)
}

fn scalars<'n>(node: &'n Node<'_>) -> Vec<&'n str> {
    match &node.shape {
        Shape::Null => Vec::new(),
        Shape::Scalar(text) => vec![text],
        Shape::List(items) => items.iter().flat_map(scalars).collect(),
        Shape::Map(entries) => entries.iter().flat_map(|entry| scalars(&entry.value)).collect(),
    }
}

/// Replaces the scalar that is `left` scalars away.
fn replace(node: &mut Node<'static>, left: &mut usize, value: &Option<String>) -> bool {
    match &mut node.shape {
        Shape::Null => false,
        Shape::Scalar(_) if *left == 0 => {
            node.shape = value.clone().map_or(Shape::Null, |text| Shape::Scalar(text.into()));
            true
        }
        Shape::Scalar(_) => {
            *left -= 1;
            false
        }
        Shape::List(items) => items.iter_mut().any(|item| replace(item, left, value)),
        Shape::Map(entries) => entries.iter_mut().any(|entry| replace(&mut entry.value, left, value)),
    }
}

/// A scalar in double quotes; what YAML and Rust escape alike is all that a design holds.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A node as block YAML, every scalar quoted.
fn yaml(node: &Node<'_>) -> String {
    fn write(node: &Node<'_>, indent: usize, out: &mut String) {
        let pad = "  ".repeat(indent);
        match &node.shape {
            Shape::Null => out.push_str(" null\n"),
            Shape::Scalar(text) => out.push_str(&format!(" {}\n", quoted(text))),
            Shape::List(items) if items.is_empty() => out.push_str(" []\n"),
            Shape::List(items) => {
                let texts = items.iter().map(|item| item.text().map_or("null".to_owned(), quoted));
                out.push_str(&format!(" [{}]\n", texts.collect::<Vec<_>>().join(", ")));
            }
            Shape::Map(entries) => {
                out.push('\n');
                for entry in entries {
                    out.push_str(&format!("{pad}{}:", entry.key));
                    write(&entry.value, indent + 1, out);
                }
            }
        }
    }
    let mut out = String::new();
    write(node, 0, &mut out);
    out
}

/// One change to some layers, with no `*` left in it.
#[derive(Debug, Clone, Default)]
pub struct Change(Vec<(usize, Node<'static>)>);

impl Change {
    /// The paths of the values that it changes.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.0.iter().for_each(|(_, node)| leaves(node, "", &mut paths));
        paths
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn text(node: &Node<'_>) -> String {
            let list = |items: Vec<String>, open, close| format!("{open}{}{close}", items.join(", "));
            match &node.shape {
                Shape::Null => "null".to_owned(),
                Shape::Scalar(text) => text.to_string(),
                Shape::List(items) => list(items.iter().map(text).collect(), '[', ']'),
                Shape::Map(entries) => list(
                    entries.iter().map(|entry| format!("{}: {}", entry.key, text(&entry.value))).collect(),
                    '{',
                    '}',
                ),
            }
        }
        self.0.iter().try_for_each(|(_, node)| f.write_str(&text(node)))
    }
}

fn leaves(node: &Node<'_>, path: &str, paths: &mut Vec<String>) {
    match &node.shape {
        Shape::Map(entries) => {
            for entry in entries {
                let path = if path.is_empty() { entry.key.to_string() } else { format!("{path}.{}", entry.key) };
                leaves(&entry.value, &path, paths);
            }
        }
        Shape::Null | Shape::Scalar(_) | Shape::List(_) => paths.push(path.to_owned()),
    }
}

/// The patches without `*` that a patch stands for over a target; none where its keys do not exist.
fn concrete(patch: &Node<'static>, target: Option<&Node<'static>>) -> Vec<Node<'static>> {
    let Shape::Map(changes) = &patch.shape else { return vec![patch.clone()] };
    let Some(target) = target else { return Vec::new() };
    let mut made = vec![Vec::new()];
    for change in changes {
        let entries = target.entries().iter().filter(|entry| change.key == "*" || entry.key == change.key);
        let mut ways: Vec<Entry<'static>> = Vec::new();
        for entry in entries {
            let values = concrete(&change.value, Some(&entry.value)).into_iter();
            ways.extend(values.map(|value| Entry { key: entry.key.clone(), place: change.place, value }));
        }
        let fresh = !matches!(change.value.shape, Shape::Map(_) | Shape::Null) && change.key != "*";
        if ways.is_empty() && fresh {
            ways.push(change.clone());
        }
        let with = |done: &Vec<Entry<'static>>| {
            ways.iter().map(|way| [&done[..], std::slice::from_ref(way)].concat()).collect::<Vec<_>>()
        };
        made = made.iter().flat_map(with).collect();
    }
    made.into_iter().map(|entries| Node { place: patch.place, shape: Shape::Map(entries) }).collect()
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
