//! Rule: a link subnet is not of the size that a peering takes.

use super::NO_PEERING;
use crate::{Answer, Facts, PeeringView, Tally};
use model::{Family, Item, Prefix, Stated};

rule! {
    /// ## What it asks
    /// Each peering of each circuit has one /29 for both links, or a /30 for each. For IPv6 that is one /125, or
    /// a /126 for each.
    /// ## Why it matters
    /// A link joins exactly two routers, yours and Microsoft's. The control plane takes subnets of this size
    /// only, so a peering with another one is refused when you order it.
    /// ## How to mend it
    /// Shorten what is too wide: the first /29 of a /28 serves a whole peering. `twinpath fix` writes that, and
    /// keeps the network address.
    pub(crate) static RULE = {
        id: "ADDR-002",
        name: "wrong-subnet-size",
        title: "each peering has one /29 or two /30, for IPv6 one /125 or two /126",
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
        guard: "no circuit has a peering",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {subnets_v6: 'fd00:100::/125'}}}";
            pass "circuits: {'*': {private: {subnets: null, primary: {subnet: 172.16.0.0/30}, secondary: {subnet: 172.16.0.4/30}}}}";
            pass(ordered) "{design: {circuits: {amsterdam: {private: {subnets: 192.168.15.16/28}}}}, ordered: {circuits: {amsterdam: {private: {primary: {subnet: 192.168.15.16/30}, secondary: {subnet: 192.168.15.20/30}}}}}}";
            fail "circuits: {'*': {private: {subnets: 192.168.15.16/28}}}";
            fail "circuits: {'*': {microsoft: {subnets: [131.107.250.0/29, 131.107.250.8/29]}}}";
            fail "circuits: {'*': {microsoft: {subnets: 131.107.250.0/30}}}";
            fail "circuits: {'*': {private: {subnets: []}}}";
            fail "circuits: {'*': {private: {subnets_v6: 'fd00:100::/64'}}}";
            fail(ordered) "circuits: {'*': {private: {primary: {subnet: 192.168.15.0/28}}}}";
            unknown "circuits: {amsterdam: {private: {subnets: null}}}";
            unknown "circuits: {amsterdam: {private: {primary: {subnet_v6: 'fd00:100::/126'}}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        view.families().for_each(|family| ask(view, family, &mut tally));
    }
    tally.verdict(NO_PEERING)
}

fn ask(view: PeeringView<'_>, family: Family, tally: &mut Tally) {
    let (link_length, block_length) = (family.link_length(), family.block_length());
    if let Some(given) = misfit(view, family) {
        let subnets: Vec<_> = given.value.iter().map(|item: &Item<Prefix>| item.value.to_string()).collect();
        let seen = if subnets.is_empty() { "no subnet".to_owned() } else { subnets.join(", ") };
        let expected = format!("one /{block_length} for both links, or a /{link_length} for each");
        return tally.fail(view.subnets_at(family).finding(Some(given.place), seen, expected));
    }
    for link in view.links() {
        let fits = |subnet: &Prefix| subnet.family() == family && subnet.length() == link_length;
        tally.expect(link.subnet_at(family), link.link.subnet_of(family), fits, format!("a /{link_length}"));
    }
}

/// The list given for the whole peering, when it is neither a block of the right size nor a pair, and no
/// stronger evidence has said the subnet of each link since.
fn misfit<'a>(view: PeeringView<'a>, family: Family) -> Option<&'a Stated<model::List<Prefix>>> {
    let given = view.peering.blocks(family).known()?;
    let fits = match given.value.as_slice() {
        [block] => block.value.family() == family && block.value.length() == family.block_length(),
        // The length of each is asked link by link.
        [_, _] => true,
        _ => false,
    };
    let outranked =
        |link: crate::LinkView<'_>| link.link.subnet_of(family).known().is_some_and(|subnet| subnet.rank > given.rank);
    (!fits && !view.links().into_iter().all(outranked)).then_some(given)
}
