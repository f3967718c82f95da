//! Rule: roles on circuits and gateways are too wide, or MACsec keys lie open.

use super::at;
use crate::{Answer, Facts, Subject, Tally};
use model::{Encryption, KeyStore, Role};

rule! {
    /// ## What it asks
    /// The roles handed out on circuits and gateways are listed, and none of them is owner. Where MACsec is
    /// used, its keys are in a vault.
    /// ## Why it matters
    /// An owner may delete the circuit and hand the right to do so to others. A MACsec key in a configuration is
    /// read by everyone who reads the configuration, its backups too.
    /// ## How to mend it
    /// Hand out network contributor to those who run the circuits and reader to the rest. Keep the MACsec keys in
    /// a key vault, and set `key_store: vault`.
    pub(crate) static RULE = {
        id: "SEC-010",
        name: "wide-roles-or-bare-keys",
        title: "roles are narrow, and MACsec keys lie in a vault",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2025,
        sources: [SECURE],
        evidence: [Plan],
        reads: ["security.roles|encryption|key_store", "ports.*.macsec"],
        check: check,
        cases: [
            pass;
            pass "security: {roles: [contributor]}";
            pass "security: {key_store: config}";
            pass "security: {encryption: macsec}";
            fail "security: {roles: [owner, reader]}";
            fail "security: {encryption: macsec, key_store: config}";
            fail "{security: {key_store: config}, ports: {pair-1: {macsec: true}}}";
            unknown "security: {roles: null}";
            unknown "security: {encryption: macsec, key_store: null}";
            unknown "{security: {encryption: null}, ports: {pair-1: {location: Amsterdam}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    roles(facts, &mut tally);
    keys(facts, &mut tally);
    tally.verdict("")
}

fn roles(facts: &Facts<'_>, tally: &mut Tally) {
    let spot = at(facts, "security.roles");
    let Some(roles) = facts.design.security.roles.known() else {
        return tally.unknown(spot);
    };
    tally.pass(roles);
    for role in &roles.value {
        match role.value {
            Role::Owner => tally.fail(spot.finding(Some(role.place), role.value, "network contributor at most")),
            Role::Contributor => {
                tally.note(spot.finding(Some(role.place), role.value, "network contributor is enough"))
            }
            Role::NetworkContributor | Role::Reader | Role::None => {}
        }
    }
}

fn keys(facts: &Facts<'_>, tally: &mut Tally) {
    let (security, ports) = (&facts.design.security, &facts.design.ports);
    if security.encryption.is(&Encryption::Macsec) || ports.values().any(|port| port.macsec.is(&true)) {
        let expected = "vault, for the keys of MACsec";
        tally.expect(at(facts, "security.key_store"), &security.key_store, |store| *store == KeyStore::Vault, expected);
    } else if !security.encryption.is_known() {
        // Only ports of the customer's own can run MACsec.
        for (name, port) in ports.iter().filter(|(_, port)| !port.macsec.is_known()) {
            tally.unknown(Subject::Named("ports", name.as_str()).at("macsec", port.place));
        }
    }
}
