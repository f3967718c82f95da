//! Rule: endpoints without support for ExpressRoute have no way over the Internet.

use super::at;
use crate::{Answer, Facts, Tally};
use model::Path;

rule! {
    /// ## What it asks
    /// Endpoints that Microsoft lists without support for ExpressRoute are routed over the Internet.
    /// ## Why it matters
    /// Microsoft's endpoint list says for each set whether it may take the circuit. Some of the others have
    /// addresses in prefixes that the circuit carries, so they may seem to work until a route changes; the flag
    /// is what Microsoft stands by.
    /// ## How to mend it
    /// Give these endpoints a route, proxy or PAC entry to the Internet, and set
    /// `m365.unsupported_endpoints: internet`.
    pub(crate) static RULE = {
        id: "M365-028",
        name: "internet-endpoint-on-circuit",
        title: "endpoints without support for ExpressRoute take the Internet",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [IP_WEB_SERVICE],
        evidence: [Plan],
        reads: ["services.m365", "m365.unsupported_endpoints"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {unsupported_endpoints: expressroute}";
            unknown "m365: {unsupported_endpoints: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let path = &facts.design.m365.unsupported_endpoints;
    let mut tally = Tally::new();
    tally.expect(at(facts, "m365.unsupported_endpoints"), path, |path| *path == Path::Internet, "internet");
    tally.verdict("")
}
