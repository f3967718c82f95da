#!/usr/bin/env python3
"""Global Reach with a customer's router at each end: `clients/reach.py INSTANCE.json` (see `clients/run.py`).

The SDK orders two circuits at different places and connects them; BIRD is the customer's edge of each, over loopback, with
a session for each family on both links. What one announces is looked for at the other: not before the
connection is made, while it stands and changes, and not after it is deleted.
"""

import os
import sys
import tempfile

import bird
import sdk
from bird import Bird, until
from sdk import GROUP, LOCATION, equal, models, step

# The service looks at routes again each minute, should the news of a change be lost.
bird.PATIENCE = 180
FAMILIES = ("ipv4", "ipv6")
PRIVATE = "AzurePrivatePeering"
# What each end has: its place, its AS, the network of its links and what it announces.
ENDS = {
    "ams": {"place": "Amsterdam", "asn": 65010, "net": 15, "ipv4": "10.10.0.0/16", "ipv6": "fd00:10::/48"},
    "lon": {"place": "London", "asn": 65020, "net": 16, "ipv4": "10.20.0.0/16", "ipv6": "fd00:20::/48"},
}


def order(customer, provider, name, end):
    """A circuit that is handed over, with a private peering of both families."""
    body = sdk.circuit_body(tier="Standard")
    body.service_provider_properties.peering_location = end["place"]
    circuit = customer.express_route_circuits.begin_create_or_update(GROUP, name, body).result()
    cross = provider.express_route_cross_connections
    group = f"CrossConnection-{end['place']}"
    wanted = cross.get(group, circuit.service_key)
    wanted.service_provider_provisioning_state = "Provisioned"
    cross.begin_create_or_update(group, circuit.service_key, wanted).result()
    net = end["net"]
    six = models.Ipv6ExpressRouteCircuitPeeringConfig(
        primary_peer_address_prefix=f"fd00:{net}::/126", secondary_peer_address_prefix=f"fd00:{net}::4/126"
    )
    peering = sdk.private_peering(
        peer_asn=end["asn"],
        primary_peer_address_prefix=f"192.168.{net}.16/30",
        secondary_peer_address_prefix=f"192.168.{net}.20/30",
        ipv6_peering_config=six,
    )
    return customer.express_route_circuit_peerings.begin_create_or_update(GROUP, name, PRIVATE, peering).result()


def main():
    instance = sdk.Instance(sys.argv[1])
    data = os.path.dirname(instance.ca)
    customer, resources, provider = instance.clients()
    resources.resource_groups.create_or_update(GROUP, {"location": LOCATION})
    peerings = {name: order(customer, provider, name, end) for name, end in ENDS.items()}
    step("two circuits, at Amsterdam and at London, with private peerings of both families")

    with tempfile.TemporaryDirectory(prefix="bird-") as folder:
        routers = {}
        try:
            for name, end in ENDS.items():
                for family in FAMILIES:
                    found = lambda: len(links := bird.links(data, "private", name, family)) == 2 and links
                    links = until(found, f"two links of {name}")
                    own = os.path.join(folder, name + family)
                    os.mkdir(own)
                    router = Bird(own, f"10.0.0.{end['net']}", links, end["asn"], "accept;", [end[family]])
                    routers[name, family] = router
                    router.start()
            play(customer, routers, peerings)
        finally:
            for router in routers.values():
                router.stop()
    print(f"{sdk.STEPS} steps, all as they have to be")


def all_up(routers):
    return all(router.is_up(side) for router in routers.values() for side in "ab")


def paths(routers, name, prefix):
    """The paths of a prefix on the two links of an end, of those that have it."""
    router = routers[name, "ipv6" if ":" in prefix else "ipv4"]
    seen = [router.learned(side).get(prefix) for side in "ab"]
    return [route["path"] for route in seen if route]


def reached(routers, name, other, prefix):
    wanted = [f"12076 {ENDS[other]['asn']}"] * 2
    until(lambda: paths(routers, name, prefix) == wanted, f"{prefix} at {name} with path {wanted[0]} on both links")


def gone(routers, name, prefix):
    until(lambda: not paths(routers, name, prefix), f"{prefix} goes at {name}")


def play(customer, routers, peerings):
    until(lambda: all_up(routers), "all sessions")
    step("all eight sessions with BIRD are up, four of them for IPv6")

    table = lambda name: customer.express_route_circuits.begin_list_routes_table(GROUP, name, PRIVATE, "primary").result().value
    for name, end in ENDS.items():
        announced = {end[family] for family in FAMILIES}
        until(lambda: announced <= {row.network for row in table(name)}, f"routes of {name} in the API's table")
    for name, other in (("ams", "lon"), ("lon", "ams")):
        for family in FAMILIES:
            equal(paths(routers, name, ENDS[other][family]), [], f"{other}'s prefix at {name} without a connection")
    step("neither end knows the other's prefixes")

    connections = customer.express_route_circuit_connections
    body = models.ExpressRouteCircuitConnection(
        peer_express_route_circuit_peering=models.SubResource(id=peerings["lon"].id), address_prefix="192.168.8.0/29"
    )
    made = connections.begin_create_or_update(GROUP, "ams", PRIVATE, "reach", body).result()
    equal(made.circuit_connection_status, "Connected", "status")
    seen = list(customer.peer_express_route_circuit_connections.list(GROUP, "lon", PRIVATE))
    equal([item.connection_name for item in seen], ["reach"], "the connection seen from the other circuit")
    reached(routers, "ams", "lon", "10.20.0.0/16")
    reached(routers, "lon", "ams", "10.10.0.0/16")
    equal(paths(routers, "ams", "fd00:20::/48"), [], "IPv6 that the connection does not carry")
    step("connected, each learns the other's prefix on both links, with the path 12076 and the other's AS")

    body.ipv6_circuit_connection_config = models.Ipv6CircuitConnectionConfig(address_prefix="fd00:8::/125")
    connections.begin_create_or_update(GROUP, "ams", PRIVATE, "reach", body).result()
    reached(routers, "ams", "lon", "fd00:20::/48")
    reached(routers, "lon", "ams", "fd00:10::/48")
    step("with a /125 it carries IPv6 as well")

    london = routers["lon", "ipv4"]
    london.routes.append("10.21.0.0/16")
    london.reload()
    reached(routers, "ams", "lon", "10.21.0.0/16")
    london.routes.remove("10.20.0.0/16")
    london.reload()
    gone(routers, "ams", "10.20.0.0/16")
    assert paths(routers, "ams", "10.21.0.0/16"), "the other stays"
    step("what one end announces and withdraws, the other gains and loses")

    connections.begin_delete(GROUP, "ams", PRIVATE, "reach").result()
    for name, prefixes in (("ams", ["10.21.0.0/16", "fd00:20::/48"]), ("lon", ["10.10.0.0/16", "fd00:10::/48"])):
        for prefix in prefixes:
            gone(routers, name, prefix)
    assert all_up(routers), "sessions stay"
    step("deleted, the prefixes go and the sessions stay")


if __name__ == "__main__":
    main()
