//! Rule: only the Internet or a VPN takes over for traffic that bears neither.

use crate::{Answer, Facts, Subject, Tally, Verdict};
use model::Backup;

rule! {
    /// ## What it asks
    /// Where Microsoft 365 or a workload that cannot bear a longer path uses the circuit, another circuit or a Metro
    /// location takes over when it fails, not the Internet or a site-to-site VPN alone.
    /// ## Why it matters
    /// A VPN over the Internet is narrower, slower and less even than the circuit, and backs up private peering alone.
    /// What was put on the circuit because the Internet was not good enough stops working well when it is
    /// moved there.
    /// ## How to mend it
    /// Order a second circuit and let it take over, with the VPN behind both if you like. Write to `dr.backup` what
    /// takes over first.
    pub(crate) static RULE = {
        id: "DR-008",
        name: "weak-backup",
        title: "a circuit, not the Internet alone, backs up critical traffic",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [NETWORK_PLANNING_M365, ARCHITECTURE],
        evidence: [Plan],
        reads: ["dr.backup", "services.m365", "services.latency_critical"],
        guard: "neither Microsoft 365 nor anything latency-critical is in scope",
        check: check,
        cases: [
            pass;
            pass "dr: {backup: metro}";
            fail "{services: {m365: true}, dr: {backup: vpn}}";
            fail "{services: {latency_critical: true}, dr: {backup: internet}}";
            fail "dr: {backup: none}";
            unknown "dr: {backup: null}";
            unknown "services: {m365: null, latency_critical: false}";
            none "services: {m365: false, latency_critical: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let services = &facts.design.services;
    let critical = [("services.m365", &services.m365), ("services.latency_critical", &services.latency_critical)];
    if !critical.iter().any(|(_, fact)| fact.is(&true)) {
        let place = services.place.or(facts.design.place);
        return Err(match critical.iter().find(|(_, fact)| !fact.is_known()) {
            Some((key, _)) => Verdict::missing(Subject::Design.at(key, place)),
            None => Verdict::guard("neither Microsoft 365 nor anything latency-critical is in scope"),
        });
    }
    let dr = &facts.design.dr;
    let spot = Subject::Design.at("dr.backup", dr.place.or(facts.design.place));
    let mut tally = Tally::new();
    tally.expect(
        spot,
        &dr.backup,
        |backup| matches!(backup, Backup::Circuit | Backup::Metro),
        "a circuit or a Metro location",
    );
    tally.verdict("")
}
