//! Rule: a requirement on routing, addresses, NAT or QoS is not met.

use crate::{Answer, Facts, Rule, Severity, Tally};

rule! {
    /// ## What it asks
    /// Every required rule on routing (NET-BGP), addresses (ADDR), NAT (NAT) and QoS (QOS) that applies to the
    /// design holds. It fails when one of them fails, and is unknown while one of them is.
    /// ## Why it matters
    /// It is the gate before the configuration: peerings that break one of these rules are refused, or come up
    /// and lose traffic later.
    /// ## How to mend it
    /// Mend the rules that the findings belong to; each of them stands in the report with its own page.
    pub(crate) static RULE = {
        id: "CFG-003",
        name: "routing-requirements-unmet",
        title: "the requirements on routing, addresses, NAT and QoS are met",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan, Control, Live, Attestation],
        reads: [
            "circuits.**",
            "connectivity.**",
            "edges.**",
            "flows.**",
            "nat.**",
            "ports.**",
            "qos.**",
            "routing.**",
            "services.**",
            "sites.**",
            "vnets.**",
        ],
        check: check,
        cases: [
            pass;
            pass(ordered);
            pass(live);
            fail "circuits: {'*': {private: {vlan: 300}, microsoft: {vlan: 300}}}";
            unknown "circuits: {'*': {private: {vlan: null}}}";
        ],
    }
}

/// The groups of rules that the pages call the routing, NAT and QoS requirements.
const GROUPS: [&str; 4] = ["NET-BGP", "ADDR", "NAT", "QOS"];

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for rule in required() {
        tally.rely(facts, rule.id);
    }
    tally.verdict("no rule on routing, addresses, NAT or QoS applies")
}

fn required() -> impl Iterator<Item = &'static Rule> {
    let rules = crate::rules().iter().copied();
    rules.filter(|rule| rule.severity == Severity::Required && GROUPS.contains(&rule.group()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_its_rules_read() {
        for rule in required() {
            for read in rule.reads {
                let section = read.split('.').next().unwrap_or(read);
                assert!(RULE.reads.contains(&format!("{section}.**").as_str()), "{} reads {read}", rule.id);
            }
        }
    }
}
