//! Rule: the halves of a peering's block are not given to the links in order.

use super::NO_PEERING;
use crate::{Answer, Facts, PeeringView, Tally};
use model::{Family, LinkRole};

rule! {
    /// ## What it asks
    /// Where one /29 (or /125) is given for both links, the primary link has its lower half and the secondary
    /// link its upper half.
    ///
    /// Two separate subnets need not be neighbours; of them the first is the primary link's.
    /// ## Why it matters
    /// Microsoft shares the block out in this order. If your side does it the other way round, each router looks
    /// for its neighbour on the wrong link and neither session comes up.
    /// ## How to mend it
    /// Swap the two subnets, or drop them and let the block decide. `twinpath fix` swaps them.
    pub(crate) static RULE = {
        id: "ADDR-005",
        name: "swapped-link-subnets",
        title: "the primary link has the lower half of the block, the secondary link the upper half",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
        ],
        guard: "no peering gives one block for both links",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {subnets_v6: 'fd00:100::/125'}}}";
            fail "circuits: {'*': {private: {subnets: 192.168.15.16/29, primary: {subnet: 192.168.15.20/30}, secondary: {subnet: 192.168.15.16/30}}}}";
            fail "circuits: {'*': {private: {subnets_v6: 'fd00:100::/125', primary: {subnet_v6: 'fd00:200::/126'}}}}";
            fail(ordered) "circuits: {amsterdam: {private: {primary: {subnet: 192.168.15.20/30}, secondary: {subnet: 192.168.15.16/30}}}}";
            unknown "circuits: {amsterdam: {private: {subnets: null}}}";
            unknown "circuits: {amsterdam: {private: {subnets: 192.168.15.0/28}}}";
            none "circuits: {'*': {private: {subnets: [172.16.0.0/30, 172.16.8.0/30]}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        view.families().for_each(|family| ask(view, family, &mut tally));
    }
    let nothing = match facts.peerings().next() {
        Some(_) => "no peering gives one block for both links",
        None => NO_PEERING,
    };
    tally.verdict(nothing)
}

fn ask(view: PeeringView<'_>, family: Family, tally: &mut Tally) {
    let Some(given) = view.peering.blocks(family).known() else {
        // Subnets given link by link leave nothing to share out.
        if !view.peering.uses(family) {
            tally.unknown(view.subnets_at(family));
        }
        return;
    };
    let [block] = given.value.as_slice() else { return };
    for link in view.links() {
        let Some(half) = block.value.link_subnet(link.role) else {
            // A block of another size has no halves for links; ADDR-002 finds that.
            return tally.unknown(view.subnets_at(family));
        };
        let which = match link.role {
            LinkRole::Primary => "lower",
            LinkRole::Secondary => "upper",
        };
        let expected = format!("{half}, the {which} half of {}", block.value);
        tally.expect(link.subnet_at(family), link.link.subnet_of(family), |subnet| *subnet == half, expected);
    }
}
