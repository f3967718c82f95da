#!/usr/bin/env python3
"""Starts a service of its own and runs a journey against it: `clients/run.py TWINPATH JOURNEY.py [ARGUMENTS…]`.

The service has an empty folder and a free port, and ends with the journey. The journey is given a file that says where
the service is and who may call: base, ca, tenant, subscription, and for customer, provider (Equinix) and operator
client_id and client_secret.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading

STEADY = 60


def told(line):
    try:
        return json.loads(line)
    except ValueError:
        return {}


def enroll(twinpath, data, base, name):
    words = [twinpath, "operator", "--data", data, "--url", base, "--json", "provider", "enroll", name]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"no provider: {done.stderr}")
    found = json.loads(done.stdout)
    return {"client_id": found["clientId"], "client_secret": found["secret"]}


def main():
    twinpath, journey, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory(prefix="twinpath-") as data:
        words = [twinpath, "serve", "--data", data, "--listen", "127.0.0.1:0", "--json"]
        service = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        log = open(os.environ.get("TWINPATH_LOG", os.devnull), "w", encoding="utf-8")
        ready, bases = threading.Event(), []

        def follow():
            for line in service.stderr:
                log.write(line)
                if told(line).get("base"):
                    bases.append(told(line)["base"])
                    ready.set()
            ready.set()

        threading.Thread(target=follow, daemon=True).start()
        try:
            if not ready.wait(STEADY) or not bases:
                raise SystemExit(f"the service does not start (status {service.poll()})")
            base = bases[0]
            with open(os.path.join(data, "credentials.json"), encoding="utf-8") as text:
                known = json.load(text)
            account = lambda who: {"client_id": known[who]["clientId"], "client_secret": known[who]["clientSecret"]}
            facts = {
                "twinpath": os.path.abspath(twinpath),
                "base": base,
                "ca": os.path.join(data, "ca.pem"),
                "tenant": known["tenant"],
                "subscription": known["subscription"],
                "customer": account("customer"),
                "operator": account("operator"),
                "provider": enroll(twinpath, data, base, "Equinix"),
            }
            instance = os.path.join(data, "instance.json")
            with open(instance, "w", encoding="utf-8") as text:
                json.dump(facts, text)
            status = subprocess.run([sys.executable, journey, instance, *arguments], check=False).returncode
        finally:
            service.terminate()
            service.wait(STEADY)
            log.close()
    if service.returncode != 0:
        raise SystemExit(f"the service ended with {service.returncode}")
    sys.exit(status)


main()
