//! The checklist as a whole: complete, well formed, and traced to the documents that it comes from.

use rules::statements::statements;
use rules::{Profile, Rule, Severity, Want, rules};
use std::collections::{BTreeMap, BTreeSet};

/// How many rules each group has; their numbers run from 1 without a gap.
const GROUPS: [(&str, usize); 14] = [
    ("ACC", 9),
    ("ADDR", 10),
    ("CAP", 9),
    ("CFG", 7),
    ("CRM", 1),
    ("DR", 8),
    ("M365", 28),
    ("NAT", 12),
    ("NET-BGP", 22),
    ("NET-RED", 10),
    ("PROV", 14),
    ("PUB", 1),
    ("QOS", 7),
    ("SEC", 10),
];

/// What is wrong with each rule, by a question that lists it.
fn every_rule(wrong: impl Fn(&'static Rule) -> Vec<String>) {
    let wrong: Vec<_> = rules()
        .iter()
        .flat_map(|rule| wrong(rule).into_iter().map(move |what| format!("{} ({}): {what}", rule.id, rule.name)))
        .collect();
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_catalogue_is_complete() {
    let expected: BTreeSet<String> =
        GROUPS.iter().flat_map(|(group, count)| (1..=*count).map(move |n| format!("{group}-{n:03}"))).collect();
    let ids: BTreeSet<String> = rules().iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(expected.len(), 148);
    assert_eq!(expected.difference(&ids).collect::<Vec<_>>(), Vec::<&String>::new(), "rules are missing");
    assert_eq!(ids.difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new(), "rules are not of the catalogue");
    assert_eq!(rules().len(), ids.len(), "an id stands twice");
}

#[test]
fn rules_are_sorted_and_named_once() {
    assert!(rules().is_sorted_by(|a, b| a.id < b.id));
    let names: BTreeSet<_> = rules().iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules().len(), "a name stands twice");
}

#[test]
fn names_are_kebab_case_and_name_the_file() {
    let mut files = BTreeMap::new();
    for folder in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            files.insert(
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                std::fs::read_to_string(&path).unwrap(),
            );
        }
    }
    every_rule(|rule| {
        let letters = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let mut wrong = Vec::new();
        if !rule.name.split('-').all(|word| !word.is_empty() && letters(word)) {
            wrong.push("its name is not in kebab case".to_owned());
        }
        match files.get(&rule.name.replace('-', "_")) {
            None => wrong.push("no file has its name".to_owned()),
            Some(text) if !text.contains(&format!("id: \"{}\"", rule.id)) => {
                wrong.push("the file of its name holds another rule".to_owned());
            }
            Some(_) => {}
        }
        wrong
    });
}

#[test]
fn manual_pages_have_their_three_sections_in_order() {
    let headings = ["What it asks", "Why it matters", "How to mend it"];
    every_rule(|rule| {
        let found: Vec<_> = rule.doc.lines().filter_map(|line| line.trim().strip_prefix("## ")).collect();
        let mut wrong = Vec::new();
        if found != headings {
            wrong.push(format!("its sections are {found:?}"));
        }
        for heading in headings {
            match rule.section(heading) {
                Some(text) if text.len() >= 20 && text.ends_with(['.', '`']) => {}
                section => wrong.push(format!("`{heading}` says {section:?}")),
            }
        }
        if rule.title.is_empty() || rule.title.ends_with('.') {
            wrong.push(format!("its title is `{}`", rule.title));
        }
        wrong
    });
}

#[test]
fn every_rule_shows_each_verdict_that_it_can_give() {
    every_rule(|rule| {
        let has = |want: Want| rule.cases.iter().any(|case| case.want == want);
        let informational = rule.severity == Severity::Informational;
        let mut wrong = Vec::new();
        for (want, needed) in [
            (Want::Pass, true),
            (Want::Fail, !informational),
            (Want::Unknown, true),
            (Want::None, rule.guard.is_some()),
        ] {
            if needed && !has(want) {
                wrong.push(format!("no case shows {want}"));
            }
        }
        if informational && has(Want::Fail) {
            wrong.push("it is informational and fails".to_owned());
        }
        wrong
    });
}

#[test]
fn every_rule_has_its_years_and_dated_sources() {
    every_rule(|rule| {
        let mut wrong = Vec::new();
        if rule.sources.is_empty() {
            wrong.push("it has no source".to_owned());
        }
        for doc in rule.sources.iter().filter(|doc| doc.date.year() < 2015 || !doc.file.ends_with(".md")) {
            wrong.push(format!("its source {} is of {} and stands in {}", doc.label, doc.date, doc.file));
        }
        if !(2015..=2026).contains(&rule.since) || rule.until.is_some_and(|until| until <= rule.since) {
            wrong.push(format!("it is in force from {} to {:?}", rule.since, rule.until));
        }
        if !Profile::ALL.iter().any(|profile| rule.in_force(*profile)) {
            wrong.push("no profile asks it".to_owned());
        }
        if rule.superseded_by.is_some_and(|successor| rules::find(successor).is_none()) {
            wrong.push(format!("its successor {:?} does not exist", rule.superseded_by));
        }
        if rule.reads.is_empty() || rule.evidence.is_empty() {
            wrong.push("it reads nothing, or rests on no evidence".to_owned());
        }
        wrong
    });
}

#[test]
fn statements_are_numbered_in_order_and_name_rules() {
    let ids: BTreeSet<_> = statements().iter().map(|statement| &statement.id).collect();
    assert_eq!(ids.len(), statements().len(), "an id stands twice");
    assert!(statements().is_sorted_by(|a, b| a.doc != b.doc || a.line <= b.line));
    for statement in statements() {
        assert!(statement.doc.is_seed() && !statement.gist.is_empty(), "{statement:?}");
        assert!(!statement.rules.is_empty(), "{} names no rule", statement.id);
        for id in &statement.rules {
            assert!(rules::find(id).is_some(), "{} names {id}, which does not exist", statement.id);
        }
    }
}

#[test]
fn statements_and_the_sources_of_rules_say_the_same() {
    let traced: BTreeSet<(&str, &str)> = statements()
        .iter()
        .flat_map(|statement| statement.rules.iter().map(|rule| (rule.as_str(), statement.doc.label)))
        .collect();
    let sourced: BTreeSet<(&str, &str)> = rules()
        .iter()
        .flat_map(|rule| rule.sources.iter().filter(|doc| doc.is_seed()).map(|doc| (rule.id, doc.label)))
        .collect();
    let untraced: Vec<_> = sourced.difference(&traced).collect();
    let unsourced: Vec<_> = traced.difference(&sourced).collect();
    assert!(untraced.is_empty(), "sources of a rule that no statement of theirs names: {untraced:?}");
    assert!(unsourced.is_empty(), "statements that name a rule without their document as source: {unsourced:?}");
}
