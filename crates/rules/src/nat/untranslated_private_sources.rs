//! Rule: private sources use Microsoft peering, and nobody translates them.

use super::{needed, serves_microsoft_peering};
use crate::{Answer, Facts, Subject, Tally};
use model::NatOperator;

rule! {
    /// ## What it asks
    /// Where hosts with private addresses use Microsoft peering, you or your provider translate them, out of
    /// a pool that holds addresses.
    /// ## Why it matters
    /// Microsoft translates nothing. Until somebody on your side does, those hosts reach no service.
    /// ## How to mend it
    /// Settle who runs NAT, set `nat.operator`, and name the pools with their prefixes under `nat.pools`.
    pub(crate) static RULE = {
        id: "NAT-002",
        name: "untranslated-private-sources",
        title: "private sources are translated by the customer or the provider",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017B, SEED_2025, NAT],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "nat.private_sources", "nat.operator", "nat.pools.*.peering|prefixes"],
        guard: "no private source uses Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "nat: {operator: provider}";
            fail "nat: {operator: nobody}";
            fail "nat: {pools: {'*': {prefixes: []}}}";
            unknown "nat: {operator: null}";
            unknown "nat: {pools: null}";
            unknown "nat: {pools: {'*': {prefixes: null}}}";
            unknown "nat: {private_sources: null}";
            none "nat: {private_sources: false}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.microsoft_peering()?;
    needed(facts)?;
    let nat = &facts.design.nat;
    let at = |key| Subject::Design.at(key, nat.place.or(facts.design.place));
    let mut tally = Tally::new();
    tally.expect(
        at("nat.operator"),
        &nat.operator,
        |operator| matches!(operator, NatOperator::Customer | NatOperator::Provider),
        "customer or provider",
    );
    if tally.has_failed() {
        return tally.verdict("");
    }
    let mut pools = facts.pools().filter(serves_microsoft_peering).peekable();
    if pools.peek().is_none() {
        tally.unknown(at("nat.pools"));
    }
    for view in pools {
        match view.pool.prefixes.known() {
            None => tally.unknown(view.at("prefixes")),
            Some(prefixes) if prefixes.value.is_empty() => {
                tally.fail(view.at("prefixes").finding(Some(prefixes.place), "an empty pool", "public addresses"));
            }
            Some(prefixes) => tally.pass(prefixes),
        }
    }
    tally.verdict("")
}
