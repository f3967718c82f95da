//! Rule: the BGP sessions of a peering carry no MD5 key.

use crate::{Answer, Facts, Tally};
use model::Secret;

rule! {
    /// ## What it asks
    /// Each peering has a shared key, so that its BGP sessions are authenticated by MD5.
    /// ## Why it matters
    /// Without a key, whoever reaches the link can reset the sessions or pose as a neighbour. The key costs
    /// nothing and is the only authentication that the peering offers.
    /// ## How to mend it
    /// Set the same key on the peering and on both routers. The design only says that there is one: `md5: set`.
    pub(crate) static RULE = {
        id: "SEC-008",
        name: "session-without-md5",
        title: "BGP sessions are authenticated by MD5",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2025,
        sources: [SECURE],
        evidence: [Plan, Control],
        reads: ["circuits.*.private|microsoft.md5"],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass;
            fail "circuits: {'*': {private: {md5: none}}}";
            fail "circuits: {'*': {microsoft: {md5: none}}}";
            unknown "circuits: {'*': {private: {md5: null}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        tally.expect(view.at("md5"), &view.peering.md5, |md5| *md5 == Secret::Set, "a shared key");
    }
    tally.verdict("no circuit has a peering")
}
