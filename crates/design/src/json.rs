//! JSON text to nodes, within bounds.

use crate::node::{Entry, Node, Shape, place};
use crate::{Bounds, Problem};
use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::{CollectOptions, ParseOptions};
use model::SourceId;
use std::borrow::Cow;

/// Reads a JSON text (RFC 8259, nothing looser). The parser itself bounds the depth at 512.
pub(crate) fn parse<'t>(text: &'t str, source: SourceId, bounds: &Bounds) -> Result<Node<'t>, Problem> {
    let value = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &STRICT)
        .map_err(|error| {
            let range = error.range();
            let seen = match range.start >= text.trim_end().len() {
                true => "the end of the file within a value: the export is cut off".to_owned(),
                false => error.kind().to_string(),
            };
            Problem::new(place(source, range.start, range.end), seen, "well-formed JSON")
        })?
        .value;
    let mut budget = bounds.nodes;
    match value {
        Some(value) => node(value, source, bounds, &mut budget, 0),
        None => Ok(Node { place: place(source, 0, 0), shape: Shape::Null }),
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

fn node<'t>(
    value: Value<'t>,
    source: SourceId,
    bounds: &Bounds,
    budget: &mut usize,
    depth: usize,
) -> Result<Node<'t>, Problem> {
    let range = jsonc_parser::common::Ranged::range(&value);
    let at = place(source, range.start, range.end);
    if depth > bounds.depth {
        return Err(Problem::new(at, format!("values nested deeper than {}", bounds.depth), "a flatter file"));
    }
    *budget = budget
        .checked_sub(1)
        .ok_or_else(|| Problem::new(at, format!("more than {} values", bounds.nodes), "a smaller file, or several"))?;
    let shape = match value {
        Value::NullKeyword(_) => Shape::Null,
        Value::StringLit(text) => Shape::Scalar(text.value),
        Value::NumberLit(number) => Shape::Scalar(Cow::Borrowed(number.value)),
        Value::BooleanLit(boolean) => Shape::Scalar(Cow::Borrowed(if boolean.value { "true" } else { "false" })),
        Value::Array(array) => {
            let items = array.elements.into_iter().map(|item| node(item, source, bounds, budget, depth + 1));
            Shape::List(items.collect::<Result<_, _>>()?)
        }
        Value::Object(object) => {
            let mut entries = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let (key, range) = match property.name {
                    ObjectPropName::String(name) => (name.value, name.range),
                    ObjectPropName::Word(name) => (Cow::Borrowed(name.value), name.range),
                };
                let key_place = place(source, range.start, range.end);
                entries.push(Entry {
                    key,
                    place: key_place,
                    value: node(property.value, source, bounds, budget, depth + 1)?,
                });
            }
            Shape::Map(entries)
        }
    };
    Ok(Node { place: at, shape })
}
