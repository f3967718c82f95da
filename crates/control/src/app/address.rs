//! What a path is about.

use super::{Route, Verb};
use arm_api::{ArmError, ResourceId, Segment, Template};
use std::collections::BTreeMap;

/// The id of what a path names, and the path, both in documented spelling. A list's id is that of what it lists below,
/// an action's that of what it acts on. Paths outside of subscriptions have the id of a subscription that is none.
///
/// # Errors
///
/// 400 `InvalidResourceName` when a name holds what no part of an id may: a slash, a character that is not to be seen, nothing.
pub fn address(route: &Route, names: &BTreeMap<String, String>) -> Result<(ResourceId, String), ArmError> {
    for (what, name) in names {
        if !arm_api::name::is_segment(name) {
            let seen: String = name.escape_debug().take(80).collect();
            let text = format!(
                "{what} in the path is `{seen}`, wanted a name without `/ \\ % ? #` and control characters, no `..`"
            );
            return Err(ArmError::bad_request("InvalidResourceName", text).at(what.as_str()));
        }
    }
    let template = Template::new(route.path);
    let borrowed: BTreeMap<&str, String> = names.iter().map(|(what, name)| (what.as_str(), name.clone())).collect();
    let path = template.path(&borrowed);
    let id = named(&template, route.verb, &path);
    Ok((id, path))
}

/// The id in a path.
fn named(template: &Template, verb: Verb, path: &str) -> ResourceId {
    let segments = template.segments();
    let is_name = |segment: &Segment| matches!(segment, Segment::Name(_));
    let mut length = segments.iter().rposition(is_name).map_or(0, |last| last + 1);
    // `arpTables/{devicePath}` acts on the peering before it.
    if verb == Verb::Post && length == segments.len() {
        length = segments[..length.saturating_sub(1)].iter().rposition(is_name).map_or(0, |last| last + 1);
    }
    let end = path.match_indices('/').nth(length).map_or(path.len(), |(end, _)| end);
    let nowhere = || ResourceId::parse("/subscriptions/00000000-0000-0000-0000-000000000000");
    #[expect(clippy::expect_used, reason = "the second text is an id")]
    ResourceId::parse(&path[..end]).or_else(|_| nowhere()).expect("an id")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(verb: Verb, template: &'static str, path: &str) -> String {
        let path: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        let template_of = Template::new(template);
        let names = template_of.names(&path).unwrap();
        let names = names.into_iter().map(|(what, name)| (what.to_owned(), name)).collect();
        let handler: super::super::Handler = |_, _| Box::pin(async { unreachable!() });
        let route = Route { name: "", verb, path: template, action: super::super::Action::Read, handler };
        address(&route, &names).unwrap().0.as_str().to_owned()
    }

    #[test]
    fn a_path_names_an_id() {
        let circuit = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Network/expressRouteCircuits/{c}";
        let given = "/subscriptions/1/resourcegroups/G/providers/microsoft.network/expressroutecircuits/c1";
        let wanted = "/subscriptions/1/resourceGroups/G/providers/Microsoft.Network/expressRouteCircuits/c1";
        assert_eq!(id(Verb::Get, circuit, given), wanted);
        let of = |rest| -> &'static str { Box::leak(format!("{circuit}/{rest}").into_boxed_str()) };
        assert_eq!(id(Verb::Get, of("peerings"), &format!("{given}/peerings")), wanted);
        let peering = format!("{wanted}/peerings/p");
        let tables = of("peerings/{p}/arpTables/{devicePath}");
        assert_eq!(id(Verb::Post, tables, &format!("{given}/peerings/p/arptables/primary")), peering);
        assert_eq!(id(Verb::Get, of("peerings/{p}/stats"), &format!("{given}/peerings/p/stats")), peering);
        let list = "/subscriptions/{s}/providers/Microsoft.Network/expressRouteCircuits";
        assert_eq!(
            id(
                Verb::Get,
                list,
                "/subscriptions/1/providers/x/y".replace("x/y", "Microsoft.Network/expressRouteCircuits").as_str()
            ),
            "/subscriptions/1"
        );
        assert_eq!(
            id(Verb::Get, "/subscriptions", "/subscriptions"),
            "/subscriptions/00000000-0000-0000-0000-000000000000"
        );
    }
}
