//! Rule: nobody is named for the network or for an application.

use super::{at, names_something, service_at};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// The network and every Microsoft 365 application have an owner who takes part.
    /// ## Why it matters
    /// Each move to the circuit is a change of routing and a change of an application at the same time. The owner
    /// of one half alone can neither test it nor decide to go back.
    /// ## How to mend it
    /// Name them: `m365.owners.network`, and `owner` of each service.
    pub(crate) static RULE = {
        id: "M365-018",
        name: "owners-not-named",
        title: "the owners of the network and of each application are named",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Attestation],
        reads: ["services.m365", "m365.owners.network", "m365.services.*.owner"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {owners: {network: none}}";
            fail "m365: {services: {'*': {owner: none}}}";
            unknown "m365: {owners: {network: null}}";
            unknown "m365: {services: {teams: {owner: null}}}";
            unknown "m365: {services: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let named = |owner: &String| names_something(owner);
    let mut tally = Tally::new();
    tally.expect(at(facts, "m365.owners.network"), &m365.owners.network, named, "the owner of the network");
    if m365.services.is_empty() {
        tally.unknown(at(facts, "m365.services"));
    }
    for (name, service) in &m365.services {
        tally.expect(service_at(name, service, "owner"), &service.owner, named, "the owner of the application");
    }
    tally.verdict("")
}
