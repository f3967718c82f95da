//! Rule: a circuit does not carry a full pair of sessions of its own.

use super::sessions::{Session, families, session};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Redundancy holds at every peering location by itself: each circuit carries a pair of sessions for each of its
    /// peerings. NET-RED-001 looks at single sessions; this rule counts, circuit by circuit.
    /// ## Why it matters
    /// Two circuits with one session each are not two redundant circuits. Maintenance at one location, or one broken
    /// link there, moves all its traffic to the other location, with another latency and maybe through other firewalls.
    /// ## How to mend it
    /// Complete the pair on the circuit named: a second subnet, a second session, on the link that lacks it.
    pub(crate) static RULE = {
        id: "NET-RED-003",
        name: "degraded-session-pair",
        title: "each circuit carries its own redundant pair of sessions",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2025,
        sources: [SEED_2025],
        evidence: [Plan, Control, Live],
        reads: [
            "circuits.*.private|microsoft.subnets",
            "circuits.*.private|microsoft.subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet",
            "circuits.*.private|microsoft.primary|secondary.subnet_v6",
            "circuits.*.private|microsoft.primary|secondary.session",
            "circuits.*.private|microsoft.primary|secondary.session_v6",
        ],
        guard: "no circuit is planned",
        check: check,
        cases: [
            pass;
            pass(live);
            fail "circuits: {'*': {private: {subnets: [192.168.15.16/30]}}}";
            fail(live) "circuits: {'*': {private: {secondary: {session: idle}}}}";
            unknown "circuits: {'*': {private: null, microsoft: null}}";
            unknown(live) "circuits: {'*': {microsoft: {primary: {session: null}}}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for circuit in facts.circuits() {
        if circuit.peerings().next().is_none() {
            tally.unknown(circuit.at("private"));
        }
        let mut incomplete = Vec::new();
        for peering in circuit.peerings() {
            for family in families(peering) {
                let mut lacking = 0;
                for link in peering.links() {
                    match session(facts, link, family) {
                        Session::Stands(proof) => tally.pass(proof),
                        Session::Lacks { .. } => lacking += 1,
                        Session::Unknown(spot) => tally.unknown(spot),
                    }
                }
                if lacking > 0 {
                    incomplete.push(format!("{} {family} lacks {lacking} of 2 sessions", peering.key()));
                }
            }
        }
        if !incomplete.is_empty() {
            tally.fail(circuit.at("").finding(None, incomplete.join(", "), "2 sessions for each peering"));
        }
    }
    tally.verdict("no circuit is planned")
}
