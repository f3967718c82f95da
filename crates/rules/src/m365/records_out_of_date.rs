//! Rule: SPF or address records do not follow the new addresses.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// When the addresses of senders or published names change with the move, SPF and address records change too.
    /// ## Why it matters
    /// Mail from an address that SPF does not list is treated as forged, and a name that points to the old
    /// address leads past the new path. Both are found late, by those who do not get an answer.
    /// ## How to mend it
    /// Update the records by the cutover and set `spf_updated` and `dns_updated` under `m365.dns`. If no address
    /// changes, say so: `changes: []`.
    pub(crate) static RULE = {
        id: "M365-026",
        name: "records-out-of-date",
        title: "SPF and address records follow the change of addresses",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [IMPLEMENTING_M365],
        evidence: [Plan],
        reads: ["services.m365", "m365.dns"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "m365: {dns: {changes: [mail.contoso.com]}}";
            pass "m365: {dns: {changes: [], spf_updated: false}}";
            fail "m365: {dns: {changes: [mail.contoso.com], spf_updated: false}}";
            fail "m365: {dns: {changes: [mail.contoso.com], dns_updated: false}}";
            unknown "m365: {dns: {changes: [mail.contoso.com], dns_updated: null}}";
            unknown "m365: {dns: {changes: null}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let dns = &facts.design.m365.dns;
    let mut tally = Tally::new();
    match dns.changes.known() {
        None => tally.unknown(at(facts, "m365.dns.changes")),
        Some(changes) if changes.value.is_empty() => tally.pass(changes),
        Some(changes) => {
            let names = changes.value.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ");
            let spf = at(facts, "m365.dns.spf_updated");
            tally.expect(spf, &dns.spf_updated, |done| *done, format!("SPF records that fit {names}"));
            let addresses = at(facts, "m365.dns.dns_updated");
            tally.expect(addresses, &dns.dns_updated, |done| *done, format!("address records that fit {names}"));
        }
    }
    tally.verdict("")
}
