//! What holds of any design, right or wrong: reading, checking, reporting and mending it.

use catalog::Catalog;
use design::{Bounds, Input};
use model::{Design, Sources};
use proptest::prelude::*;
use rules::report::{Checked, Report, html, json, junit, markdown, sarif, terminal};
use rules::{Checklist, Facts, Profile, Stage, Standing, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::{TODAY, scramble};

fn read(text: &str) -> (Design, Sources) {
    let mut sources = Sources::default();
    let input = Input { name: "scrambled.design.yaml".into(), text: text.into() };
    let reading = design::read(input, &mut sources, &Bounds::default());
    (reading.design, sources)
}

fn check(design: &Design, profile: Profile) -> Checklist {
    rules::check(Facts::new(design, Catalog::builtin(), TODAY, profile, Stage::Design))
}

fn faults(checklist: &Checklist) -> Vec<&'static str> {
    let failed = checklist.rows.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Fail { .. }));
    failed.map(|(rule, _)| rule.id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Whatever can be read can be checked under every profile, and every format reports the same numbers.
    #[test]
    fn any_design_is_checked_and_reported(picks in prop::collection::vec((0usize..400, 0usize..1000), 1..12)) {
        let (design, sources) = read(&scramble(&picks));
        for profile in Profile::ALL {
            let checklist = check(&design, profile);
            let checked = Checked { checklist: &checklist, sources: &sources, design: &design, catalog: Catalog::builtin(), today: TODAY };
            let report = Report::new(checked);
            let page = |write: &dyn Fn(&mut String) -> std::fmt::Result| {
                let mut text = String::new();
                write(&mut text).map(|()| text)
            };
            let terminal = page(&|out| terminal::write(&report, terminal::Style::default(), out))?;
            let markdown = page(&|out| markdown::write(&report, out))?;
            let html = page(&|out| html::write(&report, out))?;
            let junit = page(&|out| junit::write(&report, out))?;
            let json = json::value(&report);
            let sarif = sarif::value(&report);
            let overall = checklist.overall().to_string();
            prop_assert!(terminal.contains(&overall) && markdown.contains(&overall) && html.contains(&overall));
            prop_assert_eq!(json["overall"].as_str().unwrap(), overall.replace(' ', "-"));
            let counts = checklist.counts();
            prop_assert_eq!(json["counts"]["faults"].as_u64(), Some(counts.faults as u64));
            let results = sarif["runs"][0]["results"].as_array().unwrap();
            let errors = results.iter().filter(|result| result["level"] == "error");
            let named = |result: &Value| {
                let also = result["properties"]["also"].as_array().unwrap().clone();
                [vec![result["ruleId"].clone()], also].concat()
            };
            let told: BTreeSet<_> = errors.flat_map(named).map(|id| id.as_str().unwrap().to_owned()).collect();
            let failing = checklist.rows.iter().filter(|(rule, verdict)| Standing::of(rule, verdict) == Standing::Fault);
            prop_assert_eq!(told, failing.map(|(rule, _)| rule.id.to_owned()).collect());
            prop_assert_eq!(junit.matches("<testcase").count(), rules::rules().len());
        }
    }

    /// Mending never adds a fault, and mending what was mended changes nothing.
    #[test]
    fn mending_helps_and_ends(picks in prop::collection::vec((0usize..400, 0usize..1000), 1..8)) {
        let text = scramble(&picks);
        let (design, _) = read(&text);
        let before = faults(&check(&design, Profile::Current));
        let mends = planner::mend(&design, Catalog::builtin());
        let edits: Vec<_> = mends.iter().flat_map(|mend| mend.change.clone()).collect();
        let mended = design::apply(&text, &edits).unwrap();
        let (design, _) = read(&mended);
        let after = faults(&check(&design, Profile::Current));
        let fresh: Vec<_> = after.iter().filter(|id| !before.contains(id)).collect();
        prop_assert!(fresh.is_empty(), "new faults {fresh:?} by {mends:#?}\n{mended}");
        prop_assert_eq!(planner::mend(&design, Catalog::builtin()), vec![], "{}", mended);
    }
}
