//! Rule: the tier of a circuit does not let it stand in for one in another location.

use super::several::several;
use crate::{Answer, Facts, Tally};
use catalog::Location;
use model::Tier;

rule! {
    /// ## What it asks
    /// Each circuit has a partner in another peering location that can stand in for it. Locations in the same
    /// geopolitical region make such a pair with the Standard tier; locations further apart only with Premium on both.
    /// Two Local circuits make a pair when their locations are beside the same Azure region; a Local circuit and
    /// one of another tier never do.
    /// ## Why it matters
    /// A Standard circuit links only VNets of its own geopolitical region, and learns only the routes of that region.
    /// When the other circuit fails, the VNets beyond are out of its reach, however well it runs.
    /// ## How to mend it
    /// Upgrade both circuits to Premium, which interrupts nothing, or choose the second location within the same
    /// geopolitical region.
    pub(crate) static RULE = {
        id: "DR-005",
        name: "tier-apart",
        title: "the tiers of the circuits reach as far as their locations lie apart",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2021,
        sources: [DESIGN_DR],
        evidence: [Plan, Control],
        reads: ["circuits.*.sku", "circuits.*.location", "circuits.*.port", "ports.*.location"],
        guard: "there are no two circuits in different locations",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {sku: standard metered}}";
            pass "circuits: {dublin: {location: Tokyo}}";
            fail "circuits: {dublin: {location: Tokyo, sku: standard metered}}";
            fail "circuits: {'*': {sku: local unlimited}}";
            fail "circuits: {dublin: {sku: local unlimited}}";
            unknown "circuits: {'*': {sku: null}}";
            unknown "circuits: {dublin: {location: null}}";
            unknown "circuits: {dublin: {location: Atlantis}}";
            unknown "circuits: {'*': {sku: standard metered}, dublin: {location: Tokyo}, osaka: {location: Osaka}}";
            none "circuits: {dublin: {location: Amsterdam}}";
            none "{circuits: {dublin: null}, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    let circuits = several(facts)?;
    let count = circuits.len();
    let mut known = Vec::new();
    for view in circuits {
        match (view.location(facts.catalog), view.tier()) {
            (Some(location), Some(tier)) => known.push((view, location, tier)),
            (location, tier) => {
                if location.is_none() {
                    tally.unknown(view.at("location"));
                }
                if tier.is_none() {
                    tally.unknown(view.at("sku"));
                }
            }
        }
    }
    for (view, location, tier) in &known {
        let mut partners = known.iter().filter(|(_, other, _)| other.id != location.id).peekable();
        let Some((_, next, next_tier)) = partners.peek() else { continue };
        let seen = format!(
            "{} at {} ({}), beside {} at {} ({})",
            tier.value,
            location.name,
            location.geopolitical_region,
            next_tier.value,
            next.name,
            next.geopolitical_region
        );
        if partners.any(|(_, other, other_tier)| pairs((location, tier.value), (other, other_tier.value))) {
            tally.pass(tier);
        } else if known.len() == count {
            // All circuits are known, so none of them can be the partner after all.
            let region = &location.geopolitical_region;
            let expected = format!("premium on both, or a partner in {region} and standard or premium on both");
            tally.fail(view.at("sku").finding(Some(tier.place), seen, expected));
        }
    }
    tally.verdict("all circuits end in one location")
}

/// Whether two circuits can stand in for each other.
fn pairs((one, tier): (&Location, Tier), (other, other_tier): (&Location, Tier)) -> bool {
    match (tier, other_tier) {
        (Tier::Premium, Tier::Premium) => one.cloud == other.cloud,
        (Tier::Local, Tier::Local) => {
            one.local_azure_regions.iter().any(|region| other.local_azure_regions.contains(region))
        }
        // A Local circuit reaches less than the other, so it cannot carry what that one does.
        (Tier::Local, Tier::Standard | Tier::Premium) | (Tier::Standard | Tier::Premium, Tier::Local) => false,
        (Tier::Standard, Tier::Standard | Tier::Premium) | (Tier::Premium, Tier::Standard) => {
            one.geopolitical_region == other.geopolitical_region
        }
    }
}
