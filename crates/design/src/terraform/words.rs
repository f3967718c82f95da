//! The words of azurerm and those of ARM, side by side.

use super::Block;
use super::references::Plan;
use crate::node::Entry;
use crate::{Node, Shape};
use std::borrow::Cow;

/// A type of resource.
#[derive(Debug)]
pub(crate) struct Kind {
    terraform: &'static str,
    arm: &'static str,
    /// The values that make up its name, parents first.
    name: &'static [&'static str],
    words: &'static [Word],
}

/// One value and where ARM has it; dots lead into blocks.
#[derive(Debug)]
enum Word {
    /// As it is.
    Value(&'static str, &'static str),
    /// The id of another resource, of this type.
    Id(&'static str, &'static str, &'static str),
    /// `true` or `false`, where ARM says `Enabled` or `Disabled`.
    State(&'static str, &'static str),
    /// A list of blocks.
    Blocks(&'static str, &'static str, &'static [Word]),
}

use Word::{Blocks, Id, State, Value};

/// The type of a resource; `None` for one that a design does not ask about. Virtual WAN is none that it does.
pub(crate) fn kind(terraform: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.terraform == terraform)
}

/// The type in ARM of an azurerm type.
pub(crate) fn arm_type(terraform: &str) -> Option<&'static str> {
    kind(terraform).map(|kind| kind.arm)
}

const KINDS: &[Kind] = &[
    Kind {
        terraform: "azurerm_express_route_circuit",
        arm: "Microsoft.Network/expressRouteCircuits",
        name: &["name"],
        words: &[
            Value("location", "location"),
            Value("sku.tier", "sku.tier"),
            Value("sku.family", "sku.family"),
            Value("service_provider_name", "serviceProviderProperties.serviceProviderName"),
            Value("peering_location", "serviceProviderProperties.peeringLocation"),
            Value("bandwidth_in_mbps", "serviceProviderProperties.bandwidthInMbps"),
            Id("express_route_port_id", "expressRoutePort.id", "azurerm_express_route_port"),
            Value("bandwidth_in_gbps", "bandwidthInGbps"),
            Value("service_key", "serviceKey"),
            Value("service_provider_provisioning_state", "serviceProviderProvisioningState"),
        ],
    },
    Kind {
        terraform: "azurerm_express_route_circuit_peering",
        arm: "Microsoft.Network/expressRouteCircuits/peerings",
        name: &["express_route_circuit_name", "peering_type"],
        words: &[
            Value("peering_type", "peeringType"),
            State("ipv4_enabled", "state"),
            Value("vlan_id", "vlanId"),
            Value("peer_asn", "peerASN"),
            Value("primary_peer_address_prefix", "primaryPeerAddressPrefix"),
            Value("secondary_peer_address_prefix", "secondaryPeerAddressPrefix"),
            Value("shared_key", "sharedKey"),
            Value(
                "microsoft_peering_config.advertised_public_prefixes",
                "microsoftPeeringConfig.advertisedPublicPrefixes",
            ),
            Value("microsoft_peering_config.customer_asn", "microsoftPeeringConfig.customerASN"),
            Value("microsoft_peering_config.routing_registry_name", "microsoftPeeringConfig.routingRegistryName"),
            Id("route_filter_id", "routeFilter.id", "azurerm_route_filter"),
            Value("ipv6.primary_peer_address_prefix", "ipv6PeeringConfig.primaryPeerAddressPrefix"),
            Value("ipv6.secondary_peer_address_prefix", "ipv6PeeringConfig.secondaryPeerAddressPrefix"),
            Value(
                "ipv6.microsoft_peering.advertised_public_prefixes",
                "ipv6PeeringConfig.microsoftPeeringConfig.advertisedPublicPrefixes",
            ),
            Value("ipv6.microsoft_peering.customer_asn", "ipv6PeeringConfig.microsoftPeeringConfig.customerASN"),
            Value(
                "ipv6.microsoft_peering.routing_registry_name",
                "ipv6PeeringConfig.microsoftPeeringConfig.routingRegistryName",
            ),
            Id("ipv6.route_filter_id", "ipv6PeeringConfig.routeFilter.id", "azurerm_route_filter"),
        ],
    },
    Kind {
        terraform: "azurerm_express_route_port",
        arm: "Microsoft.Network/expressRoutePorts",
        name: &["name"],
        words: &[
            Value("peering_location", "peeringLocation"),
            Value("bandwidth_in_gbps", "bandwidthInGbps"),
            Value("encapsulation", "encapsulation"),
            Blocks("link1", "links", LINK),
            Blocks("link2", "links", LINK),
        ],
    },
    Kind {
        terraform: "azurerm_route_filter",
        arm: "Microsoft.Network/routeFilters",
        name: &["name"],
        words: &[Blocks("rule", "rules", &[Value("access", "access"), Value("communities", "communities")])],
    },
    Kind {
        terraform: "azurerm_virtual_network",
        arm: "Microsoft.Network/virtualNetworks",
        name: &["name"],
        words: &[
            Value("location", "location"),
            Value("address_space", "addressSpace.addressPrefixes"),
            Blocks(
                "subnet",
                "subnets",
                &[
                    Value("name", "name"),
                    Value("address_prefixes", "addressPrefixes"),
                    Value("security_group", "networkSecurityGroup.id"),
                ],
            ),
        ],
    },
    Kind {
        terraform: "azurerm_subnet",
        arm: "Microsoft.Network/virtualNetworks/subnets",
        name: &["virtual_network_name", "name"],
        words: &[Value("address_prefixes", "addressPrefixes")],
    },
    Kind {
        terraform: "azurerm_virtual_network_gateway",
        arm: "Microsoft.Network/virtualNetworkGateways",
        name: &["name"],
        words: &[
            Value("type", "gatewayType"),
            Value("sku", "sku.name"),
            Value("minimum_scale_unit", "autoScaleConfiguration.bounds.min"),
            Blocks("ip_configuration", "ipConfigurations", &[Id("subnet_id", "subnet.id", "azurerm_subnet")]),
        ],
    },
    Kind {
        terraform: "azurerm_virtual_network_gateway_connection",
        arm: "Microsoft.Network/connections",
        name: &["name"],
        words: &[
            Value("type", "connectionType"),
            Id("virtual_network_gateway_id", "virtualNetworkGateway1.id", "azurerm_virtual_network_gateway"),
            Id("express_route_circuit_id", "peer.id", "azurerm_express_route_circuit"),
        ],
    },
    // An authorization says nothing that a design asks about, yet a file of it is no wrong file.
    Kind {
        terraform: "azurerm_express_route_circuit_authorization",
        arm: "Microsoft.Network/expressRouteCircuits/authorizations",
        name: &["express_route_circuit_name", "name"],
        words: &[],
    },
];

const LINK: &[Word] = &[Value("macsec_cak_keyvault_secret_id", "macSecConfig.cakSecretIdentifier")];

impl Kind {
    /// The name as ARM writes it, `circuit/AzurePrivatePeering`; `None` while a part of it is not known.
    pub(crate) fn name(&self, values: &Node<'_>) -> Option<String> {
        let parts: Option<Vec<_>> = self.name.iter().map(|key| values.field(key)?.text()).collect();
        parts.map(|parts| parts.join("/"))
    }

    /// The resource in the words of ARM.
    pub(crate) fn in_arm<'t>(&self, name: &str, block: &Block<'t>, plan: &Plan<'_, 't>) -> Node<'t> {
        let place = block.values.place;
        let mut node = Node { place, shape: Shape::Map(Vec::new()) };
        let text = |text: &str| Node { place, shape: Shape::Scalar(Cow::Owned(text.to_owned())) };
        put(&mut node, "type", text(self.arm));
        put(&mut node, "name", text(name));
        if let Some(id) = block.values.field("id") {
            put(&mut node, "id", id.clone());
        }
        let configuration = plan.expressions(block);
        translate(self.words, &block.values, configuration, &mut node, &|expression, kind| {
            plan.id(block, expression, kind)
        });
        node
    }
}

/// Finds the id of the resource of a type that an expression of the configuration refers to.
type Resolve<'r, 't> = dyn Fn(&Node<'t>, &str) -> Option<Node<'t>> + 'r;

fn translate<'t>(
    words: &[Word],
    values: &Node<'t>,
    configuration: Option<&Node<'t>>,
    node: &mut Node<'t>,
    resolve: &Resolve<'_, 't>,
) {
    for word in words {
        match word {
            Value(terraform, arm) => {
                if let Some(value) = pick(values, terraform) {
                    put(node, arm, value.clone());
                }
            }
            Id(terraform, arm, kind) => {
                let refers = || resolve(pick(configuration?, terraform)?, kind);
                if let Some(id) = pick(values, terraform).cloned().or_else(refers) {
                    put(node, arm, id);
                }
            }
            State(terraform, arm) => {
                let Some(flag) = pick(values, terraform) else { continue };
                // A peering is on while it carries one of the families.
                let on = flag.text() == Some("true") || pick(values, "ipv6.primary_peer_address_prefix").is_some();
                let state = if on { "Enabled" } else { "Disabled" };
                put(node, arm, Node { place: flag.place, shape: Shape::Scalar(Cow::Borrowed(state)) });
            }
            Blocks(terraform, arm, words) => {
                let Some(list) = values.field(terraform).filter(|list| matches!(list.shape, Shape::List(_))) else {
                    continue;
                };
                let expressions =
                    configuration.and_then(|node| node.field(terraform)).map(Node::items).unwrap_or_default();
                let block = |(index, item): (usize, &Node<'t>)| {
                    let mut block = Node { place: item.place, shape: Shape::Map(Vec::new()) };
                    translate(words, item, expressions.get(index), &mut block, resolve);
                    block
                };
                let blocks = list.items().iter().enumerate().map(block).collect();
                append(node, arm, Node { place: list.place, shape: Shape::List(blocks) });
            }
        }
    }
}

/// The value at a dotted path; a block is a list of one.
fn pick<'n, 't>(node: &'n Node<'t>, path: &str) -> Option<&'n Node<'t>> {
    path.split('.').try_fold(node, |node, key| node.items().first().unwrap_or(node).field(key))
}

/// Puts a value at a dotted path, with the objects that lead there.
fn put<'t>(node: &mut Node<'t>, path: &'static str, value: Node<'t>) {
    let Shape::Map(entries) = &mut node.shape else { return };
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let place = value.place;
    let Some(rest) = rest else { return entries.push(Entry { key: Cow::Borrowed(key), place, value }) };
    let at = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
        let value = Node { place, shape: Shape::Map(Vec::new()) };
        entries.push(Entry { key: Cow::Borrowed(key), place, value });
        entries.len() - 1
    });
    put(&mut entries[at].value, rest, value);
}

/// Puts a list, or adds its elements to the list that is there.
fn append<'t>(node: &mut Node<'t>, key: &'static str, list: Node<'t>) {
    let Shape::Map(entries) = &mut node.shape else { return };
    match entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value.shape) {
        Some(Shape::List(items)) => {
            if let Shape::List(more) = list.shape {
                items.extend(more);
            }
        }
        _ => entries.push(Entry { key: Cow::Borrowed(key), place: list.place, value: list }),
    }
}
