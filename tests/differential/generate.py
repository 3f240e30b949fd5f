# SPDX-License-Identifier: Apache-2.0
"""Objects from fields.def: what it says that a field can hold, by chance. Everything comes from one seed."""
import fields as table

NAMES = ["a", "web", "data-0", "x1", "app", "my-claim"]
PATHS = ["/", "/data", "/var/log", "/a/b.txt"]
QUANTITIES = ["0", "1", "100m", "1500m", "0.5", "64Mi", "1Gi", "1.5Gi", "2", "1e3", "1G", "0.0001", "1Ki", "128974848"]
TIMES = ["2026-01-02T03:04:05Z", "2026-06-30T23:59:59+02:00", "1999-12-31T00:00:00.25Z"]
IMAGES = ["nginx", "nginx:1.27", "nginx:latest", "localhost:5000/a/b", "localhost:5000/a/b:v1", "a/b@sha256:" + "0" * 64,
          "docker.io/library/busybox:1", "quay.io/x/y:latest"]
KEYS = ["app", "example.com/role", "tier", "kubernetes.io/os"]
RESOURCES = ["cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "example.com/gpu"]
OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"]
WORDS = {
    "image": IMAGES, "reference": IMAGES,
    "imagePullPolicy": ["Always", "IfNotPresent", "Never"], "pullPolicy": ["Always", "IfNotPresent", "Never"],
    "restartPolicy": ["Always", "OnFailure", "Never"], "dnsPolicy": ["ClusterFirst", "Default", "None"],
    "terminationMessagePolicy": ["File", "FallbackToLogsOnError"], "protocol": ["TCP", "UDP", "SCTP"],
    "scheme": ["HTTP", "HTTPS"], "operator": OPERATORS, "effect": ["NoSchedule", "PreferNoSchedule", "NoExecute"],
    "medium": ["", "Memory", "HugePages-2Mi"], "preemptionPolicy": ["Never", "PreemptLowerPriority"],
    "whenUnsatisfiable": ["DoNotSchedule", "ScheduleAnyway"], "topologyKey": ["kubernetes.io/hostname", "zone"],
    "mountPropagation": ["None", "HostToContainer", "Bidirectional"], "procMount": ["Default", "Unmasked"],
    "recursiveReadOnly": ["Disabled", "IfPossible", "Enabled"], "volumeMode": ["Filesystem", "Block"],
    "fieldPath": ["metadata.name", "metadata.labels['app']", "spec.nodeName", "status.podIP", "metadata.annotations"],
    "resource": ["limits.cpu", "requests.memory", "limits.hugepages-2Mi"], "mountPath": PATHS, "path": PATHS + ["a/b"],
    "subPath": ["a", "a/b"], "ip": ["10.0.0.1", "::1"], "hostname": NAMES, "conditionType": ["example.com/ready"],
    "apiVersion": ["v1", "apps/v1"], "kind": ["Pod", "ReplicaSet"], "uid": ["0b0ef0a2-8ae3-4a07-9b68-1f8e0c9f1c3e"],
    "type": ["Localhost", "RuntimeDefault", "Unconfined", "RollingUpdate", "Recreate", "OnDelete", "File", "Directory"],
    "fsGroupChangePolicy": ["OnRootMismatch", "Always"], "supplementalGroupsPolicy": ["Merge", "Strict"],
    "nodeAffinityPolicy": ["Honor", "Ignore"], "nodeTaintsPolicy": ["Honor", "Ignore"], "key": KEYS,
    "completionMode": ["NonIndexed", "Indexed"], "podReplacementPolicy": ["TerminatingOrFailed", "Failed"],
    "concurrencyPolicy": ["Allow", "Forbid", "Replace"], "schedule": ["*/5 * * * *", "@daily"],
    "podManagementPolicy": ["OrderedReady", "Parallel"], "namespace": ["default", "kube-system"],
    "accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "cachingMode": ["None", "ReadOnly"], "stopSignal": ["SIGTERM"],
    "resourceName": ["cpu", "memory"], "action": ["Restart", "FailJob", "Ignore", "Count"], "status": ["True", "False"],
}
STRINGS = ["", "a", "A b", "x" * 70, "true", "null", "010", "1e3", "0x1f", "~", "yes", "- a", "a: b", "#", "a #b", "<&>",
           "\u00e4\u00f6\u00fc", "\U0001f600", "tab\there", "two\nlines", "end\n", " lead", "trail ", "'q'",
           '"dq"', "back\\slash", "2001-01-01", "12:30", "a b " * 40, "\u00a0x", "%d", "@x",
           "line one\n\nline three\n\n", "\ttab", "a\rb", "\x01"]
ODD_STRINGS = ["\u2028\u2029", "\x7f", "\u0085", "\ufeff"]  # which YAML makes something of
INTEGERS = {"I32": [0, 1, -1, 2, 80, 8080, 65535, 65536, 2147483647, -2147483648],
            "I64": [0, 1, -1, 30, 3600, 2147483648, 9223372036854775807, -9223372036854775808]}
# Annotations that mean something.
TOLERATIONS = ['[]', '[{"key": "a", "operator": "Exists"}]', '[{"KEY": "a b", "Operator": "Odd", "effect": "Some"}]', "", " ", "[", "null", "{}",
               '[null, 1]', '[{"key": 5, "value": [1]}]', '[{"tolerationSeconds": 5}, {"TOLERATIONSECONDS": 5.0}]', "[] []", '"x"', "[{}]",
               '[{"key": null, "other": {"a": [1]}, "effect": "NoExecute", "operator": "Exists", "tolerationSeconds": -1}]', "[1,]"]
ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/tolerations": TOLERATIONS,
    "kubernetes.io/config.mirror": ["", "x"],
    "controller.kubernetes.io/pod-deletion-cost": ["", "0", "-0", "+1", "007", "-007", "-5", "2147483647", "2147483648", "-2147483649", "1.5", " 1"],
    "seccomp.security.alpha.kubernetes.io/pod": ["runtime/default", "docker/default", "unconfined", "localhost/a", "localhost//a/../b", "x", ""],
    "container.seccomp.security.alpha.kubernetes.io/c": ["unconfined", "localhost/..", "x"],
    "container.apparmor.security.beta.kubernetes.io/c": ["runtime/default", "", "localhost/x", "y"],
    "container.apparmor.security.beta.kubernetes.io/nobody": ["unconfined"],
}
# Of these fields one is set, as a rule.
UNIONS = {
    "Volume": {"name"}, "VolumeProjection": set(), "EnvVarSource": set(), "LifecycleHandler": {"sleep"},
    "ContainerState": set(), "EnvFromSource": {"prefix"},
    "Probe": {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
              "terminationGracePeriodSeconds"},
}


class Generator:
    def __init__(self, path, rng):
        self.types = {name: [f for f in fields if (f.type, f.name) not in table.CAME_AND_WENT]
                      for name, fields in table.read(path).items()}
        self.rng = rng

    def object(self, kind, api_version, density, wild):
        """An object of a kind; density: how likely a field is set; wild: how likely a value makes no sense."""
        self.density, self.wild = density, wild
        made = self.record(kind, 0)
        made.update(apiVersion=api_version, kind=kind)
        metadata = made.setdefault("metadata", {})
        if self.rng.random() < 0.9:
            metadata["name"] = self.rng.choice(NAMES)
        return made

    def pod(self):
        density = self.rng.choice([0.02, 0.05, 0.1, 0.2, 0.4])
        made = self.object("Pod", "v1", density, self.rng.choice([0, 0, 0.02, 0.3]))
        self.annotate(made)
        return made

    def annotate(self, made):
        """Gives an object or a template annotations that mean something, now and then."""
        if self.rng.random() < 0.1:
            key = self.rng.choice(list(ANNOTATIONS))
            made.setdefault("metadata", {}).setdefault("annotations", {})[key] = self.rng.choice(ANNOTATIONS[key])

    def record(self, type_name, depth):
        rng = self.rng
        fields = self.types.get(type_name, [])
        if type_name in UNIONS and rng.random() > self.wild:
            sources = [f for f in fields if f.name not in UNIONS[type_name]]
            chosen = rng.choice(sources)
            fields = [f for f in fields if f.name in UNIONS[type_name] or f is chosen]
        made = {}
        for f in fields:
            plain = f.kind not in ("RECORD", "LIST_RECORD")
            often = f.name == "name" or (type_name == "PodSpec" and f.name == "containers") or \
                (type_name in UNIONS and f.name not in UNIONS[type_name]) or f.mode == "ALWAYS" and plain
            chance = 0.95 if often else self.density * (1 if plain or depth < 4 else 2)
            if f.name in ("spec", "template", "jobTemplate") or rng.random() < chance:
                made[f.name] = self.value(f, depth)
        return made

    def value(self, f, depth):
        rng = self.rng
        if f.kind == "RECORD":
            return self.record(f.child, depth + 1)
        if f.kind.startswith("LIST_"):
            count = rng.choice([0, 1, 1, 1, 2, 3]) if f.kind != "LIST_RECORD" or depth < 3 else rng.choice([0, 1, 1, 2])
            return [self.item(f, f.kind[5:], depth) for _ in range(count)]
        if f.kind.startswith("MAP_"):
            keys = RESOURCES if f.kind == "MAP_QUANTITY" else KEYS
            keys = rng.sample(keys, rng.choice([0, 1, 1, 2, 3]))
            return {self.key(key): self.item(f, f.kind[4:], depth) for key in keys}
        return self.item(f, f.kind, depth)

    def item(self, f, kind, depth):
        rng = self.rng
        if kind == "RECORD":
            return self.record(f.child, depth + 1)
        if kind == "STRING":
            return self.string(f.name, rng.choice(WORDS.get(f.name, NAMES)))
        if kind == "BOOL":
            return rng.random() < 0.5
        if kind in INTEGERS:
            return rng.choice(INTEGERS[kind]) if rng.random() < 0.1 + self.wild else rng.choice([1, 5, 30, 80, 1000])
        if kind == "QUANTITY":
            text = rng.choice(QUANTITIES)
            return float(text) if rng.random() < 0.1 and text.replace(".", "").isdigit() else text
        if kind == "TIME":
            return rng.choice(TIMES)
        if kind == "INT_OR_STRING":
            return rng.choice([80, 0, "http", "25%", 65536, "1"])
        if kind == "BYTES":
            return rng.choice(["", "AA==", "aGVsbG8=", "/+8="])
        return rng.choice([{}, {"a": [1, "<", None]}, {"f:metadata": {"f:labels": {".": {}}}}])

    def string(self, name, plausible):
        if name in ("image", "reference") and self.rng.random() < 0.3:
            return self.image()
        if self.rng.random() >= self.wild:
            return plausible
        return self.rng.choice(ODD_STRINGS if self.rng.random() < 0.01 else STRINGS)

    def key(self, plausible):
        text = self.string("", plausible)
        return text if text.isascii() and "\x7f" not in text else plausible  # others are sorted differently in YAML

    def image(self):
        """A text that is a reference to an image, or nearly."""
        words = ["a", "b1", "lib", "A", "x.io", "localhost", ":5000", "/", "/", ".", "_", "__", "-", "--", ":", ":latest", ":v1",
                 "@sha256:" + "0a" * 32, "@sha512:" + "0" * 128, "@", "[::1]", "docker.io/", "\u00e4", " ", "0" * 64]
        return "".join(self.rng.choice(words) for _ in range(self.rng.randint(1, 6)))


# The other kinds, with their versions.
OTHERS = {"PodTemplate": "v1", "ReplicationController": "v1", "ReplicaSet": "apps/v1", "Deployment": "apps/v1",
          "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "Job": "batch/v1", "CronJob": "batch/v1", "ConfigMap": "v1",
          "Secret": "v1", "Namespace": "v1", "Node": "v1", "PriorityClass": "scheduling.k8s.io/v1"}
