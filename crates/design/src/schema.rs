//! The JSON Schema of the design file, made from the records of the model.

use model::{Design, Fact, Field, List, Name, Record, Shape, Value, Visitor};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The schema (draft 2020-12) with which an editor completes and checks a design file.
pub fn schema() -> Json {
    let mut definitions = Map::new();
    let root = record::<Design>(&mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("Twinpath design"));
    if let Json::Object(root) = root {
        schema.extend(root);
    }
    schema.insert("$defs".into(), Json::Object(definitions));
    Json::Object(schema)
}

/// The schema of one record; nested records go to the definitions, once each.
fn record<R: Record>(definitions: &mut Map<String, Json>) -> Json {
    let mut writer = Writer { properties: Map::new(), definitions };
    R::default().visit(&mut writer);
    let Writer { properties, .. } = writer;
    json!({
        "type": ["object", "null"],
        "description": text(R::DOC),
        "properties": properties,
        "additionalProperties": false,
    })
}

struct Writer<'d> {
    properties: Map<String, Json>,
    definitions: &'d mut Map<String, Json>,
}

impl Writer<'_> {
    fn add(&mut self, field: &Field, mut schema: Json) {
        if let Json::Object(schema) = &mut schema {
            let mut doc = text(field.doc);
            if field.rank > model::Rank::Declared {
                doc.push_str(&format!(" Only {} evidence states it.", field.rank));
            }
            schema.insert("description".into(), doc.into());
        }
        self.properties.insert(field.name.to_owned(), schema);
    }

    fn reference<R: Record>(&mut self) -> Json {
        if !self.definitions.contains_key(R::NAME) {
            // Held open first, so that a record within itself would end.
            self.definitions.insert(R::NAME.to_owned(), Json::Null);
            let schema = record::<R>(self.definitions);
            self.definitions.insert(R::NAME.to_owned(), schema);
        }
        json!({ "$ref": format!("#/$defs/{}", R::NAME) })
    }
}

impl Visitor for Writer<'_> {
    fn fact<T: Value>(&mut self, field: &'static Field, _: &mut Fact<T>) {
        self.add(field, json!({ "anyOf": [scalar::<T>(), { "type": "null" }] }));
    }

    fn list<T: Value>(&mut self, field: &'static Field, _: &mut Fact<List<T>>) {
        let item = scalar::<T>();
        self.add(field, json!({ "anyOf": [{ "type": "array", "items": item }, item, { "type": "null" }] }));
    }

    fn part<R: Record>(&mut self, field: &'static Field, _: &mut R) {
        let reference = self.reference::<R>();
        self.add(field, reference);
    }

    fn maybe<R: Record>(&mut self, field: &'static Field, _: &mut Option<Box<R>>) {
        let reference = self.reference::<R>();
        self.add(field, reference);
    }

    fn map<R: Record>(&mut self, field: &'static Field, _: &mut BTreeMap<Name, R>) {
        let reference = self.reference::<R>();
        self.add(field, json!({ "type": ["object", "null"], "additionalProperties": reference }));
    }
}

/// The schema of a scalar. Editors complete words; our own reader accepts more spellings than the
/// schema names, so words are offered and not enforced.
fn scalar<T: Value>() -> Json {
    match T::SHAPE {
        Shape::Text => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Form { example } => json!({ "type": ["string", "number", "boolean"], "examples": [example] }),
        Shape::Number { min, max } => {
            json!({ "anyOf": [{ "type": "integer", "minimum": min, "maximum": max }, { "type": "string" }, { "const": "unknown" }] })
        }
        Shape::Boolean => json!({ "anyOf": [{ "type": "boolean" }, { "enum": ["yes", "no", "unknown"] }] }),
        Shape::Words(words) => json!({ "anyOf": [{ "enum": words }, { "type": ["string", "boolean"] }] }),
    }
}

fn text(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
