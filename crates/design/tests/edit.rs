//! Any edits of any text: what was asked for is there afterwards, and nothing else has changed.

use design::{Bounds, Entry, Node, Shape};
use model::{Edit, Place, SourceId, Written};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

const CONTOSO: &str = include_str!("../../../examples/contoso.design.yaml");
const LIVE: &str = include_str!("../../../examples/contoso.live.yaml");

/// Every style that a person may write in.
const MOTLEY: &str = "# head
company: \"Contoso – Köln\"   # quoted
sites:
  ams: &ams
    prefixes:
    - 10.10.0.0/16   # offices

    - '10.11.0.0/16'
    edges: [ ce-1,   # first
             ce-2 ]
  dub: *ams
  bru: { prefixes: [10.30.0.0/16], users: , edges: [] }

circuits:
    amsterdam:
        private: { vlan: &tag 100, asn: 65010,
                   primary: {subnet: 192.168.0.0/30}, }
        microsoft:
            vlan: *tag
            primary:
            secondary: {}   # later
            filter:
              - exchange
              # and
              - teams
notes: >
  folded
  text
last: ~
";

const JSON: &str = r#"{ "company": "Contoso", "circuits": { "ams": { "private":
  { "vlan": 100, "subnets": ["10.0.0.0/30", "10.0.0.4/30"], "state": null } } }, "sites": {} }"#;

const KEYS: [&str; 4] = ["fresh", "fresh_v6", "later", "zone"];

/// Every scalar and every mapping of a text, by path; mappings have no text.
fn flatten(text: &str) -> BTreeMap<String, (Place, Option<String>)> {
    fn walk(path: String, node: &Node<'_>, found: &mut BTreeMap<String, (Place, Option<String>)>) {
        match &node.shape {
            Shape::Null => {}
            Shape::Scalar(text) => {
                found.insert(path, (node.place, Some(text.to_string())));
            }
            Shape::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(format!("{path}[{index}]"), item, found);
                }
            }
            Shape::Map(entries) => {
                for Entry { key, value, .. } in entries {
                    walk(format!("{path}.{key}"), value, found);
                }
                found.insert(path, (node.place, None));
            }
        }
    }
    let mut found = BTreeMap::new();
    let root =
        design::parse(text, SourceId(0), &Bounds::default()).unwrap_or_else(|problem| panic!("{problem:?}\n{text}"));
    walk(String::new(), &root, &mut found);
    found
}

/// What a text says, without the places.
fn said(flat: &BTreeMap<String, (Place, Option<String>)>) -> BTreeMap<&str, Option<&str>> {
    flat.iter().map(|(path, (_, text))| (&**path, text.as_deref())).collect()
}

fn comments(text: &str) -> usize {
    text.matches(" #").count()
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("192.168.15.16/29".to_owned()),
        Just("2001:4898:1::/126".to_owned()),
        Just("2 Gbps".to_owned()),
        Just("65010".to_owned()),
        Just("2026-03-02 contract EQ-1182".to_owned()),
        "[a-z:#\\-\"' ,{}\\[\\]&*!|>%@`?é\\\\]{0,8}",
    ]
}

proptest! {
    #[test]
    fn new_values_stand_and_all_else_stays(
        text in prop::sample::select(vec![CONTOSO, LIVE, MOTLEY]),
        replaced in prop::collection::vec((any::<Index>(), any_value()), 0..6),
        set in prop::collection::vec((any::<Index>(), prop::sample::select(KEYS.to_vec()), any_value()), 0..4),
    ) {
        let before = flatten(text);
        // No fact of a design is a text of several lines; such a text must stay as it is.
        let single = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.ends_with('\n'));
        let scalars: Vec<_> = before.values().filter(|(_, text)| single(text)).map(|(place, _)| *place).collect();
        let records: Vec<_> = before.values().filter(|(_, text)| text.is_none()).map(|(place, _)| *place).collect();

        let replaced: BTreeMap<Place, String> =
            replaced.into_iter().map(|(index, value)| (*index.get(&scalars), value)).collect();
        let set: BTreeMap<(Place, &'static str), String> =
            set.into_iter().map(|(index, key, value)| ((*index.get(&records), key), value)).collect();

        let mut edits = Vec::new();
        for (place, value) in &replaced {
            edits.push(Edit::Replace { place: *place, value: Written::Value(value.clone()) });
        }
        for ((record, key), value) in &set {
            edits.push(Edit::Set { record: *record, key, after: None, value: Written::Value(value.clone()) });
        }
        let changed = design::apply(text, &edits).unwrap();

        let mut wanted = before.clone();
        for (path, (place, text)) in &before {
            match text {
                Some(_) => if let Some(value) = replaced.get(place) {
                    wanted.get_mut(path).unwrap().1 = Some(value.clone());
                },
                None => for ((_, key), value) in set.iter().filter(|((record, _), _)| record == place) {
                    wanted.insert(format!("{path}.{key}"), (*place, Some(value.clone())));
                },
            }
        }
        let after = flatten(&changed);
        prop_assert_eq!(said(&after), said(&wanted), "{}", changed);
        prop_assert!(comments(&changed) >= comments(text));
    }

    #[test]
    fn json_keeps_its_quotes(index in any::<Index>(), value in any_value(), record in any::<Index>()) {
        let before = flatten(JSON);
        let quoted = |place: Place| JSON[place.start as usize..].starts_with('"');
        let scalars: Vec<_> = before.iter().filter(|(_, (place, text))| text.is_some() && quoted(*place)).collect();
        let records: Vec<_> = before.iter().filter(|(_, (_, text))| text.is_none()).collect();
        let (path, (place, _)) = index.get(&scalars);
        let (parent, (record, _)) = record.get(&records);
        let changed = design::apply(JSON, &[
            Edit::Replace { place: *place, value: Written::Value(value.clone()) },
            Edit::Set { record: *record, key: "fresh", after: None, value: Written::Value(value.clone()) },
        ]);
        let changed = changed.unwrap();
        let after = flatten(&changed);
        prop_assert_eq!(after[*path].1.as_deref(), Some(&*value), "{}", changed);
        prop_assert_eq!(after[&format!("{parent}.fresh")].1.as_deref(), Some(&*value), "{}", changed);
        prop_assert_eq!(after.len(), before.len() + 1);
    }
}
