//! Rule: nobody has reviewed the security of the connection.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Network security was reviewed for this connection, and the review is on file.
    /// ## Why it matters
    /// A circuit goes round the Internet edge, and with it round the controls that stand there. What guards the
    /// new way has to be decided, not inherited.
    /// ## How to mend it
    /// Review the path from your sites to the VNets and Microsoft's services, and record the document as
    /// `security.review`, with its date.
    pub(crate) static RULE = {
        id: "SEC-001",
        name: "no-security-review",
        title: "network security was reviewed for the connection",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017B, SEED_2025],
        evidence: [Attestation],
        reads: ["security.review"],
        check: check,
        cases: [
            pass;
            fail "security: {review: no}";
            unknown "security: {review: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    tally.attested(at(facts, "security.review"), &facts.design.security.review, "a review of network security");
    tally.verdict("")
}
