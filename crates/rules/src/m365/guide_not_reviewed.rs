//! Rule: the three teams have not reviewed Microsoft's guide.

use super::at;
use crate::{Answer, Facts, Tally};
use model::Attestation;

rule! {
    /// ## What it asks
    /// The productivity, the network and the security team have each reviewed Microsoft's guide to ExpressRoute
    /// for Microsoft 365, and signed it with a date, before the exception is asked for.
    /// ## Why it matters
    /// The account team expects the review. It also costs less than what it prevents: a private path changes
    /// sign-in, mail flow, name resolution and the perimeter, and no one team sees all of these.
    /// ## How to mend it
    /// Hold the review and note each outcome with its date under `m365.sign_offs`. A bare `yes` leaves open when
    /// that was.
    pub(crate) static RULE = {
        id: "M365-002",
        name: "guide-not-reviewed",
        title: "the productivity, network and security teams have reviewed Microsoft's guide",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Attestation],
        reads: ["services.m365", "m365.sign_offs"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {sign_offs: {productivity: no}}";
            fail "m365: {sign_offs: {network: no}}";
            fail "m365: {sign_offs: {security: no}}";
            unknown "m365: {sign_offs: {network: null}}";
            unknown "m365: {sign_offs: {network: yes}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let teams = &facts.design.m365.sign_offs;
    let mut tally = Tally::new();
    for (path, sign_off) in [
        ("m365.sign_offs.productivity", &teams.productivity),
        ("m365.sign_offs.network", &teams.network),
        ("m365.sign_offs.security", &teams.security),
    ] {
        match sign_off.value() {
            Some(Attestation::Yes { date: None, .. }) => tally.unknown(at(facts, path)),
            Some(Attestation::Yes { .. } | Attestation::No) | None => {
                tally.attested(at(facts, path), sign_off, "a dated sign-off");
            }
        }
    }
    tally.verdict("")
}
