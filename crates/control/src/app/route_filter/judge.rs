//! What a rule of a route filter may say (spec 03, 9; spec 05, 1; spec 07, 7).

use arm_api::ArmError;
use catalog::{Catalog, CommunityFact};
use model::{Community, Value as _};

/// Who asks for communities, and for which rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    /// The name of the rule, for messages.
    pub(super) rule: &'a str,
    /// The subscription of the filter, for messages.
    pub(super) subscription: &'a str,
    /// Microsoft permits this subscription to use Office 365 over circuits.
    pub(super) permit: bool,
    /// The cloud in which the filter is, like `AzureCloud`; communities of others mean nothing there.
    pub(super) cloud: &'a str,
}

/// Judges the communities of a rule, and gives each once, in the order given.
///
/// # Errors
///
/// 400 for a list without any, for a text that is no community or none that Microsoft sends on its peering, and for
/// a value of Office 365 without the permit.
pub(super) fn communities(catalog: &Catalog, asking: Asking<'_>, given: &[String]) -> Result<Vec<String>, ArmError> {
    const TARGET: &str = "properties.communities";
    let Asking { rule, subscription, .. } = asking;
    if given.is_empty() {
        let text = format!("route filter rule {rule} names no community; wanted at least one like 12076:51004");
        return Err(ArmError::bad_request("RouteFilterCommunityInvalid", text).at(TARGET));
    }
    let mut judged: Vec<String> = Vec::with_capacity(given.len());
    for text in given {
        let invalid = |why: String| ArmError::bad_request("RouteFilterCommunityInvalid", why).at(TARGET);
        let shown: String = text.chars().take(80).collect();
        if !text.contains(':') {
            let why = format!(
                "community name {shown} of route filter rule {rule} is invalid: the name must contain a colon (:), \
                 like 12076:51004"
            );
            return Err(invalid(why));
        }
        let community = Community::parse(text).map_err(|_| {
            invalid(format!(
                "community name {shown} of route filter rule {rule} is invalid; wanted two numbers of 0 to 65535 \
                 like 12076:51004"
            ))
        })?;
        let fact = catalog.community(community).filter(|fact| usable(fact, asking.cloud)).ok_or_else(|| {
            invalid(format!(
                "community {community} of route filter rule {rule} is none that a filter can choose; \
                 bgpServiceCommunities lists them"
            ))
        })?;
        if fact.authorization_required && !asking.permit {
            let why = format!(
                "subscription {subscription} is not authorized to create route filters for Office 365 services; \
                 community {community} is {}",
                fact.meaning()
            );
            return Err(ArmError::bad_request("SubscriptionNotAuthorizedForOffice365", why).at(TARGET));
        }
        let community = community.to_string();
        if !judged.contains(&community) {
            judged.push(community);
        }
    }
    Ok(judged)
}

/// Whether a filter of a cloud may name a community.
pub(in crate::app) fn usable(fact: &CommunityFact, cloud: &str) -> bool {
    fact.peering == "microsoft" && fact.cloud == cloud
}

/// Whether any of these communities is one of Office 365, which only Premium circuits carry.
pub(super) fn office(catalog: &Catalog, communities: &[String]) -> bool {
    communities.iter().any(|text| {
        let community = Community::parse(text).ok();
        community.and_then(|community| catalog.community(community)).is_some_and(|fact| fact.authorization_required)
    })
}

/// The cloud of an Azure region; that of everybody for a region that the catalogue does not know.
pub(super) fn cloud<'c>(catalog: &'c Catalog, region: &str) -> &'c str {
    catalog.region(region).map_or("AzureCloud", |region| &region.cloud)
}

/// Judges whether a circuit may use a filter.
///
/// # Errors
///
/// 400 when the filter names Office 365 and the circuit is not Premium, or when both are in different clouds.
pub(super) fn fits(
    catalog: &Catalog,
    circuit: (&str, &str, &str),
    filter: (&str, &str),
    communities: &[String],
) -> Result<(), ArmError> {
    const CODE: &str = "RouteFilterNotCompatible";
    let (circuit, tier, peering_location) = circuit;
    let (filter, location) = filter;
    if office(catalog, communities) && !tier.eq_ignore_ascii_case("premium") {
        let text = format!(
            "circuit {circuit} is not compatible with route filter {filter}: the filter includes Office 365 \
             communities, and the circuit has no access to Office 365; its tier is {tier}, wanted Premium"
        );
        return Err(ArmError::bad_request(CODE, text).at("properties.routeFilter"));
    }
    let theirs = catalog.location(peering_location).map_or("AzureCloud", |location| &location.cloud);
    let ours = cloud(catalog, location);
    if theirs != ours {
        let text = format!(
            "circuit {circuit} at {peering_location} is in {theirs}, route filter {filter} in {location} is in {ours}; \
             wanted both in one family of regions"
        );
        return Err(ArmError::bad_request(CODE, text).at("properties.routeFilter"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(permit: bool, given: &[&str]) -> Result<Vec<String>, String> {
        let asking = Asking { rule: "r1", subscription: "s", permit, cloud: "AzureCloud" };
        let given: Vec<String> = given.iter().map(|&text| text.to_owned()).collect();
        communities(Catalog::builtin(), asking, &given).map_err(|error| error.code)
    }

    #[test]
    fn regions_and_services_are_taken_once_each() {
        let judged = judge(false, &["12076:51004", "12076:52008", "12076:51004"]).unwrap();
        assert_eq!(judged, ["12076:51004", "12076:52008"]);
    }

    #[test]
    fn what_is_no_community_is_refused() {
        for given in
            [&[] as &[&str], &["exchange"], &["12076:70000"], &["12076:"], &["1:2:3"], &["65000:1"], &["12076:51999"]]
        {
            assert_eq!(judge(true, given).unwrap_err(), "RouteFilterCommunityInvalid", "{given:?}");
        }
    }

    #[test]
    fn regions_of_private_peering_and_of_other_clouds_are_refused() {
        assert!(judge(true, &["12076:50004"]).is_err());
        assert!(judge(true, &["12076:51105"]).is_err());
    }

    #[test]
    fn office_365_needs_the_permit() {
        assert_eq!(judge(false, &["12076:5010"]).unwrap_err(), "SubscriptionNotAuthorizedForOffice365");
        assert_eq!(judge(true, &["12076:5010"]).unwrap(), ["12076:5010"]);
        assert_eq!(judge(false, &["12076:5040"]).unwrap(), ["12076:5040"]);
    }

    #[test]
    fn office_365_needs_premium() {
        let office = ["12076:5020".to_owned()];
        let fit = |tier, place| {
            let circuit = ("c1", tier, place);
            fits(Catalog::builtin(), circuit, ("f1", "westus"), &office).map_err(|error| error.message)
        };
        assert!(fit("Standard", "Silicon Valley").unwrap_err().contains("tier is Standard"));
        assert_eq!(fit("Premium", "Silicon Valley"), Ok(()));
        assert!(fits(Catalog::builtin(), ("c1", "Local", "Silicon Valley"), ("f1", "westus"), &[]).is_ok());
    }

    #[test]
    fn a_filter_and_a_circuit_are_in_one_cloud() {
        assert!(fits(Catalog::builtin(), ("c1", "Premium", "Silicon Valley"), ("f1", "chinaeast"), &[]).is_err());
    }
}
