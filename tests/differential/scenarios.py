# SPDX-License-Identifier: Apache-2.0
"""Clusters with pods that run and one that waits, by chance, as v1 Lists. Everything comes from one seed."""
import json

HOSTNAME, ZONE, ROW = "kubernetes.io/hostname", "topology.kubernetes.io/zone", "example.com/row"
TOPOLOGIES = [HOSTNAME, ZONE, ZONE, ROW]
NAMESPACES = {"default": {}, "prod": {"team": "red"}, "test": {"team": "blue", "tier": "low"}}
APPS = ["web", "db", "cache"]
TAINTS = [("dedicated", "gpu"), ("dedicated", "db"), ("slow", ""), ("example.com/spot", "yes")]
EFFECTS = ["NoSchedule", "NoExecute", "PreferNoSchedule"]
CPUS = ["100m", "250m", "0.5", "1", "1500m", "2"]
MEMORY = ["64Mi", "128Mi", "0.5Gi", "1Gi", "1536Mi"]
DEVICES = ["example.com/widget", "nvidia.com/gpu", "hugepages-2Mi"]


class Scenarios:
    def __init__(self, rng):
        self.rng = rng

    def chance(self, share):
        return self.rng.random() < share

    def some(self, items, most):
        return self.rng.sample(items, self.rng.randint(1, min(most, len(items))))

    def scenario(self):
        """Few rules at once, as a rule, so that there are nodes left."""
        rng = self.rng
        self.heavy = rng.choice([0, 0.1, 0.1, 0.5])
        self.several = self.chance(0.1)  # several protocols and addresses
        nodes = [self.node(i) for i in range(rng.randint(1, 8))]
        spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
                  for name, labels in NAMESPACES.items()]
        self.names = [node["metadata"]["name"] for node in nodes]
        running = []
        for i in range(rng.choice([0, 2, 5, 10, 20])):
            pod = self.pod(f"r{i}", waits=False)
            pod["spec"]["nodeName"] = rng.choice(self.names)
            running.append(pod)
        return {"apiVersion": "v1", "kind": "List", "items": nodes + spaces + running + [self.pod("waits", waits=True)]}

    # ---- Nodes ----

    def node(self, i):
        rng = self.rng
        labels = {HOSTNAME: f"n{i}", "kubernetes.io/os": "linux"}
        for key, values, share in ((ZONE, ["z1", "z2", "z3"], 0.9), (ROW, ["r1", "r2"], 0.6), ("disk", ["ssd", "hdd"], 0.7),
                                   ("cores", ["4", "16", "64", "many"], 0.5)):
            if self.chance(share):
                labels[key] = rng.choice(values)
        spec = {}
        if self.chance(0.1):
            spec["unschedulable"] = True
        if self.chance(0.3):
            spec["taints"] = [self.taint(*taint) for taint in self.some(TAINTS, 2)]
        amounts = {"cpu": rng.choice(["500m", "4", "8", "32"]), "memory": rng.choice(["512Mi", "8Gi", "64Gi"]), "pods": "110"}
        if self.chance(0.8):
            amounts["ephemeral-storage"] = rng.choice(["1Gi", "10Gi"])
        for device in DEVICES:
            if self.chance(0.5):
                amounts[device] = "64Mi" if device.startswith("huge") else rng.choice(["0", "1", "4"])
        status = {rng.choice(["allocatable", "allocatable", "capacity"]): amounts}
        return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{i}", "labels": labels}, "spec": spec, "status": status}

    def taint(self, key, value):
        taint = {"key": key, "effect": self.rng.choice(EFFECTS)}
        return {**taint, "value": value} if value else taint

    # ---- Pods ----

    def pod(self, name, waits):
        rng = self.rng
        labels = {"app": rng.choice(APPS)}
        if self.chance(0.4):
            labels["version"] = rng.choice(["1", "2"])
        spec = {"containers": [self.container(f"c{i}", waits) for i in range(rng.choice([1, 1, 2]))]}
        if self.chance(0.2):
            spec["initContainers"] = [self.init(f"i{i}") for i in range(rng.randint(1, 3))]
        if self.chance(0.1):
            spec["overhead"] = {"cpu": "50m", "memory": "32Mi"}
        if self.chance(0.1):
            spec["resources"] = {"requests": {"cpu": rng.choice(["4", "6"]), "memory": rng.choice(["6Gi", "8Gi"])}}
        for key, make, share in (("tolerations", self.tolerations, 0.4), ("nodeSelector", self.selector, self.heavy),
                                 ("affinity", self.affinity, 0.6 if waits else 0.3), ("topologySpreadConstraints", self.spread, 0.3)):
            if self.chance(share):
                spec[key] = make()
        if waits and self.chance(0.02):
            spec["schedulingGates"] = [{"name": "example.com/a"}, {"name": "b"}][:rng.randint(1, 2)]
        if waits and self.chance(0.04):
            spec["nodeName"] = rng.choice(self.names + ["elsewhere"])
        metadata = {"name": name, "namespace": rng.choice(["default", "default", "prod", "test"]), "labels": labels}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def container(self, name, waits):
        made = {"name": name, "image": "registry.example/app:1"}
        if self.chance(0.7):
            made["resources"] = self.resources(waits)
        if self.chance(0.2 if waits else 0.1):
            made["ports"] = [self.port()]
        return made

    def port(self):
        port = {"containerPort": 80, "hostPort": self.rng.choice([8080, 8081, 9090])}
        if self.several:
            port["protocol"] = self.rng.choice(["TCP", "UDP", "SCTP"])
            if self.chance(0.5):
                port["hostIP"] = self.rng.choice(["127.0.0.1", "0.0.0.0", "10.0.0.1"])
        return port

    def init(self, name):
        made = self.container(name, False)
        if self.chance(0.4):
            made["restartPolicy"] = "Always"
        else:
            made.pop("ports", None)
        return made

    def resources(self, waits):
        rng, made = self.rng, {"requests": {}}
        if self.chance(0.8):
            made["requests"]["cpu"] = rng.choice(CPUS)
        if self.chance(0.6):
            made["requests"]["memory"] = rng.choice(MEMORY)
        if self.chance(0.2):
            made["requests"]["ephemeral-storage"] = rng.choice(["128Mi", "1Gi", "4Gi"])
        if self.chance(0.15 if waits else 0.05) and made["requests"]:
            device = rng.choice(DEVICES)
            amount = "4Mi" if device.startswith("huge") else rng.choice(["1", "2"])
            made["limits"] = {device: amount}
            made["requests"][device] = amount
            made["requests"].setdefault("memory", "64Mi")
        return made

    # ---- Rules about nodes ----

    def tolerations(self):
        made = []
        for key, value in self.some(TAINTS, 3):
            toleration = {"key": key, "operator": self.rng.choice(["Exists", "Equal"])}
            if toleration["operator"] == "Equal" and value:
                toleration["value"] = value
            if self.chance(0.6):
                toleration["effect"] = self.rng.choice(EFFECTS)
            made.append(toleration)
        if self.chance(0.1):
            made.append({"operator": "Exists"})
        if self.chance(0.1):
            made.append({"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"})
        return made

    def selector(self):
        return {self.rng.choice(["disk", ROW]): self.rng.choice(["ssd", "r1"])}

    def node_expression(self):
        rng = self.rng
        key, values = rng.choice([("disk", ["ssd", "hdd"]), (ZONE, ["z1", "z2", "z3"]), ("cores", ["4", "16", "64"]), ("none", ["x"])])
        operator = rng.choice(["In", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"])
        if operator in ("Gt", "Lt"):
            return {"key": "cores", "operator": operator, "values": [rng.choice(["0", "8", "16"])]}
        return {"key": key, "operator": operator, **({"values": self.some(values, 2)} if operator.endswith("In") else {})}

    def node_term(self):
        term = {}
        if self.chance(0.9):
            term["matchExpressions"] = [self.node_expression() for _ in range(self.rng.choice([1, 1, 2]))]
        if self.chance(0.15):
            term["matchFields"] = [{"key": "metadata.name", "operator": self.rng.choice(["In", "NotIn"]),
                                    "values": [self.rng.choice(self.names + ["elsewhere"]) if hasattr(self, "names") else "n0"]}]
        return term

    # ---- Rules about pods ----

    def affinity(self):
        rng, made = self.rng, {}
        if self.chance(0.4):
            made["nodeAffinity"] = {}
            if self.chance(0.6):
                made["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = {
                    "nodeSelectorTerms": [self.node_term() for _ in range(rng.choice([1, 2]))]}
            if self.chance(0.6):
                made["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] = [
                    {"weight": rng.choice([1, 30, 100]), "preference": self.node_term()} for _ in range(rng.choice([1, 2]))]
        for side, share in (("podAffinity", 0.4), ("podAntiAffinity", 0.4)):
            if not self.chance(share):
                continue
            made[side] = {}
            if self.chance(0.6):
                made[side]["requiredDuringSchedulingIgnoredDuringExecution"] = [self.pod_term() for _ in range(rng.choice([1, 1, 2]))]
            if self.chance(0.5):
                made[side]["preferredDuringSchedulingIgnoredDuringExecution"] = [
                    {"weight": rng.choice([1, 30, 100]), "podAffinityTerm": self.pod_term()} for _ in range(rng.choice([1, 2]))]
        return made

    def label_selector(self):
        rng = self.rng
        made = {}
        if self.chance(0.7):
            made["matchLabels"] = {"app": rng.choice(APPS)}
        if self.chance(0.2):
            key, operator = rng.choice(["app", "version"]), rng.choice(["In", "NotIn", "Exists", "DoesNotExist"])
            made["matchExpressions"] = [{"key": key, "operator": operator,
                                         **({"values": self.some(APPS + ["1", "2"], 2)} if operator.endswith("In") else {})}]
        return made

    @staticmethod
    def by_own_labels(term):
        """A key may not be in both."""
        if "version" not in json.dumps(term):
            term["matchLabelKeys"] = ["version"]

    def pod_term(self):
        rng = self.rng
        term = {"topologyKey": rng.choice(TOPOLOGIES)}
        if self.chance(0.95):
            term["labelSelector"] = self.label_selector()
            if self.chance(0.1):
                self.by_own_labels(term)
            if self.chance(0.1):
                term["mismatchLabelKeys"] = ["tier"]
        if self.chance(0.2):
            term["namespaces"] = self.some(list(NAMESPACES), 2)
        if self.chance(0.3):
            term["namespaceSelector"] = rng.choice(
                [{}, {"matchLabels": {"team": "red"}}, {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
                 {"matchLabels": {"kubernetes.io/metadata.name": "test"}}])
        return term

    def spread(self):
        rng, made, seen = self.rng, [], set()
        for _ in range(rng.choice([1, 1, 2])):
            term = {"maxSkew": rng.randint(1, 3), "topologyKey": rng.choice(TOPOLOGIES),
                    "whenUnsatisfiable": rng.choice(["DoNotSchedule", "DoNotSchedule", "ScheduleAnyway"])}
            if (term["topologyKey"], term["whenUnsatisfiable"]) in seen:
                continue
            seen.add((term["topologyKey"], term["whenUnsatisfiable"]))
            if self.chance(0.95):
                term["labelSelector"] = self.label_selector()
                if self.chance(0.2):
                    self.by_own_labels(term)
            if term["whenUnsatisfiable"] == "DoNotSchedule" and self.chance(0.3):
                term["minDomains"] = rng.randint(1, 4)
            for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
                if self.chance(0.3):
                    term[policy] = rng.choice(["Honor", "Ignore"])
            made.append(term)
        return made
