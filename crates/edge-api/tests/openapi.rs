//! The types of the crate against the schemas of its OpenAPI document.

#![allow(clippy::unwrap_used, reason = "a test ends where its samples cannot be made")]

use edge_api::*;
use serde_json::{Value, json};
use uuid::Uuid;

/// Holds a value against a schema of the document. Properties that the schema does not name are faults, too.
fn check(schema: &str, value: &impl serde::Serialize) {
    let mut document = openapi::openapi();
    for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
        if schema["type"] == "object" {
            schema["additionalProperties"] = json!(false);
        }
    }
    document["$ref"] = json!(format!("#/components/schemas/{schema}"));
    let value: Value = serde_json::to_value(value).unwrap();
    let validator = jsonschema::draft202012::new(&document).unwrap();
    let faults: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{schema}: {faults:#?}\n{value:#}");
}

fn session(carrier: Carrier) -> Session {
    Session {
        family: Family::Ipv4,
        subnet: "192.168.15.16/30".to_owned(),
        customer: "192.168.15.17".parse().unwrap(),
        edge: "192.168.15.18".parse().unwrap(),
        carrier,
        asn: 65010,
        md5: Some(Secret("x".to_owned())),
        prefix_limit: Some(4000),
        bfd: true,
    }
}

#[test]
fn intents_fit_their_schema() {
    let loopback = Carrier::Loopback { customer: "127.0.0.2".parse().unwrap(), port: None };
    let intent = Intent {
        revision: 7,
        key: "k".to_owned(),
        circuit: "c".to_owned(),
        service_key: "s".to_owned(),
        location: "Amsterdam".to_owned(),
        peering: Peering::Microsoft,
        sku: "premium".to_owned(),
        side: Side::Secondary,
        s_tag: 1,
        vlan: 100,
        bandwidth_mbps: 1000,
        enabled: true,
        drain: false,
        down: false,
        sessions: vec![session(loopback), session(Carrier::Namespace { name: "n".to_owned() })],
        advertised_prefixes: vec!["203.0.113.0/24".to_owned()],
        validation: Some(Validation::ValidationNeeded),
        filter: Some(Filter { communities: vec!["12076:51004".to_owned()] }),
        own: vec![Own { prefix: "10.0.0.0/16".to_owned(), communities: Vec::new(), as_path: vec![65515] }],
        gateways: vec![Gateway {
            id: "/g".to_owned(),
            asn: 65515,
            underlay: "192.0.2.1".parse().unwrap(),
            vni: 1,
            sessions: vec![GatewaySession {
                family: Family::Ipv4,
                subnet: "100.64.0.4/30".to_owned(),
                edge: "100.64.0.5".parse().unwrap(),
                gateway: "100.64.0.6".parse().unwrap(),
            }],
            prefixes: vec!["10.0.0.0/16".to_owned()],
            communities: Vec::new(),
        }],
    };
    let question = Question { id: Uuid::nil(), key: "k".to_owned(), table: Table::Arp };
    let bare = Intent { validation: None, filter: None, ..intent.clone() };
    let intents = vec![intent, bare];
    check("Intents", &Intents { revision: 7, whole: true, intents, removed: vec![], questions: vec![question] });
}

#[test]
fn reports_and_answers_fit_their_schemas() {
    let session = SessionReport {
        family: Family::Ipv6,
        state: SessionState::Established,
        since_seconds: Some(3),
        received: 1,
        sent: 2,
        last_error: None,
        bfd_up: Some(true),
        bytes_in: 1,
        bytes_out: 1,
    };
    let domain = DomainReport {
        key: "k".to_owned(),
        revision: 7,
        side: Side::Primary,
        refused: None,
        sessions: vec![session],
        counters: Some(Counters::default()),
    };
    check("Report", &Report { domains: vec![domain], ..Report::default() });
    let arp = ArpRow {
        age: 0,
        interface: "Microsoft".to_owned(),
        ip_address: "192.168.15.18".to_owned(),
        mac_address: "ffff.eeee.dddd".to_owned(),
    };
    check("Answer", &Answer::Arp(vec![arp]));
    check("Answer", &Answer::Routes(Vec::new()));
    let summary = SummaryRow {
        neighbor: "192.168.15.17".to_owned(),
        v: 4,
        asn: 65010,
        up_down: "1d2h".to_owned(),
        state_pfx_rcd: "3".to_owned(),
    };
    check("Answer", &Answer::Summary(vec![summary]));
    check("Answer", &Answer::Unknown("no such domain".to_owned()));
}
