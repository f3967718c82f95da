//! The report for CI systems.

use crate::sample::{Sample, empty, sample};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

pub(crate) fn text(sample: &Sample) -> String {
    let mut text = String::new();
    rules::report::junit::write(&sample.report(), &mut text).unwrap();
    text
}

/// How often each element occurs, and the attributes of the root.
pub(crate) fn elements(text: &str) -> (BTreeMap<String, usize>, BTreeMap<String, String>) {
    let mut reader = Reader::from_str(text);
    let (mut counts, mut root) = (BTreeMap::new(), BTreeMap::new());
    let mut depth = 0;
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                if name == "testsuites" {
                    for attribute in element.attributes() {
                        let attribute = attribute.unwrap();
                        let key = attribute.key.as_ref().to_owned();
                        root.insert(key, attribute.value.into_owned());
                    }
                }
                *counts.entry(name).or_insert(0) += 1;
                depth += i32::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "every element is closed");
    (counts, root)
}

#[test]
fn the_totals_are_those_of_the_elements() {
    let (counts, root) = elements(&text(&sample()));
    for (attribute, element) in
        [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
    {
        assert_eq!(root[attribute], counts[element].to_string(), "{attribute}");
    }
    assert_eq!(counts["testsuite"], 8);
}

#[test]
fn a_failure_names_place_and_value() {
    let text = text(&sample());
    assert!(text.contains("fabrikam.design.yaml:20: lisbon / private / primary link: 192.168.0.0/28"), "{text}");
    elements(&self::text(&empty()));
}
