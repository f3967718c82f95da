//! Inputs that cannot be used: each says where, what was seen, and what was expected.

mod reading;

use reading::{problem, problems, read_with_sources};
use serde_json::{Value as Json, json};

const CIRCUIT: &str = include_str!("fixtures/circuit-show.json");
const CIRCUITS: &str = include_str!("fixtures/circuits-rest.json");

/// The only problem of a text, without what was expected.
fn seen(text: &str) -> (usize, usize, String) {
    let (line, column, seen, _) = problem(text);
    (line, column, seen)
}

#[test]
fn broken_yaml_says_where() {
    let (line, _, _, expected) = problem("circuits:\n  ams:\n    sku: [premium\n");
    assert_eq!((line, expected.as_str()), (4, "well-formed YAML"));
}

#[test]
fn tabs_do_not_indent() {
    let (line, ..) = problem("circuits:\n\tams: {}\n");
    assert_eq!(line, 2);
}

#[test]
fn an_unknown_key_suggests_the_one_that_was_meant() {
    let (reading, sources) = read_with_sources(&["circuits:\n  ams:\n    bandwith: 1 Gbps\n"]);
    let [problem] = reading.problems.as_slice() else { panic!("{:?}", reading.problems) };
    assert_eq!(problem.seen, "the unknown key `bandwith`");
    assert_eq!(problem.suggestion.as_deref(), Some("bandwidth"));
    assert_eq!(sources.line_column(problem.place.unwrap()), Some((3, 5)));
}

#[test]
fn a_single_misspelt_key_is_still_a_design() {
    assert_eq!(problems(&["circuts: {}\n"])[0].suggestion.as_deref(), Some("circuits"));
}

#[test]
fn wrong_types_say_what_stands_there() {
    assert_eq!(seen("circuits: [ams]\n"), (1, 11, "a list of 1".into()));
    assert_eq!(seen("circuits: {ams: {sku: {tier: premium}}}\n"), (1, 23, "a mapping of 1 key".into()));
    assert_eq!(seen("circuits: {ams: {private: {vlan: many}}}\n"), (1, 34, "`many` is no VLAN id".into()));
}

#[test]
fn host_bits_suggest_the_prefix() {
    let found = &problems(&["sites: {ams: {prefixes: [10.1.2.3/16]}}\n"])[0];
    assert_eq!(
        (found.seen.as_str(), found.suggestion.as_deref()),
        ("10.1.2.3/16 has host bits set", Some("10.1.0.0/16"))
    );
}

#[test]
fn a_list_with_an_unreadable_element_is_unknown() {
    let (reading, _) = read_with_sources(&["sites: {ams: {prefixes: [10.1.0.0/16, nonsense]}}\n"]);
    assert_eq!(reading.problems.len(), 1);
    assert!(!reading.design.sites["ams"].prefixes.is_known());
}

#[test]
fn deep_nesting_ends_early() {
    for text in [
        format!("company: {}", "[".repeat(5000)),
        format!("{{\"company\": {}", "[".repeat(5000)),
        "{\"a\":".repeat(5000),
    ] {
        assert_eq!(problems(&[&text]).len(), 1);
    }
    let (_, _, seen, _) = problem(&format!("company: {}{}", "[".repeat(100), "]".repeat(100)));
    assert_eq!(seen, "values nested deeper than 64");
}

#[test]
fn aliases_that_unfold_without_end_stop() {
    let mut text = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        text += &format!("b{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 10].join(", "));
    }
    let (_, _, seen, _) = problem(&text);
    assert_eq!(seen, "more than 4000000 values");
}

#[test]
fn an_anchor_within_itself_is_refused() {
    let (_, _, seen, _) = problem("sites: &loop\n  ams: *loop\n");
    assert_eq!(seen, "an alias within its own anchor");
}

#[test]
fn a_key_stands_once() {
    assert_eq!(seen("company: A\ncompany: B\n"), (2, 1, "`company` a second time".into()));
    assert_eq!(seen("{\"company\": \"A\",\n \"company\": \"B\"}\n"), (2, 2, "`company` a second time".into()));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    for text in ["\u{feff}company: Contoso\n", "\u{feff}{\"company\": \"Contoso\"}"] {
        let (reading, sources) = read_with_sources(&[text]);
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        let company = reading.design.company.known().unwrap();
        assert_eq!(company.value, "Contoso");
        assert!(sources.text(company.place).unwrap().contains("Contoso"));
    }
    assert_eq!(seen("\u{feff}company: A\nvlan: B\n").0, 2);
    assert!(problems(&[&format!("\u{feff}{CIRCUIT}")]).is_empty());
}

#[test]
fn lines_that_end_as_on_windows_keep_their_numbers() {
    assert_eq!(seen("company: A\r\ncircuits:\r\n  ams: {vlan: 3}\r\n"), (3, 9, "the unknown key `vlan`".into()));
    assert!(problems(&[&CIRCUIT.replace('\n', "\r\n")]).is_empty());
    let text = CIRCUIT.replace(r#""vlanId": 100"#, r#""vlanId": 5000"#);
    assert_eq!(seen(&text).0, seen(&text.replace('\n', "\r\n")).0);
}

#[test]
fn an_empty_file_is_no_design() {
    for text in ["", "\n", "---\n", "null", "just words", "{}", "# a remark\n"] {
        let (_, _, _, expected) = problem(text);
        assert!(expected.starts_with("a design with keys like"), "{text:?}: {expected}");
    }
}

#[test]
fn json_of_something_else_is_said_so_once() {
    let (_, _, seen, expected) = problem(r#"{"name": "left-pad", "version": "1.0.0", "scripts": {"test": "x"}}"#);
    assert_eq!(seen, "a mapping of 3 keys");
    assert!(expected.ends_with("an Azure or Terraform export"));
    // `portal` is near to `ports`, yet no slip for it.
    assert_eq!(problem(r#"{"portal": "https://localhost", "media": "x", "graph": "y"}"#).2, "a mapping of 3 keys");
}

#[test]
fn an_export_without_a_relevant_resource_is_a_problem() {
    let storage = r#"[{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/x", "type": "Microsoft.Storage/storageAccounts", "name": "x"}]"#;
    assert_eq!(seen(storage).2, "a list of 1, and no Azure resource that a design asks about");
    assert_eq!(seen("[]").2, "an empty list");
    assert_eq!(seen(r#"{"value": []}"#).2, "a mapping of 1 key, and no Azure resource that a design asks about");
}

#[test]
fn other_resources_of_an_export_are_passed_over() {
    let with_storage = CIRCUITS.replacen(
        r#""value": ["#,
        r#""value": [{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/x", "type": "Microsoft.Storage/storageAccounts"},"#,
        1,
    );
    assert!(problems(&[&with_storage]).is_empty());
}

#[test]
fn a_truncated_export_says_that_it_is_cut_off() {
    for share in [3, 2] {
        let (_, _, seen, _) = problem(&CIRCUIT[..CIRCUIT.len() / share]);
        assert_eq!(seen, "the end of the file within a value: the export is cut off");
    }
    for end in 1..CIRCUIT.trim_end().len() {
        if CIRCUIT.is_char_boundary(end) {
            assert!(!problems(&[&CIRCUIT[..end]]).is_empty(), "cut at {end}");
        }
    }
}

#[test]
fn html_saved_as_json_is_recognised() {
    let (line, _, seen, _) = problem("\n<!DOCTYPE html>\n<html><head><title>Sign in</title>");
    assert_eq!((line, seen.as_str()), (2, "a page of HTML or XML"));
}

#[test]
fn an_error_that_azure_answered_is_shown() {
    let (_, _, seen, _) =
        problem(r#"{"error": {"code": "AuthorizationFailed", "message": "no right to read circuits"}}"#);
    assert_eq!(seen, "an error that Azure answered: AuthorizationFailed no right to read circuits");
}

#[test]
fn one_page_of_several_is_incomplete() {
    let page = CIRCUITS.replacen('{', r#"{"nextLink": "https://management.azure.com/next","#, 1);
    let (reading, _) = read_with_sources(&[&page]);
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].expected, "all pages");
    assert_eq!(reading.design.circuits.len(), 2, "the page that is there is read");
    let graph = include_str!("fixtures/graph.json").replace(r#""skip_token": null"#, r#""skip_token": "abc""#);
    assert_eq!(problem(&graph).3, "all pages");
}

#[test]
fn a_wrong_value_names_its_key_and_leaves_the_rest() {
    let text = CIRCUIT
        .replace(r#""vlanId": 100"#, r#""vlanId": "many""#)
        .replace(r#""bandwidthInMbps": 1000"#, r#""bandwidthInMbps": []"#);
    let (reading, _) = read_with_sources(&[&text]);
    let seen: Vec<_> = reading.problems.iter().map(|problem| problem.seen.as_str()).collect();
    assert_eq!(seen, ["`bandwidthInMbps`: a list of 0", "`vlanId`: `many` is no VLAN id"]);
    let circuit = &reading.design.circuits["amsterdam"];
    assert!(circuit.provider.is_known() && circuit.private.as_ref().unwrap().asn.is_known());
    assert!(!circuit.bandwidth.is_known());
}

#[test]
fn a_wrong_shape_names_its_key() {
    let text = CIRCUIT.replacen(r#""peerings": ["#, r#""peerings": {}, "unused": ["#, 1);
    assert_eq!(problems(&[&text])[0].seen, "`peerings`: a mapping of 0 keys");
    let text = CIRCUIT.replacen(r#""sku": {"#, r#""sku": "premium", "unused": {"#, 1);
    assert_eq!(problems(&[&text])[0].seen, "`sku`: `premium`");
}

#[test]
fn two_circuits_of_one_name_are_not_mixed() {
    let twin =
        CIRCUIT.replace("resourceGroups/net", "resourceGroups/other").replace(r#""vlanId": 100"#, r#""vlanId": 300"#);
    let (reading, _) = read_with_sources(&[CIRCUIT, &twin]);
    assert!(reading.problems[0].seen.starts_with("a second circuit `amsterdam`"), "{:?}", reading.problems);
    assert_eq!(reading.design.circuits["amsterdam"].private.as_ref().unwrap().vlan.statements().count(), 1);
}

#[test]
fn a_resource_whose_name_no_default_tells_is_said_so() {
    let template = include_str!("fixtures/template.json").replace(r#""defaultValue": "Amsterdam","#, "");
    let seen: Vec<_> = problems(&[&template]).into_iter().map(|problem| problem.seen).collect();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].starts_with("the name `[parameters('expressRouteCircuits_"), "{seen:?}");
}

#[test]
fn a_table_of_an_unknown_circuit_is_said_so() {
    let arp = r#"{"circuit": "atlantis", "peering": "private", "path": "primary", "arpTable": []}"#;
    assert_eq!(problems(&[arp, CIRCUIT])[0].seen, "a table of the circuit `atlantis`");
    let upside_down = r#"{"circuit": "amsterdam", "peering": "private", "path": "tertiary", "arpTable": []}"#;
    assert_eq!(problems(&[upside_down, CIRCUIT])[0].seen, "`path`: `tertiary`");
}

#[test]
fn a_problem_in_the_second_file_points_into_it() {
    let (reading, sources) = read_with_sources(&["company: A\n", "cutover: tomorrow\n"]);
    let place = reading.problems[0].place.unwrap();
    assert_eq!(sources.get(place.source).unwrap().name, "file1");
}

/// Every fixture with one value after the other turned into another shape: read to the end, without a panic, and
/// with problems that point into the text.
#[test]
fn any_value_may_be_of_another_shape() {
    let fixtures = [
        CIRCUITS,
        CIRCUIT,
        include_str!("fixtures/direct.json"),
        include_str!("fixtures/route-filters.json"),
        include_str!("fixtures/vnets.json"),
        include_str!("fixtures/gateways.json"),
        include_str!("fixtures/connections.json"),
        include_str!("fixtures/communities.json"),
        include_str!("fixtures/template.json"),
        include_str!("fixtures/plan.json"),
        include_str!("fixtures/state.json"),
    ];
    for fixture in fixtures {
        let whole: Json = serde_json::from_str(fixture).unwrap();
        let mut paths = Vec::new();
        collect(&whole, String::new(), &mut paths);
        for (turn, path) in paths.iter().enumerate() {
            let shapes = [json!(null), json!("[x('"), json!([[]]), json!({"id": 7}), json!(-1)];
            let mut changed = whole.clone();
            *changed.pointer_mut(path).unwrap() = shapes[turn % shapes.len()].clone();
            let text = changed.to_string();
            let (reading, sources) = read_with_sources(&[&text]);
            let places = reading.problems.iter().filter_map(|problem| problem.place);
            assert!(places.into_iter().all(|place| sources.text(place).is_some()), "{path}");
        }
    }
}

fn collect(node: &Json, path: String, paths: &mut Vec<String>) {
    match node {
        Json::Object(entries) => {
            entries.iter().for_each(|(key, value)| {
                collect(value, format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), paths)
            });
        }
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect(item, format!("{path}/{index}"), paths))
        }
        _ => {}
    }
    paths.push(path);
}

/// Found by fuzzing: the place of an error covered a part of a character.
#[test]
fn an_error_at_a_wide_character_covers_all_of_it() {
    let text = "# a comment\n    id: x\n  – y: z\n";
    let mut sources = model::Sources::default();
    let input = design::Input { name: "wide".into(), text: text.into() };
    let reading = design::read(input, &mut sources, &design::Bounds::default());
    let place = reading.problems[0].place.unwrap();
    assert_eq!(sources.text(place), Some("–"));
}
