//! Azure exports: what `az`, the REST API and Resource Graph answer, and ARM templates.
//!
//! An export is one resource, a list of them, a page (`value`, `nextLink`), a Resource Graph result (`data`) or
//! a template (`resources`). `az` prints a resource's properties at its top, the others below `properties`;
//! [`Node::property`] finds both. Each type of resource has a file here; types that a design does not
//! ask about are passed over.

mod account;
mod circuit;
mod communities;
mod connection;
mod gateway;
mod peering;
mod port;
mod resource;
mod route_filter;
mod table;
mod template;
mod vnet;

pub(crate) use account::Subscription;
pub(crate) use circuit::slot;
pub(crate) use connection::Connection;
pub(crate) use gateway::Gateway;
pub(crate) use route_filter::RouteFilter;
pub(crate) use table::{LinkTable, RouteRow, Rows};
pub(crate) use vnet::{RouteTable, VirtualNetwork};

use crate::found::Found;
use crate::{Node, Problem, Shape};
use model::Rank;
use resource::Resource;

/// Whether a text is an Azure export, by what it holds at its top.
pub(crate) fn is_export(root: &Node<'_>) -> bool {
    let is_list = |key: &str| root.field(key).is_some_and(|node| matches!(node.shape, Shape::List(_)));
    matches!(root.shape, Shape::List(_))
        || is_list("value")
        || root.field("nextLink").is_some()
        || (root.field("data").is_some() && (root.field("count").is_some() || is_list("data")))
        || template::is_template(root)
        || root.field("error").is_some_and(|error| error.field("code").is_some())
        || table::is_envelope(root)
        || is_resource(root)
}

fn is_resource(node: &Node<'_>) -> bool {
    Resource::of(node).is_some()
        || account::is_subscription(node)
        || account::is_provider(node)
        || table::is_row(node)
        || node.property("serviceProviderProvisioningState").is_some()
}

/// Reads an export; its statements are what the control plane holds, or what runs, for tables in their envelope.
pub(crate) fn read(root: &Node<'_>, found: &mut Found) {
    found.rank = template::rank(root).unwrap_or(Rank::Ordered);
    let (resources, problems) = (found.resources, found.problems.len());
    any(root, found);
    if found.resources == resources && found.problems.len() == problems {
        let seen = match root.items().is_empty() && !matches!(root.shape, Shape::Map(_)) {
            true => "an empty list".to_owned(),
            false => format!("{}, and no Azure resource that a design asks about", root.kind()),
        };
        let expected =
            "circuits, peerings, route filters, gateways, connections, virtual networks, ports or subscriptions";
        found.problems.push(Problem::new(root.place, seen, expected));
    }
}

/// Reads whatever a node is: a list, a wrapper around one, or a resource.
fn any(node: &Node<'_>, found: &mut Found) {
    if let Shape::List(items) = &node.shape {
        match items.first() {
            Some(row) if table::is_row(row) => table::refuse_bare(node, found),
            _ => items.iter().for_each(|item| any(item, found)),
        }
    } else if table::is_envelope(node) {
        found.resources += 1;
        let rank = found.rank;
        table::read(node, found);
        found.rank = rank;
    } else if let Some(error) = node.field("error") {
        let text = |key: &str| error.field(key).and_then(Node::text).unwrap_or_default();
        let seen = format!("an error that Azure answered: {} {}", text("code"), text("message"));
        found.problems.push(Problem::new(
            error.place,
            seen.trim_end().to_owned(),
            "the answer to a request that succeeded",
        ));
    } else if template::is_template(node) {
        template::read(node, found);
    } else if let Some(page) = node.field("value").filter(|page| matches!(page.shape, Shape::List(_))) {
        incomplete(node, &["nextLink"], found);
        any(page, found);
    } else if let Some(data) = node.field("data").filter(|_| Resource::of(node).is_none()) {
        incomplete(node, &["skip_token", "$skipToken", "skipToken"], found);
        match &data.shape {
            Shape::List(_) => any(data, found),
            _ => found.problems.push(Problem::new(
                data.place,
                "a Resource Graph result in table form",
                "rows as objects (`resultFormat: objectArray`)",
            )),
        }
    } else {
        one(node, found);
    }
}

/// A page that names another one is a part of the whole; what it does not hold is not absent.
fn incomplete(node: &Node<'_>, links: &[&str], found: &mut Found) {
    if let Some(link) = links.iter().find_map(|key| node.field(key)).filter(|link| link.text() != Some("")) {
        found.problems.push(Problem::new(
            link.place,
            "one page of several: the export goes on at this link",
            "all pages",
        ));
    }
}

/// Reads one resource.
pub(crate) fn one(node: &Node<'_>, found: &mut Found) {
    if account::is_subscription(node) {
        found.resources += 1;
        return account::read(node, found);
    }
    if account::is_provider(node) {
        found.resources += 1;
        return account::read_provider(node, found);
    }
    if table::is_row(node) {
        return table::refuse_bare(node, found);
    }
    let Some(resource) = Resource::of(node) else { return nameless(node, found) };
    let known = match resource.kind.as_str() {
        "microsoft.network/expressroutecircuits" => Some(circuit::read as fn(&Resource<'_, '_>, &mut Found)),
        "microsoft.network/expressroutecircuits/peerings" => Some(peering::read_alone as _),
        "microsoft.network/expressrouteports" => Some(port::read as _),
        "microsoft.network/routefilters" => Some(route_filter::read as _),
        "microsoft.network/routefilters/routefilterrules" => Some(route_filter::read_rule as _),
        "microsoft.network/virtualnetworks" => Some(vnet::read as _),
        "microsoft.network/virtualnetworks/subnets" => Some(vnet::read_subnet as _),
        "microsoft.network/routetables" => Some(vnet::read_route_table as _),
        "microsoft.network/virtualnetworkgateways" => Some(gateway::read as _),
        "microsoft.network/connections" => Some(connection::read as _),
        "microsoft.network/bgpservicecommunities" => Some(communities::read as _),
        // Its key is a secret, and nothing else of it is asked about.
        "microsoft.network/expressroutecircuits/authorizations" => Some(pass as _),
        "microsoft.features/providers/features" | "microsoft.features/features" => Some(account::read_feature as _),
        _ => None,
    };
    if let Some(read) = known {
        found.resources += 1;
        read(&resource, found);
    }
}

fn pass(_: &Resource<'_, '_>, _: &mut Found) {}

/// A mapping that says neither type nor id: the words of a circuit or gateway still tell what it is.
fn nameless(node: &Node<'_>, found: &mut Found) {
    let kind = node.field("type").and_then(Node::text).map(str::to_lowercase).unwrap_or_default();
    if is_ours(&kind) || node.property("serviceProviderProvisioningState").is_some() {
        let seen = match node.field("name") {
            Some(name) => format!("a resource whose name does not tell which it is: {}", name.kind()),
            None => "a resource without `id`".to_owned(),
        };
        found.problems.push(Problem::new(node.place, seen, "a resource with its `id`, or its `type` and `name`"));
    }
}

/// Whether a type is one that a design asks about.
fn is_ours(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let ours = [
        "expressroutecircuits",
        "expressrouteports",
        "virtualnetworks",
        "virtualnetworkgateways",
        "routefilters",
        "connections",
    ];
    ours.iter().any(|name| kind.strip_prefix("microsoft.network/").is_some_and(|rest| rest.starts_with(name)))
}
