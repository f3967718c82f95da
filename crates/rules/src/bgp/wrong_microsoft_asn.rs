//! Rule: the customer's routers expect another AS number of Microsoft than 12076.

use super::NO_PEERING;
use crate::{Answer, Facts, Tally};
use model::Asn;

rule! {
    /// ## What it asks
    /// Your routers are configured with AS number 12076 for Microsoft's side, on every peering.
    /// ## Why it matters
    /// The number in the neighbour's OPEN message has to be the one that your router expects, or it closes the
    /// session. 8075, the number of Microsoft's network on the Internet, is the usual mix-up.
    /// ## How to mend it
    /// Set the remote AS of both neighbours to 12076.
    pub(crate) static RULE = {
        id: "NET-BGP-008",
        name: "wrong-microsoft-asn",
        title: "your routers expect AS 12076 of Microsoft on every peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, WORKFLOWS],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.private|microsoft.remote_as",
            "circuits.*.private|microsoft.primary|secondary.open_remote_as",
        ],
        guard: "no circuit has a peering",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass(live) "{design: {circuits: {'*': {private: {remote_as: null}}}}}";
            fail "circuits: {'*': {private: {remote_as: 8075}}}";
            fail "circuits: {'*': {microsoft: {remote_as: 65515}}}";
            fail(live) "circuits: {'*': {private: {secondary: {open_remote_as: 8075}}}}";
            unknown "circuits: {amsterdam: {private: {remote_as: null}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let microsoft = facts.limit("bgp", "microsoft-asn", "")?;
    let right = |asn: &Asn| u64::from(asn.0) == microsoft;
    let mut tally = Tally::new();
    for view in facts.peerings() {
        let (seen, unseen): (Vec<_>, Vec<_>) =
            view.links().into_iter().partition(|link| link.link.open_remote_as.is_known());
        for link in seen {
            tally.expect(link.at("open_remote_as"), &link.link.open_remote_as, right, microsoft);
        }
        if !unseen.is_empty() {
            tally.expect(view.at("remote_as"), &view.peering.remote_as, right, microsoft);
        }
    }
    tally.verdict(NO_PEERING)
}
