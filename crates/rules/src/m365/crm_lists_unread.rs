//! Rule: the URL and address lists of CRM Online were not reviewed.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// Where CRM Online was planned over ExpressRoute, its URL list and its address ranges had been reviewed. The
    /// page of 2017 asked for this; later ones do not.
    /// ## Why it matters
    /// Firewalls and proxies had to let these names and addresses through. Today Dynamics 365 runs on Azure and
    /// is reached by the community of its region; 12076:5040 serves version 8.2 and older only. It needs no
    /// authorization, nor Premium inside the geopolitical region.
    /// ## How to mend it
    /// Review both lists and tick `reading.crm_lists`.
    pub(crate) static RULE = {
        id: "CRM-001",
        name: "crm-lists-unread",
        title: "the URL and address lists of CRM Online were reviewed",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017B, ROUTING, FAQS],
        evidence: [Attestation],
        reads: ["services.dynamics", "reading.crm_lists"],
        until: 2025,
        guard: "Dynamics is not in scope",
        check: check,
        cases: [
            pass(2017) "services: {dynamics: true}";
            fail(2017) "{services: {dynamics: true}, reading: {crm_lists: no}}";
            unknown(2017) "{services: {dynamics: true}, reading: {crm_lists: null}}";
            unknown(2017) "services: {dynamics: null}";
            none(2017) "services: {dynamics: false}";
            none "{services: {dynamics: true}, reading: {crm_lists: no}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let design = facts.design;
    let place = design.services.place.or(design.place);
    facts.guard(&design.services.dynamics, "services.dynamics", place, "Dynamics is not in scope")?;
    let spot = Subject::Design.at("reading.crm_lists", design.reading.place.or(design.place));
    let mut tally = Tally::new();
    tally.attested(spot, &design.reading.crm_lists, "the lists reviewed");
    tally.verdict("")
}
