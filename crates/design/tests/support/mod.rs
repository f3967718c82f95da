//! What tests of the schema share.

use design::{Bounds, Node, Shape};
use model::SourceId;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&design::schema()).unwrap_or_else(|error| panic!("{error}")));

/// What the schema finds wrong with a YAML text.
pub(crate) fn errors(text: &str) -> Vec<String> {
    let json = typed(text);
    VALIDATOR.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// A YAML text as JSON, its plain scalars with the types of YAML's core schema.
fn typed(text: &str) -> Json {
    fn convert(text: &str, node: &Node<'_>) -> Json {
        match &node.shape {
            Shape::Null => Json::Null,
            Shape::List(items) => items.iter().map(|item| convert(text, item)).collect(),
            Shape::Map(entries) => {
                entries.iter().map(|entry| (entry.key.to_string(), convert(text, &entry.value))).collect()
            }
            Shape::Scalar(scalar) if text[node.place.start as usize..].starts_with(['"', '\'']) => json!(scalar),
            Shape::Scalar(scalar) => match &**scalar {
                "true" | "True" | "TRUE" => json!(true),
                "false" | "False" | "FALSE" => json!(false),
                scalar => match (scalar.parse::<u64>(), scalar.parse::<f64>()) {
                    (Ok(number), _) => json!(number),
                    (_, Ok(number)) => json!(number),
                    _ => json!(scalar),
                },
            },
        }
    }
    let root = design::parse(text, SourceId(0), &Bounds::default()).unwrap_or_else(|problem| panic!("{problem:?}"));
    convert(text, &root)
}
