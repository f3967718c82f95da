#!/usr/bin/env python3
"""A customer's router behind the API: `clients/bird.py INSTANCE.json` (see `clients/run.py`).

The SDK orders and peers; BIRD is the customer's edge on both links, over loopback; what one side does is looked for at
the other: sessions, the VNet's prefix with its path, the customer's prefix in the route table, service prefixes by
route filter, the drain of an edge, the limit of prefixes and the way back below it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

import sdk
from sdk import GROUP, equal, models, step

PATIENCE = 60
# Debian keeps daemons where a plain user's shell does not look.
os.environ["PATH"] += os.pathsep + "/usr/sbin"


def until(look, what):
    """Looks until something is seen; what was seen."""
    end, seen = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.2)
    raise AssertionError(f"not within {PATIENCE} s: {what}; seen last: {seen!r}")


class Bird:
    """BIRD as the customer's router for one peering and family, with a session for each link: it has one to a neighbour and
    port only."""

    def __init__(self, folder, router_id, links, asn, exports, routes=("10.10.0.0/16",)):
        self.folder, self.router_id, self.routes = folder, router_id, list(routes)
        self.asn, self.exports = asn, exports
        self.sessions, self.family = {link["side"]: link for link in links}, links[0]["family"]
        self.process = None

    def config(self):
        yield 'log "bird.log" all;\nrouter id '
        yield f'{self.router_id};\nprotocol device {{}}\n'
        family = self.family
        yield f"protocol static {{ {family}; " + " ".join(f"route {prefix} blackhole;" for prefix in self.routes) + " }\n"
        for name, link in self.sessions.items():
            # A table for each session: what one link brings must not go out over another.
            yield f"{family} table t_{name};\n"
            yield f"protocol pipe p_{name} {{ table master{family[-1]}; peer table t_{name}; import none; export all; }}\n"
            yield (
                f"protocol bgp {name} {{ local {link['ours']} port 10180 as {self.asn};"
                f" neighbor {link['edge']} port {link['port']} as 12076; multihop;"
                f" strict bind yes; connect retry time 1; connect delay time 1; error wait time 1, 2;"
                f" {family} {{ table t_{name}; import all; export filter {{ {self.exports} }}; next hop address {link['real']}; }}; }}\n"
            )

    def write(self):
        with open(os.path.join(self.folder, "bird.conf"), "w", encoding="utf-8") as file:
            file.writelines(self.config())

    def start(self):
        self.write()
        words = ["bird", "-f", "-c", "bird.conf", "-s", "bird.ctl", "-P", "bird.pid"]
        self.process = subprocess.Popen(words, cwd=self.folder, stdin=subprocess.DEVNULL)
        until(lambda: os.path.exists(os.path.join(self.folder, "bird.ctl")), "BIRD's socket")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(30)

    def ask(self, *words):
        done = subprocess.run(["birdc", "-s", "bird.ctl", *words], cwd=self.folder, capture_output=True, text=True, check=False)
        return done.stdout

    def reload(self):
        self.write()
        self.ask("configure")

    def is_up(self, name):
        return "Established" in self.ask("show", "protocols", name)

    def learned(self, name):
        """Prefixes of a session: path and communities."""
        found, prefix = {}, None
        for line in self.ask("show", "route", "all", "table", f"t_{name}", "protocol", name).splitlines():
            if match := re.match(r"([0-9a-f][0-9a-f.:]+/\d+)\s", line):
                prefix = match[1]
                found[prefix] = {"path": "", "communities": ""}
            elif match := re.match(r"\s+(?:BGP\.as_path|bgp_path): (.*)", line):
                found[prefix]["path"] = match[1].strip()
            elif match := re.match(r"\s+(?:BGP\.community|bgp_community): (.*)", line):
                found[prefix]["communities"] = match[1].strip()
        return found


def links(data, peering, circuit="c1", family="ipv4"):
    """The links of a peering, as the edges on this machine run them: the customer's stand-in, the edge's address."""
    edges = os.path.join(data, "edges")
    found = []
    for edge in sorted(os.listdir(edges)):
        told = os.path.join(edges, edge, "intents")
        for name in os.listdir(told) if os.path.exists(told) else []:
            try:
                with open(os.path.join(told, name), encoding="utf-8") as text:
                    intent = json.load(text)
            except (OSError, ValueError):
                # The edge is at it; whoever waits looks again.
                continue
            intent = intent.get("intent", intent)
            if intent["peering"] != peering or intent["circuit"] != circuit:
                continue
            with open(os.path.join(edges, edge, "listen"), encoding="utf-8") as text:
                address, port = text.read().strip().rsplit(":", 1)
            session = next(session for session in intent["sessions"] if session["family"] == family)
            known = {"side": edge[-1], "family": family, "real": session["customer"]}
            found.append({**known, "ours": session["carrier"]["customer"], "edge": address, "port": port})
    return found


def main():
    instance = sdk.Instance(sys.argv[1])
    data = os.path.dirname(instance.ca)
    customer, resources, provider = instance.clients()
    circuit = sdk.order(customer, resources)
    sdk.provision(provider, circuit.service_key)
    peerings = customer.express_route_circuit_peerings
    put = lambda name, body: peerings.begin_create_or_update(GROUP, "c1", name, body).result()
    put("AzurePrivatePeering", sdk.private_peering())
    put("MicrosoftPeering", sdk.microsoft_peering())
    sdk.filters(customer)
    sdk.link(customer, circuit)

    wanted = lambda peering: until(lambda: len(found := links(data, peering)) == 2 and found, f"two edges with {peering}")
    with tempfile.TemporaryDirectory(prefix="bird-") as one, tempfile.TemporaryDirectory(prefix="bird-") as other:
        private = Bird(one, "10.10.0.1", wanted("private"), 65010, "accept;")
        microsoft = Bird(other, "10.10.0.2", wanted("microsoft"), 3320, "reject;")
        try:
            private.start()
            microsoft.start()
            play(instance, customer, private, microsoft, put)
        finally:
            private.stop()
            microsoft.stop()
    print(f"{sdk.STEPS} steps, all as they have to be")


def play(instance, customer, private, microsoft, put):
    circuits = customer.express_route_circuits
    for bird in (private, microsoft):
        for side in "ab":
            until(lambda: bird.is_up(side), f"session {side}")
    step("all four sessions with BIRD are up")

    for side in "ab":
        route = until(lambda: private.learned(side).get("10.100.0.0/16"), "the VNet's prefix")
        equal(route["path"], "12076", "path of the VNet's prefix")
    step("the VNet's prefix reaches BIRD on both links with path 12076")

    table = lambda path: circuits.begin_list_routes_table(GROUP, "c1", "AzurePrivatePeering", path).result().value
    for path in ("primary", "secondary"):
        row = until(lambda: [row for row in table(path) if row.network == "10.10.0.0/16"], "BIRD's prefix in the table")[0]
        equal(row.path.split()[0], "65010", "path in the route table")
        summary = circuits.begin_list_routes_table_summary(GROUP, "c1", "AzurePrivatePeering", path).result().value
        assert any(row.state_pfx_rcd == "1" for row in summary), summary
    step("BIRD's prefix stands in the route tables of the API")

    for side in "ab":
        learned = until(lambda: microsoft.learned(side), "service prefixes")
        allowed = ("(12076,51002)", "(12076,51003)")
        assert all(any(one in route["communities"] for one in allowed) for route in learned.values()), learned
        assert all(route["path"].startswith("12076") for route in learned.values()), learned
    step(f"the route filter lets {len(learned)} service prefixes through, with their communities")

    peering = customer.express_route_circuit_peerings.get(GROUP, "c1", "MicrosoftPeering")
    kept = peering.route_filter
    peering.route_filter = None
    put("MicrosoftPeering", peering)
    for side in "ab":
        until(lambda: not microsoft.learned(side), "no prefixes without a filter")
        assert microsoft.is_up(side), "the session stays"
    peering.route_filter = kept
    put("MicrosoftPeering", peering)
    until(lambda: microsoft.learned("a"), "prefixes with the filter again")
    step("detached, the prefixes go; attached, they come")

    words = [instance.twinpath(), "operator", "--data", os.path.dirname(instance.ca), "--url", instance.base, "maintenance"]
    subprocess.run([*words, "amsterdam-a", "start"], check=True, capture_output=True)
    drained = lambda: private.learned("a")["10.100.0.0/16"]["path"] == " ".join(["12076"] * 9)
    until(drained, "eight times more of 12076 on the drained edge")
    equal(private.learned("b")["10.100.0.0/16"]["path"], "12076", "path on the other edge")
    subprocess.run([*words, "amsterdam-a", "end"], check=True, capture_output=True)
    until(lambda: private.learned("a")["10.100.0.0/16"]["path"] == "12076", "the path as before")
    step("a drained edge announces its number eight times more, the other does not")

    private.routes = ["10.10.0.0/16"] + [f"10.{64 + number // 256}.{number % 256}.0/24" for number in range(10_001)]
    private.reload()
    until(lambda: not private.is_up("a") and not private.is_up("b"), "sessions over the limit go down")
    private.routes = private.routes[:100]
    private.reload()
    # The edge waits a minute after such an end.
    global PATIENCE
    PATIENCE = 150
    for side in "ab":
        until(lambda: private.is_up(side), "the session returns below the limit")
    step("10,002 prefixes end the sessions; below the limit they return")


if __name__ == "__main__":
    main()
