//! `Microsoft.Network/routeFilters`: the communities that Microsoft peering lets through.

use super::resource::Resource;
use crate::Node;
use crate::found::Found;
use model::{CommunityRef, List, Name, Stated};

/// A route filter, or one of its rules: what it allows, and where it is attached.
#[derive(Debug)]
pub(crate) struct RouteFilter {
    /// The filter's id in lower case.
    pub(crate) id: String,
    /// The communities that it allows; `None` when they are not said.
    pub(crate) communities: Option<Stated<List<CommunityRef>>>,
    /// Circuits whose Microsoft peering uses it, by id, as far as it says.
    pub(crate) circuits: Vec<Name>,
}

/// Reads a filter with its rules.
pub(crate) fn read(resource: &Resource<'_, '_>, found: &mut Found) {
    let node = resource.node;
    let communities = found.items(node, "rules").and_then(|rules| {
        let place = node.property("rules").map_or(node.place, |rules| rules.place);
        let allowed: Option<Vec<_>> = rules.iter().map(|rule| allowed(rule, found)).collect();
        let value = allowed?.into_iter().flat_map(|rule| rule.value).collect();
        Some(Stated { value, rank: found.rank, place })
    });
    let mut circuits = Vec::new();
    for key in ["peerings", "ipv6Peerings"] {
        for peering in found.items(node, key).unwrap_or_default() {
            let id = peering.field("id").and_then(Node::text).map(str::to_lowercase);
            circuits.extend(id.and_then(|id| crate::found::segment(&id, "expressroutecircuits")));
        }
    }
    found.route_filters.push(RouteFilter { id: resource.id.clone(), communities, circuits });
}

/// Reads a rule that stands alone. A filter has at most one, so it says all that the filter allows.
pub(crate) fn read_rule(resource: &Resource<'_, '_>, found: &mut Found) {
    let id = resource.id.split("/routefilterrules").next().unwrap_or_default().to_owned();
    let communities = allowed(resource.node, found);
    found.route_filters.push(RouteFilter { id, communities, circuits: Vec::new() });
}

/// What a rule allows: nothing when it denies.
fn allowed(rule: &Node<'_>, found: &mut Found) -> Option<Stated<List<CommunityRef>>> {
    let denies = rule.property("access").and_then(Node::text).is_some_and(|access| access.eq_ignore_ascii_case("deny"));
    let list = found.list(rule, "communities")?;
    Some(if denies { Stated { value: Vec::new(), ..list } } else { list })
}
