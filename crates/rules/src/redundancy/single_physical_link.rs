//! Rule: one physical link joins the customer to the provider.

use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// How many physical links lie between you and the provider. No number is demanded, so this never fails.
    /// ## Why it matters
    /// Microsoft demands two BGP sessions, not two wires: both sessions may share one cross-connect to an exchange. But
    /// that one wire, its optics and the port at either end then carry everything, and the availability promise begins
    /// only behind the provider.
    /// ## How to mend it
    /// Nothing has to be mended. With one link see NET-RED-005 for the two virtual circuits that it must carry; order a
    /// second link, on another port and by another way, where the traffic is worth it.
    pub(crate) static RULE = {
        id: "NET-RED-002",
        name: "single-physical-link",
        title: "redundant physical links to the provider are not demanded",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan],
        reads: [
            "connectivity.physical_links",
            "connectivity.path",
            "connectivity.model",
            "circuits.*.connectivity.physical_links",
            "circuits.*.connectivity.path",
            "circuits.*.connectivity.model",
            "circuits.*.port",
        ],
        guard: "no circuit is planned, or all run on Direct ports, which come in pairs",
        check: check,
        cases: [
            pass;
            pass "connectivity: {physical_links: 1}";
            unknown "connectivity: {physical_links: null}";
            none "connectivity: {path: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits().filter(|view| view.is_direct() != Some(true)) {
        let spot = view.at("connectivity.physical_links");
        match view.connectivity(|c| &c.physical_links).known() {
            None => tally.unknown(view.connectivity_at("connectivity.physical_links")),
            Some(links) if links.value == 1 => {
                tally.note(spot.finding(
                    Some(links.place),
                    "1 physical link",
                    "any number; NET-RED-005 asks what one link carries",
                ));
            }
            Some(links) => {
                let seen = format!("{} physical links", links.value);
                tally.note(spot.finding(Some(links.place), seen, "any number"));
            }
        }
    }
    tally.verdict("no circuit is planned, or all run on Direct ports, which come in pairs")
}
