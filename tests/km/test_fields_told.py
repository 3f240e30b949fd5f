#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No field of a pod is dropped in silence. Each field of pods that have nearly all of them is taken out by turn, and
what `km task` prints must be other than before: the calls, or what it says of the pod. Of those that make no difference
there the reason stands below.

usage: test_fields_told.py KM
"""
import concurrent.futures
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

KM = sys.argv.pop(1)
ZONE = "k8s.mesosphere.io/attribute-zone"

DATA = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "data": {"a": "one", "b": "two"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "one", "b": "two"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "reg"}, "stringData": {".dockerconfigjson": "{}"}},
    {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "pv"},
     "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Mi"}}}}]

PROBE = {"initialDelaySeconds": 3, "timeoutSeconds": 4, "periodSeconds": 5, "failureThreshold": 6}

MAIN = {
    "name": "c", "image": "nginx:1", "command": ["a", "$(X)"], "args": ["b"], "workingDir": "/w",
    "imagePullPolicy": "Always", "stdin": True, "stdinOnce": True, "tty": True, "terminationMessagePath": "/x",
    "terminationMessagePolicy": "FallbackToLogsOnError", "resizePolicy": [{"resourceName": "cpu", "restartPolicy":
                                                                           "NotRequired"}],
    "ports": [{"name": "web", "hostPort": 80, "containerPort": 80, "protocol": "TCP", "hostIP": "1.2.3.4"},
              {"name": "u", "containerPort": 53, "protocol": "UDP"}],
    "envFrom": [{"prefix": "P_", "configMapRef": {"name": "cm", "optional": True}},
                {"secretRef": {"name": "s", "optional": True}}],
    "env": [{"name": "X", "value": "1"},
            {"name": "F", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "R", "valueFrom": {"resourceFieldRef": {"containerName": "c", "resource": "limits.cpu",
                                                             "divisor": "1m"}}},
            {"name": "K", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "a", "optional": True}}},
            {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "b", "optional": True}}}],
    "resources": {"limits": {"cpu": "200m", "memory": "300Mi", "ephemeral-storage": "90Mi", "example.com/dev": "2",
                             "nvidia.com/gpu": "1"},
                  "requests": {"cpu": "150m", "memory": "200Mi", "ephemeral-storage": "80Mi"}},
    "livenessProbe": {"httpGet": {"path": "/l", "port": "web", "host": "h", "scheme": "HTTPS", "httpHeaders":
                                  [{"name": "A", "value": "B"}]}, "terminationGracePeriodSeconds": 11, **PROBE},
    "readinessProbe": {"tcpSocket": {"port": 81, "host": "z"}, "successThreshold": 2, **PROBE},
    "lifecycle": {"postStart": {"exec": {"command": ["x"]}}, "preStop": {"exec": {"command": ["y"]}},
                  "stopSignal": "SIGUSR1"},
    "securityContext": {"capabilities": {"add": ["NET_ADMIN"], "drop": ["CHOWN"]}, "seLinuxOptions": {"user": "u"},
                        "runAsUser": 8, "runAsGroup": 4, "runAsNonRoot": True, "readOnlyRootFilesystem": True,
                        "allowPrivilegeEscalation": False, "seccompProfile": {"type": "Unconfined"},
                        "appArmorProfile": {"type": "Localhost", "localhostProfile": "q"}},
    "volumeMounts": [
        {"name": "e", "mountPath": "/e", "readOnly": True, "subPath": "s", "mountPropagation": "HostToContainer"},
        {"name": "e", "mountPath": "/e2", "subPathExpr": "$(X)"},
        {"name": "h", "mountPath": "/h", "readOnly": True, "subPath": "s", "mountPropagation": "HostToContainer"},
        {"name": "s", "mountPath": "/s"}, {"name": "cm", "mountPath": "/cm", "mountPropagation": "HostToContainer"},
        {"name": "d", "mountPath": "/d"},
        {"name": "p", "mountPath": "/p", "readOnly": True, "recursiveReadOnly": "IfPossible"},
        {"name": "pv", "mountPath": "/pv", "mountPropagation": "HostToContainer"}, {"name": "own", "mountPath": "/own"},
        {"name": "flex", "mountPath": "/flex", "mountPropagation": "HostToContainer"},
        {"name": "csi", "mountPath": "/csi", "mountPropagation": "HostToContainer"}]}

SPEC = {
    "restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 7, "activeDeadlineSeconds": 99, "dnsPolicy": "None",
    "nodeSelector": {ZONE: "z1"}, "serviceAccountName": "sa", "automountServiceAccountToken": True, "hostNetwork": True,
    "hostPID": True, "hostIPC": True, "hostname": "hh", "subdomain": "ss", "schedulerName": "other",
    "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a"]}], "priorityClassName": "pc", "priority": 5,
    "dnsConfig": {"nameservers": ["1.1.1.1"]}, "readinessGates": [{"conditionType": "x/y"}], "runtimeClassName": "kata",
    "enableServiceLinks": True, "preemptionPolicy": "Never", "overhead": {"cpu": "100m"}, "setHostnameAsFQDN": True,
    "os": {"name": "linux"}, "hostUsers": True, "imagePullSecrets": [{"name": "reg"}],
    "tolerations": [{"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}],
    "securityContext": {"seLinuxOptions": {"level": "s0"}, "runAsUser": 7, "runAsGroup": 5, "runAsNonRoot": True,
                        "supplementalGroups": [3], "supplementalGroupsPolicy": "Strict", "fsGroup": 9,
                        "fsGroupChangePolicy": "OnRootMismatch", "appArmorProfile": {"type": "Unconfined"},
                        "seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"},
                        "seLinuxChangePolicy": "Recursive"},
    "containers": [MAIN, {"name": "d", "image": "nginx:2", "command": ["a"], "startupProbe":
                          {"grpc": {"port": 90, "service": "s", "mode": "TLS"}, **PROBE}}],
    "volumes": [
        {"name": "e", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        {"name": "h", "hostPath": {"path": "/hh", "type": "Directory"}},
        {"name": "s", "secret": {"secretName": "s", "items": [{"key": "a", "path": "aa", "mode": 256}],
                                 "optional": True}},
        {"name": "cm", "configMap": {"name": "cm", "defaultMode": 288, "optional": True}},
        {"name": "d", "downwardAPI": {"items": [
            {"path": "x", "fieldRef": {"fieldPath": "metadata.name"}, "mode": 256},
            {"path": "y", "resourceFieldRef": {"containerName": "c", "resource": "limits.memory", "divisor": "1Mi"}}]}},
        {"name": "p", "projected": {"sources": [
            {"secret": {"name": "s", "items": [{"key": "a", "path": "q", "mode": 256, "user": 5}]}},
            {"configMap": {"name": "cm", "optional": True}},
            {"downwardAPI": {"items": [{"path": "z", "fieldRef": {"fieldPath": "metadata.uid"}}]}}]}},
        {"name": "pv", "persistentVolumeClaim": {"claimName": "pv", "readOnly": True}},
        {"name": "own", "ephemeral": {"volumeClaimTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {
            "accessModes": ["ReadWriteMany"], "selector": {"matchLabels": {"a": "b"}}, "volumeName": "vn",
            "resources": {"requests": {"storage": "50Mi"}, "limits": {"storage": "60Mi"}}, "storageClassName": "sc",
            "volumeMode": "Filesystem", "dataSource": {"kind": "PersistentVolumeClaim", "name": "x"},
            "volumeAttributesClassName": "va"}}}},
        {"name": "flex", "flexVolume": {"driver": "docker/rexray", "fsType": "ext4", "secretRef": {"name": "s"},
                                        "readOnly": True, "options": {"volume": "vol", "size": "5"}}},
        {"name": "csi", "csi": {"driver": "nfs", "readOnly": True, "fsType": "ext4", "volumeAttributes":
                                {"volumeId": "vid", "x": "y"}, "nodePublishSecretRef": {"name": "s"}}}],
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule",
                                   "labelSelector": {"matchLabels": {"a": "b"}}}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["z1"]}]}]}}}}

# Patterns of paths, and why nothing is said of them.
SILENT = {
    r"restartPolicy|activeDeadlineSeconds|readinessGates.*|containers\.0\.readinessProbe\.(success|failure)Threshold":
        "the driver does it",
    r"nodeSelector.*|tolerations.*|affinity.*|topologySpreadConstraints.*|priority|preemptionPolicy":
        "it says where the pod may go, and before which: it is there",
    r"enableServiceLinks|.*\.stdinOnce|.*\.resizePolicy.*|.*ContextPolicy|securityContext\.(supplementalGroupsPolicy|"
    r"fsGroupChangePolicy|seLinuxChangePolicy)|.*\.volumeClaimTemplate\.(metadata.*|spec\.resources\.limits.*)":
        "nothing is lost without it",
    r"os|hostUsers|.*\.optional|.*\.apiVersion|.*\.containerName|containers\.0\.ports\.0\.(hostPort|protocol)|"
    r".*\.volumeMode|securityContext\.runAsNonRoot|containers\.0\.securityContext\.runAsNonRoot":
        "it says what is so anyway",
    r"hostAliases\.0\..*|.*seLinuxOptions\..*|.*\.httpHeaders\.0\.value|.*\.selector\..*|.*\.secretRef\.name|"
    r"containers\.1\.startupProbe\.(failureThreshold|grpc\.(service|mode))":
        "what it is a part of is told as a whole",
}


def leaves(value, path=()):
    """The paths of all that is in a value."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield path + (key,)
        yield from leaves(value[key], path + (key,))


def without(value, path):
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return value


class Told(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        scalars = {"cpus": 50, "mem": 9999, "disk": 9999, "gpus": 4, "example.com/dev": 9}
        role = {"role": "dev"}
        resources = [{"name": n, "type": "SCALAR", "scalar": {"value": v}, "allocation_info": role}
                     for n, v in scalars.items()]
        resources.append({"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 1, "end": 32000}]},
                          "allocation_info": role})
        offer = {"id": {"value": "O"}, "framework_id": {"value": "F"}, "agent_id": {"value": "S"}, "hostname": "a",
                 "allocation_info": role, "resources": resources,
                 "attributes": [{"name": "zone", "type": "TEXT", "text": {"value": "z1"}}]}
        self.offers = self.write("offers", [{"type": "OFFERS", "offers": {"offers": [offer]}}])

    def write(self, name, documents):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n---\n".join(json.dumps(d) for d in documents))
        return path

    def said(self, spec, name, options):
        """What is printed of the pod: its calls, or none, and the findings without their places in the file."""
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "u"}, "spec": spec}
        done = subprocess.run([KM, "task", "-f", self.write(name, [*DATA, pod]), f"--offers={self.offers}",
                               "--role=dev", "--principal=p", "--policy=spec=warn", "--user=7=seven", "--user=8=eight",
                               *options], capture_output=True, text=True, check=False)
        return done.stdout, sorted(re.sub(r"^\S*?:\d+: ", "", line) for line in done.stderr.splitlines())

    def silent(self, spec, *options):
        """The paths of fields that make no difference."""
        whole = self.said(spec, "whole", options)
        self.assertTrue(whole[0], "\n".join(whole[1]))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            paths = list(leaves(spec))
            said = pool.map(lambda i: self.said(without(spec, paths[i]), f"pod{i}", options), range(len(paths)))
            return [".".join(map(str, path)) for path, one in zip(paths, said) if one == whole]

    def test_each_field_makes_a_difference_or_has_a_reason_not_to(self):
        found = self.silent(SPEC)
        self.assertEqual([p for p in found if not any(re.fullmatch(r, p) for r in SILENT)], [])
        for pattern in SILENT:
            for one in pattern.split("|") if "(" not in pattern else [pattern]:
                self.assertTrue([p for p in found if re.fullmatch(one, p)], f"{one}: nothing is silent")

    def test_a_probe_by_command_says_all_of_it(self):
        found = self.silent(SPEC, "--command-probes")
        self.assertEqual([p for p in found if ".grpc." in p or ".httpGet." in p], [])

    def test_stages_before_the_main_one(self):
        first = {"name": "i", "image": "i:1", "command": ["x"], "resources": {"requests": {"cpu": "5"}}}
        side = {"name": "s", "image": "s:1", "restartPolicy": "Always",
                "startupProbe": {"exec": {"command": ["true"]}, "timeoutSeconds": 2}}
        found = self.silent({"initContainers": [side, first], "containers": [{"name": "c", "image": "c:1"}]})
        self.assertEqual(found, ["initContainers.1.command", "initContainers.1.command.0"])  # of a later stage


if __name__ == "__main__":
    unittest.main()
