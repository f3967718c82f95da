//! Every rule shows each of its verdicts, by the cases that it carries.

use catalog::Catalog;
use rules::{Case, Facts, Rule, Stage, Verdict, Want};
use testkit::{Layers, TODAY};

/// The verdict of a rule on one of its cases.
fn judge(rule: &'static Rule, case: &Case) -> Verdict {
    let count = match case.stage {
        Stage::Design => 1,
        Stage::Ordered => 2,
        Stage::Live => 3,
    };
    let design = Layers::contoso(count).patch(case.patch).design();
    Facts::new(&design, Catalog::builtin(), TODAY, case.profile, case.stage).verdict(rule).clone()
}

fn want(verdict: &Verdict) -> Want {
    match verdict {
        Verdict::Pass { .. } => Want::Pass,
        Verdict::Fail { .. } => Want::Fail,
        Verdict::Unknown(_) => Want::Unknown,
        Verdict::NotApplicable(_) => Want::None,
    }
}

#[test]
fn every_case_gives_its_verdict() {
    let mut wrong = Vec::new();
    for rule in rules::rules() {
        for case in rule.cases {
            let verdict = judge(rule, case);
            if want(&verdict) != case.want {
                wrong.push(format!(
                    "{} {} [{}, {}] {}\n    {verdict:?}",
                    rule.id, case.want, case.stage, case.profile, case.patch
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
