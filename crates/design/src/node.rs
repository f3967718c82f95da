//! Trees of nodes: what YAML and JSON have in common, with the bytes of each part.

use model::{Place, SourceId};
use std::borrow::Cow;

/// One value of a YAML or JSON text.
#[derive(Debug, Clone)]
pub struct Node<'t> {
    /// Its bytes.
    pub place: Place,
    /// What it is.
    pub shape: Shape<'t>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Shape<'t> {
    /// `null`, `~` or nothing.
    Null,
    /// Any scalar; numbers and booleans keep their text.
    Scalar(Cow<'t, str>),
    /// A sequence.
    List(Vec<Node<'t>>),
    /// A mapping, in the order of the text, each key once.
    Map(Vec<Entry<'t>>),
}

/// One key of a mapping and its value.
#[derive(Debug, Clone)]
pub struct Entry<'t> {
    /// The key.
    pub key: Cow<'t, str>,
    /// The key's bytes.
    pub place: Place,
    /// The value.
    pub value: Node<'t>,
}

impl<'t> Node<'t> {
    /// The value of a key, for a mapping that has it with a value other than null.
    pub fn get(&self, key: &str) -> Option<&Node<'t>> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value).filter(|node| !node.is_null())
    }

    /// The value of a key, without regard to its case, as ARM has it.
    pub fn field(&self, key: &str) -> Option<&Node<'t>> {
        let entry = self.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(key))?;
        (!entry.value.is_null()).then_some(&entry.value)
    }

    /// The value of a key of an ARM resource: at its top as `az` prints it, or under `properties` as the REST
    /// API and Resource Graph do.
    pub fn property(&self, key: &str) -> Option<&Node<'t>> {
        self.field(key).or_else(|| self.field("properties")?.field(key))
    }

    /// The entries of a mapping; none for another shape.
    pub fn entries(&self) -> &[Entry<'t>] {
        match &self.shape {
            Shape::Map(entries) => entries,
            Shape::Null | Shape::Scalar(_) | Shape::List(_) => &[],
        }
    }

    /// The elements of a sequence; none for another shape.
    pub fn items(&self) -> &[Node<'t>] {
        match &self.shape {
            Shape::List(items) => items,
            Shape::Null | Shape::Scalar(_) | Shape::Map(_) => &[],
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(text) => Some(text),
            Shape::Null | Shape::List(_) | Shape::Map(_) => None,
        }
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self.shape, Shape::Null)
    }

    /// What the node is, in the words of an error.
    pub fn kind(&self) -> String {
        match &self.shape {
            Shape::Null => "nothing".to_owned(),
            Shape::Scalar(text) if text.chars().count() <= 40 => format!("`{text}`"),
            Shape::Scalar(text) => format!("`{}…`", text.chars().take(40).collect::<String>()),
            Shape::List(items) => format!("a list of {}", items.len()),
            Shape::Map(entries) if entries.len() == 1 => "a mapping of 1 key".to_owned(),
            Shape::Map(entries) => format!("a mapping of {} keys", entries.len()),
        }
    }
}

/// A place from byte offsets; texts are bounded far below 4 GiB.
pub(crate) fn place(source: SourceId, start: usize, end: usize) -> Place {
    let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
    Place { source, start: offset(start), end: offset(end) }
}
