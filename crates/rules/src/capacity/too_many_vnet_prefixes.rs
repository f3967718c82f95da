//! Rule: a VNet brings more prefixes to the premises than a connection carries.

use super::links::{VnetLink, vnet_links};
use crate::{Answer, Facts, Severity, Tally};
use model::{Family, Tier};

rule! {
    /// ## What it asks
    /// The prefixes that a gateway advertises to the premises over one connection, its own and those of the VNets peered
    /// with it, stay within the limit of each address family. While a connection is not yet made, a number of IPv4
    /// prefixes above that which the page of 2020 allowed at that moment is a warning.
    /// ## Why it matters
    /// Beyond the limit the connection between circuit and gateway goes down, with all peered VNets behind it, until
    /// the number is below the limit again. The one spoke too many takes all others with it.
    /// ## How to mend it
    /// Give the VNets fewer and larger address spaces, or summarize those of the spokes on the VNet of the gateway
    /// (`summarizedGatewayPrefixes`).
    pub(crate) static RULE = {
        id: "CAP-004",
        name: "too-many-vnet-prefixes",
        title: "a connection carries no more VNet prefixes than it may",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2020,
        sources: [FAQS, LINK_VNET],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.private.vnets",
            "circuits.*.private.connections",
            "circuits.*.sku",
            "vnets.*.advertised",
            "vnets.*.advertised_v6",
        ],
        guard: "no VNet is linked",
        check: check,
        cases: [
            pass;
            pass "vnets: {'*': {advertised: 200, advertised_v6: 100}}";
            pass(ordered) "{design: {vnets: {'*': {advertised: 1000}}}, ordered: {}}";
            fail "vnets: {'*': {advertised: 1001}}";
            fail "vnets: {'*': {advertised_v6: 101}}";
            fail "vnets: {'*': {advertised: 201}}";
            unknown "vnets: {'*': {advertised: null}}";
            unknown "vnets: {'*': {advertised_v6: null}}";
            unknown "circuits: {'*': {sku: null}}";
            unknown "circuits: {'*': {private: {vnets: null}}}";
            none "circuits: {'*': {private: {vnets: []}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let at_creation = facts.limit("connection", "address-spaces-at-creation", "")?;
    let mut tally = Tally::new();
    for link in vnet_links(facts, &mut tally) {
        let Some(tier) = link.peering.circuit.tier() else {
            tally.unknown(link.peering.circuit.at("sku"));
            continue;
        };
        for family in Family::BOTH {
            let (key, advertised) = match family {
                Family::V4 => ("advertised", link.vnet.map(|vnet| &vnet.advertised)),
                Family::V6 => ("advertised_v6", link.vnet.map(|vnet| &vnet.advertised_v6)),
            };
            let limit = limit(facts, family, tier.value)?;
            let spot = link.at(key);
            let Some(count) = advertised.and_then(|fact| fact.known()) else {
                tally.unknown(spot);
                continue;
            };
            let seen = format!("{} {family} prefixes", count.value);
            let prefixes = u64::from(count.value);
            if prefixes > limit {
                tally.fail(spot.finding(Some(count.place), seen, format_args!("at most {limit} on one connection")));
            } else if family == Family::V4 && prefixes > at_creation && !is_connected(link) {
                let expected = format!("at most {at_creation} when the connection is made");
                tally.fail_as(Severity::Recommended, spot.finding(Some(count.place), seen, expected));
            } else {
                tally.pass(count);
            }
        }
    }
    tally.verdict("no VNet is linked")
}

fn limit(facts: &Facts<'_>, family: Family, tier: Tier) -> Result<u64, crate::Verdict> {
    let key = match family {
        Family::V4 => "ipv4-routes-from-private",
        Family::V6 => "ipv6-routes-from-private",
    };
    facts.limit("route-limit", key, &tier.to_string())
}

/// Whether the circuit has as many connections as VNets, so that this one is made.
fn is_connected(link: VnetLink<'_>) -> bool {
    let peering = link.peering.peering;
    let made = peering.connections.get().map_or(0, u64::from);
    made >= peering.vnets.values().count() as u64
}
