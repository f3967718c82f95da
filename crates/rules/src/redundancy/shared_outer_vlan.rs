//! Rule: one physical link does not carry two separate virtual circuits.

use crate::{Answer, Facts, Tally};
use model::VlanId;

rule! {
    /// ## What it asks
    /// Where one physical link joins you to the provider, it carries two Ethernet virtual circuits with different outer
    /// VLAN ids, one to each Microsoft edge router. The inner tag then selects the peering.
    /// ## Why it matters
    /// Only the outer tag tells the provider's switch which of the two edge routers a frame is for. With one outer VLAN
    /// both sessions end on the same router, or the second never comes up, and the redundancy is gone without a trace
    /// in the configuration of your own router.
    /// ## How to mend it
    /// Ask the provider for a second virtual circuit to the other edge router, with an outer VLAN id of its own, and
    /// write both ids to `connectivity.outer_vlans`.
    pub(crate) static RULE = {
        id: "NET-RED-005",
        name: "shared-outer-vlan",
        title: "one physical link carries two virtual circuits on different outer VLAN ids",
        severity: Required,
        owner: Provider,
        stage: Design,
        since: 2026,
        sources: [FAQS],
        evidence: [Plan],
        reads: [
            "connectivity.physical_links",
            "connectivity.outer_vlans",
            "connectivity.path",
            "connectivity.model",
            "circuits.*.connectivity.physical_links",
            "circuits.*.connectivity.outer_vlans",
            "circuits.*.connectivity.path",
            "circuits.*.connectivity.model",
            "circuits.*.port",
        ],
        guard: "no circuit comes over one physical link",
        check: check,
        cases: [
            pass "connectivity: {physical_links: 1, outer_vlans: [301, 302]}";
            fail "connectivity: {physical_links: 1, outer_vlans: [301, 301]}";
            fail "connectivity: {physical_links: 1, outer_vlans: [301]}";
            fail "connectivity: {physical_links: 1, outer_vlans: []}";
            unknown "connectivity: {physical_links: 1}";
            unknown "connectivity: {physical_links: null}";
            none;
            none "connectivity: {path: direct, physical_links: 1}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits().filter(|view| view.is_direct() != Some(true)) {
        match view.connectivity(|c| &c.physical_links).get() {
            None => tally.unknown(view.connectivity_at("connectivity.physical_links")),
            Some(1) => {
                let spot = view.at("connectivity.outer_vlans");
                let outer = view.connectivity(|c| &c.outer_vlans);
                let ids: Vec<&VlanId> = outer.values().collect();
                match (outer.known(), ids.as_slice()) {
                    (None, _) => tally.unknown(view.connectivity_at("connectivity.outer_vlans")),
                    (Some(list), [primary, secondary]) if primary != secondary => {
                        tally.pass(list);
                    }
                    (Some(list), ids) => {
                        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                        let seen = match ids.is_empty() {
                            true => "no outer VLAN id".to_owned(),
                            false => format!("outer VLAN {}", ids.join(", ")),
                        };
                        tally.fail(spot.finding(Some(list.place), seen, "two different outer VLAN ids"));
                    }
                }
            }
            Some(_) => {}
        }
    }
    tally.verdict("no circuit comes over one physical link")
}
