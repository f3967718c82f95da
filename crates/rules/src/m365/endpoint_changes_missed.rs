//! Rule: nobody follows the changes of Microsoft 365 endpoints.

use super::{at, names_something};
use crate::{Answer, Facts, Stage, Tally};

rule! {
    /// ## What it asks
    /// A process asks Microsoft's endpoint service for changes. On a running network the last look is not older
    /// than the catalogue allows, a day.
    /// ## Why it matters
    /// Addresses are added and removed every month, some at short notice, and an endpoint can lose its support
    /// for ExpressRoute. Filters, firewalls and PAC files that miss a change send traffic the wrong way or nowhere.
    /// ## How to mend it
    /// Poll the web service once an hour, act on what changed, and note the service in `m365.feed.url` and the
    /// last look in `m365.feed.last_check`.
    pub(crate) static RULE = {
        id: "M365-020",
        name: "endpoint-changes-missed",
        title: "a process follows the changes of endpoints",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_2025, IP_WEB_SERVICE],
        evidence: [Plan, Live],
        reads: ["services.m365", "m365.feed.url|last_check"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "m365: {feed: {last_check: null}}";
            pass(live);
            fail "m365: {feed: {url: none}}";
            fail(live) "design: {m365: {feed: {last_check: 2026-11-19}}}";
            fail(live) "design: {m365: {feed: {last_check: 2026-11-22}}}";
            unknown "m365: {feed: {url: null}}";
            unknown(live) "design: {m365: {feed: {last_check: null}}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let feed = &facts.design.m365.feed;
    let most = facts.limit("m365", "endpoint-check-age", "")?;
    let mut tally = Tally::new();
    tally.expect(at(facts, "m365.feed.url"), &feed.url, |url| names_something(url), "the endpoint service asked");
    // Before operation there is nothing to be late for.
    if facts.stage == Stage::Live {
        let fresh = |days: i64| u64::try_from(days).is_ok_and(|days| days <= most);
        let expected = format!("a look not older than {most} day, today being {}", facts.today);
        let spot = at(facts, "m365.feed.last_check");
        tally.expect(spot, &feed.last_check, |date| fresh(facts.today.days_since(*date)), expected);
    }
    tally.verdict("")
}
