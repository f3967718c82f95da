//! `Microsoft.Network/bgpServiceCommunities`: which communities the subscription may use in a route filter.

use super::resource::Resource;
use crate::found::Found;
use catalog::Catalog;
use model::Community;

/// Reads one service. Only communities that Microsoft must authorize tell whether it has done so; one that is
/// refused outweighs those that are allowed.
pub(crate) fn read(resource: &Resource<'_, '_>, found: &mut Found) {
    for node in found.items(resource.node, "bgpCommunities").unwrap_or_default() {
        let Some(community) = found.value::<Community>(node, "communityValue") else { continue };
        let guarded = Catalog::builtin().community(community.value).is_some_and(|fact| fact.authorization_required);
        let Some(authorized) = found.value::<bool>(node, "isAuthorizedToUse").filter(|_| guarded) else { continue };
        if found.rank < model::Rank::Ordered {
            continue;
        }
        let fact = &mut found.design.m365.authorized;
        match fact.get() {
            None => fact.state(authorized),
            Some(true) if !authorized.value => *fact = model::Fact::stated(false, authorized.rank, authorized.place),
            Some(_) => {}
        }
    }
}
