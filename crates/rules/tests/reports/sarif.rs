//! The report for code review.

use crate::sample::{clean, empty, sample};
use rules::report::sarif;
use serde_json::Value;

fn results(value: &Value) -> &Vec<Value> {
    value["runs"][0]["results"].as_array().unwrap()
}

#[test]
fn every_report_is_valid_by_the_schema_of_the_standard() {
    let mut schema: Value = serde_json::from_str(include_str!("../data/sarif-schema-2.1.0.json")).unwrap();
    // The published pattern of a language has a stray bracket, which a strict reader of patterns refuses.
    for definition in ["run", "toolComponent"] {
        schema["definitions"][definition]["properties"]["language"]["pattern"] = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for sample in [sample(), clean(), empty()] {
        let value = sarif::value(&sample.report());
        let errors: Vec<_> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0" })), "the schema must be able to refuse");
}

#[test]
fn regions_hold_the_text_that_is_meant() {
    let value = sarif::value(&sample().report());
    let account = &results(&value)[0]["locations"][0]["physicalLocation"];
    assert_eq!(account["artifactLocation"]["uri"], "fabrikam.design.yaml");
    assert_eq!(
        (account["region"]["startLine"].as_u64(), account["region"]["startColumn"].as_u64()),
        (Some(3), Some(19))
    );
    assert_eq!(account["region"]["endColumn"].as_u64(), Some(26));
}

#[test]
fn what_is_accepted_is_suppressed_and_what_is_unknown_open() {
    let value = sarif::value(&sample().report());
    let suppressed: Vec<_> = results(&value).iter().filter(|result| result.get("suppressions").is_some()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(
        suppressed[0]["suppressions"][0]["justification"],
        "network team until 2027-01-31: renumbered with the next router"
    );
    let open: Vec<_> = results(&value).iter().filter(|result| result["kind"] == "open").collect();
    assert_eq!(open.len(), 2, "one for each circuit of the required rule");
    assert!(open.iter().all(|result| result["level"] == "none"));
}

#[test]
fn fingerprints_are_unique_and_do_not_hold_lines() {
    let prints = |text: &'static str| {
        let value = sarif::value(&crate::sample::sample_of(text).report());
        let mut prints: Vec<_> =
            results(&value).iter().map(|result| result["partialFingerprints"].to_string()).collect();
        prints.sort();
        prints
    };
    let before = prints(crate::sample::DESIGN);
    let moved: &'static str = Box::leak(format!("# a line more\n\n{}", crate::sample::DESIGN).into_boxed_str());
    assert_eq!(before, prints(moved));
    let mut unique = before.clone();
    unique.dedup();
    assert_eq!(before, unique);
}
