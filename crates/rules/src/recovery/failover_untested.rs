//! Rule: failover was not tested of late.

use crate::{Answer, Facts, Subject, Tally, Verdict};

rule! {
    /// ## What it asks
    /// Failover was tested in the last 90 days, and no failure of that test cost more than was expected. Microsoft's
    /// resiliency index counts tests of the last 30, 60 and 90 days, each less than the one before; that the last of them is
    /// the limit here is our choice.
    /// ## Why it matters
    /// Redundancy decays in silence. A filter changed on one router, a prefix forgotten, a firewall rule for one path
    /// only: each shows on the day of the failure, or in a test.
    /// ## How to mend it
    /// In a window, check that both circuits hold the same routes, take the private peering of one down, watch traffic
    /// and applications, bring it back and do the same with the other. Write the day to `dr.last_test`. `twinpath drill`
    /// does it in a lab: the file that its `--json` prints is evidence, which `twinpath check` reads beside the design.
    pub(crate) static RULE = {
        id: "DR-007",
        name: "failover-untested",
        title: "failover was tested in the last 90 days",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2025,
        sources: [RESILIENCY_INSIGHTS],
        evidence: [Plan],
        reads: ["dr.last_test", "dr.last_test_failed"],
        check: check,
        cases: [
            pass;
            pass "dr: {last_test: 2026-08-23}";
            fail "dr: {last_test: 2026-08-22}";
            fail "dr: {last_test: 2026-12-01}";
            fail "dr: {last_test: 2026-08-23, last_test_failed: [silent]}";
            pass "dr: {last_test: 2026-08-23, last_test_failed: []}";
            unknown "dr: {last_test: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let dr = &facts.design.dr;
    let spot = Subject::Design.at("dr.last_test", dr.place.or(facts.design.place));
    let Some(test) = dr.last_test.known() else { return Err(Verdict::missing(spot)) };
    let limit = facts.limit("recovery", "failover-test-period", "")?;
    let mut tally = Tally::new();
    match u64::try_from(facts.today.days_since(test.value)) {
        Ok(days) if days <= limit => tally.pass(test),
        Ok(days) => {
            let seen = format!("{}, {days} days ago", test.value);
            tally.fail(spot.finding(Some(test.place), seen, format_args!("a test in the last {limit} days")));
        }
        Err(_) => {
            let seen = format!("{}, which is yet to come", test.value);
            tally.fail(spot.finding(Some(test.place), seen, format_args!("a test in the last {limit} days")));
        }
    }
    for failed in dr.last_test_failed.values() {
        let spot = Subject::Design.at("dr.last_test_failed", dr.place.or(facts.design.place));
        tally.fail(spot.finding(Some(test.place), failed, "a failure that costs no more than expected"));
    }
    tally.verdict("")
}
