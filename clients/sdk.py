#!/usr/bin/env python3
"""The customer's and the provider's journey with the unmodified Azure SDK: `clients/sdk.py INSTANCE.json`.

INSTANCE.json says where the service is and who may call: base, ca, tenant, subscription, customer, provider and operator
(each with client_id and client_secret). Every step prints a line; the first that is not as it has to be ends the
journey with status 1. Which steps there are is the text below, from the order to the last deletion.
"""

import base64
import json
import sys
import urllib.error
import urllib.request
import uuid

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.network import NetworkManagementClient, models
from azure.mgmt.resource.resources import ResourceManagementClient

GROUP, LOCATION = "rg-contoso", "westeurope"
STEPS = 0


def step(text):
    """Tells of a step that went well."""
    global STEPS
    STEPS += 1
    print(f"{STEPS:3} {text}", flush=True)


def equal(seen, wanted, what):
    assert seen == wanted, f"{what}: seen {seen!r}, wanted {wanted!r}"


def refused(call, status, code):
    """The call is refused with a status and a code, in the shape that the SDK reads codes from."""
    try:
        answer = call()
        if hasattr(answer, "result"):
            answer = answer.result()
    except HttpResponseError as error:
        seen = (error.status_code, error.error.code if error.error else None)
        # A refusal may come at once, or as an operation that failed, which the SDK tells with the status of the poll.
        assert seen[1] == code and seen[0] in (status, 200), f"refused with {seen}, wanted {(status, code)}: {error.message}"
        assert error.error.message, "a refusal says why"
        return
    raise AssertionError(f"taken, wanted {status} {code}")


class Instance:
    def __init__(self, file):
        with open(file, encoding="utf-8") as text:
            self.facts = json.load(text)
        self.base, self.ca = self.facts["base"], self.facts["ca"]

    def twinpath(self):
        """The program that serves."""
        return self.facts["twinpath"]

    def credential(self, who):
        return ClientSecretCredential(
            self.facts["tenant"],
            self.facts[who]["client_id"],
            self.facts[who]["client_secret"],
            authority=self.base,
            disable_instance_discovery=True,
            connection_verify=self.ca,
        )

    def client(self, kind, who, subscription):
        return kind(
            self.credential(who),
            subscription,
            base_url=self.base,
            credential_scopes=[f"{self.base}/.default"],
            polling_interval=1,
            connection_verify=self.ca,
        )

    def clients(self):
        """The customer's for networks and for resource groups, and the provider's."""
        subscription = self.facts["subscription"]
        carrier = str(uuid.uuid5(uuid.NAMESPACE_OID, "twinpath-provider/equinix"))
        return (
            self.client(NetworkManagementClient, "customer", subscription),
            self.client(ResourceManagementClient, "customer", subscription),
            self.client(NetworkManagementClient, "provider", carrier),
        )


def circuit_body(bandwidth=1000, tier="Premium", family="MeteredData", **more):
    return models.ExpressRouteCircuit(
        location=LOCATION,
        sku=models.ExpressRouteCircuitSku(name=f"{tier}_{family}", tier=tier, family=family),
        service_provider_properties=models.ExpressRouteCircuitServiceProviderProperties(
            service_provider_name="Equinix", peering_location="Amsterdam", bandwidth_in_mbps=bandwidth
        ),
        **more,
    )


def private_peering(**changes):
    body = {
        "peering_type": "AzurePrivatePeering",
        "peer_asn": 65010,
        "vlan_id": 100,
        "primary_peer_address_prefix": "192.168.15.16/30",
        "secondary_peer_address_prefix": "192.168.15.20/30",
    }
    return models.ExpressRouteCircuitPeering(**{**body, **changes})


def microsoft_peering(**changes):
    body = {
        "peering_type": "MicrosoftPeering",
        "peer_asn": 3320,
        "vlan_id": 200,
        "primary_peer_address_prefix": "193.0.0.0/30",
        "secondary_peer_address_prefix": "193.0.0.4/30",
        "microsoft_peering_config": models.ExpressRouteCircuitPeeringConfig(
            advertised_public_prefixes=["193.0.8.0/24"], customer_asn=3320, routing_registry_name="RIPENCC"
        ),
    }
    return models.ExpressRouteCircuitPeering(**{**body, **changes})


def order(customer, resources):
    """Groups, catalogues, the circuit."""
    resources.resource_groups.create_or_update(GROUP, {"location": LOCATION, "tags": {"team": "network"}})
    assert resources.resource_groups.check_existence(GROUP)
    assert not resources.resource_groups.check_existence("no-such-group")
    step("resource group made")

    providers = {provider.name: provider for provider in customer.express_route_service_providers.list()}
    assert "Amsterdam" in providers["Equinix"].peering_locations
    step(f"{len(providers)} service providers, Equinix at Amsterdam")
    communities = list(customer.bgp_service_communities.list())
    assert any(value.community_value == "12076:51002" for item in communities for value in item.bgp_communities)
    step(f"{len(communities)} service communities, West Europe among them")

    refused(lambda: customer.express_route_circuits.get(GROUP, "no-such"), 404, "ResourceNotFound")
    refused(lambda: customer.express_route_circuits.begin_create_or_update(GROUP, "c1", circuit_body(bandwidth=300)), 400, "BandwidthNotOffered")
    begin = customer.express_route_circuits.begin_create_or_update
    circuit = begin(GROUP, "c1", circuit_body(tags={"env": "test"})).result()
    equal(circuit.provisioning_state, "Succeeded", "state")
    equal(circuit.circuit_provisioning_state, "Enabled", "circuit state")
    equal(circuit.service_provider_provisioning_state, "NotProvisioned", "provider state")
    uuid.UUID(circuit.service_key)
    equal([circuit.peerings, circuit.authorizations], [[], []], "children")
    step(f"circuit ordered, service key {circuit.service_key}")
    return circuit


def provision(provider, key):
    """The provider finds the cross connection and hands it over."""
    found = {item.name: item for item in provider.express_route_cross_connections.list()}
    assert key in found, "the provider sees the service key"
    group = found[key].id.split("/")[4]
    equal(group, "CrossConnection-Amsterdam", "group of the cross connection")
    cross = provider.express_route_cross_connections.get(group, key)
    assert cross.primary_azure_port and cross.secondary_azure_port and cross.s_tag
    for state in ("Provisioning", "Provisioned"):
        cross.service_provider_provisioning_state = state
        cross.service_provider_notes = "cage 4, ports 7 and 8"
        cross = provider.express_route_cross_connections.begin_create_or_update(group, key, cross).result()
        equal(cross.service_provider_provisioning_state, state, "provider state")
    step("provider provisioned it")
    return group


def peer(customer, circuit):
    """Both peerings, IPv4 and IPv6, and what is refused."""
    peerings = customer.express_route_circuit_peerings
    put = lambda name, body: peerings.begin_create_or_update(GROUP, "c1", name, body)
    refused(lambda: put("AzurePrivatePeering", private_peering(primary_peer_address_prefix="192.168.15.16/29")), 400, "PeerAddressPrefixInvalid")
    refused(lambda: put("AzurePrivatePeering", private_peering(secondary_peer_address_prefix="192.168.15.16/30")), 400, "PeerAddressPrefixOverlap")
    refused(lambda: put("AzurePrivatePeering", private_peering(peer_asn=65515)), 400, "PeerAsnNotAllowed")
    refused(lambda: put("AzurePrivatePeering", private_peering(vlan_id=4095)), 400, "VlanIdInvalid")
    step("four private peerings refused")

    v6 = models.Ipv6ExpressRouteCircuitPeeringConfig(
        primary_peer_address_prefix="2001:db8:0:1::/126", secondary_peer_address_prefix="2001:db8:0:1::4/126"
    )
    private = put("AzurePrivatePeering", private_peering(shared_key="not-for-answers", ipv6_peering_config=v6)).result()
    equal(private.azure_asn, 12076, "Microsoft's AS")
    equal(private.state, "Enabled", "state")
    equal(private.last_modified_by, "Customer", "who")
    assert not private.shared_key, "the key is not given back"
    equal(private.ipv6_peering_config.primary_peer_address_prefix, "2001:db8:0:1::/126", "IPv6 subnet")
    step("private peering made, IPv4 and IPv6")

    refused(lambda: put("MicrosoftPeering", microsoft_peering(vlan_id=100)), 400, "VlanIdInUse")
    refused(lambda: put("MicrosoftPeering", microsoft_peering(primary_peer_address_prefix="10.9.9.0/30")), 400, "PeerAddressPrefixNotPublic")
    microsoft = put("MicrosoftPeering", microsoft_peering()).result()
    equal(microsoft.microsoft_peering_config.advertised_public_prefixes_state, "Configured", "validation")
    step("Microsoft peering made")

    circuit = customer.express_route_circuits.get(GROUP, "c1")
    equal(sorted(item.name for item in circuit.peerings), ["AzurePrivatePeering", "MicrosoftPeering"], "peerings")
    etag = circuit.etag
    customer.express_route_circuits.update_tags(GROUP, "c1", models.TagsObject(tags={"env": "prod"}))
    circuit = customer.express_route_circuits.get(GROUP, "c1")
    equal(circuit.tags, {"env": "prod"}, "tags")
    assert circuit.etag != etag, "every write changes the entity tag"
    stale = lambda: customer.express_route_circuits.begin_create_or_update(GROUP, "c1", circuit, headers={"If-Match": etag})
    refused(stale, 412, "PreconditionFailed")
    step("tags changed; a stale writer is refused")

    circuit.service_provider_properties.bandwidth_in_mbps = 2000
    circuit = customer.express_route_circuits.begin_create_or_update(GROUP, "c1", circuit).result()
    equal(circuit.service_provider_properties.bandwidth_in_mbps, 2000, "bandwidth")
    equal(len(circuit.peerings), 2, "peerings after an update")
    circuit.service_provider_properties.bandwidth_in_mbps = 1000
    refused(lambda: customer.express_route_circuits.begin_create_or_update(GROUP, "c1", circuit), 400, "BandwidthDowngradeNotAllowed")
    step("bandwidth goes up, not down; children stay")
    return circuit


def filters(customer):
    """A route filter, attached and detached."""
    body = models.RouteFilter(location=LOCATION)
    created = customer.route_filters.begin_create_or_update(GROUP, "rf1", body).result()
    rule = lambda *values: models.RouteFilterRule(access="Allow", route_filter_rule_type="Community", communities=list(values))
    put = lambda name, body: customer.route_filter_rules.begin_create_or_update(GROUP, "rf1", name, body)
    refused(lambda: put("r1", rule("51002")), 400, "RouteFilterCommunityInvalid")
    refused(lambda: put("r1", rule("12076:5010")), 400, "SubscriptionNotAuthorizedForOffice365")
    made = put("r1", rule("12076:51002", "12076:51003")).result()
    equal(made.communities, ["12076:51002", "12076:51003"], "communities")
    refused(lambda: put("r2", rule("12076:51004")), 400, "RouteFilterRuleLimitExceeded")
    peering = customer.express_route_circuit_peerings.get(GROUP, "c1", "MicrosoftPeering")
    peering.route_filter = models.SubResource(id=created.id)
    peering = customer.express_route_circuit_peerings.begin_create_or_update(GROUP, "c1", "MicrosoftPeering", peering).result()
    equal(peering.route_filter.id.lower(), created.id.lower(), "filter of the peering")
    seen = customer.route_filters.get(GROUP, "rf1")
    equal([item.id.split("/")[-1] for item in seen.peerings], ["MicrosoftPeering"], "peerings of the filter")
    refused(lambda: customer.route_filters.begin_delete(GROUP, "rf1"), 400, "InUseRouteFilterCannotBeDeleted")
    step("route filter made, attached, and held while it is in use")


def link(customer, circuit):
    """An authorization, a gateway, a connection."""
    authorization = customer.express_route_circuit_authorizations.begin_create_or_update(
        GROUP, "c1", "a1", models.ExpressRouteCircuitAuthorization()
    ).result()
    uuid.UUID(authorization.authorization_key)
    equal(authorization.authorization_use_status, "Available", "use")
    step("authorization issued")

    vnet = customer.virtual_networks.begin_create_or_update(
        GROUP,
        "hub",
        models.VirtualNetwork(
            location=LOCATION,
            address_space=models.AddressSpace(address_prefixes=["10.100.0.0/16"]),
            subnets=[models.Subnet(name="GatewaySubnet", address_prefix="10.100.255.0/27")],
        ),
    ).result()
    address = customer.public_ip_addresses.begin_create_or_update(
        GROUP,
        "gw-ip",
        models.PublicIPAddress(
            location=LOCATION, sku=models.PublicIPAddressSku(name="Standard"), public_ip_allocation_method="Static"
        ),
    ).result()
    gateway = customer.virtual_network_gateways.begin_create_or_update(
        GROUP,
        "gw",
        models.VirtualNetworkGateway(
            location=LOCATION,
            gateway_type="ExpressRoute",
            sku=models.VirtualNetworkGatewaySku(name="ErGw1AZ", tier="ErGw1AZ"),
            ip_configurations=[
                models.VirtualNetworkGatewayIPConfiguration(
                    name="default",
                    subnet=models.SubResource(id=vnet.subnets[0].id),
                    public_ip_address=models.SubResource(id=address.id),
                )
            ],
        ),
    ).result()
    equal(gateway.provisioning_state, "Succeeded", "gateway")
    step("VNet, public address and gateway made")

    connection = customer.virtual_network_gateway_connections.begin_create_or_update(
        GROUP,
        "cn",
        models.VirtualNetworkGatewayConnection(
            location=LOCATION,
            connection_type="ExpressRoute",
            virtual_network_gateway1=models.VirtualNetworkGateway(id=gateway.id),
            peer=models.SubResource(id=circuit.id),
            routing_weight=10,
            authorization_key=authorization.authorization_key,
        ),
    ).result()
    equal(connection.provisioning_state, "Succeeded", "connection")
    used = customer.express_route_circuit_authorizations.get(GROUP, "c1", "a1")
    equal(used.authorization_use_status, "InUse", "use")
    step("gateway linked to the circuit with the authorization")


def observe(customer):
    """Tables and counters: from the edges, or an honest refusal."""
    circuits = customer.express_route_circuits
    for path in ("primary", "secondary"):
        summary = circuits.begin_list_routes_table_summary(GROUP, "c1", "AzurePrivatePeering", path).result()
        # Nobody answers for the customer's router here, so no session is up.
        assert all(not row.state_pfx_rcd.isdigit() for row in summary.value), summary.value
        circuits.begin_list_routes_table(GROUP, "c1", "AzurePrivatePeering", path).result()
        circuits.begin_list_arp_table(GROUP, "c1", "AzurePrivatePeering", path).result()
    refused(lambda: circuits.begin_list_arp_table(GROUP, "c1", "AzurePrivatePeering", "third"), 400, "InvalidDevicePath")
    stats = circuits.get_stats(GROUP, "c1")
    assert stats.primarybytes_in is not None and stats.secondarybytes_out is not None
    circuits.get_peering_stats(GROUP, "c1", "AzurePrivatePeering")
    step("ARP tables, route tables, summaries and counters of both links")


def direct(customer):
    """A port pair, its papers and links."""
    locations = [item.name for item in customer.express_route_ports_locations.list()]
    place = next(name for name in locations if "Amsterdam" in name)
    customer.express_route_ports_locations.get(place)
    port = customer.express_route_ports.begin_create_or_update(
        GROUP,
        "port1",
        models.ExpressRoutePort(location=LOCATION, peering_location=place, bandwidth_in_gbps=10, encapsulation="QinQ"),
    ).result()
    equal(len(port.links), 2, "links")
    links = list(customer.express_route_links.list(GROUP, "port1"))
    customer.express_route_links.get(GROUP, "port1", links[0].name)
    loa = customer.express_route_ports.generate_loa(GROUP, "port1", models.GenerateExpressRoutePortsLOARequest(customer_name="Contoso"))
    assert base64.b64decode(loa.encoded_content).startswith(b"%PDF")
    circuit = customer.express_route_circuits.begin_create_or_update(
        GROUP,
        "c-direct",
        models.ExpressRouteCircuit(
            location=LOCATION,
            sku=models.ExpressRouteCircuitSku(name="Standard_MeteredData", tier="Standard", family="MeteredData"),
            express_route_port=models.SubResource(id=port.id),
            bandwidth_in_gbps=5,
        ),
    ).result()
    equal(circuit.service_provider_provisioning_state, "Provisioned", "a circuit on our own port")
    refused(lambda: customer.express_route_ports.begin_delete(GROUP, "port1"), 400, "InUseExpressRoutePortCannotBeDeleted")
    customer.express_route_circuits.begin_delete(GROUP, "c-direct").result()
    customer.express_route_ports.begin_delete(GROUP, "port1").result()
    step("port pair, letter of authorization, links, a circuit on it; all gone again")


def tear_down(customer, provider, resources, group, key):
    """Everything goes in the order that the rules ask for."""
    refused(lambda: customer.express_route_circuits.begin_delete(GROUP, "c1"), 409, "ConflictError")
    customer.virtual_network_gateway_connections.begin_delete(GROUP, "cn").result()
    customer.virtual_network_gateways.begin_delete(GROUP, "gw").result()
    customer.public_ip_addresses.begin_delete(GROUP, "gw-ip").result()
    customer.virtual_networks.begin_delete(GROUP, "hub").result()
    customer.express_route_circuit_authorizations.begin_delete(GROUP, "c1", "a1").result()
    for name in ("MicrosoftPeering", "AzurePrivatePeering"):
        customer.express_route_circuit_peerings.begin_delete(GROUP, "c1", name).result()
    customer.route_filters.begin_delete(GROUP, "rf1").result()
    step("connection, gateway, VNet, authorization, peerings, filter deleted")
    refused(lambda: customer.express_route_circuits.begin_delete(GROUP, "c1"), 409, "ConflictError")
    cross = provider.express_route_cross_connections.get(group, key)
    for state in ("Deprovisioning", "NotProvisioned"):
        cross.service_provider_provisioning_state = state
        cross = provider.express_route_cross_connections.begin_create_or_update(group, key, cross).result()
    customer.express_route_circuits.begin_delete(GROUP, "c1").result()
    refused(lambda: customer.express_route_circuits.get(GROUP, "c1"), 404, "ResourceNotFound")
    refused(lambda: provider.express_route_cross_connections.get(group, key), 404, "ResourceNotFound")
    resources.resource_groups.begin_delete(GROUP).result()
    assert not resources.resource_groups.check_existence(GROUP)
    step("deprovisioned by the provider, deleted by the customer; nothing is left")


def main():
    instance = Instance(sys.argv[1])
    customer, resources, provider = instance.clients()

    circuit = order(customer, resources)
    refused(
        lambda: customer.express_route_circuit_peerings.begin_create_or_update(GROUP, "c1", "AzurePrivatePeering", private_peering()),
        400,
        "CircuitNotProvisionedByServiceProvider",
    )
    step("no peering before the provider is done")
    group = provision(provider, circuit.service_key)
    circuit = peer(customer, circuit)
    filters(customer)
    link(customer, circuit)
    observe(customer)
    direct(customer)
    tear_down(customer, provider, resources, group, circuit.service_key)
    print(f"{STEPS} steps, all as they have to be")


if __name__ == "__main__":
    main()
