//! The swagger, read as JSON schemas.

use super::file;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

const FILES: &[&str] = &[
    "expressRouteCircuit.json",
    "expressRouteCrossConnection.json",
    "expressRoutePort.json",
    "expressRouteProviderPort.json",
    "network.json",
    "publicIpAddress.json",
    "resources.json",
    "routeFilter.json",
    "serviceCommunity.json",
    "subscriptions.json",
    "types-v1.json",
    "types-v5.json",
    "virtualNetwork.json",
    "virtualNetworkGateway.json",
];

/// What the swagger demands and Microsoft's own examples do not keep: definition and field. Where a gateway is only
/// referred to, its `properties` are left out (spec 07, 11), `az` leaves out the type of a rule, and a last page has no
/// next one.
const NOT_DEMANDED: &[(&str, &str)] = &[
    ("SubscriptionListResult", "nextLink"),
    ("TenantListResult", "nextLink"),
    ("VirtualNetworkGateway", "properties"),
    ("LocalNetworkGateway", "properties"),
    ("RouteFilterRulePropertiesFormat", "routeFilterRuleType"),
];

/// An operation of the swagger.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name, like `ExpressRouteCircuits_Get`.
    pub id: String,
    /// The verb in capitals.
    pub verb: String,
    /// The path, with names in braces.
    pub path: String,
    /// The names of its examples.
    pub examples: Vec<String>,
    /// Schemas of answers by status, with `default` for errors; `Null` where there is no body.
    responses: BTreeMap<String, Value>,
    /// The schema of the body of a request; `Null` where there is none.
    request: Value,
}

/// An example of Microsoft's.
#[derive(Debug, Clone)]
pub struct Example {
    /// Names in the path, and whatever else is sent but the body.
    pub names: BTreeMap<String, String>,
    /// The body of the request; `Null` when there is none.
    pub body: Value,
    /// The bodies of answers by status.
    pub answers: BTreeMap<u16, Value>,
}

static DOCUMENTS: LazyLock<BTreeMap<&str, Value>> =
    LazyLock::new(|| FILES.iter().map(|name| (*name, parsed(&format!("swagger/{name}")))).collect());

static OPERATIONS: LazyLock<BTreeMap<String, Operation>> = LazyLock::new(|| {
    let mut operations = BTreeMap::new();
    for document in DOCUMENTS.values() {
        for (path, item) in members(&document["paths"]) {
            for (verb, operation) in members(item) {
                let responses = members(&operation["responses"]);
                let of_response = |response: &Value| response.get("schema").cloned().unwrap_or_default();
                let parameters = operation["parameters"].as_array().into_iter().flatten().map(follow);
                let mut request =
                    parameters.filter(|parameter| parameter["in"] == "body").map(|body| body["schema"].clone());
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let id = text(&operation["operationId"]);
                operations.insert(
                    id.clone(),
                    Operation {
                        id,
                        verb: verb.to_uppercase(),
                        path: path.clone(),
                        examples: operation["x-ms-examples"].as_array().into_iter().flatten().map(text).collect(),
                        responses: responses
                            .map(|(status, response)| (status.clone(), of_response(follow(response))))
                            .collect(),
                        request: request.next_back().unwrap_or_default(),
                    },
                );
            }
        }
    }
    operations
});

/// Validators, made when they are first asked for.
static VALIDATORS: LazyLock<Mutex<BTreeMap<String, Arc<jsonschema::Validator>>>> = LazyLock::new(Mutex::default);

/// All operations, by their names.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.values()
}

/// An operation by its name; nothing when the swagger of that version has none.
pub fn operation(id: &str) -> Option<&'static Operation> {
    OPERATIONS.get(id)
}

/// Holds an answer against the swagger: its status is one of the operation's, or an error's, and its body fits.
///
/// # Errors
///
/// What does not fit, each with its place. An operation that the swagger does not have is one such thing.
pub fn validate_response(id: &str, status: u16, body: &Value) -> Result<(), Vec<String>> {
    let operation = operation(id).ok_or_else(|| vec![format!("the swagger has no operation {id}")])?;
    let error = json!({"$ref": "network.json#/definitions/CloudError"});
    let known = operation.responses.get(&status.to_string());
    let schema = match known {
        Some(schema) => schema,
        None if status >= 400 => operation.responses.get("default").unwrap_or(&error),
        None => {
            let statuses = operation.responses.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(vec![format!("{id} answers {status}, wanted one of {statuses}")]);
        }
    };
    validate(schema, body)
}

/// Holds the body of a request against the swagger.
///
/// # Errors
///
/// What does not fit, each with its place.
pub fn validate_request(id: &str, body: &Value) -> Result<(), Vec<String>> {
    let operation = operation(id).ok_or_else(|| vec![format!("the swagger has no operation {id}")])?;
    validate(&operation.request, body)
}

/// An example by its name.
///
/// # Panics
/// There is none.
pub fn example(name: &str) -> Example {
    let example = parsed(&format!("examples/{name}"));
    let mut names = BTreeMap::new();
    let mut body = Value::Null;
    for (name, value) in members(&example["parameters"]) {
        match value {
            Value::String(text) => _ = names.insert(name.clone(), text.clone()),
            Value::Object(_) => body = value.clone(),
            // What is sent in the query, like zones: no route reads it.
            other => _ = names.insert(name.clone(), other.to_string()),
        }
    }
    let answer = |(status, answer): (&String, &Value)| Some((status.parse().ok()?, answer["body"].clone()));
    Example { names, body, answers: members(&example["responses"]).filter_map(answer).collect() }
}

fn validate(schema: &Value, body: &Value) -> Result<(), Vec<String>> {
    if schema.is_null() {
        let wrong = format!("there is a body, wanted none: {body}");
        return if body.is_null() { Ok(()) } else { Err(vec![wrong]) };
    }
    let wrong: Vec<String> = validator(schema)
        .iter_errors(body)
        .map(|error| format!("{}: {error}", error.instance_path()).chars().take(400).collect())
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn validator(schema: &Value) -> Arc<jsonschema::Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let made = validators.entry(schema.to_string()).or_insert_with(|| {
        let mut needed = BTreeSet::new();
        let mut definitions = Map::new();
        let root = translated("", schema, &mut needed);
        while let Some(reference) = needed.pop_first() {
            if !definitions.contains_key(&slot(&reference)) {
                let (_, name) = reference.rsplit_once('/').unwrap_or_default();
                let definition = found(&reference).cloned().unwrap_or_else(|| json!({}));
                let definition = translated(name, &definition, &mut needed);
                definitions.insert(slot(&reference), definition);
            }
        }
        let whole = json!({"allOf": [root], "definitions": definitions});
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4);
        Arc::new(options.build(&whole).unwrap_or_else(|error| panic!("{error}")))
    });
    made.clone()
}

/// A schema of the swagger's as one of JSON Schema: references lead to `definitions`, and what only generators of
/// code read is left out. What is read-only is of no matter: it may be in requests, and may be missing in answers.
fn translated(name: &str, schema: &Value, needed: &mut BTreeSet<String>) -> Value {
    match schema {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                needed.insert(reference.to_owned());
                return json!({"$ref": format!("#/definitions/{}", slot(reference))});
            }
            let mut schema = Map::new();
            for (field, value) in fields {
                let value = match field.as_str() {
                    "properties" => members(value)
                        .map(|(name, value)| (name.clone(), translated("", value, needed)))
                        .collect::<Map<_, _>>()
                        .into(),
                    "required" => {
                        let demanded =
                            |field: &&Value| !NOT_DEMANDED.iter().any(|(of, what)| *of == name && *field == what);
                        let left: Vec<Value> =
                            value.as_array().into_iter().flatten().filter(demanded).cloned().collect();
                        if left.is_empty() {
                            continue;
                        }
                        left.into()
                    }
                    "items" | "additionalProperties" | "allOf" => translated("", value, needed),
                    "type" if fields.get("x-nullable") == Some(&Value::Bool(true)) => json!([value, "null"]),
                    "type" | "enum" | "minimum" | "maximum" | "pattern" | "minLength" | "maxLength" | "minItems"
                    | "maxItems" => value.clone(),
                    _ => continue,
                };
                schema.insert(field.clone(), value);
            }
            schema.into()
        }
        Value::Array(items) => items.iter().map(|item| translated("", item, needed)).collect(),
        other => other.clone(),
    }
}

/// Where a referred schema stands in the validator's document.
fn slot(reference: &str) -> String {
    reference.replace("#/definitions/", ":")
}

/// What a reference leads to; nothing when its file is none of those kept: then anything goes.
fn found(reference: &str) -> Option<&'static Value> {
    let (file, place) = reference.split_once('#')?;
    DOCUMENTS.get(file)?.pointer(place)
}

/// A parameter or an answer, wherever it stands.
fn follow(value: &'static Value) -> &'static Value {
    value["$ref"].as_str().and_then(found).unwrap_or(value)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn parsed(name: &str) -> Value {
    serde_json::from_str(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Microsoft's own examples that do not fit Microsoft's own swagger: their provisioning state is `Enabled`.
    const WRONG: &[&str] = &[
        "ExpressRouteCrossConnectionGet.json",
        "ExpressRouteCrossConnectionList.json",
        "ExpressRouteCrossConnectionListByResourceGroup.json",
        "ExpressRouteCrossConnectionUpdate.json",
    ];

    #[test]
    fn examples_of_answers_fit_the_swagger() {
        let mut wrong = Vec::new();
        let mut count = 0;
        for operation in operations() {
            for name in &operation.examples {
                for (status, body) in example(name).answers {
                    count += 1;
                    let told = validate_response(&operation.id, status, &body);
                    if told.is_err() != WRONG.contains(&name.as_str()) {
                        wrong.push(format!("{name} {status}: {told:?}"));
                    }
                }
            }
        }
        assert!(count > 100, "{count}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let told = validate_response("ExpressRouteCircuits_Get", 200, &json!({"sku": {"tier": "Gold"}, "location": 5}));
        let told = told.unwrap_err().join("; ");
        assert!(told.contains("/sku/tier") && told.contains("/location"), "{told}");
        assert!(validate_response("ExpressRouteCircuits_Get", 202, &Value::Null).is_err());
        assert!(validate_response("ExpressRouteCircuits_Delete", 204, &json!({})).is_err());
        assert!(validate_response("ExpressRouteCircuits_Get", 404, &json!({"error": {"code": 5}})).is_err());
        assert!(validate_request("ExpressRouteCircuits_UpdateTags", &json!({"tags": {"a": 1}})).is_err());
        assert!(validate_request("Nothing_Get", &Value::Null).is_err());
    }
}
