#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what one look at a Deployment does with what Kubernetes' Deployment controller does.

usage: rollout.py ORACLE SUBJECT ARCHITECTURE_MD [--seconds N] [--scenarios N] [--seed N] [--show N]

Of every ReplicaSet: whether it is there afterwards, with how many replicas, and what is noted on it. Of the Deployment:
its conditions and the numbers of its status. A difference is fine only when a row of KNOWN describes it, and
ARCHITECTURE_MD, too.
"""
import datetime
import json
import random
import re
import sys

import comparison

VERSIONS = 5
NOTES = {"revision": "revision", "desired": "desired-replicas", "most": "max-replicas"}
# What may differ, and the sentence of the document that says so.
KNOWN = [
    (r".* \(recreated and scaled\)", "a Deployment that recreates its pods is not scaled before it does"),
    (r".* \(of the right size\)", "a ReplicaSet that has the right size already counts as scaled"),
    (r"web-\w+: .* \(not ended yet\)", "no old ReplicaSet shrinks while one of them counts pods that are to end"),
    (r"web-\w+ is (here|there) only.*", "old ReplicaSets are forgotten by the numbers of the same look"),
    (r"web-.* \(scaled and forgotten\)", "but not one that it has just scaled"),
]


def share(rng):
    return rng.choice([
        lambda: 0, lambda: 1, lambda: rng.randrange(12), lambda: f"{rng.randrange(101)}%",
        lambda: rng.choice(["0%", "1%", "10%", "25%", "33%", "50%", "100%"]), lambda: f"{rng.randrange(100, 250)}%"])()


def ago(seconds):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def template(version):
    return {"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": f"example/web:{version}"}]}}


def deployment(rng, version):
    spec = {"replicas": rng.choice([0, 1, 2, 3, 5, 10, rng.randrange(30), rng.randrange(300)]),
            "selector": {"matchLabels": {"app": "web"}}, "template": template(version)}
    if rng.random() < 0.75:
        update = {name: share(rng) for name in ("maxSurge", "maxUnavailable") if rng.random() < 0.8}
        if all(re.fullmatch("0%?", str(update.get(name, 1))) for name in ("maxSurge", "maxUnavailable")):
            update = {}  # the API server refuses it
        elif str(update.get("maxUnavailable", "")).endswith("%"):
            update["maxUnavailable"] = f"{min(100, int(update['maxUnavailable'][:-1]))}%"
        spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": update}
    else:
        spec["strategy"] = {"type": "Recreate"}
    if rng.random() < 0.15:
        spec["paused"] = True
    if rng.random() < 0.5:
        spec["revisionHistoryLimit"] = rng.randrange(4)
    spec["progressDeadlineSeconds"] = rng.choice([600, 600, 60, 2147483647])
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "default", "uid": "d0", "generation": 1,
                         "creationTimestamp": ago(100000)}, "spec": spec}


def counts(rng, replicas):
    """What a ReplicaSet says of its pods: mostly it has those that it is to have."""
    has = replicas if rng.random() < 0.7 else rng.randrange(replicas + 3)
    ready = has if rng.random() < 0.6 else rng.randrange(has + 1)
    available = ready if rng.random() < 0.8 else rng.randrange(ready + 1)
    status = {"replicas": has, "readyReplicas": ready, "availableReplicas": available,
              "terminatingReplicas": rng.randrange(1, 3) if rng.random() < 0.1 else 0, "observedGeneration": 1}
    return {name: number for name, number in status.items() if number or name in ("replicas", "terminatingReplicas")}


def replica_set(rng, name, of, version, age):
    wanted = of["spec"]["replicas"]
    replicas = rng.choice([0, wanted, rng.randrange(wanted + 1), rng.randrange(wanted + 4)])
    desired = wanted if rng.random() < 0.6 else rng.choice([max(0, wanted - 1), rng.randrange(20), wanted * 2])
    value = name.rsplit("-", 1)[1]
    labels = {"app": "web", "pod-template-hash": value}
    inner = template(version)
    inner["metadata"]["labels"] = labels
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": "default", "uid": name, "labels": labels, "generation": 1,
                         "creationTimestamp": ago(age), "annotations": {
                             "deployment.kubernetes.io/revision": str(rng.randrange(1, 9)),
                             "deployment.kubernetes.io/desired-replicas": str(desired),
                             "deployment.kubernetes.io/max-replicas": str(desired + rng.randrange(4))},
                         "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d0",
                                              "controller": True, "blockOwnerDeletion": True}]},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": inner},
            "status": counts(rng, replicas)}


def condition(rng, deadline):
    status, reason = rng.choice([("True", "NewReplicaSetAvailable"), ("True", "ReplicaSetUpdated"),
                                 ("True", "NewReplicaSetCreated"), ("True", "FoundNewReplicaSet"),
                                 ("False", "ProgressDeadlineExceeded"), ("Unknown", "DeploymentPaused"),
                                 ("Unknown", "DeploymentResumed")])
    # Well before or well behind the deadline, so that the two need not look at the same time.
    age = rng.choice([0, deadline // 3, deadline * 2]) if deadline < 10000 else 5
    return {"type": "Progressing", "status": status, "reason": reason, "message": "m", "lastUpdateTime": ago(age),
            "lastTransitionTime": ago(age)}


def status(rng, of, sets):
    """That of a former look: mostly what the sets say now."""
    names = ("replicas", "readyReplicas", "availableReplicas")
    sums = {name: sum(s["status"].get(name, 0) for s in sets) for name in names}
    sums["updatedReplicas"] = next(
        (s["status"]["replicas"] for s in sets if s["spec"]["template"]["spec"] == of["spec"]["template"]["spec"]), 0)
    if rng.random() < 0.4:
        sums = {name: max(0, number + rng.randrange(-2, 3)) for name, number in sums.items()}
    sums = {name: number for name, number in sums.items() if number}
    sums["observedGeneration"] = 1
    if rng.random() < 0.8:
        sums["conditions"] = [condition(rng, of["spec"]["progressDeadlineSeconds"])]
    return sums


def scenario(rng, names):
    version = rng.randrange(VERSIONS)
    of = deployment(rng, version)
    versions = rng.sample(range(VERSIONS), rng.choice([0, 1, 2, 2, 3, 4, 5]))
    ages = rng.sample(range(1000, 50000), len(versions))
    sets = [replica_set(rng, names[v], of, v, age) for v, age in zip(versions, ages)]
    of["status"] = status(rng, of, sets)
    return b"\n".join(json.dumps(document).encode() for document in [of, *sets])


class Rollout(comparison.Comparison):
    request, known = "rollout", KNOWN

    def __init__(self, args):
        super().__init__(args)
        self.rng = random.Random(args.seed)
        self.ours = {}  # our names of the ReplicaSets by theirs
        self.sets = self.names()

    def scenario(self):
        return scenario(self.rng, self.sets)

    def names(self):
        """Of the ReplicaSets, which hold a hash of the template: both make one where none is. Ours is another hash."""
        rng = random.Random(0)
        documents = []
        for version in range(VERSIONS):
            document = deployment(rng, version)
            document["spec"] = {"replicas": 1, "selector": document["spec"]["selector"],
                                "strategy": {"type": "Recreate"}, "template": document["spec"]["template"]}
            documents.append(("rollout", json.dumps(document).encode()))
        theirs, ours = self.oracle.answers(documents), self.subject.answers(documents)
        self.ours = {next(iter(there["sets"])): next(iter(here["sets"])) for there, here in zip(theirs, ours)}
        for (_, document), there, here in zip(documents, theirs, ours):
            self.compare(document, there, here)
        return list(self.ours.values())

    @staticmethod
    def kind(what):
        return re.sub(r"-?\d+", "N", re.sub(r"web-\w+", "web-H", what))

    def differ(self, what, document):
        super().differ(what + self.remark(document), document)

    @staticmethod
    def sizes(document):
        """By name, what the ReplicaSets of a scenario have before anything is done."""
        sets = [json.loads(line) for line in document.split(b"\n")[1:]]
        return {row["metadata"]["name"]: row["spec"] for row in sets}

    @staticmethod
    def remark(document):
        """What a difference comes from, and can't be seen in it."""
        of, *sets = [json.loads(line) for line in document.split(b"\n")]
        wanted = of["spec"]["replicas"]
        active = [s for s in sets if s["spec"]["replicas"]]
        notes = [s["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] for s in active]
        if of["spec"]["strategy"]["type"] == "Recreate" and set(notes) - {str(wanted)}:
            return " (recreated and scaled)"
        if sum(s["spec"]["replicas"] for s in active) == wanted and len(active) < 2 and (
                of["spec"].get("paused") or notes != [str(wanted)]):
            return " (of the right size)"
        if any(s["spec"]["replicas"] < s["status"].get("availableReplicas", 0) for s in active):
            return " (not ended yet)"
        if of["spec"].get("paused") and not active and len(sets) > of["spec"].get("revisionHistoryLimit", len(sets)):
            return " (scaled and forgotten)"
        return ""

    def compare(self, document, theirs, ours):
        theirs["sets"] = {self.ours.get(name, name): row for name, row in theirs["sets"].items()}
        for name in sorted({*theirs["sets"], *ours["sets"]}):
            there, here = theirs["sets"].get(name), ours["sets"].get(name)
            if there is None or here is None:
                is_there = "is" if name in self.sizes(document) else "is made"
                self.differ(f"{name} {is_there} {'here' if there is None else 'there'} only", document)
                continue
            self.counts["sets"] += 1
            if here["replicas"] != there["replicas"]:
                self.differ(f"{name}: {here['replicas']} replicas for {there['replicas']}", document)
            for note, annotation in NOTES.items():
                value = there["annotations"].get(f"deployment.kubernetes.io/{annotation}")
                if str(here[note]) != value:
                    self.differ(f"{name}: {note} {here[note]} for {value}", document)
        sizes = [{name: row["replicas"] for name, row in sets.items() if row["replicas"]} for sets in
                 (self.sizes(document), theirs["sets"], ours["sets"])]
        for part in ("conditions", "status") if sizes[0] == sizes[1] == sizes[2] else ():
            for name in sorted({*theirs[part], *ours[part]}):
                self.counts[part] += 1
                if theirs[part].get(name) != ours[part].get(name):
                    self.differ(f"{part} {name}: {ours[part].get(name)} for {theirs[part].get(name)}", document)


if __name__ == "__main__":
    sys.exit(comparison.main(Rollout, __doc__, 20000))
