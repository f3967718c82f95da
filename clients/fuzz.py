#!/usr/bin/env python3
"""Schemathesis against the service: `clients/fuzz.py INSTANCE.json SCHEMATHESIS MINUTES` (see `clients/run.py`).

Every document of an API in the tree is taken in turn, again and again, until the minutes are over: the operator's and
the edges' OpenAPI documents and Microsoft's swagger, the latter as customer and as provider. Odd rounds make names up;
even ones say the names of things that are there, so that handlers come further than `not found`. What may not be is
a status from 500 on, or no answer at all. The last line says how many cases there were; a failure ends with status 1.
"""

import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid

import fuzz_seed

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
OWN = os.path.join(ROOT, "docs/reference/openapi")
SWAGGER = os.path.join(ROOT, "crates/testkit/data/arm/swagger")
# No paths of their own.
TYPES = ("types-v1.json", "types-v5.json", "network.json")


class Instance:
    def __init__(self, file):
        with open(file, encoding="utf-8") as text:
            self.facts = json.load(text)
        self.base, self.ca = self.facts["base"], self.facts["ca"]
        self.tls = ssl.create_default_context(cafile=self.ca)

    def token(self, who):
        account = self.facts[who]
        form = {"grant_type": "client_credentials", "scope": f"{self.base}/.default", **account}
        address = f"{self.base}/{self.facts['tenant']}/oauth2/v2.0/token"
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(address, data, context=self.tls) as answer:
            return json.load(answer)["access_token"]

    def ask(self, verb, path, who, body=None):
        """Asks like a client: waits for what goes on."""
        request = urllib.request.Request(
            self.base + path,
            json.dumps(body).encode() if body is not None else None,
            {"authorization": f"Bearer {self.token(who)}", "content-type": "application/json"},
            method=verb,
        )
        with urllib.request.urlopen(request, context=self.tls) as answer:
            found, operation = answer.read(), answer.headers.get("azure-asyncoperation")
        while operation:
            poll = urllib.request.Request(operation, headers={"authorization": f"Bearer {self.token(who)}"})
            with urllib.request.urlopen(poll, context=self.tls) as answer:
                state = json.load(answer)
            if state["status"] != "InProgress":
                assert state["status"] == "Succeeded", (verb, path, state)
                break
            time.sleep(0.1)
        return json.loads(found) if found else None


def swagger(folder):
    """Copies of the swagger that say what they are, and are complete: the tree has the part that is served."""
    documents = {}
    for name in sorted(os.listdir(SWAGGER)):
        with open(os.path.join(SWAGGER, name), encoding="utf-8") as text:
            documents[name] = {"swagger": "2.0", "info": {"title": name, "version": "2024-01-01"}, **json.load(text)}
    for name, document in documents.items():
        for item in document.get("paths", {}).values():
            for operation in item.values():
                if isinstance(operation, dict):
                    # Examples lie elsewhere, and are replayed by other tests.
                    operation.pop("x-ms-examples", None)
        copy = os.path.join(folder, name)
        with open(copy, "w", encoding="utf-8") as text:
            json.dump(complete(document, name, documents), text)
        if name not in TYPES:
            yield copy


def complete(value, name, documents):
    """The same, with an object for whatever is defined in files that the tree has not."""
    if isinstance(value, dict):
        file, _, at = value["$ref"].partition("#/") if isinstance(value.get("$ref"), str) else (name, "", "")
        found = documents.get(file or name, {})
        for part in at.split("/") if at else []:
            found = found.get(part, {})
        return {key: complete(item, name, documents) for key, item in value.items()} if found else {"type": "object"}
    return [complete(item, name, documents) for item in value] if isinstance(value, list) else value


def rounds(instance, folder):
    """Documents, each with who calls and where, without end."""
    operator, edges = os.path.join(OWN, "operator.json"), os.path.join(OWN, "edge.json")
    swaggers = list(swagger(folder))
    number = 0
    while True:
        known = number % 2 == 1
        yield operator, "operator", known
        if fuzz_seed.edge(instance):
            yield edges, None, known
        for document in swaggers:
            carrier = "CrossConnection" in document or "ProviderPort" in document
            yield document, "provider" if carrier else "customer", known
        number += 1


def run(schemathesis, instance, document, who, known, seconds, seed, folder):
    """One document for some seconds. Gives how many cases, and what failed."""
    config = os.path.join(folder, "schemathesis.toml")
    with open(config, "w", encoding="utf-8") as text:
        text.write("[parameters]\n")
        for name, value in fuzz_seed.names(instance, who, known).items():
            text.write(f"{json.dumps(name)} = {json.dumps(value)}\n")
    base = instance.base if who else fuzz_seed.edge(instance)[0]
    words = [schemathesis, "--config-file", config, "run", document, "--url", base, "--tls-verify", instance.ca]
    words += ["--checks", "not_a_server_error", "--max-time", str(seconds), "--seed", str(seed), "--continue-on-failure"]
    words += ["--suppress-health-check", "all", "--warnings", "off", "--no-color", "--request-timeout", "30"]
    # Steps that follow from answers would draw new secrets of the very accounts that call.
    words += ["--phases", "examples,coverage,fuzzing"]
    if who:
        words += ["-H", f"Authorization: Bearer {instance.token(who)}"]
    else:
        words += ["--request-cert", fuzz_seed.edge(instance)[1], "--request-cert-key", fuzz_seed.edge(instance)[2]]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
    # An operator may slow everything down, and does.
    instance.ask("PUT", "/operator/v1/delays", "operator", {"mode": "instant"})
    cases = re.search(r"^\s*(\d[\d,]*) generated", done.stdout, re.M)
    cases = int(cases[1].replace(",", "")) if cases else 0
    return cases, "" if done.returncode == 0 else done.stdout[-20_000:] + done.stderr[-4000:]


def main():
    instance = Instance(sys.argv[1])
    schemathesis, minutes = sys.argv[2], float(sys.argv[3])
    folder = os.path.dirname(sys.argv[1])
    fuzz_seed.plant(instance)
    end, total, failed, seed = time.monotonic() + minutes * 60, 0, [], 1
    for document, who, known in rounds(instance, folder):
        left = end - time.monotonic()
        if left <= 0:
            break
        # A slice of the whole, so that short runs come to every document.
        seconds = max(5, min(int(minutes * 60 / 32), int(left)))
        cases, failure = run(schemathesis, instance, document, who, known, seconds, seed, folder)
        total, seed = total + cases, seed + 1
        name = os.path.basename(document)
        print(f"{name:34} as {who or 'edge':8} {'known' if known else 'made up':8} {cases:7} cases{'  FAILED' if failure else ''}", flush=True)
        if failure:
            failed.append(name)
            print(failure, flush=True)
    print(f"{total} cases in {minutes:g} minutes, {len(failed)} runs with a failure")
    sys.exit(1 if failed or not total else 0)


if __name__ == "__main__":
    main()
