#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pod through the Python binding, from its manifest to the ACCEPT call. usage: flow.py GOLDEN-FOLDER"""

import ctypes
import gc
import inspect
import json
import sys
import unittest
from pathlib import Path

import k8smesos
from k8smesos import Cluster, Demand, Format, InputType, Offers, Pod

GOLDEN = Path(sys.argv.pop())
FRAMEWORK = "golden-0000"


def read(name):
    return (GOLDEN / name).read_bytes()


def nginx():
    return Pod.parse(read("nginx.yaml"))


def match(cluster, nonce="n1"):
    return cluster.match([Demand.make(nginx(), nonce=nonce)])


def cluster_with_offer():
    cluster = Cluster(features=k8smesos.Feature.ALL)
    cluster.add(Offers.parse(read("nginx.offers.json")), mono_ms=1)
    return cluster


class Pods(unittest.TestCase):
    def test_pod(self):
        pod = nginx()
        self.assertEqual((pod.namespace, pod.name), ("default", "nginx"))
        self.assertEqual(pod.uid, "0f6b8a52-9d1c-4e57-8a3e-2c6d1b7f4a90")
        self.assertEqual(pod.get("spec.containers[0].image"), "nginx:1.25")
        self.assertIsNone(pod.get("spec.hostname"))
        (container,) = pod.containers
        self.assertEqual((container.name, container.kind), ("nginx", k8smesos.ContainerKind.MAIN))
        self.assertEqual((container.cpu_request_milli, container.memory_request_bytes), (250, 64 << 20))
        self.assertEqual(container.cpu_limit_milli, -1)

    def test_reading(self):
        pod = nginx()
        self.assertEqual(pod.get("/spec/containers/0/image"), "nginx:1.25")
        self.assertEqual(pod.value("spec.containers[name=nginx].ports[0].containerPort"), 80)
        self.assertEqual(pod.value("spec.containers[0].ports[0]")["hostPort"], 31080)
        self.assertIs(pod.value("spec.enableServiceLinks"), True)
        self.assertEqual(pod.value("spec.hostname", "none"), "none")
        self.assertIn("containers", pod.names("spec"))
        self.assertEqual([(port.container, port.container_port) for port in pod.ports], [(0, 80)])
        self.assertEqual(pod.qos_class, "Burstable")
        self.assertEqual(pod.requests["cpu"], 250)
        self.assertEqual((pod.volumes, pod.probes, pod.mounts, pod.env_from), ([], [], [], []))
        self.assertEqual((pod.words, pod.env), ([], []))

    def test_variables(self):
        pod = Pod.parse(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: c\n    image: i\n"
            "    command: [sh, $(A)]\n    env:\n    - {name: A, value: x}\n"
            "    - name: B\n      valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}\n"
        )
        self.assertEqual([word.text for word in pod.words], ["sh", "$(A)"])
        first, second = pod.env
        self.assertEqual((first.name, first.value, first.source), ("A", "x", k8smesos.Source.VALUE))
        self.assertEqual(
            (second.source, second.object, second.key, second.optional), (k8smesos.Source.SECRET_KEY, "s", "k", True)
        )

    def test_resolve(self):
        manifest = k8smesos.Manifest.parse(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: one}\nbinaryData: {b: AAE=}\n---\n"
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: i\n"
            "    command: [echo, $(P_a) $(IP)]\n    envFrom:\n    - {prefix: P_, configMapRef: {name: cm}}\n"
            "    env:\n    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}\n"
            "    volumeMounts: [{name: v, mountPath: /v}]\n  volumes: [{name: v, configMap: {name: cm}}]\n"
        )
        (entry,), data = manifest.pods, manifest.data
        self.assertEqual([row.flags for row in data], [0, k8smesos.DataFlag.BINARY])
        resolved = entry.pod.resolve(data, pod_ips="127.0.0.1,::1")
        self.assertEqual([(v.name, v.value) for v in resolved.env], [("P_a", b"one"), ("IP", b"127.0.0.1")])
        self.assertEqual([word.text for word in resolved.words], ["echo", "one 127.0.0.1"])
        self.assertEqual([(f.path, f.value, f.mode) for f in resolved.files], [("a", b"one", 0o644), ("b", b"\0\1", 0o644)])
        self.assertEqual([mount.path for mount in resolved.mounts], ["/v"])
        with self.assertRaises(k8smesos.Invalid) as raised:
            entry.pod.resolve(pod_ips="127.0.0.1")
        self.assertIn('configmap "cm" not found', str(raised.exception))

    def test_pod_is_written_and_read_again(self):
        pod = nginx()
        self.assertEqual(Pod.parse(pod.to_json()).to_json(), pod.to_json())
        self.assertEqual(Pod.parse(pod.to_yaml()).to_json(), pod.to_json())
        self.assertEqual(Pod.parse(pod.to_protobuf()).to_json(), pod.to_json())

    def test_with_uid(self):
        pod = nginx()
        self.assertEqual(pod.with_uid("another").uid, "another")
        self.assertNotEqual(pod.with_uid().uid, pod.with_uid().uid)

    def test_workload(self):
        workload = k8smesos.Workload.parse(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, uid: u}\nspec:\n  replicas: 2\n"
            "  strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 1}}\n  selector: {matchLabels: {a: b}}\n"
            "  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}\n"
        )
        info, spec = workload.info, workload.spec
        self.assertEqual((info.kind, info.name, info.replicas), (k8smesos.WorkloadKind.DEPLOYMENT, "web", 2))
        self.assertEqual((info.uid, info.selector), ("u", "a=b"))
        self.assertEqual((spec.max_surge, spec.max_unavailable), ((50, True), (1, False)))
        self.assertEqual(spec.strategy, k8smesos.Rollout.ROLLING_UPDATE)
        self.assertEqual((workload.get("spec.replicas"), workload.get("spec.paused")), ("2", None))
        self.assertEqual(workload.template.name, "web")
        replica_set, pod = workload.child(), workload.pod(1)
        self.assertEqual(pod.get("metadata.ownerReferences[0].name"), replica_set.info.name)
        self.assertEqual(workload.pod(suffix="x").name, replica_set.info.name + "-x")
        self.assertTrue(workload.selects(pod))
        self.assertEqual(workload.with_uid("v").info.uid, "v")
        self.assertRaises(k8smesos.NotFound, lambda: workload.job)
        self.assertRaises(k8smesos.Unsupported, replica_set.child)
        self.assertEqual(k8smesos.Workload.parse(workload.to_json()).to_yaml(), workload.to_yaml())

    def test_classes(self):
        manifest = k8smesos.Manifest.parse(
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 7\n---\n"
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 2\n"
            "  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: "
            "{priorityClassName: high, containers: [{name: c, image: i}]}}\n"
        )
        self.assertEqual([entry.pod.name for entry in manifest.pods], ["db-0", "db-1"])
        (row,) = manifest.workloads
        self.assertEqual((row.workload.info.name, row.first_pod, row.pod_count), ("db", 0, 2))
        self.assertEqual([o.kind for o in manifest.objects], ["PriorityClass"])
        self.assertEqual((manifest.get(0, "value"), manifest.get(1), manifest.get(0, "description")), ("7", None, None))
        pod = manifest.pods[0].pod.admit(manifest.priority_classes)
        self.assertEqual((pod.get("spec.priority"), pod.get("spec.tolerations[0].tolerationSeconds")), ("7", "300"))
        self.assertRaises(k8smesos.Invalid, manifest.pods[0].pod.admit)

    def test_reader(self):
        one = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},"spec":{"containers":[{"name":"c","image":"i"}]}}'
        whole = b'{"apiVersion":"v1","items":[' + one % b"a" + b"," + one % b"b" + b'],"kind":"List"}'
        chunks = [whole[i : i + 7] for i in range(0, len(whole), 7)]
        self.assertEqual([entry.pod.name for entry in k8smesos.read_pods(chunks)], ["a", "b"])
        reader = k8smesos.Reader.make()
        reader.push(one % b"A" + one % b"b", last=True)
        self.assertRaises(k8smesos.Invalid, list, reader.pods())
        self.assertEqual([entry.pod.name for entry in reader.pods()], ["b"])
        self.assertRaises(k8smesos.WrongState, reader.push, b"")

    def test_manifest(self):
        secret = b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: key\ndata:\n  a: AAEC\n"
        manifest = k8smesos.Manifest.parse(read("nginx.yaml") + b"---\n" + secret)
        self.assertEqual([entry.pod.name for entry in manifest.pods], ["nginx"])
        self.assertEqual([(item.kind, item.key, item.value) for item in manifest.data], [("Secret", "a", b"\0\1\2")])


class Golden(unittest.TestCase):
    """The calls of tests/golden: the same bytes from Python."""


    def calls_of(self, name, options):
        fields = dict(option.split("=", 1) for option in options.split())
        manifest = k8smesos.Manifest.parse(read(f"pods/{fields.get('of', name)}.yaml"))
        roles = fields["roles"].split(",") if "roles" in fields else []
        given = {"data": manifest.data, "roles": roles, "nonce": "n1"}
        if "principal" in fields:
            given["principal"] = fields["principal"].encode()
        if "form" in fields:
            given["form"] = k8smesos.Form[fields["form"].upper().replace("-", "_")]
        if "flags" in fields:
            given["flags"] = k8smesos.DemandFlag[fields["flags"].upper().replace("-", "_")]
        if "class" in fields:
            classes = [text.split(":") for text in fields["class"].split(",")]
            given["storage_classes"] = [
                k8smesos.StorageClass(name, k8smesos.Disk[disk.upper()], *more) for name, disk, *more in classes
            ]
        demands = [Demand.make(entry.pod, **given) for entry in manifest.pods]
        cluster = Cluster()
        role = (roles or ["*"])[0].encode()
        cluster.add(Offers.parse(read("offers.json").replace(b"ROLE", role)))
        overlays = {}
        if "overlay" in fields:
            overlays = {f"{of}_overlay": read(f"overlays/{fields['overlay']}.{of}.json") for of in ("executor", "task")}
        if "resume" in fields:
            plan = cluster.match(demands)
            (executor,) = plan.calls(**overlays).executors
            launches = [tuple(map(int, launch.split("."))) for launch in fields["resume"].split(",")]
            demands = [demands[0].resume("golden-S1", executor.bytes, launches, nonce="n2", ports=plan.ports,
                                         deadline_seconds=int(fields.get("left", 0)))]
        plan = cluster.match(demands)
        forms = (Format.JSON, Format.PROTOBUF)
        return [plan.calls(format=form, refuse_seconds=5.0, **overlays)[0].bytes for form in forms]

    def test_overlay_refused(self):
        with self.assertRaisesRegex(k8smesos.Invalid, "task_id"):
            k8smesos.Driver(task_overlay=b'{"task_id":{"value":"mine"}}')

    def test_calls(self):
        table = [line.split("|") for line in read("README.md").decode().splitlines() if line.startswith("| ")]
        rows = [(name.strip(), options) for _, name, options, *_ in table if name.strip() not in ("pod", "---")]
        self.assertGreaterEqual(len(rows), 40)
        for name, options in rows:
            with self.subTest(name):
                text, binary = self.calls_of(name, options)
                self.assertEqual(text + b"\n", read(f"calls/{name}.json"))
                self.assertEqual(binary, read(f"calls/{name}.pb"))

    def test_rows_of_calls(self):
        manifest = k8smesos.Manifest.parse(read("pods/tokens.yaml"))
        demand = Demand.make(manifest.pods[0].pod, roles=["dev"], principal=b"p", nonce="n1")
        cluster = Cluster()
        cluster.add(Offers.parse(read("offers.json").replace(b"ROLE", b"dev")))
        calls = cluster.match([demand]).calls(flags=k8smesos.CallsFlag.OPERATIONS, refuse_seconds=3.0)
        self.assertEqual([(offer.id, offer.call) for offer in calls.offers], [("golden-O1", 0)])
        self.assertEqual(len(calls.operations), 3)  # RESERVE and two launches
        self.assertTrue(all(operation.bytes in calls[0].bytes for operation in calls.operations))
        self.assertEqual(calls[0].refuse_seconds, 3.0)
        self.assertEqual(k8smesos.TaskId.parse_executor(calls.executors[0].executor_id).mapping, 1)
        self.assertEqual(len(cluster.release([("u", "")], ["default/data"])), 0)

    def test_release_of_a_claim(self):
        event = json.loads(read("offers.json").replace(b"ROLE", b"dev"))
        offer = event["offers"]["offers"][0]
        labels = [{"key": "claim", "value": "default/data"},
                  {"key": "framework", "value": offer["framework_id"]["value"]}]
        offer["resources"].append({
            "name": "disk", "type": "SCALAR", "scalar": {"value": 64}, "allocation_info": {"role": "dev"},
            "disk": {"persistence": {"id": "default.data", "principal": "p"}},
            "reservations": [{"type": "DYNAMIC", "role": "dev", "principal": "p", "labels": {"labels": labels}}]})
        cluster = Cluster()
        cluster.add(Offers.parse(json.dumps(event).encode()))
        self.assertEqual(cluster.release([], []).releases, [])
        released = cluster.release([], ["default/data"])
        self.assertEqual(released.releases, [("", "default/data", "default.data", 0)])
        plain = cluster.release([], ["default/data"], format=Format.JSON)[0].bytes
        self.assertIn(b"DESTROY", plain)
        self.assertNotIn(b"k8sm.", plain)
        named = cluster.release([], ["default/data"], format=Format.JSON, flags=k8smesos.CallsFlag.FEEDBACK)[0].bytes
        self.assertIn(b'"id":{"value":"k8sm.destroy.golden-O1"}', named)


class Flow(unittest.TestCase):
    def test_volume_elsewhere(self):
        manifest = k8smesos.Manifest.parse(read("pods/claim.yaml"))
        demand = Demand.make(manifest.pods[0].pod, roles=["dev"], principal=b"p", data=manifest.data)
        cluster = Cluster()
        cluster.add(Offers.parse(read("offers.json").replace(b"ROLE", b"dev")))
        cluster.note_volume("default.data", "another")
        self.assertIn("volume node affinity conflict", cluster.match([demand]).summary(0))
        self.assertTrue(cluster.forget_volume("default.data"))
        self.assertEqual(cluster.match([demand]).summary(0), "")

    def test_accept(self):
        cluster = cluster_with_offer()
        plan = match(cluster)
        (call,) = plan.calls(format=Format.JSON)
        self.assertEqual(call.bytes.decode() + "\n", read("nginx.accept.json").decode())
        self.assertEqual((call.agent_id, call.placements), ("golden-S1", 1))

    def test_form(self):
        claim = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}}
        spec = {"containers": [{"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/d"}]}]}
        spec["volumes"] = [{"name": "v", "ephemeral": {"volumeClaimTemplate": claim}}]
        text = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db", "uid": "u1"}, "spec": spec}
        pod = k8smesos.Pod.parse(json.dumps(text).encode())
        demand = k8smesos.Demand.make(pod, form=k8smesos.Form.RESERVED, roles=["dev"], principal=b"p")
        self.assertEqual((demand.form.form, demand.form.name), (k8smesos.Form.RESERVED, "reserved"))
        self.assertEqual(demand.volumes, [("v", "", "u1.v", "", 64000, k8smesos.Disk.NONE)])
        fields = {"form": k8smesos.Form.BUDGET, "roles": ["dev"], "principal": b"p", "network": b"weave"}
        k8smesos.Demand.make(pod, policies={"spec.volumes": k8smesos.Policy.WARN}, **fields)
        with self.assertRaises(k8smesos.Invalid):
            k8smesos.Demand.make(pod, policies={"spec.colour": k8smesos.Policy.WARN}, **fields)

    def test_done(self):
        spec = {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]}
        text = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "u1"}, "spec": spec}
        pod = k8smesos.Pod.parse(json.dumps(text).encode())
        demand = Demand.make(pod, attempt=1, done=["a"])
        self.assertEqual([task.launch for task in demand.tasks], [1, 0, 1])
        with self.assertRaisesRegex(k8smesos.Invalid, "done: 1 names, 0 of them"):
            Demand.make(pod, attempt=1, done=["c"])

    def test_reservation(self):
        cluster = cluster_with_offer()
        for fields, wanted in (({"reservation": "team=db"}, "team=db"), ({"reservation_principal": "ops"}, "of ops")):
            demand = Demand.make(nginx(), nonce="n1", **fields)
            (explanation,) = cluster.explain(demand)
            self.assertEqual((explanation.predicate, explanation.wanted), ("reservation", wanted))
            self.assertIn("no offer of a reservation that the pod is for", cluster.match([demand]).summary(0))
        with self.assertRaises(k8smesos.Unsupported):
            Demand.make(nginx(), reservation="team")

    def test_storage_classes(self):
        classes = [k8smesos.StorageClass("fast", k8smesos.Disk.MOUNT, profile="ssd")]
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
        for name, fine in (("fast", True), ("slow", False)):
            volume = {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {**spec, "storageClassName": name}}}}
            text = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "u1"},
                    "spec": {"containers": [{"name": "c", "image": "i"}], "volumes": [volume]}}
            pod = k8smesos.Pod.parse(json.dumps(text).encode())
            fields = {"roles": ["dev"], "principal": b"p", "storage_classes": classes}
            if fine:
                demand = k8smesos.Demand.make(pod, **fields)
                self.assertEqual(demand.volumes[0].disk, k8smesos.Disk.MOUNT)
                cluster = Cluster()
                cluster.add(Offers.parse(read("offers.json").replace(b"ROLE", b"dev")))
                self.assertEqual(cluster.match([demand]).volumes,
                                 [("u1.v", "/mnt/ssd", 0, 0, 2000000, k8smesos.Disk.MOUNT, False)])
                continue
            with self.assertRaises(k8smesos.Unsupported) as caught:
                k8smesos.Demand.make(pod, **fields)
            self.assertTrue(any("fast" in finding.message for finding in caught.exception.findings))
        with self.assertRaises(k8smesos.Invalid):
            k8smesos.Demand.make(pod, storage_classes=[k8smesos.StorageClass("raw", k8smesos.Disk.RAW)])

    def test_users(self):
        spec = {"containers": [{"name": "c", "image": "i", "securityContext": {"runAsUser": 1000}}]}
        text = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "u1"}, "spec": spec}
        pod = k8smesos.Pod.parse(json.dumps(text).encode())
        with self.assertRaises(k8smesos.Unsupported) as caught:
            k8smesos.Demand.make(pod, users={33: "www"})
        paths = [finding.path for finding in caught.exception.findings]
        self.assertIn("spec.containers[0].securityContext.runAsUser", paths)
        k8smesos.Demand.make(pod, users={33: "www", 1000: "app"})

    def test_plan(self):
        cluster = cluster_with_offer()
        plan = match(cluster)
        (placement,) = plan.placements
        self.assertEqual((placement.agent_id, placement.hostname), ("golden-S1", "agent1.example.org"))
        self.assertEqual([(port.container_port, port.host_port) for port in plan.ports], [(80, 31080)])
        self.assertEqual([offer.id for offer in plan.offers], ["golden-O1"])
        self.assertEqual((plan.summary(0), plan.refusals), ("", []))
        self.assertIn("cpus", {resource.name for resource in plan.resources})
        cluster.apply(plan)
        self.assertEqual(cluster.offers, [])
        with self.assertRaises(k8smesos.WrongState) as caught:
            cluster.apply(plan)
        self.assertEqual(caught.exception.findings[0].name, "PLAN_STALE")

    def test_values_outlive_what_they_came_from(self):
        plan = match(cluster_with_offer())
        calls = plan.calls(format=Format.PROTOBUF)
        del plan
        gc.collect()
        as_json = k8smesos.message_convert(k8smesos.CALL, calls[0].bytes, Format.PROTOBUF, Format.JSON)
        self.assertIn(b'"ACCEPT"', as_json)
        self.assertEqual(len(calls.tasks), 2)
        self.assertEqual(k8smesos.TaskId.parse(calls.tasks[1].task_id).container, "nginx")
        self.assertEqual(str(k8smesos.TaskId.parse(calls.tasks[1].task_id)), calls.tasks[1].task_id)

    def test_refusal(self):
        self.assertEqual(match(Cluster()).placements, [])
        demand = Demand.make(nginx().with_uid("u2"), nonce="n2")
        cluster = cluster_with_offer()
        cluster.apply(match(cluster))
        plan = cluster.match([demand])
        self.assertTrue(plan.summary(0).startswith("0/1 nodes are available: 1 "), plan.summary(0))
        self.assertEqual([(refusal.demand, refusal.agents) for refusal in plan.refusals], [(0, 1)])
        (explanation,) = cluster.explain(demand)
        self.assertEqual((explanation.agent_id, explanation.code), ("golden-S1", plan.refusals[0].code))
        self.assertEqual(plan.explain(0), [])
        (explanation,) = cluster.match([demand], flags=k8smesos.MatchFlag.EXPLAIN).explain(0)
        self.assertEqual((explanation.agent_id, explanation.code), ("golden-S1", plan.refusals[0].code))

    def test_scores(self):
        plan = cluster_with_offer().match([Demand.make(nginx(), nonce="n1")], weight_balance=2)
        self.assertEqual([(s.part, s.placement, s.weight) for s in plan.scores], [("strategy", 0, 1), ("balance", 0, 2)])

    def test_node(self):
        cluster = cluster_with_offer()
        demand = Demand.make(nginx(), nonce="n1")
        cluster.set_node("golden-S1", {"disk": "ssd"}, taints=[("dedicated", "gpu", "NoSchedule")])
        (explanation,) = cluster.explain(demand)
        self.assertEqual((explanation.predicate, explanation.had), ("taint", "dedicated=gpu:NoSchedule"))
        self.assertRegex(cluster.nearest(demand), "^fits .* if it tolerated dedicated=gpu:NoSchedule$")
        cluster.set_node("golden-S1", unschedulable=1)
        self.assertIn("1 node(s) were unschedulable", cluster.match([demand]).summary(0))
        cluster.set_node("golden-S1")
        self.assertEqual(len(cluster.match([demand], wall_ms=1).placements), 1)
        with self.assertRaises(k8smesos.Invalid):
            cluster.set_node("golden-S1", taints=[("k", "v", "Sometimes")])

    def test_executors(self):
        event = json.loads(read("nginx.offers.json"))
        event["offers"]["offers"][0]["executor_ids"] = [{"value": f"u{i:02}.0.1"} for i in range(40)]
        cluster = Cluster()
        cluster.add(Offers.parse(json.dumps(event).encode()))
        self.assertEqual([(agent.id, agent.executors) for agent in cluster.agents], [("golden-S1", 40)])
        self.assertEqual(cluster.executors("golden-S1"), [f"u{i:02}.0.1" for i in range(40)])
        cluster.remove_all()
        self.assertEqual(len(cluster.executors("golden-S1")), 40)
        self.assertEqual(cluster.executors("elsewhere"), [])

    def test_features(self):
        cluster = cluster_with_offer()
        cluster.set_features("golden-S1", k8smesos.features_parse("cgroups, sandbox-path"))
        self.assertIn("1 node(s) lacked an agent feature", cluster.match([Demand.make(nginx(), nonce="n1")]).summary(0))
        self.assertEqual(k8smesos.features_parse("none"), k8smesos.Feature(0))
        with self.assertRaisesRegex(k8smesos.Invalid, "'wings' is no feature of agents: expected images"):
            k8smesos.features_parse("images,wings")

    def test_take_and_give(self):
        cluster = cluster_with_offer()
        demand = Demand.make(nginx(), nonce="n1")
        all = cluster.resources("golden-S1")
        cluster.take("golden-S1", all)
        self.assertEqual(cluster.resources("golden-S1").rows, [])
        self.assertTrue(cluster.offers[0].taken)
        self.assertIn("didn't have free ports", cluster.match([demand]).summary(0))
        with self.assertRaises(k8smesos.NotFound) as caught:
            cluster.take("golden-S1", all)
        self.assertEqual(caught.exception.findings[0].name, "RESOURCE_NOT_HELD")
        cluster.give("golden-S1", all)
        self.assertEqual(cluster.resources("golden-S1"), all)
        self.assertFalse(cluster.offers[0].taken)
        self.assertEqual(len(cluster.match([demand]).placements), 1)

    def test_objects(self):
        cluster, demand = cluster_with_offer(), Demand.make(nginx(), nonce="n1")
        node = "{apiVersion: v1, kind: Node, metadata: {name: %s}, spec: {unschedulable: true}}"
        cluster.set_objects(k8smesos.Manifest.parse(node % "elsewhere"))
        self.assertEqual(cluster.match([demand]).summary(0), "")
        cluster.set_objects(k8smesos.Manifest.parse(node % "agent1.example.org"))
        self.assertIn("1 node(s) were unschedulable", cluster.match([demand]).summary(0))

    def test_preemption(self):
        cluster = cluster_with_offer()
        low = Demand.make(nginx(), nonce="n1")
        cluster.apply(cluster.match([low]))
        high = Demand.make(Pod.parse(read("nginx.yaml").replace(b"spec:", b"spec:\n  priority: 7", 1)).with_uid("u2"), nonce="n2")
        plan = cluster.match([high], flags=k8smesos.MatchFlag.PREEMPT)
        self.assertEqual([(n.agent_id, n.demand, n.victims) for n in plan.nominations], [("golden-S1", 0, 1)])
        self.assertEqual([(v.name, v.priority, v.nomination) for v in plan.victims], [("nginx", 0, 0)])
        cluster.apply(plan)
        self.assertEqual(cluster.match([high], flags=k8smesos.MatchFlag.PREEMPT).victims, [])
        self.assertTrue(cluster.withdraw("u2"))
        cluster.nominate(high, "golden-S1")
        self.assertTrue(cluster.withdraw("u2"))
        self.assertFalse(cluster.withdraw("u2"))
        self.assertTrue(cluster.end_pod(nginx().uid))
        self.assertFalse(cluster.end_pod("nobody"))
        self.assertFalse(cluster.forget_volume("default.data"))

    def test_running_pods(self):
        cluster = cluster_with_offer()
        demand = Demand.make(nginx(), nonce="n1")
        cluster.add_pod(demand, "golden-S1")
        self.assertEqual([(pod.namespace, pod.name) for pod in cluster.pods("golden-S1")], [("default", "nginx")])
        self.assertEqual(cluster.pods("elsewhere"), [])
        cluster.set_namespace("default", {"team": "red"})
        self.assertTrue(cluster.remove_pod(nginx().uid))
        self.assertFalse(cluster.remove_pod(nginx().uid))


class Algebra(unittest.TestCase):
    def test_resources(self):
        all = Offers.parse(read("nginx.offers.json")).take(0)
        one = '{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":%s},"allocation_info":{"role":"%s"}}]}'
        role = all.rows[0].role
        part = k8smesos.Resources.parse(one % (1, role))
        self.assertTrue(all >= part and not part >= all)
        left = all - part
        self.assertEqual(left + part, all)
        self.assertEqual(all.find(part), part)
        self.assertEqual(k8smesos.Resources.parse(all.encode(Format.PROTOBUF)), all)
        reserved = one.replace("}}]}", '},"reservations":[{"type":"DYNAMIC","role":"a"}]}]}') % (1, role)
        changed = all.apply('{"type":"RESERVE","reserve":%s}' % reserved)
        self.assertEqual(changed - k8smesos.Resources.parse(reserved), left)
        with self.assertRaises(k8smesos.NotFound) as caught:
            part - all
        self.assertEqual(caught.exception.findings[0].name, "RESOURCE_NOT_HELD")
        with self.assertRaises(k8smesos.Unsupported):
            all.apply('{"type":"LAUNCH"}')


class Wanted(unittest.TestCase):
    def test_wants(self):
        cluster = cluster_with_offer()
        demand = Demand.make(nginx(), nonce="n1")
        wants = k8smesos.Wants.make(cluster, [k8smesos.Want(demand, "agent1.example.org", True, 9000)], ["*", "b"])
        self.assertEqual([(r.role, r.wants, r.groups) for r in wants.roles], [("*", 1, 1), ("b", 0, 0)])
        text = k8smesos.message_convert(
            "mesos.v1.scheduler.OfferConstraints", wants.constraints, Format.PROTOBUF, Format.JSON
        )
        self.assertIn(b"agent1.example.org", text)
        self.assertEqual(wants.offer(cluster, "golden-O1"), 9000)
        self.assertEqual(wants.refuse_seconds(cluster, "golden-O1", 4000, idle=60.0), 5.0)
        nothing = k8smesos.Wants.make(cluster, [])
        self.assertIsNone(nothing.offer(cluster, "golden-O1"))
        self.assertTrue(nothing.covered(wants) and wants.covered(nothing))


class Errors(unittest.TestCase):
    def test_broken_yaml_has_a_line(self):
        with self.assertRaises(k8smesos.BadSyntax) as caught:
            Pod.parse(read("broken.yaml"))
        (finding,) = caught.exception.findings
        self.assertEqual((finding.name, finding.line), ("YAML_SYNTAX", 6))
        self.assertIn("line 6", str(caught.exception))

    def test_invalid_pod_has_path_and_line(self):
        with self.assertRaises(k8smesos.Invalid) as caught:
            Pod.parse(read("invalid.yaml"))
        finding = caught.exception.findings[0]
        self.assertEqual((finding.name, finding.path), ("FIELD_REQUIRED", "spec.containers[1].name"))
        self.assertEqual(finding.line, 9)

    def test_limits(self):
        for limit in ("max_bytes", "max_depth", "max_nodes"):
            with self.assertRaises(k8smesos.LimitExceeded, msg=limit):
                Pod.parse(read("nginx.yaml"), **{limit: 2})
        self.assertEqual(len(Pod.parse(read("nginx.yaml"), max_containers=1).containers), 1)

    def test_options_that_are_none(self):
        with self.assertRaises(TypeError):
            Pod.parse(read("nginx.yaml"), max_container=1)
        with self.assertRaises(TypeError):
            Pod.parse(5)
        with self.assertRaises(k8smesos.Invalid) as caught:
            Pod.parse(read("nginx.yaml"), format=77)
        self.assertEqual(caught.exception.findings[0].line, 0)  # "format" is no field of the pod

    def test_missing_uid(self):
        pod = Pod.parse(read("nginx.yaml").replace(b"  uid: 0f6b8a52-9d1c-4e57-8a3e-2c6d1b7f4a90\n", b""))
        with self.assertRaises(k8smesos.Invalid):
            Demand.make(pod, nonce="n1")

    def test_more_findings_than_there_is_room_for(self):
        text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n" + "  - {image: x}\n" * 600
        with self.assertRaises(k8smesos.Invalid) as caught:
            Pod.parse(text)
        self.assertEqual(len(caught.exception.findings), 512)
        self.assertGreaterEqual(caught.exception.omitted, 88)
        self.assertTrue(str(caught.exception).endswith(f"; and {caught.exception.omitted} more"))

    def test_not_an_offers_event(self):
        with self.assertRaises(k8smesos.Error):
            Offers.parse(b'{"type":"HEARTBEAT"}')


class Nothing(unittest.TestCase):
    """What is no object of the right kind is an error, wherever one is expected."""

    @staticmethod
    def objects():
        """One of each kind, by its name."""
        pod, cluster = nginx(), cluster_with_offer()
        demand = Demand.make(pod, nonce="n1")
        plan = cluster.match([demand])
        offers = Offers.parse(read("nginx.offers.json"))
        rows = [pod, cluster, demand, plan, offers, plan.calls(), offers.take(0), pod.resolve(), k8smesos.Status.new(demand),
                k8smesos.Manifest.parse(read("nginx.yaml")), k8smesos.Wants.make(cluster, [k8smesos.Want(demand)]),
                k8smesos.Driver(master="127.0.0.1:5050"), k8smesos.Control(), k8smesos.Reader.make(),
                k8smesos.Workload.parse('{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"r"},"spec":'
                                        '{"selector":{"a":"b"},"template":{"metadata":{"labels":{"a":"b"}},"spec":'
                                        '{"containers":[{"name":"c","image":"i"}]}}}}')]
        return {type(row).__name__: row for row in rows}

    def test_objects_of_another_kind(self):
        have = self.objects()
        pod, cluster, resources, status = (have[name] for name in ("Pod", "Cluster", "Resources", "Status"))
        wants, demand = have["Wants"], have["Demand"]
        for kind, call in (
                ("Pod", Demand.make), ("Pod", pod.patch), ("Pod", have["Workload"].selects), ("Demand", k8smesos.Status.new),
                ("Demand", lambda x: k8smesos.Status.load(x, b"")), ("Demand", lambda x: cluster.match([demand, x])),
                ("Demand", cluster.explain), ("Demand", cluster.nearest), ("Demand", lambda x: cluster.add_pod(x, "a")),
                ("Demand", lambda x: cluster.nominate(x, "a")), ("Offers", cluster.add), ("Plan", cluster.apply),
                ("Manifest", cluster.set_objects), ("Resources", lambda x: cluster.take("a", x)),
                ("Resources", lambda x: cluster.give("a", x)), ("Resources", resources.find),
                ("Resources", resources.__ge__), ("Resources", resources.__add__), ("Resources", resources.__sub__),
                ("Status", lambda x: status.patch(x or cluster)), ("Status", lambda x: status.save(x or cluster)),
                ("Wants", wants.covered), ("Cluster", lambda x: k8smesos.Wants.make(x, [])),
                ("Cluster", lambda x: wants.offer(x, "o")), ("Cluster", lambda x: wants.refuse_seconds(x, "o")),
                ("Demand", lambda x: k8smesos.Wants.make(cluster, [k8smesos.Want(x)])),
                ("Pod", lambda x: have["Driver"].step(InputType.POD, 1, pod=x or cluster)),
                ("Pod", lambda x: have["Control"].step(k8smesos.ControlType.APPLY, 1, pod=x or cluster)),
                ("Workload", lambda x: have["Control"].step(k8smesos.ControlType.APPLY, 1, workload=x or cluster))):
            for name, wrong in [("None", None), *have.items()]:
                if name != kind:
                    with self.subTest(kind=kind, found=name), self.assertRaisesRegex(TypeError, f"expected a {kind}$"):
                        call(wrong)

    def test_every_method_survives_what_it_does_not_expect(self):
        calls = 0
        for of in self.objects():
            for name, method in inspect.getmembers(type(self.objects()[of]), callable):
                if name.startswith("_"):
                    continue
                for wrong in (None, -1, "", b"", [None], {}, cluster_with_offer()):
                    bound = getattr(self.objects()[of], name)
                    given = [p for p in inspect.signature(bound).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
                    try:
                        bound(*[wrong if p.default is p.empty else p.default for p in given])
                    except (TypeError, AttributeError, ValueError, OverflowError, ctypes.ArgumentError, KeyError,
                            k8smesos.Error):
                        pass
                    calls += 1
        self.assertGreater(calls, 7 * 60)


class Calls(unittest.TestCase):
    def test_call_encode(self):
        call = k8smesos.call_encode(
            k8smesos.CallType.DECLINE, format=Format.JSON, framework_id=FRAMEWORK, items=["golden-O1"], refuse_seconds=5
        )
        self.assertIn(b'"DECLINE"', call)
        self.assertIn(b'"golden-O1"', call)

    def test_call_about_an_operation(self):
        call = k8smesos.call_encode(
            k8smesos.CallType.ACKNOWLEDGE_OPERATION_STATUS,
            format=Format.JSON,
            framework_id=FRAMEWORK,
            operation_id="reserve-1",
            agent_id="golden-S1",
            uuid=b"\1",
        )
        self.assertIn(b'"operation_id":{"value":"reserve-1"}', call)

    def test_missing_argument(self):
        with self.assertRaises(k8smesos.Invalid):
            k8smesos.call_encode(k8smesos.CallType.KILL, framework_id=FRAMEWORK)

    def test_messages(self):
        event = b'{"type":"HEARTBEAT"}'
        found = list(k8smesos.messages(event + b"\n" + event + b"\n"))
        self.assertEqual([k8smesos.event_type(*message) for message in found], ["HEARTBEAT"] * 2)


class Statuses(unittest.TestCase):
    def test_status(self):
        demand = Demand.make(nginx(), nonce="n1")
        fresh = k8smesos.Status.new(demand)
        self.assertEqual(fresh.summary.phase, "Pending")
        placed = fresh.apply(
            k8smesos.Change(k8smesos.ChangeType.PLACED, text="agent1.example.org", agent_id="golden-S1", wall_ms=1000)
        )
        self.assertEqual(placed.summary.agent_id, "golden-S1")
        self.assertEqual(fresh.summary.agent_id, "")
        self.assertEqual(json.loads(fresh.patch(None))["status"]["phase"], "Pending")
        self.assertNotIn("phase", json.loads(placed.patch(fresh))["status"])
        self.assertEqual(placed.patch(placed), "{}")
        self.assertEqual(k8smesos.Status.load(demand, placed.save()).to_json(), placed.to_json())
        rows = fresh.save() + placed.save(fresh)
        self.assertLess(len(placed.save(fresh)), len(placed.save()))
        self.assertEqual(k8smesos.Status.load(demand, rows).save(), placed.save())
        self.assertIn('"phase":"Pending"', placed.to_json())
        self.assertIn("phase: Pending", placed.to_yaml())


    def test_startup_fails_when_all_is_heard(self):
        source = (
            b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"u1"},"spec":{"containers":[{"name":"c",'
            b'"image":"i","startupProbe":{"tcpSocket":{"port":1},"failureThreshold":1}}]}}'
        )
        running = (
            b'{"task_id":{"value":"u1.0.c.0.n1"},"state":"TASK_RUNNING","agent_id":{"value":"S1"},'
            b'"source":"SOURCE_EXECUTOR"}'
        )
        kinds, demand = k8smesos.ChangeType, Demand.make(Pod.parse(source), nonce="n1")
        status = k8smesos.Status.new(demand).apply(
            k8smesos.Change(kinds.LAUNCHED, text="u1.0.c.0.n1", agent_id="S1", mono_ms=1),
            k8smesos.Change(kinds.UPDATE, text=running, format=Format.JSON, mono_ms=1000),
        )
        self.assertEqual(status.deadline, 1000 + 11000)
        waits = status.apply(k8smesos.Change(kinds.TICK, number=k8smesos.TickFlag.UNHEARD, mono_ms=12000))
        failed = status.apply(k8smesos.Change(kinds.TICK, mono_ms=12000))
        kills = [[a.task_id for a in s.actions if a.type == k8smesos.ActionType.KILL] for s in (waits, failed)]
        self.assertEqual((waits.deadline, kills), (22000, [[], ["u1.0.c.0.n1"]]))


class Drivers(unittest.TestCase):
    def test_subscribe(self):
        driver = k8smesos.Driver("127.0.0.1:5050", seed=7, format=Format.JSON, framework={"name": "golden"})
        effects = driver.step(InputType.TICK, mono_ms=0, wall_ms=0)
        requests = [effect for effect in effects if effect.type == k8smesos.EffectType.REQUEST]
        while not requests:
            self.assertLess(driver.deadline, k8smesos.NEVER)
            requests = driver.step(InputType.TICK, mono_ms=driver.deadline, wall_ms=0)
        self.assertEqual((requests[0].method, requests[0].path), ("POST", "/api/v1/scheduler"))
        self.assertIn(b'"SUBSCRIBE"', requests[0].bytes)
        self.assertTrue(requests[0].flags & k8smesos.RequestFlag.STREAMING)
        self.assertEqual((driver.agents, driver.agent_labels("a"), driver.agent_executors("a")), ([], {}, []))

    def test_volumes(self):
        driver = k8smesos.Driver("127.0.0.1:5050", seed=7)
        row = (b'{"version":1,"id":"default.data","agent_id":"A1","hostname":"a1.example","storage_class":"fast",'
               b'"milli":64000}\n')
        driver.step(InputType.RESTORE, mono_ms=1, wall_ms=1, key="volume/default/data", bytes=row)
        self.assertEqual(driver.volumes, [k8smesos.DriverVolume(
            "default/data", "default.data", "A1", "a1.example", "fast", 64000, False, False)])
        self.assertEqual([(effect.key, effect.bytes) for effect in driver.snapshot()], [("volume/default/data", row)])

    def test_pod_and_unknown_pod(self):
        driver = k8smesos.Driver("127.0.0.1:5050", seed=7, rest_ms=5000, launch_timeout_ms=900000)
        effects = driver.step(InputType.POD, mono_ms=1, wall_ms=1, pod=nginx())
        told = [effect for effect in effects if effect.type == k8smesos.EffectType.STATUS]
        self.assertEqual([(effect.key, effect.former) for effect in told], [("default/nginx", None)])
        self.assertEqual([effect.status for effect in effects if effect not in told], [None] * (len(effects) - 1))
        self.assertEqual([entry.pod.name for entry in driver.pods], ["nginx"])
        self.assertEqual(driver.snapshot(), [])  # nothing is recorded yet
        with self.assertRaises(k8smesos.NotFound):
            driver.step(InputType.DELETE, mono_ms=2, wall_ms=2, key="default/nobody", grace_seconds=-1)
        again = driver.step(InputType.DELETE, mono_ms=3, wall_ms=3, key="default/nginx", grace_seconds=-1)
        ended = [effect for effect in again if effect.type == k8smesos.EffectType.STATUS][0]
        del driver  # statuses are values, and stay
        self.assertEqual(json.loads(told[0].status.to_json())["phase"], "Pending")
        self.assertEqual(ended.former.to_json(), told[0].status.to_json())
        self.assertEqual(json.loads(ended.status.patch(ended.former))["status"]["phase"], "Failed")
        events = [effect for effect in again if effect.type == k8smesos.EffectType.EVENT]
        self.assertEqual(
            [(effect.bytes, effect.flags, effect.reason) for effect in events],
            [(b"Failed: the pod was Pending", k8smesos.EventFlag.WARNING, ""), (b"Deleted: the pod is gone", 0, "")])

    def test_requests_say_why(self):
        driver = k8smesos.Driver("127.0.0.1:5050", seed=7)
        effects = driver.step(InputType.TICK, mono_ms=100000, wall_ms=1)
        told = [effect.reason for effect in effects if effect.type == k8smesos.EffectType.REQUEST]
        self.assertEqual(told, ["a new framework"])


class Controls(unittest.TestCase):
    SET = b"""{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"db"},"spec":{"replicas":2,
        "selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}},
        "spec":{"containers":[{"name":"main","image":"a"}]}}}}"""

    def test_replicas(self):
        control = k8smesos.Control(seed=7)
        apply = k8smesos.ControlType.APPLY
        kept = control.step(apply, mono_ms=1, wall_ms=1000, workload=k8smesos.Workload.parse(self.SET))
        record = [effect for effect in kept if effect.type == k8smesos.EffectType.RECORD]
        self.assertEqual([effect.key for effect in record], ["ReplicaSet/default/db"])
        effects = control.step(k8smesos.ControlType.RECORDED, mono_ms=1, wall_ms=1000, number=record[0].number)
        pods = [effect.pod for effect in effects if effect.type == k8smesos.EffectType.POD]
        self.assertEqual(len(pods), 2)
        self.assertTrue(all(pod.name.startswith("db-") and pod.uid for pod in pods))
        self.assertEqual([(row.key, row.wanted, row.ready) for row in control.rows], [("ReplicaSet/default/db", 2, 0)])
        self.assertEqual(json.loads(control.object("ReplicaSet/default/db"))["status"]["replicas"], 2)
        scale = k8smesos.ControlType.SCALE
        control.step(scale, mono_ms=2, wall_ms=2, key="ReplicaSet/default/db", number=5)
        self.assertEqual(control.rows[0].wanted, 5)
        with self.assertRaises(k8smesos.NotFound):
            control.step(k8smesos.ControlType.DELETE, mono_ms=2, wall_ms=2, key="Job/default/none", grace_seconds=-1)


if __name__ == "__main__":
    unittest.main()
