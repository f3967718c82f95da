//! The OpenAPI documents of the project's own APIs.

use serde_json::Value;

/// Each document with the name of its file. The ARM side is the swagger's, and is not told of again.
pub(crate) fn documents() -> [(&'static str, Value); 2] {
    [("operator", control::app::operator::openapi()), ("edge", edge_api::openapi::openapi())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;
    use std::collections::BTreeSet;

    /// What OpenAPI 3.1.0 asks of the objects that our documents have.
    #[test]
    fn documents_are_openapi() {
        for (name, document) in documents() {
            assert_eq!(document["openapi"], "3.1.0");
            assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string(), "{name}");
            let mut ids = BTreeSet::new();
            for (path, item) in object(&document["paths"]) {
                for (verb, operation) in object(item) {
                    let at = format!("{name}: {verb} {path}");
                    assert!(["get", "head", "put", "patch", "post", "delete"].contains(&verb.as_str()), "{at}");
                    assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{at}: an id twice");
                    assert!(!operation["summary"].as_str().unwrap().is_empty(), "{at}: no summary");
                    parameters(&at, path, operation);
                    answers(&at, operation);
                }
            }
        }
    }

    /// Names in the path are parameters, each is there once, and each has a schema.
    fn parameters(at: &str, path: &str, operation: &Value) {
        let mut seen = BTreeSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
            assert!(seen.insert((place, name)), "{at}: {name} twice");
            assert!(parameter["schema"].is_object(), "{at}: {name} without a schema");
            match place {
                "path" => {
                    assert!(parameter["required"] == true && path.contains(&format!("{{{name}}}")), "{at}: {name}")
                }
                "query" => {}
                other => panic!("{at}: {name} in {other}"),
            }
        }
        let named = path.split('/').filter(|part| part.starts_with('{')).count();
        assert_eq!(seen.iter().filter(|(place, _)| *place == "path").count(), named, "{at}");
    }

    fn answers(at: &str, operation: &Value) {
        let responses = object(&operation["responses"]);
        assert!(responses.len() > 1, "{at}: no answer but refusals");
        for (status, response) in responses {
            assert!(
                status == "default" || status.parse::<u16>().is_ok_and(|s| (100..600).contains(&s)),
                "{at}: {status}"
            );
            assert!(!response["description"].as_str().unwrap().is_empty(), "{at}: {status}");
        }
    }

    #[test]
    fn schemas_are_json_schema_and_references_lead_somewhere() {
        for (name, document) in documents() {
            for (schema, value) in object(&document["components"]["schemas"]) {
                jsonschema::draft202012::meta::validate(value)
                    .unwrap_or_else(|error| panic!("{name}: {schema}: {error}"));
            }
            references(&document, &document);
        }
    }

    fn references(document: &Value, value: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(to) = map.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to} leads nowhere");
                }
                map.values().for_each(|value| references(document, value));
            }
            Value::Array(items) => items.iter().for_each(|value| references(document, value)),
            _ => {}
        }
    }

    fn object(value: &Value) -> &Map<String, Value> {
        value.as_object().unwrap_or_else(|| panic!("no object: {value}"))
    }
}
