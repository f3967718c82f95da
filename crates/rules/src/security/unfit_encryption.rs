//! Rule: encryption is not settled, missing where it is needed, or not to be had on the circuit.

use super::at;
use crate::{Answer, CircuitView, Facts, Subject, Tally};
use model::Encryption;

rule! {
    /// ## What it asks
    /// It is settled how traffic is encrypted. Where some of it is confidential the answer is not "none", and
    /// MACsec is chosen only where every circuit runs on ExpressRoute Direct.
    /// ## Why it matters
    /// A private circuit is not an encrypted one: by default traffic crosses the provider and Microsoft's edge in
    /// clear. MACsec protects ports that are your own; a provider's circuit has none.
    /// ## How to mend it
    /// Use IPsec over the circuit or TLS in the applications, or order ExpressRoute Direct and use MACsec.
    pub(crate) static RULE = {
        id: "SEC-005",
        name: "unfit-encryption",
        title: "encryption is settled, and fits the circuits",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [ABOUT_ENCRYPTION],
        evidence: [Plan],
        reads: [
            "security.encryption",
            "services.confidential",
            "circuits.*.port|provider",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
        ],
        check: check,
        cases: [
            pass;
            pass "{security: {encryption: none}, services: {confidential: false}}";
            pass "{security: {encryption: macsec}, connectivity: {path: direct, model: direct}}";
            fail "{security: {encryption: none}, services: {confidential: true}}";
            fail "security: {encryption: macsec}";
            unknown "security: {encryption: null}";
            unknown "{security: {encryption: none}, services: {confidential: null}}";
            unknown "{security: {encryption: macsec}, connectivity: {path: null, model: null},
                circuits: {'*': {provider: null}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let services = &facts.design.services;
    let spot = at(facts, "security.encryption");
    let mut tally = Tally::new();
    let Some(encryption) = facts.design.security.encryption.known() else {
        tally.unknown(spot);
        return tally.verdict("");
    };
    match encryption.value {
        Encryption::Ipsec | Encryption::Tls => tally.pass(encryption),
        Encryption::None => match services.confidential.get() {
            Some(true) => {
                let seen = "none, while some traffic is confidential";
                tally.fail(spot.finding(Some(encryption.place), seen, "macsec, ipsec or tls"));
            }
            Some(false) => tally.pass(encryption),
            None => {
                let place = services.place.or(facts.design.place);
                tally.unknown(Subject::Design.at("services.confidential", place));
            }
        },
        Encryption::Macsec => {
            tally.pass(encryption);
            for view in facts.circuits() {
                match view.is_direct() {
                    Some(true) => {}
                    Some(false) => {
                        let seen = format!("macsec, while {} runs through {}", view.name, provider(view));
                        let expected = "ipsec or tls; macsec needs ExpressRoute Direct";
                        tally.fail(spot.finding(Some(encryption.place), seen, expected));
                    }
                    None => tally.unknown(view.at("port")),
                }
            }
        }
    }
    tally.verdict("")
}

fn provider(view: CircuitView<'_>) -> &str {
    view.circuit.provider.value().map_or("a provider", String::as_str)
}
