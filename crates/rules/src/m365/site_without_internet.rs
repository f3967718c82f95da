//! Rule: a site with users has no Internet egress.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// Every site with users keeps its way to the Internet.
    /// ## Why it matters
    /// No service of Microsoft 365 runs over ExpressRoute alone. Name resolution, certificate revocation lists and
    /// content delivery networks stay on the Internet, so do features that Microsoft does not offer on the
    /// circuit, and so do users outside the connected buildings.
    /// ## How to mend it
    /// Give the site an egress and name it in `internet_egress`.
    pub(crate) static RULE = {
        id: "M365-013",
        name: "site-without-internet",
        title: "every site with users keeps an Internet egress",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan],
        reads: ["services.m365", "sites.*.internet_egress|users"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "sites: {dub: {users: 0, internet_egress: []}}";
            fail "sites: {'*': {internet_egress: []}}";
            unknown "sites: {dub: {internet_egress: null}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let design = facts.design;
    let mut tally = Tally::new();
    if design.sites.is_empty() {
        tally.unknown(Subject::Design.at("sites", design.place));
    }
    for (name, site) in &design.sites {
        if site.users.is(&0) {
            continue;
        }
        let spot = Subject::Named("sites", name.as_str()).at("internet_egress", site.place);
        match site.internet_egress.known() {
            None => tally.unknown(spot),
            Some(egress) if egress.value.is_empty() => {
                tally.fail(spot.finding(Some(egress.place), "none", "at least one Internet egress"));
            }
            Some(egress) => tally.pass(egress),
        }
    }
    tally.verdict("no site has users")
}
