//! Breaks every example that is ready, one thing at a time: the right rule finds it, and nothing else
//! changes its verdict without cause.
//!
//! The breaks are the fail cases of the rules themselves; where a case says `*`, each name in turn.
//! A rule has cause to change when it reads a value that the break changed.

use catalog::Catalog;
use rules::{Checklist, Facts, Overall, Profile, Stage, Verdict, Want};
use std::collections::BTreeSet;
use testkit::{Layers, TODAY};

/// The examples that are ready, with the profile under which they are, and their stage.
fn ready_examples() -> Vec<(&'static str, Layers, Stage)> {
    vec![
        ("contoso", Layers::contoso(1), Stage::Design),
        ("contoso, ordered", Layers::contoso(2), Stage::Ordered),
        ("contoso, live", Layers::contoso(3), Stage::Live),
        ("direct", Layers::new(&[("design", include_str!("../../../examples/direct.design.yaml"))]), Stage::Design),
        ("ipv6", Layers::new(&[("design", include_str!("../../../examples/ipv6.design.yaml"))]), Stage::Design),
        (
            "m365-only",
            Layers::new(&[("design", include_str!("../../../examples/m365-only.design.yaml"))]),
            Stage::Design,
        ),
    ]
}

/// Rules whose faults are relative: an address overlaps *that* network, a load exceeds *that* bandwidth. Their
/// cases are faults of Contoso and need not be faults elsewhere.
const AGAINST_CONTOSO: &[&str] =
    &["CAP-001", "ADDR-003", "ADDR-009", "CAP-006", "CAP-007", "CAP-008", "NAT-005", "NET-BGP-014"];

fn check(layers: &mut Layers, stage: Stage) -> Option<Checklist> {
    let (design, problems) = layers.read();
    let facts = Facts::new(&design, Catalog::builtin(), TODAY, Profile::Current, stage);
    problems.is_empty().then(|| rules::check(facts))
}

fn kind(verdict: &Verdict) -> Want {
    match verdict {
        Verdict::Pass { .. } => Want::Pass,
        Verdict::Fail { .. } => Want::Fail,
        Verdict::Unknown(_) => Want::Unknown,
        Verdict::NotApplicable(_) => Want::None,
    }
}

/// Whether a pattern of a rule's `reads` covers a path, or lies below it.
fn touches(pattern: &str, path: &str) -> bool {
    let same = |(pattern, key): (&str, &str)| pattern == "*" || pattern == "**" || pattern.split('|').any(|p| p == key);
    pattern.split('.').zip(path.split('.')).all(same)
}

#[test]
fn every_break_is_found_by_its_rule_and_moves_nothing_else_without_cause() {
    let mut breaks = BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, example, stage) in ready_examples() {
        let before = check(&mut example.clone(), stage).unwrap();
        assert_eq!(before.overall(), Overall::Ready, "{name}");
        for rule in rules::rules() {
            for case in rule.cases.iter().filter(|case| case.want == Want::Fail && case.profile == Profile::Current) {
                // A case without `*` speaks of Contoso's own names, and some of Contoso's own values.
                let local = !case.patch.contains('*') || AGAINST_CONTOSO.contains(&rule.id);
                if case.stage != stage || case.patch.is_empty() || local && !name.starts_with("contoso") {
                    continue;
                }
                for change in example.clone().expand(case.patch) {
                    let label = format!("{} [{name}] {change}", rule.id);
                    let Some(after) = check(example.clone().apply(&change), stage) else {
                        wrong.push(format!("{label}: cannot be read"));
                        continue;
                    };
                    if kind(before.verdict(rule.id).unwrap()) != Want::Pass {
                        continue;
                    }
                    let paths = change.paths();
                    for ((rule, was), (_, is)) in before.rows.iter().zip(&after.rows) {
                        let cause = rule.reads.iter().any(|pattern| paths.iter().any(|path| touches(pattern, path)));
                        if kind(was) != kind(is) && !cause {
                            wrong.push(format!(
                                "{label}: {} went from {} to {} without cause",
                                rule.id,
                                kind(was),
                                kind(is)
                            ));
                        }
                    }
                    match kind(after.verdict(rule.id).unwrap()) {
                        Want::Fail => drop(breaks.insert(label)),
                        other => wrong.push(format!("{label}: gives {other}")),
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} breaks are wrong:\n{}", wrong.len(), breaks.len(), wrong.join("\n"));
    assert!(breaks.len() >= 150, "only {} distinct breaks", breaks.len());
}
