//! Waivers: faults that somebody accepts for a time.
//!
//! A waiver names a rule, perhaps a part of the design, an owner, a reason and a last day. On that day
//! and before, the findings it covers stay in every report, marked, but count no more. Afterwards they
//! count again, and the waiver itself becomes a finding, so that nobody forgets to renew or remove it.
//! Only faults can be accepted: what is unknown stays unknown.

use crate::{Checklist, Finding, Rule, Severity, Verdict, Waived};
use model::{Date, Name, Waiver, Waivers};

impl Checklist {
    /// Marks the findings that a waiver accepts on the given day, and says what is wrong with the waivers.
    pub fn waive(&mut self, waivers: &Waivers, today: Date) {
        for (name, waiver) in &waivers.waivers {
            let remark = match Complete::of(waiver) {
                Err(lacks) => Some(self.remark(name, waiver, Severity::Recommended, lacks, COMPLETE)),
                Ok(complete) => self.apply(name, &complete, today),
            };
            self.waivers.extend(remark);
        }
    }

    /// Marks what one waiver covers; gives a remark when it covers nothing or has run out.
    fn apply(&mut self, name: &Name, waiver: &Complete<'_>, today: Date) -> Option<Finding> {
        let Complete { from, rule, owner, reason, expires } = *waiver;
        let Some(rule) = crate::find(rule) else {
            let seen = format!("waiver of {rule}, which is no rule");
            return Some(self.remark(name, from, Severity::Informational, seen, "the id or name of a rule"));
        };
        let expired = expires < today;
        let waived = Waived { waiver: name.to_string(), owner: owner.into(), reason: reason.into(), expires };
        let covered: Vec<Finding> = findings(self, rule)
            .iter()
            .filter(|finding| from.path.value().is_none_or(|pattern| covers(pattern, &finding.path)))
            .cloned()
            .collect();
        if !expired {
            for finding in self.rows.iter_mut().flat_map(|(_, verdict)| all_findings(verdict)) {
                // Rules that sum up others find the very same, which is accepted with it.
                if covered.iter().any(|covered| covered.says_the_same(finding)) {
                    finding.waived.get_or_insert_with(|| waived.clone());
                }
            }
        }
        match (covered.len(), expired) {
            (0, _) => {
                let seen = format!("waiver of {} by {owner} matches no finding", rule.id);
                Some(self.remark(
                    name,
                    from,
                    Severity::Informational,
                    seen,
                    "a waiver only while there is something to waive",
                ))
            }
            (_, true) => {
                let seen = format!("waiver of {} by {owner} expired {expires}", rule.id);
                Some(self.remark(name, from, Severity::Required, seen, "a fault that is mended, or a waiver renewed"))
            }
            (_, false) => None,
        }
    }

    fn remark(&self, name: &Name, waiver: &Waiver, severity: Severity, seen: String, expected: &str) -> Finding {
        Finding {
            subject: format!("waiver {name}"),
            path: format!("waivers.{name}"),
            place: waiver.expires.place().or(waiver.rule.place()).or(waiver.place),
            seen,
            expected: expected.to_owned(),
            severity: Some(severity),
            waived: None,
        }
    }
}

const COMPLETE: &str = "a waiver with `rule`, `reason`, `owner` and `expires`; it is not applied";

/// A waiver that says all it has to.
#[derive(Clone, Copy)]
struct Complete<'a> {
    from: &'a Waiver,
    rule: &'a str,
    owner: &'a str,
    reason: &'a str,
    expires: Date,
}

impl<'a> Complete<'a> {
    /// The waiver, or what it lacks in words.
    fn of(from: &'a Waiver) -> Result<Self, String> {
        let rule = from.rule.value().map(String::as_str);
        let lacks = |key: &str| format!("waiver of {} without `{key}`", rule.unwrap_or("nothing"));
        let text = |fact: &'a model::Fact<String>, key: &str| {
            fact.value().map(String::as_str).filter(|text| !text.trim().is_empty()).ok_or_else(|| lacks(key))
        };
        Ok(Self {
            from,
            rule: text(&from.rule, "rule")?,
            owner: text(&from.owner, "owner")?,
            reason: text(&from.reason, "reason")?,
            expires: from.expires.get().ok_or_else(|| lacks("expires"))?,
        })
    }
}

fn findings<'a>(checklist: &'a mut Checklist, rule: &Rule) -> &'a mut [Finding] {
    let row = checklist.rows.iter_mut().find(|(row, _)| row.id == rule.id);
    row.map_or(&mut [], |(_, verdict)| all_findings(verdict))
}

fn all_findings(verdict: &mut Verdict) -> &mut [Finding] {
    match verdict {
        Verdict::Fail { findings, .. } => findings,
        Verdict::Pass { .. } | Verdict::Unknown(_) | Verdict::NotApplicable(_) => &mut [],
    }
}

/// Whether a path lies at or below a pattern, in which `*` stands for any one name.
fn covers(pattern: &str, path: &str) -> bool {
    let mut names = path.split('.');
    pattern.split('.').all(|wanted| names.next().is_some_and(|name| wanted == "*" || wanted == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Overall, Profile, Stage, Standing, check};
    use catalog::Catalog;
    use model::{Fact, Place, Rank, SourceId};
    use testkit::{Layers, TODAY};

    fn said<T>(value: T) -> Fact<T> {
        Fact::stated(value, Rank::Declared, Place { source: SourceId(0), start: 0, end: 0 })
    }

    fn waiver(rule: &str, path: Option<&str>, expires: Date) -> Waivers {
        let mut waivers = Waivers::default();
        let waiver = Waiver {
            rule: said(rule.to_owned()),
            path: path.map(|path| said(path.to_owned())).unwrap_or_default(),
            reason: said("moves next week".to_owned()),
            owner: said("ops".to_owned()),
            expires: said(expires),
            ..Waiver::default()
        };
        waivers.waivers.insert("move".into(), waiver);
        waivers
    }

    /// A checklist of the account rule alone, which fails.
    fn failing() -> Checklist {
        let design = Layers::contoso(1).patch("azure: {account: expired}").design();
        let facts = Facts::new(&design, Catalog::builtin(), TODAY, Profile::Current, Stage::Design);
        let mut checklist = check(facts);
        checklist.rows.retain(|(rule, _)| rule.id == "ACC-001");
        checklist.disagreements.clear();
        checklist
    }

    #[test]
    fn a_waived_fault_stays_but_does_not_block() {
        let mut checklist = failing();
        assert_eq!(checklist.overall(), Overall::Blocked);
        checklist.waive(&waiver("account-inactive", Some("azure"), TODAY), TODAY);
        assert_eq!((checklist.overall(), checklist.counts().waived), (Overall::Ready, 1));
        let (rule, verdict) = &checklist.rows[0];
        assert_eq!(Standing::of(rule, verdict), Standing::Waived);
        assert!(checklist.waivers.is_empty());
    }

    #[test]
    fn the_very_same_of_another_rule_is_accepted_too() {
        let mut checklist = failing();
        let (first, verdict) = checklist.rows[0].clone();
        let other = crate::rules().iter().find(|rule| rule.id != first.id).unwrap();
        checklist.rows.push((other, verdict));
        checklist.waive(&waiver("ACC-001", None, TODAY), TODAY);
        assert_eq!(checklist.counts().waived, 2);
    }

    #[test]
    fn an_expired_waiver_is_a_finding_and_the_fault_counts_again() {
        let mut checklist = failing();
        checklist.waive(&waiver("ACC-001", None, Date::constant(2026, 10, 1)), TODAY);
        assert_eq!(checklist.overall(), Overall::Blocked);
        assert_eq!(checklist.waivers[0].seen, "waiver of ACC-001 by ops expired 2026-10-01");
    }

    #[test]
    fn a_waiver_of_nothing_is_only_a_note() {
        for (rule, path) in [("ACC-001", Some("circuits.*")), ("XXX-001", None)] {
            let mut checklist = failing();
            checklist.waive(&waiver(rule, path, TODAY), TODAY);
            assert_eq!(checklist.overall(), Overall::Blocked);
            assert_eq!(checklist.waivers[0].severity, Some(Severity::Informational));
        }
    }

    #[test]
    fn a_waiver_without_an_owner_waives_nothing() {
        let mut checklist = failing();
        let mut waivers = waiver("ACC-001", None, TODAY);
        waivers.waivers.values_mut().for_each(|waiver| waiver.owner = Fact::default());
        checklist.waive(&waivers, TODAY);
        assert_eq!(checklist.overall(), Overall::Blocked);
        assert_eq!(checklist.waivers[0].seen, "waiver of ACC-001 without `owner`");
    }

    #[test]
    fn patterns_cover_what_lies_below() {
        assert!(covers("circuits.*.private", "circuits.ams.private.asn"));
        assert!(!covers("circuits.ams", "circuits.amsterdam"));
        assert!(!covers("circuits.ams.private", "circuits.ams"));
    }
}
