//! Rule: public peering is not run with an own public AS number, as 2015 asked.

use crate::{Answer, Facts, Tally};
use model::{Asn, PeeringKind};

rule! {
    /// ## What it asks
    /// The sessions for Azure public services, that is public peering, use a public AS number of your own.
    ///
    /// This is the page of 2015. Public peering is retired; on Microsoft peering, which took its place, a private
    /// number is possible too, see NET-BGP-006.
    /// ## Why it matters
    /// Microsoft traced the prefixes of public peering back to their owner by the AS number. A private one names
    /// nobody.
    /// ## How to mend it
    /// Under the profile of 2015 get an AS number from your regional registry. For a circuit of today plan
    /// Microsoft peering instead.
    pub(crate) static RULE = {
        id: "NET-BGP-005",
        name: "public-peering-asn-not-own",
        title: "sessions for Azure public services use an own public AS number (2015)",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, ABOUT_PUBLIC_PEERING],
        evidence: [Plan, Attestation],
        reads: ["circuits.*.public.asn|asn_owned"],
        until: 2016,
        superseded_by: "NET-BGP-006",
        guard: "no circuit has public peering",
        check: check,
        cases: [
            pass(2015) "circuits: {'*': {public: {asn: 3333, asn_owned: 2015-06-01 RIPE NCC}}}";
            fail(2015) "circuits: {'*': {public: {asn: 65010, asn_owned: yes}}}";
            fail(2015) "circuits: {'*': {public: {asn: 12076, asn_owned: yes}}}";
            fail(2015) "circuits: {'*': {public: {asn: 3333, asn_owned: no}}}";
            unknown(2015) "circuits: {'*': {public: {asn: 3333}}}";
            unknown(2015) "circuits: {'*': {public: {asn_owned: yes}}}";
            none(2015);
            none "circuits: {'*': {public: {asn: 65010}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Public) {
        // A number in any special range is nobody's own.
        let own = |asn: &Asn| facts.catalog.asn_range(*asn).is_none();
        tally.expect(view.at("asn"), &view.peering.asn, own, "a public AS number of your own");
        tally.attested(view.at("asn_owned"), &view.peering.asn_owned, "an AS number registered to you");
    }
    tally.verdict("no circuit has public peering")
}
