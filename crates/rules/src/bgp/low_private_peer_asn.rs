//! Rule: a private AS number on private peering is not above 65000, as 2015 asked.

use super::NO_PRIVATE_PEERING;
use crate::{Answer, Facts, Tally};
use catalog::AsnKind;
use model::{Asn, PeeringKind};

rule! {
    /// ## What it asks
    /// On private peering your AS number is a public one, or a private one above 65000.
    ///
    /// This is the page of 2015. Today any number is taken except those that Microsoft uses itself, see NET-BGP-004.
    /// ## Why it matters
    /// In 2015 the service kept private numbers up to 65000 for other uses and refused them.
    /// ## How to mend it
    /// Under the profile of 2015 take a number from 65001 up. For a circuit of today ask NET-BGP-004 instead.
    pub(crate) static RULE = {
        id: "NET-BGP-003",
        name: "low-private-peer-asn",
        title: "a private AS number on private peering is above 65000 (2015)",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015],
        evidence: [Plan],
        reads: ["circuits.*.private.asn"],
        until: 2016,
        superseded_by: "NET-BGP-004",
        guard: "no circuit has private peering",
        check: check,
        cases: [
            pass(2015);
            pass(2015) "circuits: {'*': {private: {asn: 3333}}}";
            fail(2015) "circuits: {'*': {private: {asn: 64512}}}";
            fail(2015) "circuits: {'*': {private: {asn: 65000}}}";
            fail(2015) "circuits: {'*': {private: {asn: 0}}}";
            unknown(2015) "circuits: {amsterdam: {private: {asn: null}}}";
            none(2015) "circuits: {'*': {private: null}}";
            none "circuits: {'*': {private: {asn: 64512}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let above = facts.limit("bgp", "private-asn-above", "2015")?;
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Private) {
        let allowed = |asn: &Asn| match facts.catalog.asn_range(*asn).map(|range| range.kind) {
            None | Some(AsnKind::Special | AsnKind::Microsoft) => true,
            Some(AsnKind::Private | AsnKind::AzureReserved) => u64::from(asn.0) > above,
            Some(AsnKind::Reserved | AsnKind::Documentation) => false,
        };
        let expected = format!("a public AS number, or a private one above {above}");
        tally.expect(view.at("asn"), &view.peering.asn, allowed, expected);
    }
    tally.verdict(NO_PRIVATE_PEERING)
}
