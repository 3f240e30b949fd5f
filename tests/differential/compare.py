#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what this library makes of documents with what Kubernetes' own code makes of them.

usage: compare.py ORACLE SUBJECT FIELDS_DEF DIFFERENCES_DEF [--manifests FOLDER] [--seconds N] [--seed N]
                  [--only PART,...] [--show N]

Both programs answer the same requests, see oracle/main.go. A difference is fine only when a line of
DIFFERENCES_DEF describes it; those lines are printed in doc/pod-fields.md, too.
"""
import argparse
import base64
import collections
import itertools
import json
import os
import random
import re
import sys
import threading
import time
from fractions import Fraction

import fields
import findings
import generate
import known
import mutate
import pod_sums
import programs
import quantity_texts
import workloads
import yaml_texts

LEAST_QUANTITIES, LEAST_SCALARS = 100_000, 20_000
BATCH = 400


def first_difference(a, b):
    """Where two texts differ, with a little of both."""
    at = 0
    while at < min(len(a), len(b)) and a[at] == b[at]:
        at += 1
    return f"{b[max(0, at - 30):at + 40]!r} for {a[max(0, at - 30):at + 40]!r}"


def overlay(below, above):
    """What a create makes of a value: it adds, and drops fields of features that are off, which are kept here."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {key: overlay(below[key], above[key]) if key in below and key in above else above.get(key, below.get(key))
                for key in {**below, **above}}
    if isinstance(below, list) and isinstance(above, list) and len(below) == len(above):
        return [overlay(*pair) for pair in zip(below, above)]
    return above


SCALES = {"": 1, "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "k": 10**3, "M": 10**6, "G": 10**9,
          "T": 10**12, "P": 10**15, "E": 10**18, **{s + "i": 1024**(i + 1) for i, s in enumerate("KMGTPE")}}


def amounts(spec):
    """A spec whose own resources are numbers, in whatever form they are written."""
    made = dict(spec)
    made["resources"] = {kind: {name: amount(text) for name, text in value.items()} if isinstance(value, dict) else value
                         for kind, value in spec.get("resources", {}).items()}
    return made


def amount(text):
    digits, suffix = re.match(r"([+-]?[0-9.]*)(.*)\Z", text, re.S).groups()
    scale = SCALES.get(suffix)
    if scale is None:
        scale = Fraction(10) ** int(suffix[1:])
    return Fraction(digits if digits.strip("+-.") else "0") * scale


UNKNOWN = re.compile(r'unknown field "(.*)"\Z', re.S)


class Comparison:
    def __init__(self, args):
        self.args = args
        self.oracle, self.subject = programs.Program(args.oracle), programs.Program(args.subject)
        self.known = known.Differences(args.differences)
        self.counts = collections.Counter()
        self.rng = random.Random(args.seed)
        self.generator = generate.Generator(args.fields, self.rng)
        self.mutator = mutate.Mutator(self.generator)
        self.makes = workloads.Workloads(self.generator)

    def both(self, requests):
        """The answers of the two, side by side; they work at the same time."""
        theirs = []
        thread = threading.Thread(target=lambda: theirs.extend(self.oracle.answers(requests)))
        thread.start()
        ours = self.subject.answers(requests)
        thread.join()
        if len(theirs) != len(requests):
            sys.exit("the oracle did not answer")
        return zip(requests, theirs, ours)

    # What both make of an object.

    def compare_object(self, document, theirs, ours):
        self.counts["objects"] += 1
        strict = theirs.get("strict", [])
        if "error" in theirs or "plain" not in ours:
            if "error" not in theirs:
                self.known.add(f"decode: refused here only: {self.words(ours['refused'])}", document)
            elif "error" in theirs and "plain" in ours:
                self.known.add(f"decode: refused there only: {theirs['error'][:300]}", document)
            self.counts["refused"] += 1
            return
        self.compare_strict(document, strict, ours.get("strict", []))
        self.compare_forms(document, "plain", theirs["plain"], ours["plain"])
        self.compare_defaults(document, theirs, ours)
        if "findings" in ours and theirs.get("findings") is not None:
            self.compare_findings(document, theirs, ours["findings"])

    def compare_forms(self, document, stage, theirs, ours):
        for form in ("json", "yaml", "protobuf"):
            if ours[form] != theirs[form]:
                self.known.add(f"{stage} {form}: {first_difference(theirs[form], ours[form])}", document)
                break

    def compare_defaults(self, document, theirs, ours):
        """A pod that is new gets here with its defaults what a create gives it there."""
        if "defaulted" not in ours:
            self.known.add("defaulted: refused here only", document)
            return
        want, got = theirs["defaulted"], ours["defaulted"]
        if want["json"] != got["json"] and "stored" in theirs:
            created = json.loads(want["json"])
            created["spec"] = overlay(created["spec"], json.loads(theirs["stored"])["spec"])
            if created == json.loads(got["json"]):
                self.counts["prepared"] += 1
                return
            made = json.loads(got["json"])
            if amounts(created["spec"]) == amounts(made["spec"]):
                self.known.add("prepared: the same amounts in another form", document)
                return
        self.compare_forms(document, "defaulted", want, got)

    @staticmethod
    def words(refused):
        refused = [f for f in refused if f["type"] != "FIELD_UNKNOWN"]
        return "; ".join(f"{f['type']} {f['field']} {f['detail']}" for f in refused[:2]) or "no kind"

    def compare_strict(self, document, theirs, ours):
        want = {found.group(1) for found in map(UNKNOWN.search, theirs) if found}
        got = {f["field"] for f in ours if f["type"] == "FIELD_UNKNOWN"}
        # The list of one side ends early, as the server's does.
        if want != got and len(theirs) < 100:
            self.known.add(f"strict: {sorted(got - want)} here only, {sorted(want - got)} there only", document)

    def compare_findings(self, document, theirs, ours):
        """The same findings, in the same words and order. Go walks maps at random: what is inside of one has no order."""
        self.counts["validated"] += 1
        self.counts["valid"] += not theirs["findings"]
        plain = json.loads(theirs["plain"]["json"])
        stored = {"uid", "resourceVersion", "creationTimestamp"}
        what = "a stored object" if plain["metadata"].keys() & stored else "validation"
        by_chance = findings.chance(plain)
        want = [findings.line(f, by_chance) for f in theirs["findings"]]
        got = [findings.line(f, by_chance) for f in ours if f["type"] != "FIELD_UNKNOWN"]
        self.counts["findings"] += len(want)
        for side, some in (("here", set(got) - set(want)), ("there", set(want) - set(got))):
            for finding in sorted(some):
                self.known.add(f"{what}: {side} only: {finding}", document)
        order = ([name for name, _ in itertools.groupby(map(findings.place, filter(set(other).__contains__, dict.fromkeys(side))))]
                 for side, other in ((want, got), (got, want)))
        for there, here in zip(*order):
            if there != here:
                self.known.add(f"{what}: {here} comes before {there}", document)
                break

    def objects(self, documents):
        documents = list(documents)
        for start in range(0, len(documents), BATCH):
            requests = [("object", d) for d in documents[start:start + BATCH]]
            again = []
            for (_, document), theirs, ours in self.both(requests):
                self.compare_object(document, theirs, ours)
                if "plain" in theirs and self.rng.random() < 0.3:
                    again += self.other_forms(theirs["plain"])
            for (_, document), theirs, ours in self.both(again):
                self.compare_object(document, theirs, ours)

    @staticmethod
    def other_forms(plain):
        """The same object as Kubernetes writes it in its other formats."""
        return [("object", plain["yaml"].encode()), ("object", base64.b64decode(plain["protobuf"]))]

    # The parts of the comparison.

    def schema(self):
        [theirs] = self.oracle.answers([("schema", b"")])
        types = fields.read(self.args.fields)
        ours = fields.lines(types)
        carried = {"F(" + ", ".join(f) + ")" for fs in types.values() for f in fs if (f.type, f.name) in fields.CAME_AND_WENT}
        for line in sorted(set(theirs) - set(ours)):
            self.known.add(f"fields.def: missing: {line}", b"")
        for line in sorted(set(ours) - set(theirs) - carried):
            self.known.add(f"fields.def: not in Kubernetes: {line}", b"")
        self.counts["fields"] = len(theirs)

    def manifests(self):
        if not self.args.manifests or not os.path.isdir(self.args.manifests):
            print("no manifests: that part is left out")
            return
        documents = []
        for folder, _, names in sorted(os.walk(self.args.manifests)):
            for name in sorted(names):
                if not name.endswith((".yaml", ".yml", ".json")):
                    continue
                text = open(os.path.join(folder, name), encoding="utf-8").read()
                pieces = [text] if name.endswith(".json") else re.split(r"^---.*\n", text, flags=re.M)
                documents += [p.encode() for p in pieces if re.search(r"^\s*\"?kind\"?:", p, re.M)]
        kinds = "|".join(["Pod", *generate.OTHERS])
        documents = [d for d in documents if re.search(rb"^\s{0,4}\"?kind\"?: *\"?(%s)\"?,? *$" % kinds.encode(), d, re.M)]
        self.counts["manifests"] = len(documents)
        self.objects(documents)

    def pods(self):
        """Generated pods and mutated ones, in JSON and YAML."""
        rng, writer = self.rng, yaml_texts.Writer(self.rng)
        documents = []
        for _ in range(BATCH // 4):
            pod = self.generator.pod()
            documents.append(mutate.json_text(pod, rng).encode("utf-8", "surrogatepass"))
            documents.append(writer.document(pod).encode("utf-8", "surrogatepass"))
            for _ in range(2):
                other = self.mutator.mutated(pod, rng.choice([1, 1, 2, 3]))
                if rng.random() < 0.05:
                    text = mutate.json_with_duplicate(other, rng)
                else:
                    text = writer.document(other) if rng.random() < 0.5 else mutate.json_text(other, rng)
                documents.append(text.encode("utf-8", "surrogatepass"))
        self.objects(documents)

    def others(self):
        documents = []
        for kind, version in list(generate.OTHERS.items()) * (BATCH // 40):
            made = self.generator.object(kind, version, self.rng.choice([0.02, 0.1, 0.3]), self.rng.choice([0, 0, 0.1]))
            documents.append(mutate.json_text(made, self.rng).encode("utf-8", "surrogatepass"))
            documents.append(json.dumps(self.mutator.mutated(made)).replace("Infinity", "1e400").encode())
        self.objects(documents)

    def workloads(self):
        documents = []
        for _ in range(BATCH // 2):
            made = self.makes.object()
            documents.append(mutate.json_text(made, self.rng).encode("utf-8", "surrogatepass"))
            documents.append(json.dumps(self.mutator.mutated(made)).replace("Infinity", "1e400").encode())
        self.objects(documents)

    def sums(self):
        """Requests, limits and classes of whole pods."""
        documents = [json.dumps(pod_sums.pod(self.rng)).encode() for _ in range(BATCH)]
        for (_, document), theirs, ours in self.both([("sums", d) for d in documents]):
            self.counts["sums"] += 1
            if theirs != ours:
                self.known.add(f"sums: {json.dumps(ours)} for {json.dumps(theirs)}", document)

    def quantities(self):
        lines = [quantity_texts.text(self.rng) for _ in range(5000)]
        pairs = [self.rng.choice(lines).replace("\t", "") + "\t" + self.rng.choice(lines).replace("\t", "") for _ in range(2500)]
        requests = [("quantity", "\n".join(lines).encode()), ("compare", "\n".join(pairs).encode())]
        (_, theirs, ours), (_, their_order, our_order) = self.both(requests)
        for text, want, got in zip(lines, theirs, ours):
            want = {} if "error" in want else want
            for name in ("value", "milli"):
                # Those of negative quantities and of those that do not fit: see the list of differences.
                if want.get("sign", 1) < 0 or abs(got.get(name, 0)) == 2**63 - 1:
                    want[name] = got.get(name)
            for name in sorted((set(want) | set(got)) - {"sign"}):
                if want.get(name) != got.get(name):
                    self.known.add(f"quantity {text!r}: {name}: {got.get(name)!r} for {want.get(name)!r}", text.encode())
        for pair, want, got in zip(pairs, their_order, our_order):
            if want != got:
                self.known.add(f"quantity {pair!r}: compared: {got} for {want}", pair.encode())
        self.counts["quantities"] += len(lines) + len(pairs)

    def yaml(self):
        documents = [yaml_texts.document(self.rng) for _ in range(500)] + \
            ["a: " + yaml_texts.scalar(self.rng) for _ in range(500)]
        if self.counts["scalars"] == 0:
            documents += yaml_texts.DOCUMENTS + ["a: " + s for s in yaml_texts.SCALARS] + [s + ": a" for s in yaml_texts.SCALARS]
        requests = [("yaml", d.encode("utf-8")) for d in documents]
        for (_, document), theirs, ours in self.both(requests):
            self.counts["scalars"] += 1
            if "error" in theirs or "refused" in ours:
                if "error" not in theirs:
                    self.known.add(f"yaml: refused here only: {self.words(ours['refused'])}", document)
                elif "refused" not in ours:
                    self.known.add(f"yaml: refused there only: {theirs['error']}", document)
                continue
            want, got = (json.loads(side["json"], parse_int=str, parse_float=str) for side in (theirs, ours))
            if want != got:
                self.known.add(f"yaml: {ours['json']} for {theirs['json']}", document)

    def texts(self):
        """Strings in YAML, as keys, values and items."""
        rng, documents = self.rng, []
        alphabet = "ab cd ef  ::##--''\"\"\\\n\n\t,.[]{}&*!|>%@`?=~0123456789_+/<\u00e4\U0001f600\x01\r"
        for _ in range(1000):
            text = rng.choice(generate.STRINGS + yaml_texts.SCALARS) if rng.random() < 0.2 else \
                "".join(rng.choice(alphabet) for _ in range(rng.choice([1, 2, 3, 5, 10, 100, 200])))
            if rng.random() < 0.3:
                text = yaml_texts.scalar(rng)
            # Where letters follow on digits, Kubernetes' order of keys goes in circles, and differs from run to run.
            keys = {"".join(rng.choice("aB-_./ \u00e4") for _ in range(rng.randint(0, 4))) + rng.choice(["", "0", "1", "2", "10", "007", "12"]): i
                    for i in range(rng.choice([0, 0, 0, 6]))}
            if len(keys) > 0 and (not text.isascii() or re.search("[0-9].*[A-Za-z]|[0-9]{18}", text, re.S)):
                text = "a"
            keys[rng.choice(["k", text])] = rng.choice([text, [text], {"a": [text, {"b": text}]}])
            # Kubernetes' own JSON has these two escaped.
            made = json.dumps(keys, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
            documents.append(made.encode("utf-8", "surrogatepass"))
        for (_, document), theirs, ours in self.both([("scalar", d) for d in documents]):
            self.counts["texts"] += 1
            if theirs.get("json") != ours.get("json"):
                self.known.add(f"text: {first_difference(theirs.get('json', ''), ours.get('json', ''))}", document)

    def run(self):
        parts = {"schema": self.schema, "manifests": self.manifests, "quantities": self.quantities, "yaml": self.yaml,
                 "texts": self.texts, "pods": self.pods, "others": self.others,
                 "workloads": self.workloads, "sums": self.sums}
        end = time.monotonic() + self.args.seconds
        once = ("schema", "manifests")
        only = self.args.only.split(",") if self.args.only else list(parts)
        for part in once:
            if part in only:
                parts[part]()
        rounds = [part for part in only if part not in once]
        while rounds and (time.monotonic() < end or not self.enough(only)):
            for part in rounds:
                wanted = {"quantities": LEAST_QUANTITIES, "yaml": LEAST_SCALARS, "texts": LEAST_SCALARS}.get(part)
                counted = {"yaml": "scalars"}.get(part, part)
                if wanted is None or self.counts[counted] < wanted:
                    parts[part]()
        return self.report()

    def enough(self, only):
        return ("quantities" not in only or self.counts["quantities"] >= LEAST_QUANTITIES) and \
            ("yaml" not in only or self.counts["scalars"] >= LEAST_SCALARS) and \
            ("texts" not in only or self.counts["texts"] >= LEAST_SCALARS)

    def report(self):
        print("compared:", ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items())), f"(seed {self.args.seed})")
        for name, n in self.known.met.most_common():
            print(f"known, {n} times: {name}")
        for what, (n, document) in list(self.known.new.items())[:self.args.show]:
            print(f"{n} times: {what}\n    {document[:600]!r}")
        if len(self.known.new) > self.args.show:
            print(f"and {len(self.known.new) - self.args.show} others")
        print(f"{self.known.count} differences that are not in the list")
        return 1 if self.known.count else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("oracle", "subject", "fields", "differences"):
        parser.add_argument(name)
    parser.add_argument("--manifests")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--show", type=int, default=40)
    return Comparison(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
