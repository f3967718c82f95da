//! Terraform: what `terraform show -json` prints of a plan or a state, for the resources of azurerm.
//!
//! The words of azurerm are turned into those of ARM (`words`) and then read as any Azure export. A plan is what
//! is wanted, a state what was ordered. Before its first apply a plan knows no ids, so what one resource says of
//! another is followed through the configuration (`references`).

mod references;
mod words;

use crate::azure;
use crate::found::Found;
use crate::node::Entry;
use crate::{Node, Problem, Shape};
use model::{PeeringKind, Rank, Secret, Stated, Value};
use references::Plan;
use std::borrow::Cow;
use std::collections::HashMap;

/// Whether a text is what `terraform show -json` prints, or a state as Terraform stores it.
pub(crate) fn is_terraform(root: &Node<'_>) -> bool {
    root.field("format_version").is_some() || is_stored_state(root)
}

fn is_stored_state(root: &Node<'_>) -> bool {
    root.field("lineage").is_some() && root.field("serial").is_some()
}

/// One resource with its values.
#[derive(Debug)]
pub(crate) struct Block<'t> {
    /// The address of its module, empty for the root.
    pub(crate) module: String,
    /// Its type, `azurerm_route_filter`.
    pub(crate) kind: String,
    /// Its name in the configuration.
    pub(crate) name: String,
    /// Its key under `for_each`, or its number under `count`.
    pub(crate) index: Option<String>,
    /// Its values; those that only an apply will tell are null.
    pub(crate) values: Node<'t>,
    /// Keys that are known, be it as null.
    known: Vec<String>,
}

/// Reads a plan or a state.
pub(crate) fn read(root: &Node<'_>, found: &mut Found) {
    if is_stored_state(root) {
        let expected = "what `terraform show -json` prints of it";
        return found.problems.push(Problem::new(root.place, "a state as Terraform stores it", expected));
    }
    let version = root.field("format_version").and_then(Node::text).unwrap_or_default();
    if !version.starts_with("0.") && !version.starts_with("1.") {
        let place = root.field("format_version").map_or(root.place, |node| node.place);
        return found.problems.push(Problem::new(place, format!("the format {version} of Terraform"), "format 1"));
    }
    if let Some(errored) = root.field("errored").filter(|node| node.text() == Some("true")) {
        found.problems.push(Problem::new(errored.place, "a plan that failed half way", "a plan without errors"));
    }
    let planned = root.field("planned_values");
    found.rank = if planned.is_some() { Rank::Declared } else { Rank::Ordered };
    let before = found.resources;
    if let Some(values) = planned.or(root.field("values")) {
        let plan = Plan { root, blocks: blocks(values, &unknown_values(root)) };
        plan.blocks.iter().for_each(|block| resource(block, &plan, found));
    }
    // Data sources are read while planning, and stand in the state before it.
    for values in
        root.field("prior_state").and_then(|state| state.field("values")).into_iter().chain(root.field("values"))
    {
        blocks(values, &HashMap::new()).iter().for_each(|block| subscription(block, found));
    }
    if found.resources == before {
        let expected = "resources of azurerm like `azurerm_express_route_circuit`";
        found.problems.push(Problem::new(
            root.place,
            "a Terraform file without a resource that a design asks about",
            expected,
        ));
    }
}

/// What only an apply will tell, by the address of the resource.
fn unknown_values<'n, 't>(root: &'n Node<'t>) -> HashMap<&'n str, &'n Node<'t>> {
    let changes = root.field("resource_changes").map(Node::items).unwrap_or_default();
    let unknown = |change: &'n Node<'t>| {
        Some((change.field("address")?.text()?, change.field("change")?.field("after_unknown")?))
    };
    changes.iter().filter_map(unknown).collect()
}

/// Every resource of a module and its children.
fn blocks<'t>(values: &Node<'t>, unknown: &HashMap<&str, &Node<'t>>) -> Vec<Block<'t>> {
    let mut blocks = Vec::new();
    let mut modules: Vec<_> = values.field("root_module").into_iter().collect();
    while let Some(module) = modules.pop() {
        modules.extend(module.field("child_modules").map(Node::items).unwrap_or_default());
        let address = module.field("address").and_then(Node::text).unwrap_or_default();
        for resource in module.field("resources").map(Node::items).unwrap_or_default() {
            let text = |key: &str| resource.field(key).and_then(Node::text).map(str::to_owned);
            let (Some(kind), Some(name), Some(values)) = (text("type"), text("name"), resource.field("values")) else {
                continue;
            };
            let unknown = text("address").and_then(|address| unknown.get(address.as_str()).copied());
            let is_unknown = |key: &str| unknown.is_some_and(|unknown| unknown.field(key).is_some_and(is_true));
            let keys = values.entries().iter().map(|entry| entry.key.to_string());
            blocks.push(Block {
                module: address.to_owned(),
                kind: match text("mode").as_deref() {
                    Some("data") => format!("data.{kind}"),
                    _ => kind,
                },
                name,
                index: text("index"),
                known: keys.filter(|key| !is_unknown(key)).collect(),
                values: unknown.map_or_else(|| values.clone(), |unknown| without(values, unknown)),
            });
        }
    }
    blocks
}

fn is_true(node: &Node<'_>) -> bool {
    node.text() == Some("true")
}

/// The values without those that are unknown. A list of which one element is unknown is so as a whole.
fn without<'t>(values: &Node<'t>, unknown: &Node<'t>) -> Node<'t> {
    let shape = match (&values.shape, &unknown.shape) {
        _ if is_true(unknown) => Shape::Null,
        (Shape::List(_), Shape::List(flags)) if flags.iter().any(is_true) => Shape::Null,
        (Shape::List(items), Shape::List(flags)) => {
            let rest = items.iter().skip(flags.len()).cloned();
            Shape::List(items.iter().zip(flags).map(|(item, flag)| without(item, flag)).chain(rest).collect())
        }
        (Shape::Map(entries), Shape::Map(_)) => {
            let each = |entry: &Entry<'t>| Entry {
                value: unknown
                    .field(&entry.key)
                    .map_or_else(|| entry.value.clone(), |flag| without(&entry.value, flag)),
                ..entry.clone()
            };
            Shape::Map(entries.iter().map(each).collect())
        }
        (shape, _) => shape.clone(),
    };
    Node { place: values.place, shape }
}

/// Reads one resource in the words of ARM.
fn resource(block: &Block<'_>, plan: &Plan<'_, '_>, found: &mut Found) {
    let Some(kind) = words::kind(&block.kind) else { return };
    let Some(name) = kind.name(&block.values) else {
        found.resources += 1;
        let seen = format!("`{}.{}`, whose name only an apply will tell", block.kind, block.name);
        return found.problems.push(Problem::new(block.values.place, seen, "a name that the plan knows"));
    };
    azure::one(&kind.in_arm(&name, block, plan), found);
    no_key(block, &name, found);
}

/// A plan that sets no key says so: the session will have none.
fn no_key(block: &Block<'_>, name: &str, found: &mut Found) {
    let is_set = block.values.field("shared_key").is_some_and(|key| key.text() != Some(""));
    let is_known = block.known.iter().any(|key| key == "shared_key");
    if found.rank != Rank::Declared || block.kind != "azurerm_express_route_circuit_peering" || is_set || !is_known {
        return;
    }
    let Some((circuit, kind)) = name.rsplit_once('/') else { return };
    let Some(circuit) = found.design.circuits.get_mut(circuit.to_lowercase().as_str()) else { return };
    let peering = PeeringKind::parse(kind).ok().and_then(|kind| azure::slot(circuit, kind).as_mut());
    if let Some(peering) = peering {
        peering.md5.state(Stated { value: Secret::None, rank: found.rank, place: block.values.place });
    }
}

/// Reads the data source of a subscription.
fn subscription(block: &Block<'_>, found: &mut Found) {
    if block.kind != "data.azurerm_subscription" {
        return;
    }
    let key = |terraform: &str, arm: &'static str| {
        let value = block.values.field(terraform)?.clone();
        Some(Entry { key: Cow::Borrowed(arm), place: value.place, value })
    };
    let keys = [key("subscription_id", "subscriptionId"), key("tenant_id", "tenantId"), key("state", "state")];
    let rank = std::mem::replace(&mut found.rank, Rank::Ordered);
    azure::one(&Node { place: block.values.place, shape: Shape::Map(keys.into_iter().flatten().collect()) }, found);
    found.rank = rank;
}
