//! Rule: a flow from the Internet to a host with ExpressRoute routes keeps its source address.

use crate::{Answer, Facts, Tally};
use model::Path;

rule! {
    /// ## What it asks
    /// Where Microsoft opens a flow over the Internet to a host that sees ExpressRoute routes, the Internet
    /// edge translates its source.
    /// ## Why it matters
    /// The host answers by the best route it has, and to a Microsoft address that is the circuit. The reply
    /// leaves by another way than the request came, and the firewall at the Internet edge never sees it.
    /// ## How to mend it
    /// Translate the source at the Internet edge (`snat: true`), or keep ExpressRoute routes out of the host's
    /// segment (`sees_expressroute: false`).
    pub(crate) static RULE = {
        id: "NAT-010",
        name: "inbound-without-snat",
        title: "flows from the Internet to hosts with ExpressRoute routes are source-translated",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [NAT, IMPLEMENTING_M365],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "flows.*.direction|path|snat|sees_expressroute"],
        guard: "Microsoft opens no flow over the Internet",
        check: check,
        cases: [
            pass;
            pass "flows: {adfs: {snat: false, sees_expressroute: false}}";
            pass "flows: {adfs: {sees_expressroute: null}}";
            fail "flows: {adfs: {snat: false}}";
            fail "flows: {'*': {direction: inbound, path: internet, snat: false}}";
            unknown "flows: {adfs: {snat: null}}";
            unknown "flows: {adfs: {snat: false, sees_expressroute: null}}";
            unknown "flows: {adfs: {direction: null}}";
            none "flows: {adfs: {path: expressroute}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.microsoft_peering()?;
    let mut tally = Tally::new();
    for view in facts.inbound(Path::Internet, &mut tally) {
        let (snat, sees) = (view.flow.snat.known(), view.flow.sees_expressroute.known());
        match (snat, sees) {
            (Some(snat), _) if snat.value => tally.pass(snat),
            (_, Some(sees)) if !sees.value => tally.pass(sees),
            (Some(snat), Some(_)) => {
                let seen = "false, and the host sees ExpressRoute routes";
                tally.fail(view.at("snat").finding(Some(snat.place), seen, "source NAT at the Internet edge"));
            }
            (None, _) => tally.unknown(view.at("snat")),
            (_, None) => tally.unknown(view.at("sees_expressroute")),
        }
    }
    tally.verdict("Microsoft opens no flow over the Internet")
}
