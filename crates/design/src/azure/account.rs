//! The subscription and what is registered in it: `az account show`, `az provider show`, `az feature show`.

use super::resource::Resource;
use crate::Node;
use crate::found::Found;
use model::{Fact, Guid, Registration, Stated, SubscriptionState, Value};

/// A subscription with its state.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: Stated<Guid>,
    pub(crate) state: Fact<SubscriptionState>,
}

/// Whether a node is a subscription: `az` gives it the bare GUID as `id`, REST a `subscriptionId`.
pub(crate) fn is_subscription(node: &Node<'_>) -> bool {
    let has = |key: &str| node.property(key).is_some();
    has("tenantId")
        && has("state")
        && (has("subscriptionId") || node.field("id").and_then(Node::text).is_some_and(|id| Guid::parse(id).is_ok()))
}

/// Reads a subscription.
pub(crate) fn read(node: &Node<'_>, found: &mut Found) {
    let key = if node.property("subscriptionId").is_some() { "subscriptionId" } else { "id" };
    let Some(id) = found.value::<Guid>(node, key) else { return };
    let mut state = Fact::default();
    found.fact(&mut state, node, "state");
    found.subscriptions.push(Subscription { id, state });
}

/// Whether a node is the resource provider of networks.
pub(crate) fn is_provider(node: &Node<'_>) -> bool {
    let namespace = node.field("namespace").and_then(Node::text);
    namespace.is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.Network"))
        && node.field("registrationState").is_some()
}

/// Reads the registration of that provider.
pub(crate) fn read_provider(node: &Node<'_>, found: &mut Found) {
    let mut fact = Fact::<Registration>::default();
    found.fact(&mut fact, node, "registrationState");
    found.design.azure.network_provider.merge(fact);
}

/// Reads the registration of a feature.
pub(crate) fn read_feature(resource: &Resource<'_, '_>, found: &mut Found) {
    if resource.name("features").is_some_and(|name| name.as_str() == "allowexpressrouteports") {
        let mut fact = Fact::<Registration>::default();
        found.fact(&mut fact, resource.node, "state");
        found.design.azure.expressroute_ports_feature.merge(fact);
    }
}
