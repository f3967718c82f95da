//! Rule: the ExpressRoute FAQ was not read.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// The ExpressRoute FAQ was read before the order. It is shown, and never fails.
    /// ## Why it matters
    /// The FAQ holds what no other page says: which limits can be raised, what one link may carry, what happens
    /// above a limit.
    /// ## How to mend it
    /// Read it and set `reading.faq: yes`.
    pub(crate) static RULE = {
        id: "CFG-001",
        name: "faq-unread",
        title: "the ExpressRoute FAQ was read",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Attestation],
        reads: ["reading.faq"],
        check: check,
        cases: [
            pass;
            pass "reading: {faq: no}";
            unknown "reading: {faq: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let reading = &facts.design.reading;
    let spot = Subject::Design.at("reading.faq", reading.place.or(facts.design.place));
    let mut tally = Tally::new();
    match reading.faq.known() {
        None => tally.unknown(spot),
        Some(stated) if stated.value.is_yes() => tally.pass(stated),
        Some(stated) => tally.note(spot.finding(Some(stated.place), "the FAQ was not read", "the FAQ read")),
    }
    tally.verdict("")
}
