//! Rule: there is no contract with the provider.

use super::{provider_circuits, way};
use crate::{Answer, Facts, Profile, Severity, Tally};

rule! {
    /// ## What it asks
    /// A contract or order with the network or exchange provider is in place before the circuit is ordered. The
    /// page of 2015 demanded that; later pages no longer say it, so that today it is advice.
    /// ## Why it matters
    /// The provider provisions only for its own customers. A circuit created without a contract is billed by
    /// Microsoft while the offer is still being talked over.
    /// ## How to mend it
    /// Sign the order with the provider and note it under `connectivity.contract`, with its date and number.
    pub(crate) static RULE = {
        id: "PROV-003",
        name: "no-provider-contract",
        title: "a contract with the provider is in place",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015],
        evidence: [Attestation],
        reads: [
            "circuits.*.port|provider",
            "circuits.*.connectivity.contract|path|model",
            "connectivity.contract|path|model",
        ],
        guard: "no circuit has a provider",
        check: check,
        cases: [
            pass;
            pass(2015);
            fail "connectivity: {contract: none}";
            fail "circuits: {'*': {connectivity: {contract: no}}}";
            fail(2015) "connectivity: {contract: none}";
            unknown "connectivity: {contract: null}";
            none "connectivity: {path: direct, model: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in provider_circuits(facts) {
        let (spot, contract) = way(view, "connectivity.contract", |way| &way.contract);
        match contract.known() {
            None => tally.unknown(spot),
            Some(stated) if stated.value.is_yes() => tally.pass(stated),
            Some(stated) => {
                let severity = match facts.profile {
                    Profile::Y2015 => Severity::Required,
                    Profile::Y2017 | Profile::Y2025 | Profile::Current => Severity::Recommended,
                };
                tally.fail_as(severity, spot.finding(Some(stated.place), "no contract", "a contract or order"));
            }
        }
    }
    tally.verdict("no circuit has a provider")
}
