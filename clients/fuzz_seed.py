"""What schemathesis finds in the service: one of each resource, and their names (see `fuzz.py`)."""

import json
import os
import uuid

GROUP, LOCATION = "rg-fuzz", "westeurope"
VERSION = "?api-version=2024-01-01"
SPARE = "5ba7e000-0000-4000-8000-000000000000"
NAMES = {
    "circuitName": "c1",
    "peeringName": "AzurePrivatePeering",
    "authorizationName": "a1",
    "routeFilterName": "rf1",
    "ruleName": "r1",
    "virtualNetworkName": "hub",
    "subnetName": "GatewaySubnet",
    "publicIpAddressName": "gw-ip",
    "virtualNetworkGatewayName": "gw",
    "virtualNetworkGatewayConnectionName": "cn",
    "expressRoutePortName": "port1",
    "linkName": "link1",
    "devicePath": "primary",
    "locationName": LOCATION,
    "edge": "amsterdam-a",
    "provider": "Equinix",
    "quirk": "circuit-echo",
}


def carrier():
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "twinpath-provider/equinix"))


def network(instance, rest):
    subscription = instance.facts["subscription"]
    return f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network/{rest}"


def plant(instance):
    """Orders one of each resource."""
    subscription = instance.facts["subscription"]
    ask = lambda rest, body: instance.ask("PUT", network(instance, rest) + VERSION, "customer", {"location": LOCATION, **body})
    group = f"/subscriptions/{subscription}/resourceGroups/{GROUP}?api-version=2024-03-01"
    instance.ask("PUT", group, "customer", {"location": LOCATION})
    circuit = {
        "sku": {"tier": "Premium", "family": "MeteredData"},
        "properties": {
            "serviceProviderProperties": {
                "serviceProviderName": "Equinix", "peeringLocation": "Amsterdam", "bandwidthInMbps": 200
            }
        },
    }
    ask("expressRouteCircuits/c1", circuit)
    shown = instance.ask("GET", network(instance, "expressRouteCircuits/c1") + VERSION, "customer")
    key = instance.facts["service_key"] = shown["properties"]["serviceKey"]
    cross = f"/subscriptions/{carrier()}/resourceGroups/CrossConnection-Amsterdam/providers/Microsoft.Network/expressRouteCrossConnections/{key}"
    body = {"location": LOCATION, "properties": {"serviceProviderProvisioningState": "Provisioned"}}
    instance.ask("PUT", cross + VERSION, "provider", body)
    peering = {"peerASN": 65010, "vlanId": 100, "primaryPeerAddressPrefix": "192.168.15.16/30", "secondaryPeerAddressPrefix": "192.168.15.20/30"}
    ask("expressRouteCircuits/c1/peerings/AzurePrivatePeering", {"properties": peering})
    ask("expressRouteCircuits/c1/authorizations/a1", {"properties": {}})
    ask("routeFilters/rf1", {"properties": {}})
    rule = {"access": "Allow", "routeFilterRuleType": "Community", "communities": ["12076:51002"]}
    ask("routeFilters/rf1/routeFilterRules/r1", {"properties": rule})
    subnets = [{"name": "GatewaySubnet", "properties": {"addressPrefix": "10.100.255.0/27"}}]
    ask("virtualNetworks/hub", {"properties": {"addressSpace": {"addressPrefixes": ["10.100.0.0/16"]}, "subnets": subnets}})
    ask("publicIPAddresses/gw-ip", {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}})
    configuration = {
        "subnet": {"id": network(instance, "virtualNetworks/hub/subnets/GatewaySubnet")},
        "publicIPAddress": {"id": network(instance, "publicIPAddresses/gw-ip")},
    }
    gateway = {"gatewayType": "ExpressRoute", "sku": {"name": "ErGw1AZ", "tier": "ErGw1AZ"}}
    gateway["ipConfigurations"] = [{"name": "default", "properties": configuration}]
    ask("virtualNetworkGateways/gw", {"properties": gateway})
    connection = {
        "connectionType": "ExpressRoute",
        "virtualNetworkGateway1": {"id": network(instance, "virtualNetworkGateways/gw")},
        "peer": {"id": network(instance, "expressRouteCircuits/c1")},
    }
    ask("connections/cn", {"properties": connection})
    port = {"peeringLocation": "Equinix-Amsterdam-AM5", "bandwidthInGbps": 10, "encapsulation": "QinQ"}
    places = instance.ask("GET", f"/subscriptions/{subscription}/providers/Microsoft.Network/ExpressRoutePortsLocations{VERSION}", "customer")
    port["peeringLocation"] = next(item["name"] for item in places["value"] if "Amsterdam" in item["name"])
    ask("ExpressRoutePorts/port1", {"properties": port})


def names(instance, who, known):
    """Values of parameters: always whose subscription, and names of what is there if they shall be known."""
    fixed = {
        "subscriptionId": carrier() if who == "provider" else instance.facts["subscription"],
        # None of those who call: an operator disables them, and draws new secrets.
        "subscription": SPARE,
        "clientId": SPARE,
        "tenantId": SPARE,
        # A longer wait is no fault.
        "wait": 1,
        "api-version": "2024-01-01",
        "resourceGroupName": "CrossConnection-Amsterdam" if who == "provider" else GROUP,
    }
    if known:
        fixed |= NAMES | {"crossConnectionName": instance.facts["service_key"], "serviceKey": instance.facts["service_key"]}
    return fixed


def edge(instance):
    """Where an edge of the service calls, its certificate and its key; nothing while none was started."""
    folder = os.path.join(os.path.dirname(instance.ca), "edges", "amsterdam-a")
    if not os.path.exists(os.path.join(folder, "edge.key")):
        return None
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", encoding="utf-8") as text:
                words = text.read().split("\0")
        except OSError:
            continue
        if folder in words and "--control" in words:
            control = words[words.index("--control") + 1]
            return control, os.path.join(folder, "edge.pem"), os.path.join(folder, "edge.key")
    return None
