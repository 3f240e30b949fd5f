#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares where pods could go, and go, with what kube-scheduler's own plugins say.

usage: schedule.py ORACLE SUBJECT SCHEDULING_MD [--seconds N] [--scenarios N] [--seed N] [--show N]

Of every node: whether the pod fits, and all that is said against it. Of a pod that fits nowhere: the line that tells
people so. Of one that fits: the scores of the node that is chosen, and that no other has more. A difference is fine
only when a row of KNOWN describes it, and SCHEDULING_MD, too.
"""
import argparse
import collections
import json
import random
import re
import sys
import time

import programs
import scenarios

BATCH = 100
RESOURCES = {"Insufficient cpu": "cpus", "Insufficient memory": "mem", "Insufficient ephemeral-storage": "disk"}
REASONS = {
    "node(s) were unschedulable": "unschedulable",
    "node(s) didn't match the requested node name": "node-name",
    "node(s) had untolerated taint(s)": "taint",
    "node(s) didn't match Pod's node affinity/selector": "node-selector",
    "node(s) didn't have free ports for the requested pod ports": "host-port",
    "node(s) didn't match pod topology spread constraints (missing required label)": "spread-label",
    "node(s) didn't match pod topology spread constraints": "spread",
    "node(s) didn't match pod affinity rules": "pod-affinity",
    "node(s) didn't match pod anti-affinity rules": "pod-anti-affinity",
    "node(s) didn't satisfy existing pods anti-affinity rules": "existing-anti-affinity",
}
# The scores that both have, with kube-scheduler's weights.
SCORES = {"taints": ("TaintToleration", 3), "nodes": ("NodeAffinity", 2), "spread": ("PodTopologySpread", 2),
          "pods": ("InterPodAffinity", 2)}
# What may differ, and the sentence of the document that says so.
KNOWN = [
    (r"n\d: refused by \['host-port'\] for .* \(ports\)", "A host port is one for all protocols and addresses"),
]


def predicate(reason):
    if reason in RESOURCES:
        return RESOURCES[reason]
    return reason[len("Insufficient "):] if reason.startswith("Insufficient ") else REASONS.get(reason, reason)


def first(refusals):
    """What counts of all that is said against a node: the first, and of resources all."""
    is_resource = [name not in REASONS.values() for name in refusals]
    if not refusals or not is_resource[0]:
        return refusals[:1]
    return [name for name, resource in zip(refusals, is_resource) if resource]


class Comparison:
    def __init__(self, args):
        self.args = args
        self.oracle, self.subject = programs.Program(args.oracle), programs.Program(args.subject)
        self.scenarios = scenarios.Scenarios(random.Random(args.seed))
        self.counts, self.met = collections.Counter(), collections.Counter()
        self.new = collections.OrderedDict()

    def differ(self, what, document):
        for pattern, sentence in KNOWN:
            if re.fullmatch(pattern, what):
                self.met[sentence] += 1
                return
        seen = self.new.setdefault(re.sub(r"\bn\d\b", "n", what), [0, document])
        seen[0] += 1
        if len(document) < len(seen[1]):
            seen[1] = document

    def compare(self, document, theirs, ours):
        if "invalid" in theirs or "invalid" in ours:
            self.counts["invalid"] += 1
            if ("invalid" in theirs) != ("invalid" in ours):
                side = "there" if "invalid" in theirs else "here"
                self.differ(f"invalid {side} only: {theirs.get('invalid', ours.get('invalid'))}", document)
            return
        if theirs.get("gated"):
            self.counts["gated"] += 1
            if theirs["gated"] != [ours["summary"]]:
                self.differ(f"gated: {ours['summary']} for {theirs['gated']}", document)
            return
        if theirs.get("nowhere"):
            self.counts["nowhere"] += 1
            for node, refusals in ours["refused"].items():
                if not refusals:
                    self.differ(f"nowhere: {theirs['nowhere']}: {node} fits", document)
            return
        self.counts["unplaced" if "summary" in theirs else "placed"] += 1
        if not self.nodes(document, theirs["refused"], ours["refused"]):
            return
        if "summary" not in theirs:
            self.scores(document, theirs["scores"], ours)
        elif theirs["summary"] != ours["summary"]:
            self.differ(f"summary: {ours['summary']} for {theirs['summary']}", document)

    def nodes(self, document, theirs, ours):
        """Whether all nodes are seen alike."""
        if sorted(theirs) != sorted(ours):
            self.differ(f"nodes: {sorted(ours)} for {sorted(theirs)}", document)
            return False
        alike = True
        for node, reasons in theirs.items():
            self.counts["nodes"] += 1
            want, got = sorted(predicate(reason) for reason in reasons or []), sorted(first(ours[node]))
            if want != got:
                alike = False
                self.differ(f"{node}: refused by {got} for {want}{self.remark(document)}", document)
        return alike

    @staticmethod
    def remark(document):
        """What a difference may come from, and can't be seen in it."""
        return " (ports)" if b'"hostIP"' in document or b'"protocol"' in document else ""

    def scores(self, document, theirs, ours):
        if ours.get("placed") not in theirs:
            self.differ(f"placed: {ours.get('placed')} does not fit", document)
            return
        sums = {node: sum(scores.get(plugin, 0) for plugin, _ in SCORES.values()) for node, scores in theirs.items()}
        chosen = theirs[ours["placed"]]
        for part, (plugin, weight) in SCORES.items():
            self.counts["scores"] += part in ours["scores"]
            if part in ours["scores"] and ours["scores"][part] * weight != chosen.get(plugin, 0):
                self.differ(f"score {part}: {ours['scores'][part]} for {chosen.get(plugin, 0) / weight:g}", document)
        if sums[ours["placed"]] < max(sums.values()):
            self.differ(f"chosen: one with {sums[ours['placed']]} of {max(sums.values())}", document)

    def run(self):
        end = time.monotonic() + self.args.seconds
        while self.counts["scenarios"] < self.args.scenarios or time.monotonic() < end:
            documents = [json.dumps(self.scenarios.scenario()).encode() for _ in range(BATCH)]
            requests = [("schedule", document) for document in documents]
            for document, theirs, ours in zip(documents, self.oracle.answers(requests), self.subject.answers(requests)):
                self.counts["scenarios"] += 1
                self.compare(document, theirs, ours)
        return self.report()

    def report(self):
        print("compared:", ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items())), f"(seed {self.args.seed})")
        for sentence, n in self.met.most_common():
            print(f"known, {n} times: {sentence}")
        for what, (n, document) in list(self.new.items())[:self.args.show]:
            print(f"{n} times: {what}\n    {document.decode()}")
        print(f"{len(self.new)} differences that are not in the list")
        text = " ".join(open(self.args.document, encoding="utf-8").read().split())
        missing = [sentence for _, sentence in KNOWN if sentence not in text]
        for sentence in missing:
            print(f"not in {self.args.document}: {sentence}")
        return 1 if self.new or missing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("oracle", "subject", "document"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--scenarios", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    return Comparison(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
