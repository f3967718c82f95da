//! JSON text to nodes, within bounds.

use crate::node::{Entry, Node, Shape, place};
use crate::{Bounds, Problem};
use jsonc_parser::ast::{Object, ObjectPropName, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions};
use model::{Place, SourceId};
use std::borrow::Cow;
use std::collections::HashSet;

/// Reads a JSON text (RFC 8259, nothing looser). The parser itself bounds the depth at 512.
pub(crate) fn parse<'t>(text: &'t str, source: SourceId, bounds: &Bounds) -> Result<Node<'t>, Problem> {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder { source, skipped: text.len() - bare.len(), bounds, nodes: 0 };
    let value = jsonc_parser::parse_to_ast(bare, &CollectOptions::default(), &STRICT).map_err(|error| {
        let seen = match serde_json::from_str::<serde_json::Value>(bare) {
            Err(other) if other.is_eof() => "the end of the file within a value: the export is cut off".to_owned(),
            _ => error.kind().to_string(),
        };
        Problem::new(builder.place(error.range()), seen, "well-formed JSON")
    })?;
    match value.value {
        Some(value) => builder.node(value, 0),
        None => Ok(Node { place: place(source, 0, 0), shape: Shape::Null }),
    }
}

struct Builder<'b> {
    source: SourceId,
    /// Bytes before the text that is parsed: those of a byte order mark.
    skipped: usize,
    bounds: &'b Bounds,
    nodes: usize,
}

impl Builder<'_> {
    fn place(&self, range: Range) -> Place {
        place(self.source, self.skipped + range.start, self.skipped + range.end)
    }

    fn node<'t>(&mut self, value: Value<'t>, depth: usize) -> Result<Node<'t>, Problem> {
        let at = self.place(value.range());
        if depth > self.bounds.depth {
            return Err(Problem::new(at, format!("values nested deeper than {}", self.bounds.depth), "a flatter file"));
        }
        self.nodes += 1;
        if self.nodes > self.bounds.nodes {
            return Err(Problem::new(
                at,
                format!("more than {} values", self.bounds.nodes),
                "a smaller file, or several",
            ));
        }
        let shape = match value {
            Value::NullKeyword(_) => Shape::Null,
            Value::StringLit(text) => Shape::Scalar(text.value),
            Value::NumberLit(number) => Shape::Scalar(Cow::Borrowed(number.value)),
            Value::BooleanLit(boolean) => Shape::Scalar(Cow::Borrowed(if boolean.value { "true" } else { "false" })),
            Value::Array(array) => {
                let items = array.elements.into_iter().map(|item| self.node(item, depth + 1));
                Shape::List(items.collect::<Result<_, _>>()?)
            }
            Value::Object(object) => Shape::Map(self.entries(object, depth)?),
        };
        Ok(Node { place: at, shape })
    }

    fn entries<'t>(&mut self, object: Object<'t>, depth: usize) -> Result<Vec<Entry<'t>>, Problem> {
        let mut entries = Vec::with_capacity(object.properties.len());
        let mut seen = HashSet::with_capacity(object.properties.len());
        for property in object.properties {
            let (key, range) = match property.name {
                ObjectPropName::String(name) => (name.value, name.range),
                ObjectPropName::Word(name) => (Cow::Borrowed(name.value), name.range),
            };
            let place = self.place(range);
            if !seen.insert(key.clone()) {
                return Err(Problem::new(place, format!("`{key}` a second time"), "each key once"));
            }
            entries.push(Entry { key, place, value: self.node(property.value, depth + 1)? });
        }
        Ok(entries)
    }
}

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};
