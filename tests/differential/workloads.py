# SPDX-License-Identifier: Apache-2.0
"""Workloads, most of which make sense: what one of their fields says goes with what another does, but for a few."""
import copy

import generate

KINDS = ["PodTemplate", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]
SHARES = [0, 1, 2, 100, -1, "0%", "25%", "100%", "101%", "1", "0", "", "%", "-1%", "5 %", "1.5%", "99999999999999999999%", "+3", "x"]
NUMBERS = [None, 0, 1, 2, 3, 10, 600, -1, 100000, 100001, 10001, 2147483647]
SCHEDULES = ["* * * * *", "*/5 * * * *", "@daily", "@every 1h30m", "@every 5", "@every 1x", "@every ", "@every -1.5h", "@every .s",
             "@every 3\u00b5s2ms", "@every 1h \u00e9", "@every 9223372036854775807ns", "@every 9223372036854775808ns", "@never",
             "0 0 1 1 0", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "1-5 * * * *", "5-1 * * * *",
             "1-2-3 * * * *", "*/0 * * * *", "*/-1 * * * *", "1/2/3 * * * *", "a * * * *", "* * * JAN-dec mon,WED,Fri", "* * * foo *",
             "5/15 * * * *", "50/5 * * * *", "*-5 * * * *", ", * * * *", ",, 1,,2 * * *", "-5 * * * *", "+5 * * * *", "007 * * * *",
             "99999999999999999999 * * * *", "* * * *", "* * * * * *", " * *\t* * * ", "", "TZ=UTC * * * * *", "CRON_TZ=Europe/Berlin @daily",
             "TZ=Nowhere/Land * * * * *", "TZ=UTC", "TZ= * * * * *", "? ? ? ? ?", "*/2,5-7/2,30 0-23/4 L * *", "1- * * * *", "1/ * * * *",
             "\u00a0* * * * *", "* * * * * TZ"]
ZONES = [None, None, "Europe/Berlin", "UTC", "Etc/GMT+1", "", "Local", "local", "America/New_Yrok", "Europe//Berlin", "/Europe/Berlin",
         "..", "a/../b", "-x/y", "europe/berlin", "America/Argentina/ComodRivadavia", "America/Indiana/Indianapolis", "A B", "GMT"]
INDEXES = [None, "", "0", "0-2", "1,3", "2,1", "1,1", "0-0", "3-1", "5", "1-2-3", "a", "1-b", "-1", "1,", "007", "+1", "0-1,2-3", "999"]
MANAGERS = [None, None, None, "example.com/x", "kubernetes.io/job-controller", "x", "/x", "x/", "", "A_b/x", "example.com/a b", "a/b/c",
            "example.com/" + "x" * 60, "example.com/\u00e4"]
NAMES = ["a", "web", "x" * 52, "x" * 53, "x" * 63, "a.b", "a-", "A", "", "y" * 61]
LABELS = [{"app": "web"}, {"app": "web", "tier": "a"}, {"app": "web", "job-name": "a"}, {"app": "web", "controller-uid": "x"},
          {"app": "web", "batch.kubernetes.io/job-name": "web"}, {"app": "a b"}, {}]
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


class Workloads:
    def __init__(self, generator):
        self.generator = generator
        self.rng = generator.rng

    def some(self, chance):
        return self.rng.random() < chance

    def choose(self, into, field, values):
        """One of the values, or none where that is None."""
        value = self.rng.choice(values)
        into.pop(field, None)
        if value is not None:
            into[field] = copy.deepcopy(value)

    def object(self):
        kind = self.rng.choice(KINDS)
        made = self.generator.object(kind, generate.OTHERS[kind], self.rng.choice([0.01, 0.03, 0.1]), self.rng.choice([0, 0, 0.05]))
        metadata = made["metadata"]
        for field in ("uid", "creationTimestamp", "resourceVersion", "managedFields"):
            metadata.pop(field, None)
        if self.some(0.3):
            self.choose(metadata, "name", NAMES)
        if self.some(0.05):
            self.choose(metadata, "generateName", ["a-", "a.b-", "A-", "x" * 60 + "-", "-"])
        if kind == "PodTemplate":
            self.template(made.setdefault("template", {}), None)
            return made
        spec = made.setdefault("spec", {})
        self.spec(kind, spec)
        return made

    def template(self, template, ends):
        """A template that its kind can run, mostly."""
        rng, spec = self.rng, template.setdefault("spec", {})
        template.setdefault("metadata", {})["labels"] = copy.deepcopy(LABELS[0] if self.some(0.8) else rng.choice(LABELS))
        self.generator.annotate(template)
        if self.some(0.9):
            spec["containers"] = [{"name": rng.choice(["c", "d"]), "image": "nginx"}]
            for field in ("initContainers", "ephemeralContainers", "resources", "os"):
                spec.pop(field, None)
        if self.some(0.9):
            spec["restartPolicy"] = rng.choice(["Never", "OnFailure"]) if ends else "Always"
        if self.some(0.9):
            spec.pop("activeDeadlineSeconds", None)

    def selector(self, spec, labels=False):
        rng = self.rng
        if self.some(0.8):
            spec["selector"] = {"app": "web"} if labels else {"matchLabels": {"app": "web"}}
        elif not labels:
            self.choose(spec, "selector", [None, {}, {"matchLabels": {"app": "other"}}, {"matchLabels": {"-": "x"}},
                                           {"matchExpressions": [{"key": "app", "operator": rng.choice(generate.OPERATORS + ["Gt"]),
                                                                  "values": rng.choice([[], ["web"], ["a b"]])}]}])

    def rolling(self, fields):
        return {field: self.rng.choice(SHARES) for field in fields if self.some(0.7)}

    def strategy(self, spec, field, types, fields):
        if self.some(0.4):
            spec.pop(field, None)
            return
        spec[field] = {}
        self.choose(spec[field], "type", types + [None, "Sometimes", ""])
        self.choose(spec[field], "rollingUpdate", [None, self.rolling(fields), self.rolling(fields)])

    def numbers(self, spec, *fields):
        for field in fields:
            if self.some(0.3):
                self.choose(spec, field, NUMBERS)

    def spec(self, kind, spec):
        getattr(self, kind)(spec)

    def ReplicationController(self, spec):
        self.template(spec.setdefault("template", {}), False)
        self.selector(spec, True)
        self.numbers(spec, "replicas", "minReadySeconds")
        if self.some(0.05):
            del spec["template"]

    def ReplicaSet(self, spec):
        self.template(spec.setdefault("template", {}), False)
        self.selector(spec)
        self.numbers(spec, "replicas", "minReadySeconds")

    def Deployment(self, spec):
        self.ReplicaSet(spec)
        self.numbers(spec, "revisionHistoryLimit", "progressDeadlineSeconds")
        self.strategy(spec, "strategy", ["Recreate", "RollingUpdate", "RollingUpdate"], ["maxSurge", "maxUnavailable"])

    def DaemonSet(self, spec):
        self.ReplicaSet(spec)
        self.numbers(spec, "revisionHistoryLimit")
        spec.pop("replicas", None)
        self.strategy(spec, "updateStrategy", ["OnDelete", "RollingUpdate", "RollingUpdate"], ["maxSurge", "maxUnavailable"])

    def StatefulSet(self, spec):
        self.ReplicaSet(spec)
        self.numbers(spec, "revisionHistoryLimit")
        self.strategy(spec, "updateStrategy", ["OnDelete", "RollingUpdate", "RollingUpdate"], ["partition", "maxUnavailable"])
        rolling = spec.get("updateStrategy", {}).get("rollingUpdate", {})
        if "partition" in rolling:
            self.choose(rolling, "partition", [0, 1, -1, None])
        self.choose(spec, "podManagementPolicy", [None, "OrderedReady", "Parallel", "Random", ""])
        self.choose(spec, "serviceName", [None, "svc", "a.b", "A", ""])
        self.choose(spec, "ordinals", [None, None, {"start": 1}, {"start": -1}, {}])
        self.choose(spec, "persistentVolumeClaimRetentionPolicy", [None, None, {"whenDeleted": "Delete"}, {"whenScaled": "Never"}, {}])
        if self.some(0.7):
            spec["volumeClaimTemplates"] = [self.claim() for _ in range(self.rng.choice([0, 1, 1, 1, 2]))]

    def claim(self):
        made = {"metadata": {"name": self.rng.choice(["data", "data", "logs", "A", ""])}, "spec": copy.deepcopy(CLAIM)}
        if self.some(0.3):
            made["spec"] = self.generator.record("PersistentVolumeClaimSpec", 3)
        if self.some(0.2):
            made["metadata"] = self.generator.record("ObjectMeta", 3)
        return made

    def Job(self, spec, inside=False):
        rng = self.rng
        self.template(spec.setdefault("template", {}), True)
        self.numbers(spec, "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
                     "backoffLimitPerIndex", "maxFailedIndexes")
        self.choose(spec, "completionMode", [None, "NonIndexed", "Indexed", "Indexed", "Indexed", "Odd", ""])
        self.choose(spec, "managedBy", MANAGERS)
        self.choose(spec, "podReplacementPolicy", [None, None, "Failed", "TerminatingOrFailed", "Never", ""])
        if not self.some(0.1):
            spec.pop("manualSelector", None)
            spec.pop("selector", None)
        elif not inside:
            spec["manualSelector"] = self.some(0.7)
            self.selector(spec)
        for field, policy in (("podFailurePolicy", self.failure_policy), ("successPolicy", self.success_policy)):
            spec.pop(field, None)
            if self.some(0.4):
                spec[field] = policy()
        if spec.get("completionMode") == "Indexed" and spec.get("completions") is None and (self.some(0.8) or "successPolicy" in spec):
            spec["completions"] = rng.choice([1, 3, 10, 100001])

    def failure_policy(self):
        return {"rules": [self.failure_rule() for _ in range(self.rng.choice([0, 1, 1, 2, 3, 21]))]}

    def failure_rule(self):
        rng, rule = self.rng, {}
        self.choose(rule, "action", ["FailJob", "Ignore", "Count", "FailIndex", "Odd", "", None])
        if self.some(0.6):
            codes = rng.choice([[1], [1, 2, 3], [3, 1], [0], [1, 1], [], [-1, 5], list(range(1, 257))])
            rule["onExitCodes"] = {"values": codes}
            self.choose(rule["onExitCodes"], "operator", ["In", "NotIn", "Near", "", None])
            self.choose(rule["onExitCodes"], "containerName", [None, "c", "nobody", ""])
        if self.some(0.4):
            rule["onPodConditions"] = [self.condition() for _ in range(rng.choice([0, 1, 2, 21]))]
        return rule

    def condition(self):
        made = {}
        self.choose(made, "type", ["DisruptionTarget", "example.com/x", "a b", "", None])
        self.choose(made, "status", ["True", "False", "Unknown", "Maybe", "", None])
        return made

    def success_policy(self):
        rules = []
        for _ in range(self.rng.choice([0, 1, 1, 2, 21])):
            rule = {}
            self.choose(rule, "succeededIndexes", INDEXES)
            self.choose(rule, "succeededCount", [None, 0, 1, 2, 4, 1000000, -1])
            rules.append(rule)
        return {"rules": rules}

    def CronJob(self, spec):
        job = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
        self.Job(job, True)
        self.choose(spec, "schedule", SCHEDULES)
        if self.some(0.3):
            spec["schedule"] = " ".join(self.cron_field() for _ in range(5))
        self.choose(spec, "timeZone", ZONES)
        self.choose(spec, "concurrencyPolicy", [None, "Allow", "Forbid", "Replace", "Maybe", ""])
        self.numbers(spec, "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")

    def cron_field(self):
        pieces = ["*", "?", "1", "5", "7", "12", "31", "59", "-", "/", ",", "mon", "Feb", "0", "x"]
        return "".join(self.rng.choice(pieces) for _ in range(self.rng.choice([1, 1, 1, 2, 3, 5])))
