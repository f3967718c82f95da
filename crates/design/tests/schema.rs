//! The schema of the design file: it takes what the reader takes, and refuses what an editor should mark.

mod support;

use design::Bounds;
use support::errors;

#[test]
fn every_example_fits() {
    let none: Vec<String> = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            assert_eq!(errors(&std::fs::read_to_string(&path).unwrap()), none, "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 3, "{count} examples");
}

#[test]
fn what_the_reader_takes_fits() {
    for text in [
        "azure: { account: Active, role: network-contributor, network_provider: NotRegistered }",
        "circuits: { a: { sku: Premium_MeteredData, bandwidth: 500, private: { md5: true, bfd: off, vlan: '100' } } }",
        "circuits: { a: { private: { asn: AS65010, md5: no, subnets: [10.0.0.0/30, 10.0.0.4/30] } } }",
        "circuits: { a: { private: { asn: unknown, vlan: unknown, md5: unknown, advertise: [] } } }",
        "services: { azure: yes, m365: No, dynamics: unknown }",
        "m365: { authorization: 2026-10-05 case 4711, reading: { endpoints: true } }",
        "qos: { classes: { voice: { dscp: 46 } }, emitted: [EF, 0] }",
        "nat:\nsites:\n  ams:\n",
    ] {
        let mut sources = model::Sources::default();
        let input = design::Input { name: "test".to_owned(), text: text.into() };
        assert_eq!(design::read(input, &mut sources, &Bounds::default()).problems, [], "{text}");
        assert!(errors(text).is_empty(), "{text}: {:?}", errors(text));
    }
}

#[test]
fn what_an_editor_should_mark_does_not_fit() {
    for text in [
        "circuit: {}",
        "circuits: { a: { bandwith: 1 Gbps } }",
        "circuits: { a: { private: { vlan: 5000 } } }",
        "circuits: { a: { private: { vlan: high } } }",
        "circuits: { a: { private: { asn: -1 } } }",
        "circuits: { a: { private: { subnets: 10 } } }",
        "circuits: { a: { private: { subnets: [[10.0.0.0/30]] } } }",
        "circuits: [a]",
        "azure: { account: perhaps }",
        "azure: { account: 5 }",
        "services: { azure: maybe }",
        "company: [Contoso]",
        "cutover: 2027",
        "connectivity: { model: { kind: other } }",
    ] {
        assert!(!errors(text).is_empty(), "{text}");
    }
}

#[test]
fn an_editor_is_offered_words_and_told_what_to_write() {
    let schema = design::schema();
    let role = &schema["$defs"]["Azure"]["properties"]["role"];
    assert_eq!(role["anyOf"][0]["anyOf"][0]["enum"][2], "network contributor");
    let bandwidth = schema["$defs"]["Circuit"]["properties"]["bandwidth"]["description"].as_str().unwrap();
    assert!(bandwidth.ends_with("Write a bandwidth like `50 Mbps` or `1 Gbps`."), "{bandwidth}");
    let session = schema["$defs"]["Link"]["properties"]["session"]["description"].as_str().unwrap();
    assert!(session.ends_with("Only live evidence states it."), "{session}");
}

/// `UPDATE_EXPECT=1 cargo test -p design --test schema` writes it anew.
#[test]
fn the_reference_holds_the_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/design.schema.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, design::schema_text()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == design::schema_text(),
        "docs/reference/design.schema.json is stale: UPDATE_EXPECT=1 writes it anew"
    );
}
