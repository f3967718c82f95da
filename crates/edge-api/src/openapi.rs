//! The OpenAPI document of the API between the service and its edges.
//!
//! The types of this crate are the authority; a test holds samples of them against the schemas here.

use serde_json::{Map, Value, json};

/// The OpenAPI 3.1 document.
pub fn openapi() -> Value {
    let error = json!({ "description": "Refused: ARM's error", "content": content("Error") });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Twinpath edge API",
            "version": "1",
            "summary": "What the service tells edges to run, and what edges tell it",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "https://localhost:8444" }],
        "security": [{ "certificate": [] }],
        "paths": {
            "/edge/v1/intents": { "get": {
                "operationId": "Edge_Intents",
                "summary": "What changed since a revision; waits while nothing did",
                "parameters": [
                    { "name": "after", "in": "query", "description": "the last revision that the edge knows, 0 for none",
                      "schema": { "type": "integer", "minimum": 0 } },
                    { "name": "wait", "in": "query", "description": "for so many seconds at most",
                      "schema": { "type": "integer", "minimum": 0 } },
                ],
                "responses": { "200": { "description": "What changed", "content": content("Intents") }, "default": error },
            } },
            "/edge/v1/report": { "post": {
                "operationId": "Edge_Report",
                "summary": "What runs",
                "requestBody": { "required": true, "content": content("Report") },
                "responses": { "204": { "description": "Taken" }, "default": error },
            } },
            "/edge/v1/answers/{id}": { "post": {
                "operationId": "Edge_Answer",
                "summary": "The answer to a question",
                "parameters": [
                    { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } },
                ],
                "requestBody": { "required": true, "content": content("Answer") },
                "responses": { "204": { "description": "Taken" }, "default": error },
            } },
        },
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "certificate": { "type": "mutualTLS", "description": "Issued by the local CA; its name is that of the edge" },
            },
        },
    })
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": of(schema) } })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list(name: &str) -> Value {
    json!({ "type": "array", "items": typed(name) })
}

/// A type by a short name: `name?` may be null, `[name]` is a list, a capital is a schema.
fn typed(kind: &str) -> Value {
    if let Some(item) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        return list(item);
    }
    if let Some(kind) = kind.strip_suffix('?') {
        return json!({ "anyOf": [typed(kind), { "type": "null" }] });
    }
    match kind {
        "uuid" => json!({ "type": "string", "format": "uuid" }),
        "count" => json!({ "type": "integer", "minimum": 0 }),
        name if name.starts_with(char::is_uppercase) => of(name),
        basic => json!({ "type": basic }),
    }
}

/// An object; properties whose name ends with `*` are always there.
fn object(properties: &[(&str, &str)]) -> Value {
    let required: Vec<&str> = properties.iter().filter_map(|(name, _)| name.strip_suffix('*')).collect();
    let typed: Map<String, Value> =
        properties.iter().map(|(name, kind)| (name.trim_end_matches('*').to_owned(), typed(kind))).collect();
    json!({ "type": "object", "required": required, "properties": typed })
}

fn schemas() -> Value {
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    let answer = |table: &str, rows: Value| {
        json!({ "type": "object", "required": ["table", "rows"],
            "properties": { "table": { "const": table }, "rows": rows } })
    };
    json!({
        "Intents": object(&[
            ("revision*", "count"), ("whole*", "boolean"), ("intents*", "[Intent]"), ("removed*", "[string]"),
            ("questions*", "[Question]"),
        ]),
        "Intent": object(&[
            ("revision", "count"), ("key*", "string"), ("circuit*", "string"), ("serviceKey*", "string"),
            ("location*", "string"), ("peering*", "Peering"), ("sku*", "string"), ("side*", "Side"), ("sTag*", "count"),
            ("vlan*", "count"), ("bandwidthMbps*", "count"), ("enabled*", "boolean"), ("drain*", "boolean"),
            ("down*", "boolean"), ("sessions*", "[Session]"), ("advertisedPrefixes", "[string]"),
            ("validation", "Validation?"), ("filter", "Filter?"), ("own", "[Own]"),
            ("gateways", "[Gateway]"),
        ]),
        "Peering": words(&["private", "microsoft"]),
        "Side": words(&["primary", "secondary"]),
        "Session": object(&[
            ("family*", "Family"), ("subnet*", "string"), ("customer*", "string"), ("edge*", "string"),
            ("carrier*", "Carrier"), ("asn*", "count"), ("md5", "string?"), ("prefixLimit", "count?"), ("bfd", "boolean"),
        ]),
        "Family": words(&["ipv4", "ipv6"]),
        "Carrier": json!({ "oneOf": [
            { "type": "object", "required": ["by", "customer"], "properties": {
                "by": { "const": "loopback" }, "customer": { "type": "string" }, "port": typed("count?") } },
            { "type": "object", "required": ["by", "name"], "properties": {
                "by": { "const": "namespace" }, "name": { "type": "string" } } },
        ] }),
        "Validation": words(&["NotConfigured", "Configuring", "Configured", "ValidationNeeded"]),
        "Filter": object(&[("communities*", "[string]")]),
        "Own": object(&[("prefix*", "string"), ("communities", "[string]"), ("asPath", "[count]")]),
        "Gateway": object(&[
            ("id*", "string"), ("asn*", "count"), ("underlay*", "string"), ("vni*", "count"),
            ("sessions*", "[GatewaySession]"), ("prefixes*", "[string]"), ("communities", "[string]"),
        ]),
        "GatewaySession": object(&[
            ("family*", "Family"), ("subnet*", "string"), ("edge*", "string"), ("gateway*", "string"),
        ]),
        "Question": object(&[("id*", "uuid"), ("key*", "string"), ("table*", "Table")]),
        "Table": words(&["arp", "routes", "summary"]),
        "Report": object(&[
            ("version*", "string"), ("listen*", "[string]"), ("cloud", "string?"), ("revision*", "count"),
            ("domains*", "[DomainReport]"), ("whole*", "boolean"),
        ]),
        "DomainReport": object(&[
            ("key*", "string"), ("revision*", "count"), ("side*", "Side"), ("refused", "string?"),
            ("sessions*", "[SessionReport]"), ("counters", "Counters?"),
        ]),
        "SessionReport": object(&[
            ("family*", "Family"), ("state*", "SessionState"), ("sinceSeconds", "count?"), ("received*", "count"),
            ("sent*", "count"), ("lastError", "string?"), ("bfdUp", "boolean?"), ("bytesIn*", "count"), ("bytesOut*", "count"),
        ]),
        "SessionState": words(&["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"]),
        "Counters": object(&[("bytesIn*", "count"), ("bytesOut*", "count"), ("droppedIn*", "count"), ("droppedOut*", "count")]),
        "Answer": json!({ "oneOf": [
            answer("arp", list("ArpRow")), answer("routes", list("RouteRow")), answer("summary", list("SummaryRow")),
            answer("unknown", json!({ "type": "string" })),
        ] }),
        "ArpRow": object(&[("age*", "count"), ("interface*", "string"), ("ipAddress*", "string"), ("macAddress*", "string")]),
        "RouteRow": object(&[
            ("network*", "string"), ("nextHop*", "string"), ("locPrf*", "string"), ("weight*", "count"), ("path*", "string"),
        ]),
        "SummaryRow": object(&[
            ("neighbor*", "string"), ("v*", "count"), ("as*", "count"), ("upDown*", "string"), ("statePfxRcd*", "string"),
        ]),
        "Error": object(&[("error*", "ErrorDetail")]),
        "ErrorDetail": object(&[("code*", "string"), ("message*", "string"), ("target", "string")]),
    })
}
