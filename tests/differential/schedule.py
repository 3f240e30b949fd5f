#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares where pods could go, and go, with what kube-scheduler's own plugins say.

usage: schedule.py ORACLE SUBJECT SCHEDULING_MD [--seconds N] [--scenarios N] [--seed N] [--show N]

Of every node: whether the pod fits, and all that is said against it. Of a pod that fits nowhere: the line that tells
people so. Of one that fits: the scores of the node that is chosen, and that no other has more. A difference is fine
only when a row of KNOWN describes it, and SCHEDULING_MD, too.
"""
import json
import random
import re
import sys

import comparison
import scenarios

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


class Schedule(comparison.Comparison):
    request, known = "schedule", KNOWN

    def __init__(self, args):
        super().__init__(args)
        self.scenarios = scenarios.Scenarios(random.Random(args.seed))

    def scenario(self):
        return json.dumps(self.scenarios.scenario()).encode()

    @staticmethod
    def kind(what):
        return re.sub(r"\bn\d\b", "n", what)

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


if __name__ == "__main__":
    sys.exit(comparison.main(Schedule, __doc__, 5000))
