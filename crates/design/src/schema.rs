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

/// The same as text, as it stands in `docs/reference/design.schema.json`.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
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
    fn add(&mut self, field: &Field, schema: Json) {
        self.describe(field, schema, String::new());
    }

    /// The property of a value, with what to write there for those who point at it.
    fn add_value<T: Value>(&mut self, field: &Field, schema: Json) {
        let expected = match T::SHAPE {
            Shape::Text => String::new(),
            _ => format!(" Write {}.", T::EXPECTED),
        };
        self.describe(field, schema, expected);
    }

    fn describe(&mut self, field: &Field, mut schema: Json, expected: String) {
        let mut doc = text(field.doc) + &expected;
        if field.rank > model::Rank::Declared {
            doc.push_str(&format!(" Only {} evidence states it.", field.rank));
        }
        if let Json::Object(schema) = &mut schema {
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
        self.add_value::<T>(field, json!({ "anyOf": [scalar::<T>(), { "type": "null" }] }));
    }

    fn list<T: Value>(&mut self, field: &'static Field, _: &mut Fact<List<T>>) {
        let item = scalar::<T>();
        self.add_value::<T>(field, json!({ "anyOf": [{ "type": "array", "items": item }, item, { "type": "null" }] }));
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

/// The schema of a scalar: what an editor offers comes first, the other spellings that the reader takes follow.
fn scalar<T: Value>() -> Json {
    match T::SHAPE {
        Shape::Text => json!({ "type": types::<T>() }),
        Shape::Form { example } => json!({ "type": types::<T>(), "examples": [example] }),
        Shape::Number { min, max } => json!({ "anyOf": [
            { "type": "integer", "minimum": min, "maximum": max },
            { "const": "unknown" },
            { "type": "string", "pattern": "^(AS|as)?[0-9][0-9_]*(\\.[0-9]+)?$" },
        ] }),
        Shape::Boolean => json!({ "anyOf": [
            { "type": "boolean" },
            { "enum": ["yes", "no", "unknown"] },
            { "type": "string", "pattern": "^(Yes|No)$" },
        ] }),
        Shape::Words(words) => {
            let spellings: Vec<_> = words.iter().chain(T::ALIASES).map(|word| spelling(word)).collect();
            let mut forms = vec![
                json!({ "enum": words }),
                json!({ "const": "unknown" }),
                json!({ "type": "string", "pattern": format!("^({})$", spellings.join("|")) }),
            ];
            if T::parse("true").is_ok() {
                forms.push(json!({ "type": "boolean" }));
            }
            json!({ "anyOf": forms })
        }
    }
}

/// The JSON types that a text may have after YAML has made what it will of it; the value itself knows.
fn types<T: Value>() -> Vec<&'static str> {
    let takes = |text| T::parse(text).is_ok();
    let types = [("string", true), ("number", takes("10")), ("boolean", takes("true") && takes("false"))];
    types.into_iter().filter(|(_, taken)| *taken).map(|(name, _)| name).collect()
}

/// A pattern for a word in any case, with blanks, `-` or `_` where it has any of them.
fn spelling(word: &str) -> String {
    let letter = |c: char| match c {
        ' ' | '-' | '_' => "[ _-]?".to_owned(),
        c if c.is_ascii_alphabetic() => format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()),
        c => c.to_string(),
    };
    word.chars().map(letter).collect()
}

fn text(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
