#!/usr/bin/env python3
"""A journey with the unmodified az CLI: `clients/az.py INSTANCE.json RECORD.md [AZ]`.

Runs the commands below one after the other against the instance (see `clients/sdk.py` for its file), each in the az
of the PATH or the one named, with a configuration folder of its own. What was typed and what az printed becomes the
record. A command that ends with another status than it has to, or prints something else, ends the journey.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid

INSTANCE, RECORD = sys.argv[1], sys.argv[2]
AZ = sys.argv[3] if len(sys.argv) > 3 else "az"
with open(INSTANCE, encoding="utf-8") as text:
    FACTS = json.load(text)
BASE = FACTS["base"]
CONFIG = tempfile.mkdtemp(prefix="az-")
ENVIRONMENT = {
    **os.environ,
    "AZURE_CONFIG_DIR": CONFIG,
    "REQUESTS_CA_BUNDLE": FACTS["ca"],
    "AZURE_CORE_INSTANCE_DISCOVERY": "false",
    "AZURE_CORE_COLLECT_TELEMETRY": "no",
    "AZURE_CORE_LOGIN_EXPERIENCE_V2": "off",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_CORE_SURVEY_MESSAGE": "no",
}
GROUP = "-g rg1"
CIRCUIT = f"{GROUP} --circuit-name c1"
SUBSCRIPTION = f"/subscriptions/{FACTS['subscription']}"
NETWORK = f"{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.Network"
record = []


def login(who):
    facts = FACTS[who]
    az(f"login --service-principal -u {facts['client_id']} -p {facts['client_secret']} --tenant {FACTS['tenant']}", hide=facts["client_secret"])


def az(command, status=0, prints=None, hide=None, query=None):
    """Runs one command; `prints` is a pattern that its output has to hold. Gives the output, as JSON where it is."""
    began = time.monotonic()
    words = command.split()
    if query:
        words += ["--query", query, "-o", "tsv"]
    done = subprocess.run([AZ, *words], env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)
    shown = "az " + " ".join(f"'{word}'" if re.search(r"[\s{\[\"]", word) else word for word in words)
    output = (done.stdout + done.stderr).strip()
    for secret in filter(None, [hide, *(FACTS[who]["client_secret"] for who in ("customer", "provider", "operator"))]):
        shown, output = shown.replace(secret, "SECRET"), output.replace(secret, "SECRET")
    record.append((shown, output, done.returncode))
    print(f"{time.monotonic() - began:5.1f} s  {shown}", flush=True)
    if done.returncode != status or (prints and not re.search(prints, output)):
        print(output)
        raise SystemExit(f"ended with {done.returncode}, wanted {status} and /{prints or ''}/")
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout.strip()


def journey():
    az(f"cloud register -n Twinpath --endpoint-resource-manager {BASE}")
    az("cloud set -n Twinpath")
    login("customer")
    az("account show", prints=FACTS["subscription"])
    az("account list-locations --query [].name -o tsv", prints="westeurope")
    az("provider show -n Microsoft.Network --query registrationState", prints="Registered")
    az("provider register -n Microsoft.Network")
    az("group create -n rg1 -l westeurope", prints="Succeeded")
    az("group exists -n rg1", prints="true")
    az("group exists -n nowhere", prints="false")
    az("network express-route list-service-providers -o table", prints="Equinix")
    az(f"network express-route create {GROUP} -n c1 --provider Equinix --peering-location Amsterdam --bandwidth 50 --sku-tier Premium --sku-family MeteredData", prints="NotProvisioned")
    az(f"network express-route show {GROUP} -n nowhere", status=3, prints="ResourceNotFound")
    peering = "network express-route peering"
    private = f"{peering} create {CIRCUIT} --peering-type AzurePrivatePeering --peer-asn 65020 --vlan-id 100 --primary-peer-subnet 10.0.0.0/30 --secondary-peer-subnet 10.0.0.4/30"
    az(private, status=1, prints="CircuitNotProvisionedByServiceProvider")
    key = az(f"network express-route show {GROUP} -n c1", query="serviceKey")

    carrier = str(uuid.uuid5(uuid.NAMESPACE_OID, "twinpath-provider/equinix"))
    cross = f"{BASE}/subscriptions/{carrier}/resourceGroups/CrossConnection-Amsterdam/providers/Microsoft.Network/expressRouteCrossConnections/{key}?api-version=2023-09-01"
    login("provider")
    az(f"rest --method get --url {cross}", prints="primaryAzurePort")
    body = '{"location":"westeurope","properties":{"serviceProviderProvisioningState":"Provisioned"}}'
    az(f"rest --method put --url {cross} --body {body}")
    login("customer")
    az(f"network express-route show {GROUP} -n c1 --query serviceProviderProvisioningState", prints="Provisioned")

    az(private, prints='"azureASN": 12076')
    az(f"{peering} update {CIRCUIT} -n AzurePrivatePeering --vlan-id 5000", status=1, prints="VlanIdInvalid")
    az(f"{peering} update {CIRCUIT} -n AzurePrivatePeering --ip-version ipv6 --primary-peer-subnet 2001:db8::/126 --secondary-peer-subnet 2001:db8::4/126", prints="2001:db8::/126")
    az(f"{peering} create {CIRCUIT} --peering-type MicrosoftPeering --peer-asn 3320 --vlan-id 200 --primary-peer-subnet 193.0.0.0/30 --secondary-peer-subnet 193.0.0.4/30 --advertised-public-prefixes 193.0.8.0/24 --customer-asn 3320 --routing-registry-name RIPENCC", prints="Configured")
    az(f"{peering} list {CIRCUIT} --query [].name -o tsv", prints="MicrosoftPeering")
    for table in ("list-arp-tables", "list-route-tables", "list-route-tables-summary"):
        az(f"network express-route {table} {GROUP} -n c1 --path primary --peering-name AzurePrivatePeering", prints="value")
    az(f"network express-route get-stats {GROUP} -n c1", prints="primarybytesIn|primarybytesin")
    az(f"{peering} get-stats {CIRCUIT} -n AzurePrivatePeering", prints="secondarybytesOut|secondarybytesout")

    az(f"network express-route auth create {CIRCUIT} -n a1", prints="Available")
    az(f"network express-route auth list {CIRCUIT} --query [].name -o tsv", prints="a1")
    az(f"network route-filter create {GROUP} -n rf1", prints="Succeeded")
    az(f"network route-filter rule create {GROUP} --filter-name rf1 -n r1 --access Allow --communities 12076:51002", prints="12076:51002")
    az(f"network route-filter rule create {GROUP} --filter-name rf1 -n r2 --access Allow --communities 12076:51003", status=1)
    az("network route-filter rule list-service-communities --query [].name -o tsv")
    az(f"{peering} update {CIRCUIT} -n MicrosoftPeering --route-filter rf1", prints="rf1")

    az(f"network vnet create {GROUP} -n hub --address-prefixes 10.100.0.0/16 --subnet-name GatewaySubnet --subnet-prefixes 10.100.255.0/27", prints="GatewaySubnet")
    az(f"network public-ip create {GROUP} -n gw-ip --sku Standard", prints="gw-ip")
    az(f"network vnet-gateway create {GROUP} -n gw --gateway-type ExpressRoute --sku Standard --vnet hub --public-ip-addresses gw-ip", prints="ExpressRoute")
    az(f"network vpn-connection create {GROUP} -n cn --vnet-gateway1 gw --express-route-circuit2 c1", prints="ExpressRoute")
    az(f"network vpn-connection show {GROUP} -n cn --query provisioningState", prints="Succeeded")
    az(f"network express-route update {GROUP} -n c1 --bandwidth 100 --tags a=b", prints='"bandwidthInMbps": 100')
    az(f"network express-route show {GROUP} -n c1 --query length(peerings)", prints="2")
    az(f"network express-route update {GROUP} -n c1 --bandwidth 50", status=1, prints="BandwidthDowngradeNotAllowed")
    az(f"resource list {GROUP} --query [].type -o tsv", prints="expressRouteCircuits")
    az(f"resource show --ids {NETWORK}/expressRouteCircuits/c1 --query name", prints="c1")
    az(f"network express-route delete {GROUP} -n c1", status=1, prints="ConflictError")

    az(f"network vpn-connection delete {GROUP} -n cn")
    az(f"network vnet-gateway delete {GROUP} -n gw")
    az(f"network public-ip delete {GROUP} -n gw-ip")
    az(f"network vnet delete {GROUP} -n hub")
    az(f"network express-route auth delete {CIRCUIT} -n a1")
    az(f"{peering} delete {CIRCUIT} -n MicrosoftPeering")
    az(f"{peering} delete {CIRCUIT} -n AzurePrivatePeering")
    az(f"network route-filter delete {GROUP} -n rf1")
    login("provider")
    az(f"rest --method put --url {cross} --body {body.replace('Provisioned', 'NotProvisioned')}")
    login("customer")
    az(f"network express-route delete {GROUP} -n c1")
    az(f"network express-route list {GROUP}", prints=r"\[\]")
    az("group delete -n rg1 --yes")
    az("group exists -n rg1", prints="false")
    az("logout")


def write():
    version = subprocess.run([AZ, "version"], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    with open(RECORD, "w", encoding="utf-8") as page:
        page.write("<!-- Made by `cargo xtask az`, which runs every line. -->\n\n# A journey with az\n\n")
        page.write(f"az {json.loads(version.stdout)['azure-cli']}, as it comes. What it printed is cut after twelve lines.\n\n```text\n")
        for shown, output, status in record:
            lines = output.splitlines()
            page.write(f"$ {shown}\n")
            page.writelines(line.replace(FACTS["ca"], "ca.pem").rstrip() + "\n" for line in lines[:12])
            if len(lines) > 12:
                page.write("…\n")
            if status:
                page.write(f"(status {status})\n")
            page.write("\n")
        page.write("```\n")


try:
    journey()
finally:
    write()
print(f"{len(record)} commands, all as they have to be")
