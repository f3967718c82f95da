//! The OpenAPI document of the operator's API, made from its routes and the table below.

use super::ROUTES;
use crate::app::{Route, Verb};
use arm_api::{Segment, Template};
use serde_json::{Map, Value, json};

/// What is said of a route beside its verb and path.
struct Doc {
    /// The name of the route.
    name: &'static str,
    /// What it does.
    summary: &'static str,
    /// The schema of the body, when it takes one.
    body: Option<&'static str>,
    /// What it answers.
    answer: Shape,
    /// Query parameters: name, type, meaning.
    query: &'static [(&'static str, &'static str, &'static str)],
}

/// What a route answers.
enum Shape {
    /// 200 with a page of these.
    List(&'static str),
    /// 200 with one.
    One(&'static str),
    /// 201 with a new one, 200 with one that was there.
    Put(&'static str),
    /// 201 with a new one.
    Made(&'static str),
    /// 204.
    Nothing,
}

use Shape::{List, Made, Nothing, One, Put};

/// The key after which a page begins, as `nextLink` says it.
const SKIP: (&str, &str, &str) = ("$skipToken", "string", "where the page begins, out of `nextLink`");

/// One row a route.
static DOCS: &[Doc] = &[
    doc("Operator_ListTenants", "Tenants that were named", None, List("Tenant"), &[]),
    doc("Operator_PutTenant", "Name a tenant", Some("TenantBody"), Put("Tenant"), &[]),
    doc("Operator_ListSubscriptions", "Subscriptions of every tenant", None, List("Subscription"), &[]),
    doc("Operator_GetSubscription", "One subscription", None, One("Subscription"), &[]),
    doc(
        "Operator_PutSubscription",
        "Make a subscription, disable it, permit it Microsoft 365; what is left out stays",
        Some("SubscriptionBody"),
        Put("Subscription"),
        &[],
    ),
    doc("Operator_ListPrincipals", "Who may sign in", None, List("Principal"), &[]),
    doc("Operator_GetPrincipal", "One principal", None, One("Principal"), &[]),
    doc(
        "Operator_PutPrincipal",
        "Make a principal, whose secret is in this answer alone, or change its name and roles",
        Some("PrincipalBody"),
        Put("Principal"),
        &[],
    ),
    doc("Operator_DeletePrincipal", "Forget a principal", None, Nothing, &[]),
    doc("Operator_NewSecret", "Draw another secret; the old ones are good no more", None, One("NewSecret"), &[]),
    doc("Operator_ListProviders", "Connectivity providers of the catalogue", None, List("Provider"), &[]),
    doc(
        "Operator_EnrollProvider",
        "Make the subscription of a provider, and a principal for it",
        Some("EnrollBody"),
        Made("Enrolled"),
        &[],
    ),
    doc("Operator_ListCircuits", "Circuits of every customer", None, List("Circuit"), &[SKIP]),
    doc("Operator_GetCircuit", "The circuit of a service key", None, One("Circuit"), &[]),
    doc(
        "Operator_PutPrefixes",
        "Validate or question prefixes of a circuit; null takes a verdict back, others stay",
        Some("Verdicts"),
        One("PrefixVerdicts"),
        &[],
    ),
    doc("Operator_ListEdges", "Edges and what they said last", None, List("Edge"), &[]),
    doc("Operator_PutMaintenance", "Begin or end the drain of an edge", Some("Maintenance"), One("Edge"), &[]),
    doc("Operator_PutPort", "Take the customer ports of an edge down or up", Some("Port"), One("Edge"), &[]),
    doc("Operator_ListGateways", "VNet gateways that edges forward to, and their tunnels", None, List("Gateway"), &[]),
    doc(
        "Operator_PlaceGateway",
        "Say where a VNet gateway is in the cloud's network; null for nowhere",
        Some("GatewayPlace"),
        One("GatewayPlace"),
        &[],
    ),
    doc("Operator_GetDelays", "How long operations take", None, One("Delays"), &[]),
    doc("Operator_PutDelays", "Say how long operations take from now on", Some("Delays"), One("Delays"), &[]),
    doc("Operator_ListQuirks", "Oddities of the real API, and which of them are on", None, List("Quirk"), &[]),
    doc("Operator_PutQuirk", "Switch an oddity on or off", Some("Switch"), One("Quirk"), &[]),
    doc(
        "Operator_ListAudit",
        "Who changed what, newest first",
        None,
        List("AuditEntry"),
        &[
            ("resource", "string", "only this resource and what is below it"),
            ("top", "integer", "so many entries a page, 1 to 1000"),
            SKIP,
        ],
    ),
];

const fn doc(
    name: &'static str,
    summary: &'static str,
    body: Option<&'static str>,
    answer: Shape,
    query: &'static [(&'static str, &'static str, &'static str)],
) -> Doc {
    Doc { name, summary, body, answer, query }
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[verb(route.verb)] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Twinpath operator API",
            "version": "1",
            "summary": "What Microsoft does on Azure, done by whoever runs the service",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "https://localhost:8443" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "Of a principal with the role `operator`: POST /{tenant}/oauth2/v2.0/token",
                },
            },
        },
    })
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get",
        Verb::Head => "head",
        Verb::Put => "put",
        Verb::Patch => "patch",
        Verb::Post => "post",
        Verb::Delete => "delete",
    }
}

fn operation(route: &Route) -> Value {
    let said = DOCS.iter().find(|doc| doc.name == route.name);
    let mut parameters: Vec<Value> = Vec::new();
    for segment in Template::new(route.path).segments() {
        if let Segment::Name(name) = segment {
            let guid = ["tenantId", "subscription", "clientId", "serviceKey"].contains(&name.as_str());
            let schema = if guid { json!({ "type": "string", "format": "uuid" }) } else { json!({ "type": "string" }) };
            parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
    }
    let query = said.map_or(&[][..], |doc| doc.query);
    parameters.extend(query.iter().map(
        |(name, kind, what)| json!({ "name": name, "in": "query", "description": what, "schema": { "type": kind } }),
    ));
    let mut operation = json!({
        "operationId": route.name,
        "summary": said.map_or("", |doc| doc.summary),
        "parameters": parameters,
        "responses": said.map_or_else(|| json!({}), |doc| responses(&doc.answer)),
    });
    if let Some(body) = said.and_then(|doc| doc.body) {
        operation["requestBody"] = json!({ "required": body != "EnrollBody", "content": content(&of(body)) });
    }
    operation
}

fn responses(answer: &Shape) -> Value {
    let told = |text: &str, schema: &Value| json!({ "description": text, "content": content(schema) });
    let mut responses = match answer {
        List(item) => {
            let schema = json!({
                "type": "object",
                "required": ["value"],
                "properties": {
                    "value": { "type": "array", "items": of(item) },
                    "nextLink": { "type": "string", "format": "uri", "description": "the next page, when there is one" },
                },
            });
            json!({ "200": told("A page", &schema) })
        }
        One(item) => json!({ "200": told("As it is now", &of(item)) }),
        Put(item) => json!({ "200": told("Changed", &of(item)), "201": told("Made", &of(item)) }),
        Made(item) => json!({ "201": told("Made", &of(item)) }),
        Nothing => json!({ "204": { "description": "It is not there, or no more" } }),
    };
    responses["default"] = told("Refused: ARM's error", &of("Error"));
    responses
}

fn content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object; properties whose name ends with `*` are always there, those whose type ends with `?` may be null.
fn object(properties: &[(&str, &str)]) -> Value {
    let required: Vec<&str> = properties.iter().filter_map(|(name, _)| name.strip_suffix('*')).collect();
    let properties: Map<String, Value> =
        properties.iter().map(|(name, kind)| (name.trim_end_matches('*').to_owned(), typed(kind))).collect();
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

fn typed(kind: &str) -> Value {
    let (kind, null) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
    let mut schema = match kind {
        "uuid" => json!({ "type": "string", "format": "uuid" }),
        "time" => json!({ "type": "string", "format": "date-time" }),
        "strings" => json!({ "type": "array", "items": { "type": "string" } }),
        "roles" => {
            json!({ "type": "object", "additionalProperties": of("Role"), "description": "by subscription; `*` for the operator" })
        }
        "verdicts" => json!({ "type": "object", "additionalProperties": of("Verdict"), "description": "by prefix" }),
        "any" => return json!(true),
        name if name.starts_with(char::is_uppercase) => return of(name),
        basic => json!({ "type": basic }),
    };
    if null {
        schema["type"] = json!([schema["type"], "null"]);
    }
    schema
}

fn schemas() -> Value {
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    json!({
        "Error": object(&[("error*", "ErrorDetail")]),
        "ErrorDetail": object(&[("code*", "string"), ("message*", "string"), ("target", "string")]),
        "Tenant": object(&[("tenantId*", "uuid"), ("displayName*", "string")]),
        "TenantBody": object(&[("displayName*", "string")]),
        "State": words(&["Enabled", "Disabled"]),
        "Subscription": object(&[
            ("subscriptionId*", "uuid"), ("displayName*", "string?"), ("tenant*", "string?"), ("state*", "State"),
            ("office365*", "boolean?"), ("features", "object?"),
        ]),
        "SubscriptionBody": object(&[
            ("displayName", "string?"), ("tenant", "uuid?"), ("state", "State"), ("office365", "boolean?"),
        ]),
        "Role": words(&["owner", "network-contributor", "reader", "provider", "operator"]),
        "Principal": object(&[
            ("clientId*", "uuid"), ("name*", "string"), ("tenant*", "uuid"), ("object*", "string"), ("roles*", "roles"),
            ("secrets", "integer"), ("secret", "string"),
        ]),
        "PrincipalBody": object(&[("name", "string?"), ("tenant", "uuid?"), ("roles", "roles?")]),
        "NewSecret": object(&[("clientId*", "uuid"), ("secret*", "string")]),
        "Provider": object(&[
            ("name*", "string"), ("enrolled*", "boolean"), ("subscriptionId*", "uuid"), ("locations*", "strings"),
        ]),
        "EnrollBody": object(&[("tenant", "uuid?")]),
        "Enrolled": object(&[
            ("name*", "string"), ("subscriptionId*", "uuid"), ("tenant*", "uuid"), ("clientId*", "uuid"),
            ("secret*", "string"),
        ]),
        "Circuit": object(&[
            ("id*", "string"), ("serviceKey*", "string?"), ("provider", "string?"), ("peeringLocation", "string?"),
            ("port", "string?"), ("crossConnection", "string?"), ("bandwidthInMbps", "integer?"),
            ("circuitProvisioningState", "string?"), ("serviceProviderProvisioningState", "string?"),
            ("provisioningState", "string?"), ("peerings*", "strings"), ("prefixes*", "verdicts"),
        ]),
        "Verdict": json!({ "type": ["string", "null"], "enum": ["validated", "questioned", null] }),
        "Verdicts": object(&[("verdicts*", "verdicts")]),
        "PrefixVerdicts": object(&[("serviceKey*", "string?"), ("verdicts*", "verdicts")]),
        "Edge": object(&[
            ("name*", "string"), ("state*", "EdgeState"), ("lastReport*", "time?"), ("version", "string?"),
            ("listen", "any"), ("revision", "integer?"), ("domains*", "integer"), ("sessions*", "integer"),
            ("established*", "integer"), ("drain*", "boolean"), ("portDown*", "boolean"),
        ]),
        "EdgeState": words(&["up", "down"]),
        "Maintenance": object(&[("drain*", "boolean")]),
        "Port": object(&[("down*", "boolean")]),
        "Gateway": object(&[
            ("id*", "string"), ("name*", "string"), ("asn*", "integer"), ("underlay*", "string"), ("prefixes*", "strings"),
            ("tunnels*", "any"),
        ]),
        "GatewayPlace": object(&[("id*", "string"), ("underlay*", "string?")]),
        "Delays": object(&[("mode", "Mode"), ("seconds", "integer?")]),
        "Mode": words(&["instant", "realistic", "fixed"]),
        "Quirk": object(&[("name*", "string"), ("on*", "boolean"), ("what*", "string"), ("source*", "string")]),
        "Switch": object(&[("on*", "boolean")]),
        "AuditEntry": object(&[
            ("number*", "integer"), ("at*", "time"), ("who*", "string"), ("request*", "string"), ("resource*", "string"),
            ("before*", "any"), ("after*", "any"),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_told_of_and_nothing_else_is() {
        let routes: Vec<&str> = ROUTES.iter().map(|route| route.name).collect();
        for route in &routes {
            assert!(DOCS.iter().any(|doc| doc.name == *route), "{route} is not in the table");
        }
        let known = |name: &str| routes.contains(&name);
        let missing: Vec<&str> = DOCS.iter().map(|doc| doc.name).filter(|name| !known(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
