# SPDX-License-Identifier: Apache-2.0
"""Agents and pods to place, as text that every program beside the library reads: see bench_rival.c."""
import json

RACKS, ZONES, APPS = 50, 3, 100
# What a pod takes beyond the requests of its container: its executor, and the tokens of two tasks.
OVERHEAD = {"cpus": 20, "mem": 2, "disk": 32}


class Random:
    """A sequence that is the same everywhere."""

    def __init__(self):
        self.state = 1

    def below(self, n):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) % n


def spec_of(rule, i):
    """What a rule adds to the spec of pod i."""
    same_app = {"matchLabels": {"app": f"app-{i % APPS}"}}
    if rule == "node-affinity":
        racks = [f"r{i % RACKS}", f"r{(i + 1) % RACKS}"]
        expression = {"key": "k8s.mesosphere.io/attribute-rack", "operator": "In", "values": racks}
        terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
        return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}
    if rule == "anti-affinity":
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": same_app}
        return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    if rule == "spread":
        constraint = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone",
                      "whenUnsatisfiable": "DoNotSchedule", "labelSelector": same_app}
        return {"topologySpreadConstraints": [constraint]}
    return {}


def agents(count):
    """Agents that are in use already: what they have left differs."""
    random = Random()
    for i in range(count):
        cpus = 500 * (1 + random.below(32))
        mem = 512 * (1 + random.below(64))
        yield "agent", f"s{i}", cpus, mem, 10000, f"r{i * 31 % RACKS}", f"z{i % ZONES}"


def pods(count, rule):
    """Pods of a quarter of a cpu and 128 MiB, with a rule about where they may be, or "simple"."""
    cpus, mem = 250, 128
    for i in range(count):
        requests = {"cpu": f"{cpus}m", "memory": f"{mem}Mi"}
        pod = {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"pod-{i}", "namespace": "default", "uid": f"uid-{i}",
                         "labels": {"app": f"app-{i % APPS}"}},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": requests}}],
                     **spec_of(rule, i)},
        }
        yield ("pod", f"pod-{i}", cpus + OVERHEAD["cpus"], mem + OVERHEAD["mem"], OVERHEAD["disk"],
               json.dumps(pod, separators=(",", ":")))


def write(path, agent_count, pod_count, rule):
    """Writes a workload."""
    with open(path, "w", encoding="utf-8") as out:
        for row in (*agents(agent_count), *pods(pod_count, rule)):
            print(*row, sep="\t", file=out)
