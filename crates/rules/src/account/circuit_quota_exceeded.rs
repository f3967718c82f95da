//! Rule: the subscription would hold more circuits than its quota.

use crate::{Answer, Facts, Spot, Subject, Tally};
use model::{Attestation, Fact};
use std::collections::BTreeMap;

rule! {
    /// ## What it asks
    /// The circuits of the design, together with those that the subscription already holds, stay within the
    /// quota of the subscription and within that of each Azure region, or Microsoft has raised the quota.
    /// ## Why it matters
    /// Azure refuses the circuit that goes over the quota. Raising it takes a support request and days, not
    /// minutes.
    /// ## How to mend it
    /// Delete circuits that nobody uses, order in another subscription, or ask Microsoft support for a higher
    /// quota and record the answer under `azure.quota_increase`.
    pub(crate) static RULE = {
        id: "ACC-007",
        name: "circuit-quota-exceeded",
        title: "the circuits fit the quotas of subscription and region",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [LIMITS],
        evidence: [Plan, Control, Attestation],
        reads: [
            "azure.other_circuits",
            "azure.other_circuits_in_region",
            "azure.quota_increase",
            "circuits.*.region",
        ],
        check: check,
        cases: [
            pass;
            pass "azure: {other_circuits: 48}";
            pass "azure: {other_circuits: 60, quota_increase: 2026-08-01 support request 4711}";
            fail "azure: {other_circuits: 60}";
            fail "azure: {other_circuits: 60, quota_increase: no}";
            fail "azure: {other_circuits: 30, other_circuits_in_region: 20}";
            unknown "azure: {other_circuits: null}";
            unknown "azure: {other_circuits_in_region: null}";
            unknown "circuits: {'*': {region: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let azure = &facts.design.azure;
    let spot = |key| Subject::Design.at(key, azure.place.or(facts.design.place));
    let limit = |key| facts.catalog.limit("circuit", key, "");
    let mut quota = Quota { tally: Tally::new(), increase: &azure.quota_increase };

    let total = facts.design.circuits.len() as u64;
    let in_subscription = limit("circuits-per-subscription");
    quota.ask(spot("azure.other_circuits"), &azure.other_circuits, total, "in the subscription", in_subscription);

    let mut by_region = BTreeMap::<&str, u64>::new();
    for view in facts.circuits() {
        match view.circuit.region.value() {
            Some(region) => *by_region.entry(canonical(facts, region)).or_default() += 1,
            None => quota.tally.unknown(view.at("region")),
        }
    }
    let in_region = limit("circuits-per-region-per-subscription");
    for (region, own) in by_region {
        let others = &azure.other_circuits_in_region;
        quota.ask(spot("azure.other_circuits_in_region"), others, own, &format!("in {region}"), in_region);
    }
    quota.tally.verdict("")
}

/// One name for a region however it is written: `West Europe` is `westeurope`.
fn canonical<'a>(facts: &Facts<'a>, region: &'a str) -> &'a str {
    facts.catalog.region(region).map_or(region, |known| &known.name)
}

struct Quota<'a> {
    tally: Tally,
    increase: &'a Fact<Attestation>,
}

impl Quota<'_> {
    /// Asks one quota: `own` circuits of the design and the others there, against the limit.
    fn ask(&mut self, spot: Spot<'_>, others: &Fact<u32>, own: u64, place: &str, limit: Option<u64>) {
        let (Some(stated), Some(limit)) = (others.known(), limit) else {
            return self.tally.unknown(spot);
        };
        let total = own + u64::from(stated.value);
        match self.increase.known() {
            _ if total <= limit => self.tally.pass(stated),
            Some(increase) if increase.value.is_yes() => self.tally.pass(increase),
            _ => self.tally.fail(spot.finding(
                Some(stated.place),
                format!("{total} circuits {place}, {own} of them of this design"),
                format!("at most {limit}, or a recorded increase of the quota"),
            )),
        }
    }
}
