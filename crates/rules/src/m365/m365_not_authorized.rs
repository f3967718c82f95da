//! Rule: Microsoft has not permitted Microsoft 365 over ExpressRoute.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Microsoft has authorized the subscription for Microsoft 365 over ExpressRoute.
    /// ## Why it matters
    /// The communities of Exchange, SharePoint, Skype and Teams, and of the other Office services are gated.
    /// Without the authorization a route filter that names one of them is refused, and the circuit carries no
    /// route of Microsoft 365. Approval is rare, so it belongs before the order, not after it.
    /// ## How to mend it
    /// Ask for the exception through your Microsoft account team, with the review that `M365-002` asks for, and
    /// note the answer in `m365.authorization`: a date and a reference. Once ordered, the control plane's own
    /// word (`isAuthorizedToUse`) counts for more.
    pub(crate) static RULE = {
        id: "M365-001",
        name: "m365-not-authorized",
        title: "Microsoft has authorized Microsoft 365 over ExpressRoute",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365, AZURE_EXPRESSROUTE_2024],
        evidence: [Control, Attestation],
        reads: ["services.m365", "m365.authorized|authorization"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass(ordered) "design: {m365: {authorization: null}}";
            fail "m365: {authorization: no}";
            fail(ordered) "m365: {authorized: false}";
            unknown "m365: {authorization: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let mut tally = Tally::new();
    if m365.authorized.is_known() {
        let expected = "the subscription authorized for the communities of Microsoft 365";
        tally.expect(at(facts, "m365.authorized"), &m365.authorized, |authorized| *authorized, expected);
    } else {
        let expected = "Microsoft's authorization for Microsoft 365";
        tally.attested(at(facts, "m365.authorization"), &m365.authorization, expected);
    }
    tally.verdict("")
}
