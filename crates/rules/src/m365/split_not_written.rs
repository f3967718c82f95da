//! Rule: nobody wrote down why Microsoft 365 takes the circuit, or which service takes which path.

use super::{at, names_something, service_at};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// The need that ExpressRoute satisfies is written down, and every service in use has its path: the circuit
    /// or the Internet.
    /// ## Why it matters
    /// The split decides routes, firewalls, name resolution and capacity. A service that nobody assigned takes
    /// whichever path the routing table happens to offer, and often a different one back.
    /// ## How to mend it
    /// State the need in `m365.reason` and list each service under `m365.services` with its `path`.
    pub(crate) static RULE = {
        id: "M365-004",
        name: "split-not-written",
        title: "the need is written down and each service has its path",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan],
        reads: ["services.m365", "m365.reason", "m365.services.*.path"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {reason: none}";
            fail "m365: {services: {'*': {path: null}}}";
            unknown "m365: {reason: null}";
            unknown "m365: {services: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let mut tally = Tally::new();
    tally.expect(at(facts, "m365.reason"), &m365.reason, |reason| names_something(reason), "the need it satisfies");
    if m365.services.is_empty() {
        tally.unknown(at(facts, "m365.services"));
    }
    for (name, service) in &m365.services {
        match service.path.known() {
            Some(path) => tally.pass(path),
            // The service is in use, so a missing path is a gap in the split, not in the evidence.
            None => tally.fail(service_at(name, service, "path").finding(None, "no path", "expressroute or internet")),
        }
    }
    tally.verdict("")
}
