//! Rule: no way to Microsoft is chosen.

use super::way;
use crate::{Answer, Facts, Subject, Tally};
use model::ConnectivityPath;

rule! {
    /// ## What it asks
    /// Every circuit has its way to Microsoft: a listed ExpressRoute partner, a carrier that is no partner
    /// through a cloud exchange, or, since 2018, own ports of ExpressRoute Direct. A circuit that names its
    /// provider or port has chosen by that.
    /// ## Why it matters
    /// Nearly every later step depends on it: who is asked for an offer, who provisions, who runs the last
    /// mile, and whether the subscription needs a registration.
    /// ## How to mend it
    /// Compare the providers at your peering location, decide, and set `connectivity.path` to `partner`,
    /// `exchange` or `direct`, for the design or for one circuit.
    pub(crate) static RULE = {
        id: "PROV-001",
        name: "no-connectivity-path",
        title: "a way to Microsoft is chosen",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, SEED_2017A, SEED_2017B, SEED_2025, CONNECTIVITY_MODELS],
        evidence: [Plan, Control],
        reads: ["circuits.*.port|provider", "circuits.*.connectivity.path", "connectivity.path"],
        check: check,
        cases: [
            pass;
            pass "connectivity: {path: direct}";
            pass "connectivity: {path: null}";
            fail "connectivity: {path: none}";
            fail "circuits: {'*': {connectivity: {path: none}}}";
            fail(2017) "connectivity: {path: direct}";
            unknown "{connectivity: {path: null}, circuits: {'*': {provider: null}}}";
            unknown "{circuits: null, nat: null}";
        ],
    }
}

/// The year in which ExpressRoute Direct came.
const DIRECT_SINCE: i16 = 2018;

fn check(facts: &Facts<'_>) -> Answer {
    let direct_exists = facts.profile.year().is_none_or(|year| year >= DIRECT_SINCE);
    let mut tally = Tally::new();
    if facts.design.circuits.is_empty() {
        tally.unknown(Subject::Design.at("circuits", facts.design.place));
    }
    for view in facts.circuits() {
        let (spot, path) = way(view, "connectivity.path", |way| &way.path);
        match (path.is_known(), view.circuit.port.known(), view.circuit.provider.known()) {
            (false, Some(port), _) if direct_exists => tally.pass(port),
            (false, _, Some(provider)) => tally.pass(provider),
            _ => tally.expect(
                spot,
                path,
                |path| match path {
                    ConnectivityPath::Partner | ConnectivityPath::Exchange => true,
                    ConnectivityPath::Direct => direct_exists,
                    ConnectivityPath::None => false,
                },
                if direct_exists { "partner, exchange or direct" } else { "partner or exchange" },
            ),
        }
    }
    tally.verdict("")
}
