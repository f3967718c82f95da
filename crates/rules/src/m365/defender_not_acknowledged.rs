//! Rule: Defender for Endpoint takes the circuit, and nobody accepted what that means.

use super::{at, service_at};
use crate::{Answer, Facts, Tally};
use catalog::M365Support;
use model::Path;

rule! {
    /// ## What it asks
    /// Microsoft Defender for Endpoint stays on the Internet, or you accept that its routes over the circuit are
    /// yours to keep up.
    /// ## Why it matters
    /// In 2019 it was not supported over ExpressRoute at all; today Microsoft offers no integration, so each
    /// change of its addresses is yours to follow. Rules left behind silence the sensors of the endpoints.
    /// ## How to mend it
    /// Set its `path` to `internet`, or `m365.defender_acknowledged: true` when someone keeps the rules.
    pub(crate) static RULE = {
        id: "M365-016",
        name: "defender-not-acknowledged",
        title: "Defender for Endpoint stays on the Internet, or its upkeep is accepted",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365, AZURE_EXPRESSROUTE_2024],
        evidence: [Plan],
        reads: ["services.m365", "m365.services.*.path", "m365.defender_acknowledged"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "m365: {services: {defender: {path: expressroute}}}";
            pass "m365: {services: {defender: {path: internet}}, defender_acknowledged: false}";
            fail "m365: {services: {defender: {path: expressroute}}, defender_acknowledged: false}";
            unknown "m365: {services: {defender: {path: expressroute}}, defender_acknowledged: null}";
            unknown "m365: {services: {defender: {owner: security team}}}";
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
    if m365.services.is_empty() {
        tally.unknown(at(facts, "m365.services"));
    }
    for (name, service) in &m365.services {
        let known = facts.catalog.m365_service(name.as_str());
        if !known.is_some_and(|known| known.support == M365Support::OwnRules) {
            tally.hold();
            continue;
        }
        match service.path.known() {
            None => tally.unknown(service_at(name, service, "path")),
            Some(path) if path.value == Path::Internet => tally.pass(path),
            Some(_) => {
                let expected = format!("true, while {name} takes the circuit");
                let spot = at(facts, "m365.defender_acknowledged");
                tally.expect(spot, &m365.defender_acknowledged, |accepted| *accepted, expected);
            }
        }
    }
    tally.verdict("")
}
