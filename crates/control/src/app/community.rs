//! What a route filter can name: services and regions with their communities.

use super::route_filter::usable;
use super::{Handled, Route, route};
use crate::{Answer, Call, Tx};
use catalog::{Catalog, CommunityFact, CommunityKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) static ROUTES: &[Route] = &[route!(
    Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/bgpServiceCommunities"
    BgpServiceCommunities_List Read => list
)];

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let permit = super::route_filter::permit(tx, call.id.subscription()).await?;
    let prefix = format!("{}/providers/Microsoft.Network/bgpServiceCommunities", call.id);
    Ok(Answer::List { items: services(&tx.settings.catalog, &prefix, permit), next: None })
}

/// The service communities of the public cloud, by name: one for each service, one for each region.
fn services(catalog: &Catalog, prefix: &str, permit: bool) -> Vec<Value> {
    let mut services: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for fact in catalog.communities().iter().filter(|fact| usable(fact, "AzureCloud")) {
        let (service, community) = community(fact, permit);
        services.entry(service).or_default().push(community);
    }
    let service = |(service, communities): (String, Vec<Value>)| {
        let name: String = service.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        json!({
            "id": format!("{prefix}/{name}"),
            "name": name,
            "type": "Microsoft.Network/bgpServiceCommunities",
            "properties": { "serviceName": service, "bgpCommunities": communities },
        })
    };
    services.into_iter().map(service).collect()
}

/// A community and the service that it belongs to.
fn community(fact: &CommunityFact, permit: bool) -> (String, Value) {
    let (service, region) = match fact.kind {
        CommunityKind::Service => (fact.service.clone(), "Global"),
        CommunityKind::ServiceRegion => (format!("Azure {}", fact.service), fact.region_display_name.as_str()),
        CommunityKind::RegionMicrosoft | CommunityKind::RegionPrivate => {
            (format!("Azure {}", fact.region_display_name), fact.region_display_name.as_str())
        }
    };
    let group = if fact.authorization_required { "Office365" } else { "Azure" };
    let community = json!({
        "serviceSupportedRegion": region,
        "communityName": fact.meaning(),
        "communityValue": fact.community.to_string(),
        // No prefixes are known by community: the lists that Microsoft publishes are by service tag.
        "communityPrefixes": [],
        "isAuthorizedToUse": permit || !fact.authorization_required,
        "serviceGroup": group,
    });
    (service, community)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(permit: bool) -> BTreeMap<String, bool> {
        let services = services(Catalog::builtin(), "/p", permit);
        let all = services.iter().flat_map(|service| service["properties"]["bgpCommunities"].as_array().unwrap());
        all.map(|row| (row["communityValue"].as_str().unwrap().to_owned(), row["isAuthorizedToUse"] == true)).collect()
    }

    #[test]
    fn office_365_is_authorized_by_the_permit_alone() {
        assert!(!values(false)["12076:5010"]);
        assert!(values(true)["12076:5010"]);
        assert!(values(false)["12076:51004"]);
    }

    #[test]
    fn communities_of_private_peering_are_not_listed() {
        assert!(!values(true).contains_key("12076:50004"));
    }
}
