//! Address translation: which addresses enter Microsoft peering, and who stands behind them.
//!
//! Most rules go through the [`pools`] of Microsoft peering. NAT-010 and NAT-011 look at the other
//! direction, at flows that Microsoft opens. Private peering has no NAT; NAT-008 holds that.

mod foreign_link_subnet_advertised;
mod inbound_prefix_not_advertised;
mod inbound_without_snat;
mod nat_after_split;
mod nat_on_private_peering;
mod non_public_source;
mod pool_on_the_internet;
mod pool_shared_by_circuits;
mod pool_shared_with_the_internet;
mod pool_too_small;
mod untranslated_private_sources;
mod unverified_pool_owner;

use crate::{Facts, PeeringView, PoolView, Rule, Spot, Subject, Verdict};
use model::{PeeringKind, Prefix, Stated};

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &foreign_link_subnet_advertised::RULE,
    &inbound_prefix_not_advertised::RULE,
    &inbound_without_snat::RULE,
    &nat_after_split::RULE,
    &nat_on_private_peering::RULE,
    &non_public_source::RULE,
    &pool_on_the_internet::RULE,
    &pool_shared_by_circuits::RULE,
    &pool_shared_with_the_internet::RULE,
    &pool_too_small::RULE,
    &untranslated_private_sources::RULE,
    &unverified_pool_owner::RULE,
];

/// The pools of Microsoft peering, never none.
///
/// # Errors
/// Without a pool: not applicable when there is no Microsoft peering or no private source uses it,
/// else unknown.
fn pools<'a>(facts: &Facts<'a>) -> Result<Vec<PoolView<'a>>, Verdict> {
    facts.microsoft_peering()?;
    let pools: Vec<_> = facts.pools().filter(serves_microsoft_peering).collect();
    if pools.is_empty() {
        needed(facts)?;
        let nat = &facts.design.nat;
        return Err(Verdict::missing(Subject::Design.at("nat.pools", nat.place.or(facts.design.place))));
    }
    Ok(pools)
}

/// The guard of NAT itself: private sources use Microsoft peering.
fn needed(facts: &Facts<'_>) -> Result<(), Verdict> {
    let nat = &facts.design.nat;
    let place = nat.place.or(facts.design.place);
    facts.guard(&nat.private_sources, "nat.private_sources", place, "no private source uses Microsoft peering")
}

/// Whether a pool serves Microsoft peering. NAT is for nothing else, so a pool that says nothing does.
fn serves_microsoft_peering(view: &PoolView<'_>) -> bool {
    view.pool.peering.get().is_none_or(|peering| peering == PeeringKind::Microsoft)
}

/// The advertised prefix of one of the peerings that holds the given one; `None` when there is none.
///
/// # Errors
/// None is known, but a peering does not say what it advertises.
fn route_to<'a>(
    prefix: Prefix,
    peerings: impl Iterator<Item = PeeringView<'a>>,
) -> Result<Option<Stated<Prefix>>, Spot<'a>> {
    let mut silent = None;
    for peering in peerings {
        match peering.advertised() {
            None => silent = Some(peering.at("advertise")),
            Some(routes) => {
                if let Some(route) = routes.into_iter().find(|route| route.value.covers(prefix)) {
                    return Ok(Some(route));
                }
            }
        }
    }
    silent.map_or(Ok(None), Err)
}
