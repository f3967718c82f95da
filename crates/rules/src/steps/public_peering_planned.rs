//! Rule: a circuit has Azure public peering.

use crate::{Answer, Facts, Subject, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// No circuit has Azure public peering, planned or running. The page of 2015 meant it when it asked for
    /// your own public AS number towards Azure public services.
    /// ## Why it matters
    /// New circuits do not get public peering, and Microsoft retired it for the rest on 31 March 2024. What it
    /// carried belongs on Microsoft peering.
    /// ## How to mend it
    /// Configure Microsoft peering with a route filter for the regions and services in use, move the NAT pools
    /// there, test, then delete public peering and the `public` key.
    pub(crate) static RULE = {
        id: "PUB-001",
        name: "public-peering-planned",
        title: "no circuit has Azure public peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_2015, ABOUT_PUBLIC_PEERING, FAQS],
        evidence: [Plan, Control],
        reads: ["circuits.*.public"],
        check: check,
        cases: [
            pass;
            fail "circuits: {'*': {public: {vlan: 300}}}";
            fail(ordered) "circuits: {'*': {public: {state: enabled}}}";
            unknown "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    if facts.design.circuits.is_empty() {
        tally.unknown(Subject::Design.at("circuits", facts.design.place));
    }
    for view in facts.circuits() {
        match view.peering(PeeringKind::Public) {
            None => tally.hold(),
            Some(public) => {
                let expected = "private and Microsoft peering only";
                tally.fail(view.at("public").finding(public.peering.place, "public peering", expected));
            }
        }
    }
    tally.verdict("")
}
