# SPDX-License-Identifier: Apache-2.0
"""km as its users meet it: exit codes, output, errors with file, line and path.

usage: test_km.py KM EXAMPLES_FOLDER [MANIFESTS_FOLDER]     with KM_TESTS="Run Usage.test_wrong_use": only these
"""
import base64
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

KM = sys.argv[1]
EXAMPLES = pathlib.Path(sys.argv[2])
MANIFESTS = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None  # of other projects
DATA = pathlib.Path(__file__).parent / "data"
OFFERS = str(DATA / "offers.json")
COMMANDS = ["run", "get", "delete", "scale", "local", "parse", "match", "task", "status", "replay", "describe"]


def km(*args, stdin=b"", timeout=60):
    done = subprocess.run([KM, *map(str, args)], input=stdin, capture_output=True, timeout=timeout)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Usage(unittest.TestCase):
    def test_help_and_version(self):
        code, out, _ = km("--help")
        self.assertEqual(code, 0)
        for name in COMMANDS:
            self.assertIn(f"km {name}", out)
            code, text, err = km(name, "--help")
            self.assertEqual((code, err), (0, ""))
            self.assertIn("Examples:", text)
            self.assertLess(max(map(len, text.splitlines())), 110)
        self.assertRegex(km("--version")[1], r"^km \d+\.\d+\.\d+")

    def test_wrong_use(self):
        for args in ([], ["fly"], ["parse"], ["parse", "--nope"], ["match", "-f", "x"], ["run", "-f"],
                     ["local", "--port=many"], ["parse", "-f", "x", "-o", "xml"], ["delete"], ["scale", "deployment/web"],
                     ["scale", "--replicas=3"], ["scale", "deployment/web", "--replicas=-1"],
                     ["run", "-f", "x", "--mesos-master=nowhere"], ["run", "-f", "x", "--mesos-master=a.example:5050"],
                     ["run", "-f", "x", "--mesos-master=127.0.0.1:99999"], ["run", "-f", "x", "--mesos-master=::1:5"],
                     ["run", "-f", "x", "--timeout=-1"], ["run", "-f", "x", "--adopt=-1"],
                     ["run", "-f", "x", "--task-launch-timeout=-1"], ["run", "-f", "x", "--role="],
                     ["run", "-f", "x", "--storage-class=fast"], ["run", "-f", "x", "--storage-class=fast=tape"],
                     ["run", "-f", "x", "--storage-class=fast=mount,size=3"],
                     ["run", "-f", "x", "--agent-features=none"], ["run", "-f", "x", "--agent-features="],
                     ["delete", "x", "--grace-period=-2"], ["delete", "x", "--wait=-1"],
                     ["get", "-o", "yaml"], ["get", "-A", "-n", "x"],
                     ["run", "-f", "x", "--state="], ["run", "-f", "x", "--framework-name="], ["run", "-f", ""],
                     ["scale", "deployment/web", "--replicas=99999999999"]):
            code, out, err = km(*args)
            self.assertEqual(code, 64, args)
            self.assertEqual(out, "")
            self.assertIn("km", err)


    def test_what_kubectl_has_is_pointed_to(self):
        for name, words in (("apply", "'km run -f FILE'"), ("logs", "sandboxes"), ("fly", "'km --help' lists them")):
            code, out, err = km(name, "x")
            self.assertEqual((code, out), (64, ""))
            self.assertRegex(err, f"^km: no command '{name}'; .*{words}")
        self.assertEqual(km("help", "get"), km("get", "--help"))
        self.assertEqual(km("help", "fly"), km("--help"))
        self.assertEqual(km("version"), km("--version"))

    def test_what_is_of_an_option_is_of_no_file(self):
        pod = b"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n"
        code, out, err = km("match", "-f", "-", "--offers", OFFERS, "--reservation=x", stdin=pod)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("km: demand_options.reservation: 'x': expected labels as 'a=b,c=d'\n", err)
        with tempfile.TemporaryDirectory() as folder:
            overlay = pathlib.Path(folder, "overlay")
            overlay.write_bytes(b"\x0f")
            code, _, err = km("run", "-f", "-", f"--task-overlay={overlay}", f"--state={folder}/s", stdin=pod)
        self.assertEqual(code, 1)
        self.assertIn(f"{overlay}: the overlay of TaskInfo can't be used\n", err)

    def test_each_option_has_a_name_of_its_own(self):
        for command in COMMANDS:
            names = re.findall(r"(?m)^  (?:-., |    )--([a-z-]+)", km(command, "--help")[1])
            self.assertTrue(names, command)
            self.assertEqual(sorted(names), sorted(set(names)), command)


class Parse(unittest.TestCase):
    def test_examples(self):
        for name, pods in (("nginx", 1), ("busybox", 1), ("dns", 1)):
            code, out, err = km("parse", "-f", EXAMPLES / f"{name}.yaml")
            self.assertEqual(code, 0, err)
            pod = json.loads(out)
            self.assertEqual(pod["kind"], "Pod")
            self.assertEqual(pod["spec"]["restartPolicy"], "Always")
            again = km("parse", "-f", "-", stdin=out.encode())
            self.assertEqual(again[:2], (0, out))
            protobuf = subprocess.run([KM, "parse", "-f", str(EXAMPLES / f"{name}.yaml"), "-o", "protobuf"],
                                      capture_output=True, check=True).stdout
            self.assertEqual(km("parse", "-f", "-", stdin=protobuf)[1], out)
            code, text, _ = km("parse", "-f", EXAMPLES / f"{name}.yaml", "-o=yaml")
            self.assertEqual(km("parse", "-f", "-", stdin=text.encode())[1], out)
        code, out, _ = km("parse", "-f", EXAMPLES)
        self.assertEqual(json.loads(out)["kind"], "List")

    def test_workloads(self):
        code, out, err = km("parse", "-f", DATA / "workloads.yaml")
        self.assertEqual(code, 0, err)
        letters = "[bcdfghjklmnpqrstvwxz2456789]"
        names = ["template", f"rc-{letters}{{5}}", f"rc-{letters}{{5}}", f"rs-{letters}{{5}}"]
        names += [f"deployment-{letters}{{8,10}}-{letters}{{5}}"] * 2 + ["set-0", "set-1", f"daemon-{letters}{{5}}"]
        names += [f"job-0-{letters}{{5}}", f"job-1-{letters}{{5}}", f"cron-0-{letters}{{5}}", f"pod-{letters}{{5}}"]
        pods = json.loads(out)["items"]
        self.assertEqual(len(pods), len(names))
        for pod, name in zip(pods, names):
            self.assertRegex(pod["metadata"]["name"], f"^{name}$")
        self.assertEqual(pods[7]["spec"]["hostname"], "set-1")
        self.assertEqual(len({pod["metadata"]["name"] for pod in pods}), len(names))
        self.assertEqual(km("parse", "-f", DATA / "workloads.yaml")[1], out)  # always the same
        code, out, err = km("parse", "-f", DATA / "workloads.yaml", "--templates", "-o", "yaml")
        self.assertEqual(code, 0, err)
        self.assertEqual(out.count("\n---\n"), 8)
        self.assertIn("\n  name: deployment\n", out)

    def test_admission(self):
        code, out, err = km("parse", "-f", DATA / "workloads.yaml", "--admission")
        self.assertEqual(code, 0, err)
        pods = {pod["metadata"]["name"].split("-")[0]: pod["spec"] for pod in json.loads(out)["items"]}
        self.assertEqual((pods["rs"]["priority"], pods["rc"]["priority"]), (7, 0))
        self.assertEqual(len(pods["rc"]["tolerations"]), 2)
        self.assertEqual(len(pods["daemon"]["tolerations"]), 6)
        lost = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: i}]\n"
        code, out, err = km("parse", "-f", "-", "--admission", stdin=(lost + "  priorityClassName: none\n").encode())
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err, "stdin:6: spec.priorityClassName: Forbidden: no PriorityClass with name none was found\n")

    def fixed_point(self, path):
        """True if the manifest has pods; then what is written of them reads as what was written."""
        code, out, err = km("parse", "-f", path)
        self.assertIn(code, (0, 1), f"{path}: {err}")
        if code != 0:
            self.assertRegex(err, rf"(?m)^{re.escape(str(path))}:\d+: ")
            return False
        self.assertEqual(km("parse", "-f", "-", "-o", "json", stdin=out.encode())[:2], (0, out), path)
        return out != '{"apiVersion":"v1","kind":"List","items":[]}\n'

    def test_what_is_written_reads_the_same(self):
        for path in [*sorted(EXAMPLES.glob("*.yaml")), DATA / "workloads.yaml"]:
            self.assertTrue(self.fixed_point(path), path)

    def test_manifests_of_other_projects(self):
        if MANIFESTS is None or not MANIFESTS.is_dir():
            self.skipTest("there are none beside the project")
        paths = sorted(path for path in MANIFESTS.rglob("*") if path.is_file())
        read = sum(self.fixed_point(path) for path in paths)
        self.assertGreaterEqual(read, len(paths) - 8)  # those that Kubernetes refuses too

    def test_bad_input_says_where(self):
        pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        deep = "a: " + "[" * 10000 + "]" * 10000
        aliases = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi"))
        cases = [
            (pod + "  - name: c\n    image: 5\n", r"^stdin:7: spec.containers\[0\].image: "),
            (pod + "  - name: c\n    image: x\n    ports: [{containerPort: 99999}]\n",
             r"^stdin:8: spec.containers\[0\].ports\[0\].containerPort: "),
            ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n", r"^stdin:4: spec.containers: "),
            ("apiVersion: v1\nkind: Pod\nmetadata: {}\nspec:\n  containers: [{name: c, image: x}]\n",
             r"^stdin:3: metadata.name: "),
            ("apiVersion: v1\nkind: Pod\n  metadata: [\n", r"^stdin:\d+: "),
            ("hello there\n", r"^stdin:"),
            ("kind: Nonsense\napiVersion: v1\n", r"^stdin:"),
            ("a: b\0c\n", r"^stdin:1: "),
            (deep, r"^stdin:1: "),
            (aliases, r"^stdin:"),
            ("", r"^stdin:"),
            ('{"apiVersion": "v1", "kind": "Pod",\n  "metadata": {"name": 5}}', r"^stdin:2: metadata.name: "),
            ('{"apiVersion": "v1", ', r"^stdin:1: "),
        ]
        for text, pattern in cases:
            started = time.monotonic()
            code, out, err = km("parse", "-f", "-", stdin=text.encode())
            self.assertEqual((code, out), (1, ""), text[:80])
            self.assertRegex(err, re.compile(pattern, re.M), text[:80])
            self.assertLess(len(err.splitlines()), 10)
            self.assertLess(time.monotonic() - started, 30)

    def test_no_file(self):
        code, _, err = km("parse", "-f", "/nonexistent.yaml")
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent.yaml: No such file", err)


class Plans(unittest.TestCase):
    def test_match_places(self):
        code, out, err = km("match", "-f", EXAMPLES / "nginx.yaml", "--offers", OFFERS)
        self.assertEqual(code, 0, err)
        plan = json.loads(out)
        self.assertEqual(plan["unplaced"], [])
        placed = plan["placed"][0]
        self.assertEqual((placed["pod"], placed["agent"], placed["offers"]), ("default/nginx", "f0-S1", ["f0-O1"]))
        spent = sum(r["scalar"] for r in placed["resources"] if r["name"] == "cpus")
        self.assertGreaterEqual(spent, 0.25)

    def test_match_says_what_is_said_of_a_template_once(self):
        code, out, err = km("match", "-f", "-", "--offers", OFFERS, stdin=deployment(3, "a").encode())
        self.assertEqual((code, len(json.loads(out)["placed"])), (0, 3), err)
        lines = err.splitlines()
        self.assertTrue(lines)
        self.assertEqual(len(lines), len(set(lines)), err)

    def test_match_says_why_not(self):
        pod = (b"apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec:\n  containers:\n"
               b"  - {name: c, image: x, resources: {requests: {cpu: 64}}}\n")
        code, out, _ = km("match", "-f", "-", "--offers", OFFERS, stdin=pod)
        self.assertEqual(code, 2)
        missed = json.loads(out)["unplaced"][0]
        self.assertEqual(missed["pod"], "default/big")
        self.assertRegex(missed["summary"], r"^0/1 nodes are available: 1 Insufficient cpu")
        self.assertEqual(missed["reasons"][0]["hostname"], "agent1.example")
        self.assertRegex(missed["nearest"], r"^fits agent1.example if it asked for at most [0-9.]+ cpus")

    def test_match_knows_what_agents_can_do(self):
        nginx = EXAMPLES / "nginx.yaml"
        code, out, err = km("match", "-f", nginx, "--offers", OFFERS, "--agent-features=cgroups")
        self.assertEqual(code, 2, err)
        missed = json.loads(out)["unplaced"][0]
        self.assertIn("1 node(s) lacked an agent feature that the pod needs", missed["summary"])
        self.assertIn("images", missed["nearest"])
        event = json.loads(pathlib.Path(OFFERS).read_text())
        for names, placed in (("images, cgroups", 0), ("cgroups", 2), ("images,cgroops", 2)):
            for offer in event["offers"]["offers"]:
                offer["attributes"] = [{"name": "agent-features", "type": "TEXT", "text": {"value": names}}]
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(event, file)
                file.flush()
                code, out, err = km("match", "-f", nginx, "--offers", file.name)
            self.assertEqual(code, placed, names + out + err)
        self.assertIn("'cgroops' is no feature of agents: expected images, cgroups", err)
        code, _, err = km("match", "-f", nginx, "--offers", OFFERS, "--agent-features=images,wings")
        self.assertEqual(code, 64)
        self.assertIn("--agent-features: 'wings' is no feature of agents: expected images", err)

    def test_match_says_who_took_the_place(self):
        pods = b"---\n".join(
            b"apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, labels: {app: x}}\nspec:\n  containers: [{name: c, image: x}]\n"
            b"  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
            b"kubernetes.io/hostname, labelSelector: {matchLabels: {app: x}}}]}}\n" % n for n in (1, 2))
        code, out, _ = km("match", "-f", "-", "--offers", OFFERS, stdin=pods)
        self.assertEqual(code, 2)
        plan = json.loads(out)
        self.assertEqual([p["pod"] for p in plan["placed"]], ["default/p1"])
        self.assertEqual([r["predicate"] for r in plan["unplaced"][0]["reasons"]], ["pod-anti-affinity"])

    def test_match_reads_nodes(self):
        node = (b"{apiVersion: v1, kind: Node, metadata: {name: agent1.example, labels: {disk: ssd}}, "
                b"spec: {taints: [{key: gpu, effect: NoSchedule}]}}\n---\n")
        pod = (b"{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}], "
               b"nodeSelector: {disk: ssd}, tolerations: [%s]}}\n")
        code, out, _ = km("match", "-f", "-", "--offers", OFFERS, stdin=node + pod % b"")
        self.assertEqual(code, 2)
        self.assertIn("had untolerated taint(s)", json.loads(out)["unplaced"][0]["summary"])
        for command in ("match", "task"):
            code, _, err = km(command, "-f", "-", "--offers", OFFERS, stdin=node + pod % b"{key: gpu, operator: Exists}")
            self.assertEqual(code, 0, err)

    def test_match_reads_namespaces(self):
        pod = (b"{apiVersion: v1, kind: Pod, metadata: {name: %s, namespace: %s, labels: {app: x}}, spec: {containers: "
               b"[{name: c, image: i}], affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
               b"[{topologyKey: kubernetes.io/hostname, labelSelector: {}, namespaceSelector: {matchLabels: "
               b"{team: red}}}]}}}}\n---\n")
        space = b"{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {team: %s}}}\n---\n"
        pods = pod % (b"p", b"one") + pod % (b"q", b"two")
        for team, want in ((b"blue", 0), (b"red", 2)):
            code, out, err = km("match", "-f", "-", "--offers", OFFERS, stdin=pods + space % (b"one", team))
            self.assertEqual(code, want, err + out)

    def test_match_bad_offers(self):
        """What is wrong with offers is said by field; what was rescinded is not there; the rest is used."""
        def offer(number, agent, **fields):
            made = {"id": {"value": "o%d" % number}, "framework_id": {"value": "f"}, "agent_id": {"value": agent},
                    "hostname": agent + ".example", "allocation_info": {"role": "*"}, "resources": [
                        {"name": name, "type": "SCALAR", "scalar": {"value": value}, "allocation_info": {"role": "*"}}
                        for name, value in (("cpus", 4), ("mem", 4096), ("disk", 1000))]}
            made.update(fields)
            return made

        def event(*offers):
            return {"type": "OFFERS", "offers": {"offers": list(offers)}}

        def with_resource(**fields):
            made = offer(1, "a")
            made["resources"].append(dict({"name": "x", "allocation_info": {"role": "*"}}, **fields))
            return event(made)

        def scalar(value):
            return with_resource(type="SCALAR", scalar={"value": value})

        def ranges(*pairs):
            return with_resource(name="ports", type="RANGES",
                                 ranges={"range": [{"begin": begin, "end": end} for begin, end in pairs]})

        rescind = {"type": "RESCIND", "rescind": {"offer_id": {"value": "o1"}}}
        field = "offers.offers[0].resources[3]"
        nowhere, wrong = 2, 1
        cases = [
            ([scalar("NaN")], nowhere, field + '.scalar.value: "NaN": expected a number from 0 to 1000000000000'),
            ([scalar("Infinity")], nowhere, field + '.scalar.value: "Infinity": expected a number from 0'),
            ([scalar(-1)], nowhere, field + ".scalar.value: -1.0: expected a number from 0"),
            ([scalar(1e18)], nowhere, field + ".scalar.value: 1000000000000000000.0: expected"),
            ([ranges((5, 9), (7, 8))], nowhere, field + ".ranges: the range 7-8 overlaps another range of the resource"),
            ([ranges((9, 5))], nowhere, field + ".ranges: the range 9-5 ends before it begins"),
            ([with_resource(type="TEXT")], nowhere, field + ".type: TEXT: expected SCALAR, RANGES or SET"),
            ([with_resource(type="SET", set={"item": ["a", "b", "a"]})], nowhere,
             field + ".set.item: 'a' stands there twice: expected each item once"),
            ([with_resource(type="SET", set={"item": ["a"]}, scalar={"value": 1})], nowhere,
             field + ".scalar: is there, and x is SET: expected a value of that type, and no other"),
            ([with_resource(name="ports", type="SCALAR", scalar={"value": 1})], nowhere,
             field + ".type: SCALAR: expected RANGES, as ports are"),
            ([with_resource()], wrong, field + ".type: missing in the Resource, which requires it"),
            ([event(offer(1, "a", id={"value": ""}))], nowhere, "offers.offers[0].id.value: empty"),
            ([event({key: value for key, value in offer(1, "a").items() if key != "agent_id"})], wrong,
             "offers.offers[0].agent_id: missing in the Offer, which requires it"),
            ([event(offer(1, "a"), offer(1, "b"))], 0, "offers.offers[1]: note: the offer o1 is held already"),
            ([event(offer(1, "a")), event(offer(1, "a"))], 0, "the offer o1 is held already: it is left out"),
            ([event(offer(1, "a")), rescind], nowhere, ""),
            ([event(offer(1, "a")), rescind, rescind, event(offer(2, "a"))], 0, ""),
            ([rescind, event(offer(1, "a"))], nowhere, "the offer o1 was rescinded before it came: it is left out"),
            ([event({key: value for key, value in offer(1, "a").items() if key != "allocation_info"})], 0, ""),
            ([event(offer(n, "a", allocation_info={"role": "r%d" % n}, resources=[])) for n in range(257)], nowhere,
             "the agent a is offered to 256 roles, and now to r256: expected 256 at most: the offer o256 is left out"),
        ]
        for events, code, finding in cases:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
                f.write("".join(json.dumps(e) + "\n" for e in events))
                f.flush()
                got, out, err = km("match", "-f", EXAMPLES / "nginx.yaml", "--offers", f.name)
                self.assertEqual((got, finding in err), (code, True), (finding, err, out))

    def test_match_preempts(self):
        """Who would end for a pod, and why, as JSON and as text."""
        pod = ("{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {priority: %d, %s containers: [{name: c, image: "
               "i, resources: {requests: {cpu: %d}}}]}}\n---\n")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as running:
            node = "nodeName: agent1.example,"
            running.write(pod % ("low", 1, node, 3) + pod % ("same", 9, node, 3) + pod % ("small", 2, node, 1))
            running.flush()
            args = ("match", "-f", "-", "--offers", OFFERS, "--running", running.name)
            want = (pod % ("high", 9, "", 4)).encode()
            code, out, err = km(*args, stdin=want)
            self.assertEqual((code, "nominated" in out), (2, False), err)
            code, out, err = km(*args, "--preemption", stdin=want)
            self.assertEqual(code, 2, err)
            (missed,) = json.loads(out)["unplaced"]
            self.assertEqual(missed["nominated"], {
                "agent": "f0-S1", "hostname": "agent1.example", "role": "*",
                "victims": [{"pod": "default/low", "priority": 1, "why": "its priority 1 is lower than 9"}]})
            code, out, err = km(*args, "--preemption", "-o", "text", stdin=want)
            self.assertEqual(code, 2, err)
            self.assertRegex(out, "default/high has no place: 0/1 nodes are available: 1 Insufficient cpu")
            self.assertIn("  nominated: agent1.example, agent f0-S1, where 1 pods end for it\n"
                          "    default/low: its priority 1 is lower than 9\n", out)
            code, out, err = km(*args, "-o", "text", stdin=(pod % ("tiny", 0, "", 1)).encode())
            self.assertEqual((code, out), (0, "default/tiny goes to agent1.example, agent f0-S1, role *, with offer "
                                              "f0-O1\n"), err)
            running.write(pod % ("nowhere", 1, "", 1))
            running.flush()
            code, out, err = km(*args, stdin=want)
            self.assertEqual(code, 1)
            self.assertIn("default/nowhere runs nowhere: it has no spec.nodeName", err)
        self.assertEqual(km("match", "-f", "-", "--offers", OFFERS, "-o", "xml", stdin=b"")[0], 64)

    def test_match_by_strategy(self):
        args = ("match", "-f", EXAMPLES / "nginx.yaml", "--offers", OFFERS)
        code, out, err = km(*args, "--strategy", "balanced", "--largest-first", "--all-reasons")
        self.assertEqual(code, 0, err)
        (score,) = json.loads(out)["placed"][0]["scores"]
        self.assertEqual((score["part"], score["weight"]), ("strategy", 1))
        self.assertEqual(km(*args, "--strategy", "best")[0], 64)

    def test_original_defaults(self):
        """What the first km gave containers that state nothing: as a limit, too."""
        for flags, wanted in ([], "Infinity"), (["--original-defaults"], 0.25):
            code, out, err = km("task", "-f", "-", "--offers", OFFERS, *flags,
                                stdin=b"{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b}]}}")
            self.assertEqual(code, 0, err)
            groups = [o["launch_group"] for o in json.loads(out)["accept"]["operations"]]
            self.assertEqual(groups[1]["task_group"]["tasks"][0]["limits"]["cpus"]["value"], wanted)

    def test_how_pods_are_mapped(self):
        pod = (b"{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostAliases: [{ip: 1.2.3.4}], "
               b"containers: [{name: a, image: b}]}}")
        for flags, code in (
            ([], 1),
            (["--policy=spec.hostAliases=warn"], 0),
            (["--policy=spec=refuse"], 1),
            (["--policy=spec.hostAliases"], 64),
            (["--policy=spec.nothing=warn"], 1),
            (["--policy=spec.hostAliases=warn", "--form=budget", "--principal=p", "--command-probes"], 0),
            (["--form=large"], 64),
        ):
            with self.subTest(flags):
                self.assertEqual(km("task", "-f", "-", "--offers", OFFERS, *flags, stdin=pod)[0], code)
        flags = "--policy=spec.hostAliases=warn", "--network=weave"
        code, out, err = km("task", "-f", "-", "--offers", OFFERS, *flags, stdin=pod)
        executor = json.loads(out)["accept"]["operations"][0]["launch_group"]["executor"]
        self.assertEqual(executor["container"]["network_infos"][0]["name"], "weave")

    def test_overlays(self):
        args = "task", "-f", EXAMPLES / "nginx.yaml", "--offers", OFFERS
        with tempfile.TemporaryDirectory() as folder:
            executor, task = pathlib.Path(folder) / "executor.json", pathlib.Path(folder) / "task.json"
            executor.write_text('{"labels": {"labels": [{"key": "e"}]}}')
            task.write_text('{"labels": {"labels": [{"key": "t"}]}}')
            code, out, err = km(*args, f"--executor-overlay={executor}", f"--task-overlay={task}")
            self.assertEqual(code, 0, err)
            pause, main = [o["launch_group"] for o in json.loads(out)["accept"]["operations"]]
            keys = [
                [label["key"] for label in message["labels"]["labels"]]
                for message in (pause["executor"], pause["task_group"]["tasks"][0], main["task_group"]["tasks"][0])
            ]
            self.assertEqual([k[-1:] == [own] for k, own in zip(keys, "ett")], [True, False, True])
            task.write_text('{"resources": []}')
            code, out, err = km(*args, f"--task-overlay={task}")
            self.assertEqual((code, out), (1, ""))
            self.assertIn("resources: is none of what an overlay of TaskInfo can set", err)
            self.assertEqual(km(*args, f"--task-overlay={folder}/none")[0], 1)

    def test_task_is_the_same_each_time(self):
        args = ("task", "-f", EXAMPLES / "nginx.yaml", "--offers", OFFERS)
        first, second = km(*args), km(*args)
        self.assertEqual(first, second)
        self.assertEqual(first[0], 0, first[2])
        call = json.loads(first[1])
        self.assertEqual(call["type"], "ACCEPT")
        groups = [o["launch_group"] for o in call["accept"]["operations"]]
        self.assertEqual(len(groups), 2)
        executors = {json.dumps(g["executor"], sort_keys=True) for g in groups}
        self.assertEqual(len(executors), 1)
        protobuf = subprocess.run([KM, *map(str, args), "-o", "protobuf"], capture_output=True, check=True).stdout
        length, record = protobuf.split(b"\n", 1)
        self.assertEqual(int(length), len(record))

    def test_offers_that_are_none(self):
        for text in (b"", b"<html>", b'{"type":"OFFERS"', b"99999999999999999999\nx", b"5\nabc"):
            with tempfile.NamedTemporaryFile() as f:
                f.write(text)
                f.flush()
                code, out, err = km("match", "-f", EXAMPLES / "nginx.yaml", "--offers", f.name)
                self.assertEqual((code, out), (1, ""), text)
                self.assertIn(f.name, err)


class Status(unittest.TestCase):
    def updates(self, states):
        call = json.loads(km("task", "-f", EXAMPLES / "nginx.yaml", "--offers", OFFERS)[1])
        lines = []
        for operation in call["accept"]["operations"]:
            for task in operation["launch_group"]["task_group"]["tasks"]:
                for number, state in enumerate(states):
                    uuid = base64.b64encode(f"{len(lines):16}".encode()).decode()
                    lines.append(json.dumps({"type": "UPDATE", "update": {"status": {
                        "task_id": task["task_id"], "agent_id": task["agent_id"], "state": state,
                        "source": "SOURCE_EXECUTOR", "timestamp": 1700000000.0 + number,
                        "uuid": uuid}}}))
        return "\n".join(lines)

    def status(self, states):
        with tempfile.NamedTemporaryFile("w") as f:
            f.write(self.updates(states))
            f.flush()
            code, out, err = km("status", "-f", EXAMPLES / "nginx.yaml", "--updates", f.name)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_running(self):
        status = self.status(["TASK_STARTING", "TASK_RUNNING"])
        self.assertEqual(status["phase"], "Running")
        self.assertTrue(status["containerStatuses"][0]["ready"])
        ready = [c["status"] for c in status["conditions"] if c["type"] == "Ready"]
        self.assertEqual(ready, ["True"])

    def test_starting(self):
        self.assertEqual(self.status(["TASK_STARTING"])["phase"], "Pending")

    def test_updates_of_others_are_named(self):
        pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, uid: one}\nspec: {containers: [{name: c, image: i}]}\n"
        update = {"type": "UPDATE", "update": {"status": {"task_id": {"value": "other.0.c.0.n"}, "state": "TASK_RUNNING"}}}
        with tempfile.NamedTemporaryFile("w") as f:
            f.write(2 * (json.dumps(update) + "\n"))
            f.flush()
            code, out, err = km("status", "-f", "-", "--updates", f.name, stdin=pods.encode())
        self.assertEqual((code, json.loads(out)["phase"]), (0, "Pending"))
        self.assertEqual(err.count(f"{f.name}: note: task 'other.0.c.0.n' is of none of these pods\n"), 1)

    def test_updates_that_are_none(self):
        update = self.updates(["TASK_RUNNING"]).splitlines()[1]
        for text, words in (("", "found no bytes"), ("kind: Pod", "found something else"),
                            (update.replace("TASK_RUNNING", "TASK_JUMPING"), "update.status.state: "),
                            ('{"type":"UPDATE"}', ": update: missing in an Event of type UPDATE"),
                            (update.replace(".nginx.", ".other."), ".other.0.0' was launched, whose container")):
            with tempfile.NamedTemporaryFile("w") as f:
                f.write(text)
                f.flush()
                code, out, err = km("status", "-f", EXAMPLES / "nginx.yaml", "--updates", f.name)
                self.assertEqual((code, out), (1, ""), err)
                self.assertIn(words, err)


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.state = f"--state={self.folder.name}/s"

    def tearDown(self):
        km("delete", "--all", "--grace-period=1", self.state)
        self.folder.cleanup()

    def pods(self):
        code, out, err = km("get", "-o", "json", self.state)
        self.assertEqual(code, 0, err)
        return {p["name"]: p for p in json.loads(out)["pods"]}

    def test_detached_get_delete(self):
        code, out, err = km("run", "-f", EXAMPLES, "--detach", "--timeout=40", self.state)
        self.assertEqual(code, 0, err)
        self.assertIn("default/nginx", out)
        self.assertIn("http://127.0.0.1:", out)
        pods = self.pods()
        self.assertEqual(len(pods), 3)
        for pod in pods.values():
            self.assertEqual(pod["phase"], "Running")
        for kind in ("pods", "po", "Pod"):
            self.assertEqual(km("get", kind, self.state)[1].count("default/"), sum(p["namespace"] == "default"
                                                                                   for p in pods.values()))
        self.assertEqual(km("get", "deploy", self.state)[::2], (1, "km get: no deployments\n"))
        self.assertIn('pods "x" not found in namespace kube-system', km("get", "kube-system/x", self.state)[2])
        self.assertNotRegex(km("get", self.state)[1] + km("describe", "nginx", self.state)[1], r"(?m) $")
        code, out, _ = km("get", self.state)
        self.assertRegex(out, r"(?m)^POD +READY +STATUS +RESTARTS +AGENT +CPU +MEMORY +PORTS +AGE")
        code, out, _ = km("describe", "nginx", self.state)
        self.assertEqual(code, 0)
        for text in ("Name:", "Status:              Running", "Restart Count:   0", "PodScheduled", "Scheduled"):
            self.assertIn(text, out)
        self.assertEqual(km("describe", "nobody", self.state)[0], 1)
        self.assertEqual(km("delete", "nginx", "--grace-period=1", self.state)[0], 0)
        self.assertNotIn("nginx", self.pods())
        code, _, err = km("delete", "nginx", self.state)
        self.assertEqual(code, 1)
        self.assertIn('pods "nginx" not found', err)
        self.assertEqual(km("delete", "--all", "--grace-period=1", self.state)[0], 0)

    def test_names(self):
        """What people name, as they do with kubectl."""
        pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: %s}\nspec: {containers: [{name: c, image: i}]}\n---\n"
        pods = "".join(pod % names for names in (("nginx", "default"), ("busybox", "default"), ("dns", "kube-system")))
        code, out, err = km("run", "-f", "-", "--detach", "--timeout=40", self.state, stdin=pods.encode())
        self.assertEqual(code, 0, out + err)
        for words, want in ((["pod", "nginx", "busybox"], "pod/nginx pod/busybox"), (["pods/nginx"], "pod/nginx"),
                            (["po", "dns", "-n", "kube-system"], "pod/dns"), (["pod", "kube-system/dns"], "pod/dns"),
                            (["pods", "-n", "kube-system"], "pod/dns"), (["-n", "kube-system"], "pod/dns"),
                            (["Pod/default/nginx", "kube-system/dns"], "pod/nginx pod/dns"),
                            (["deploy,pods", "-n", "kube-system"], "pod/dns"), (["pods", "-A"], None)):
            _, out, err = km("get", *words, "-o", "name", self.state)
            self.assertEqual(out.split(), want.split() if want else ["pod/nginx", "pod/busybox", "pod/dns"], err)
        for words, want in ((["a b"], "km get: 'a b' is no name; expected NAME, NAMESPACE/NAME, KIND NAME or "
                                      "KIND/NAME, as deployment/web\n"),
                            (["Web"], "km get: 'Web' is no name; "), (["/x"], "km get: '/x' is no name"),
                            (["pod/"], "km get: 'pod/' is no name"), (["a/b/c/d"], "km get: 'a/b/c/d' is no name"),
                            (["x" * 254], "is no name"), (["pods", "-n", "A"], "km get: 'A' is no namespace\n"),
                            (["pods", "-n", "none"], "km get: no pods in namespace none\n"),
                            (["-n", "none"], "km get: no pods and workloads in namespace none\n"),
                            (["pvc"], "km get: no persistentvolumeclaims\n")):
            code, out, err = km("get", *words, self.state)
            self.assertEqual((code, out), (1, ""))
            self.assertIn(want, err)
        self.assertIn("which of the pods? KIND NAME or KIND/NAME, as pods/NAME", km("delete", "pods", self.state)[2])
        self.assertEqual(km("describe", "pods", self.state)[1].count("Events:"), 3)
        self.assertRegex(km("get", "nginx", "-o", "wide", self.state)[1],
                         r"^POD .* AGE +IP +AGENT ID\ndefault/nginx .* \d+s +127\.0\.0\.1 +[0-9a-f-]+-S0\n$")

    def test_watch(self):
        pod = (b"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  terminationGracePeriodSeconds: 1\n"
               b"  containers: [{name: c, image: x}]\n---\n"
               b"apiVersion: v1\nkind: Pod\nmetadata: {name: q}\nspec: {containers: [{name: c, image: x}]}\n")
        self.assertEqual(km("run", "-f", "-", "--detach", self.state, stdin=pod)[0], 0)
        watches = [subprocess.Popen([KM, "get", "-w", *names, self.state], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    text=True) for names in ([], ["pod", "p"])]
        time.sleep(2)  # the table is shown once, though the pods grow older
        self.assertEqual(km("delete", "p", self.state)[0], 0)
        time.sleep(1)
        self.assertEqual(km("delete", "--all", "--grace-period=0", self.state)[0], 0)
        (out, err), (out_p, err_p) = (w.communicate(timeout=30) for w in watches)
        self.assertEqual([w.returncode for w in watches], [0, 1])
        tables = out.split("\n\n")
        self.assertIn("default/p ", tables[0])
        self.assertIn("default/q ", tables[0])
        self.assertTrue([t for t in tables if len(t.splitlines()) == 2 and "default/q " in t], out)
        self.assertLessEqual(len(tables), 5, out)
        self.assertEqual(err, "")
        self.assertRegex(out_p, r"^POD .*\ndefault/p +1/1 +Running .*\n")
        self.assertIn('km get: pods "p" not found\n', err_p)

    def test_run_to_the_end(self):
        for command, want in (("exit 0", 0), ("exit 3", 1)):
            pod = ("apiVersion: v1\nkind: Pod\nmetadata: {name: job}\nspec:\n  restartPolicy: Never\n  containers:\n"
                   f"  - {{name: c, image: x, command: [sh, -c, '{command}']}}\n")
            code, out, err = km("run", "-f", "-", self.state, stdin=pod.encode())
            self.assertEqual(code, want, out + err)

    def test_what_is_true_of_several_pods_is_said_once(self):
        pods = "".join(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p{i}}}\nspec: {{restartPolicy: Never, containers: "
                       "[{name: c, image: x, command: ['true']}]}\n---\n" for i in range(3))
        code, out, err = km("run", "-f", "-", self.state, stdin=pods.encode())
        self.assertEqual(code, 0, out + err)
        self.assertEqual(err.count("spec.hostNetwork: warning: "), 1, err)
        self.assertIn("km: the same warnings and notes are true of 2 more pods\n", err)

    def test_a_recorded_run_replays_exactly(self):
        trace = pathlib.Path(self.folder.name, "trace")
        pod = ("apiVersion: v1\nkind: Pod\nmetadata: {name: job}\nspec:\n  restartPolicy: Never\n"
               "  initContainers: [{name: a, image: x, command: ['true']}]\n"
               "  containers: [{name: c, image: x, command: ['true']}]\n")
        overlay = trace.with_name("overlay.json")
        overlay.write_text('{"labels": {"labels": [{"key": "of-the-overlay"}]}}')
        for protocol in ("protobuf", "json"):
            code, out, err = km("run", "-f", "-", self.state, f"--record={trace}", f"--protocol={protocol}",
                                f"--task-overlay={overlay}", stdin=pod.encode())
            self.assertEqual(code, 0, out + err)
            code, out, err = km("replay", trace)
            self.assertEqual(code, 0, out + err)
            self.assertIn("the same as recorded", out)
            self.assertIn('"type":"ACCEPT"', out)
            self.assertIn("of-the-overlay", out)
        # How pods are mapped is part of it: this one waits for reservations that no agent has.
        code, out, err = km("run", "-f", "-", self.state, f"--record={trace}", "--reservation=team=db", "--role=dev",
                            "--task-launch-timeout=0", "--timeout=2", stdin=pod.encode())
        self.assertEqual(code, 2, out + err)
        self.assertEqual(km("replay", trace, "--quiet")[0], 0)
        # This one for agents that can do what it needs,
        code, out, err = km("run", "-f", "-", self.state, f"--record={trace}", "--agent-features=none,cgroups",
                            "--timeout=2", stdin=pod.encode())
        self.assertEqual(code, 2, out + err)
        self.assertIn("lacked an agent feature", out + err)
        self.assertEqual(km("replay", trace, "--quiet")[0], 0)
        # and this one for a disk of its class.
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}, "storageClassName": "fast"}
        claims = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "claims"}, "spec": {
            "containers": [{"name": "c", "image": "x", "command": ["true"]}],
            "volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": claim}}}]}})
        code, out, err = km("run", "-f", "-", self.state, f"--record={trace}", "--role=dev", "--principal=p",
                            "--storage-class=fast=mount", "--timeout=2", stdin=claims.encode())
        self.assertEqual(code, 2, out + err)
        self.assertEqual(km("replay", trace, "--quiet")[0], 0)
        lines = trace.read_text().splitlines(keepends=True)
        trace.write_text("".join(lines[:4] + lines[5:]))
        code, _, err = km("replay", trace)
        self.assertEqual(code, 1)
        self.assertIn("not what was recorded", err)
        for text in ("", "hello", '{"km":1}'):
            trace.write_text(text)
            code, _, err = km("replay", trace)
            self.assertEqual(code, 1)
            self.assertIn("trace", err)
        self.assertIn("Is a directory", km("replay", self.folder.name)[2])

    def test_operations_on_volumes_have_ids_or_not(self):
        trace = pathlib.Path(self.folder.name, "trace")
        text = ("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
                "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 64Mi}}}\n---\n"
                "apiVersion: v1\nkind: Pod\nmetadata: {name: job}\nspec:\n  restartPolicy: Never\n"
                "  containers: [{name: c, image: x, command: ['true'], volumeMounts: [{name: v, mountPath: /v}]}]\n"
                "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n")
        for flags, named in (((), True), (("--no-operation-feedback",), False)):
            state = f"--state={self.folder.name}/{named}"
            code, out, err = km("run", "-f", "-", state, f"--record={trace}", "--protocol=json", "--role=dev",
                                "--principal=p", *flags, stdin=text.encode())
            self.assertEqual(code, 0, out + err)
            code, out, err = km("replay", trace)
            self.assertEqual(code, 0, out + err)
            self.assertIn('"type":"CREATE"', out)
            self.assertEqual('"id":{"value":"k8sm.create.' in out, named)
            self.assertEqual('"type":"ACKNOWLEDGE_OPERATION_STATUS"' in out, named)

    def test_a_recording_has_the_control(self):
        trace = pathlib.Path(self.folder.name, "trace")
        manifest = trace.with_name("web.yaml")
        manifest.write_text(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n"
            "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
            "    spec: {containers: [{name: c, image: x, command: [sleep, '1000']}]}\n---\n"
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: ds}\nspec:\n"
            "  selector: {matchLabels: {app: ds}}\n  template:\n    metadata: {labels: {app: ds}}\n"
            "    spec: {containers: [{name: c, image: x, command: [sleep, '1000']}]}\n")
        run = subprocess.Popen([KM, "run", "-q", "-f", manifest, self.state, f"--record={trace}"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (run.kill(), run.wait()))
        while km("get", "pods", self.state)[1].count("Running") < 3:
            self.assertIsNone(run.poll())
            time.sleep(0.1)
        self.assertEqual(km("scale", "deployment/web", "--replicas=1", self.state)[0], 0)
        self.assertEqual(km("delete", "--all", self.state)[0], 0)
        run.wait(timeout=30)
        code, out, err = km("replay", trace)
        self.assertEqual(code, 0, out + err)
        for line in ("control APPLY Deployment/default/web", "control APPLY DaemonSet/default/ds", "control AGENTS 1",
                     "control SCALE Deployment/default/web 1", "-> makes pod default/web-", "-> deletes pod default/web-",
                     "(launches what waits and fits these offers): {", "(the pod is deleted): {"):
            self.assertIn(line, out)
        text = trace.read_text()
        trace.write_text(text.replace('"controlSeed":', '"controlSeed":1'))  # other names of pods
        self.assertEqual(km("replay", "-q", trace)[0], 1)

    def test_a_terminal_shows_one_table(self):
        try:
            child, fd = pty.fork()
        except OSError as error:
            self.skipTest(f"no terminal can be had here: {error}")
        if child == 0:
            os.execv(KM, [KM, "run", "-f", str(EXAMPLES / "busybox.yaml"), self.state])
        screen, text, interrupted, started = [""], "", False, time.monotonic()
        while time.monotonic() < started + 30:
            try:
                text += os.read(fd, 65536).decode() if select.select([fd], [], [], 0.2)[0] else ""
            except OSError:  # it has ended
                break
            if "Running: the pod was" in text and not interrupted:
                interrupted = os.kill(child, signal.SIGINT) is None
        os.close(fd)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        for part in re.split(r"(\x1b\[\d+A)\x1b\[J", text.replace("\r\n", "\n")):
            up = re.fullmatch(r"\x1b\[(\d+)A", part)
            if up:
                screen = screen[:len(screen) - 1 - int(up.group(1))] + [""]
            else:
                screen = ("\n".join(screen) + part).split("\n")
        self.assertEqual(sum(line.startswith("POD ") for line in screen), 1, "\n".join(screen))
        self.assertIn("km run: deletes all pods; interrupt again to leave them running", screen)
        self.assertEqual(sum("Deleted: the pod is gone" in line for line in screen), 1)

    def test_describe_says_why_a_pod_failed(self):
        pod = (b"apiVersion: v1\nkind: Pod\nmetadata: {name: late}\nspec:\n  activeDeadlineSeconds: 1\n"
               b"  terminationGracePeriodSeconds: 1\n  containers: [{name: c, image: x}]\n---\n"
               b"apiVersion: v1\nkind: Pod\nmetadata: {name: other}\nspec:\n  containers: [{name: c, image: x}]\n")
        self.assertEqual(km("run", "-f", "-", "--detach", self.state, stdin=pod)[0], 0)
        end = time.monotonic() + 30
        while "Reason:              DeadlineExceeded\n" not in km("describe", "late", self.state)[1]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        self.assertIn("Message:             Pod was active on the node longer than the specified deadline\n",
                      km("describe", "late", self.state)[1])

    def test_not_placed(self):
        pod = (b"apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec:\n  containers:\n"
               b"  - {name: c, image: x, resources: {requests: {cpu: 64}}}\n")
        code, out, err = km("run", "-f", "-", "--timeout=4", self.state, stdin=pod)
        self.assertEqual(code, 2, out + err)
        self.assertIn("Insufficient cpu", out)

    def test_what_cant_be_mapped_is_refused_before_anything_runs(self):
        pod = ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  hostAliases: [{ip: 1.2.3.4, hostnames: [a]}]\n"
               "  containers:\n  - {name: c, image: x}\n")
        for manifest, line, path in ((pod, 5, "spec.hostAliases"),
                                     (deployment(1, "a").replace("    spec:\n", "    spec:\n      runtimeClassName: x\n", 1),
                                      None, "spec.template.spec.runtimeClassName")):
            code, out, err = km("run", "-f", "-", self.state, stdin=manifest.encode())
            self.assertEqual((code, out), (1, ""), err)
            found = [e for e in err.splitlines() if f" {path}: " in e and "warning" not in e]
            self.assertEqual(len(found), 1, err)
            if line is not None:
                self.assertTrue(found[0].startswith(f"stdin:{line}: "), err)

    def test_master_not_there(self):
        code, out, err = km("run", "-f", EXAMPLES / "nginx.yaml", "--mesos-master=127.0.0.1:1", "--timeout=3",
                            self.state)
        self.assertEqual(code, 2)
        self.assertIn("127.0.0.1:1", out)

    def test_delete_what_is_no_manifest(self):
        for text in (b"", b"kind: Nothing", b"{"):
            code, out, err = km("delete", "-f", "-", self.state, stdin=text)
            self.assertEqual((code, out), (1, ""), err)
            self.assertIn("stdin", err)

    def test_nobody_answers(self):
        code, _, err = km("get", self.state)
        self.assertEqual(code, 1)
        self.assertIn("no 'km run' answers", err)


def deployment(replicas, image):
    return (f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n"
            "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
            f"      containers: [{{name: main, image: {image}, resources: {{requests: {{cpu: 100m, memory: 32Mi}}}}}}]\n")


class Networks(unittest.TestCase):
    """Of the embedded agents."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.state = f"--state={self.folder.name}/s"
        self.addCleanup(self.folder.cleanup)

    def serve(self, *flags):
        mesos = subprocess.Popen([KM, "local", "--port=0", *flags], stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (mesos.kill(), mesos.communicate()))
        return "--mesos-master=" + re.search(r"127\.0\.0\.1:\d+", mesos.stdout.readline()).group()

    def test_pods_have_addresses_of_their_own(self):
        master = self.serve("--networks=plain=10.77.0.0/24")
        manifest = pathlib.Path(self.folder.name, "app.yaml")
        manifest.write_text(deployment(2, "a"))
        code, out, err = km("run", "-f", manifest, master, self.state, "--network=plain", "--detach", "--timeout=40")
        self.assertEqual(code, 0, out + err)
        self.addCleanup(km, "delete", "--all", "--grace-period=1", self.state)
        pods = json.loads(km("get", "-o", "json", self.state)[1])["pods"]
        self.assertEqual({p["status"]["podIP"] for p in pods}, {"10.77.0.2", "10.77.0.3"})
        self.assertEqual({p["status"]["podIPs"][0]["ip"] for p in pods}, {"10.77.0.2", "10.77.0.3"})
        self.assertRegex(km("describe", pods[0]["name"], self.state)[1], r"(?m)^IP: +10\.77\.0\.[23]$")

    def test_unknown_network_is_the_reason_that_km_shows(self):
        master = self.serve("--networks=plain=10.77.0.0/24")
        code, out, _ = km("run", "-f", EXAMPLES / "nginx.yaml", master, self.state, "--network=nowhere", "--detach",
                          "--timeout=3")
        self.addCleanup(km, "delete", "--all", "--grace-period=1", self.state)
        self.assertEqual(code, 1)
        self.assertIn("Unknown CNI network 'nowhere'", out)

    def test_networks_are_checked(self):
        for text, words in (("plain", "column 6: the text ends; expected '=' and a subnet, as 10.77.0.0/24"),
                            ("a=10.0.0.0/8;b=10.0.0.0/99", "column 25: found '99'; expected the length of the prefix")):
            code, out, err = km("local", "--port=0", "--networks=" + text)
            self.assertEqual((code, out), (1, ""))
            self.assertIn("km: networks: " + words, err)


class Disks(unittest.TestCase):
    """Volumes on MOUNT and PATH disks of km local's agents, by storage class."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.state = f"--state={self.folder.name}/s"
        scalar = lambda name, value, **more: {"name": name, "type": "SCALAR", "scalar": {"value": value}, **more}
        disk = lambda value, kind: scalar("disk", value, disk={"source": {
            "type": kind, kind.lower(): {"root": "/" + kind.lower()}, "profile": "ssd"}})
        resources = [scalar("cpus", 4), scalar("mem", 4096), scalar("disk", 1000), disk(128, "MOUNT"), disk(200, "PATH")]
        mesos = subprocess.Popen([KM, "local", "--port=0", "--resources=" + json.dumps(resources)],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (mesos.kill(), mesos.communicate()))
        self.master = "--mesos-master=" + re.search(r"127\.0\.0\.1:\d+", mesos.stdout.readline()).group()

    def pod(self, name, storage_class):
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}},
                 "storageClassName": storage_class}
        return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
            "containers": [{"name": "c", "image": "busybox", "command": ["sleep", "600"]}],
            "volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": claim}}}]}}) + "\n---\n"

    def run_pods(self, *pods):
        manifest = pathlib.Path(self.folder.name, "pods.yaml")
        manifest.write_text("".join(pods))
        return subprocess.Popen([KM, "run", "-f", manifest, self.master, self.state, "--role=dev", "--principal=p",
                                 "--storage-class=whole=mount,profile=ssd", "--storage-class=part=path,root=/path"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_a_mount_disk_is_one_volume_and_a_path_disk_several(self):
        run = self.run_pods(*(self.pod(n, "part") for n in "abc"), *(self.pod(n, "whole") for n in "de"))
        self.addCleanup(lambda: (run.kill(), run.communicate()))
        self.addCleanup(km, "delete", "--all", "--grace-period=1", self.state)
        end = time.monotonic() + 30
        phases = {}
        while sorted(phases.values()) != ["Pending"] + 4 * ["Running"]:
            self.assertLess(time.monotonic(), end, phases)
            time.sleep(0.1)
            code, out, _ = km("get", "-o", "json", self.state)
            phases = {p["name"]: p["status"]["phase"] for p in json.loads(out)["pods"]} if code == 0 else {}
        waits = next(name for name, phase in phases.items() if phase == "Pending")
        self.assertIn(waits, "de")
        self.assertIn("1 node(s) did not have enough free storage", km("describe", waits, self.state)[1])
        other = "de".replace(waits, "")
        self.assertEqual(km("delete", other, self.state)[0], 0)  # its volume goes with it, and the disk is free again
        while json.loads(km("get", waits, "-o", "json", self.state)[1])["pods"][0]["status"]["phase"] != "Running":
            self.assertLess(time.monotonic(), end + 30)
            time.sleep(0.1)

    def test_a_class_that_is_none(self):
        run = self.run_pods(self.pod("a", "fast"))
        out, _ = run.communicate(timeout=30)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("storageClassName 'fast' is not among the storage classes of the options: whole, part", out)
        for text, words in (("[1]", "km: resources[0]: found a number 1, expected an object"),
                            ("cpus:4;mem:4x", "km: agents[0].resources: column 12: found '4x'; expected a number")):
            code, _, err = km("local", "--port=0", "--resources=" + text)
            self.assertEqual((code, err), (1, words + "\n"))


class Restarts(unittest.TestCase):
    """km run is killed and started again, with a Mesos that outlives it, or without."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.state = pathlib.Path(self.folder.name, "s")
        self.mesos = subprocess.Popen([KM, "local", "--port=0"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (self.mesos.kill(), self.mesos.communicate()))
        self.master = "--mesos-master=" + re.search(r"127\.0\.0\.1:\d+", self.mesos.stdout.readline()).group()

    def start(self):
        run = subprocess.Popen([KM, "run", "-f", str(EXAMPLES / "busybox.yaml"), self.master, f"--state={self.state}"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(lambda: (run.kill(), run.wait(), run.stdout.close()))
        return run

    def describe(self):
        return km("describe", "busybox", f"--state={self.state}")

    def wait_for(self, text):
        end = time.monotonic() + 30
        while text not in self.describe()[1]:
            self.assertLess(time.monotonic(), end, text)
            time.sleep(0.1)

    def kill(self, run):
        run.kill()
        return run.communicate()[0]

    def begin(self):
        """A pod that runs, and a km that was killed."""
        run = self.start()
        self.wait_for("the pod was Pending")
        self.kill(run)

    def test_what_happened_is_known_after_a_crash(self):
        self.begin()
        run = self.start()
        self.wait_for("Successfully assigned")
        _, out, _ = self.describe()
        events = re.findall(r"(?m)^  Normal +(\w+) +\d+s +\w", out[out.index("Events:"):])
        self.assertEqual(events[:3], ["Scheduled", "Started", "Running"], out)
        self.assertNotIn("events:", self.kill(run))

    def test_a_framework_that_was_removed_is_over(self):
        self.begin()
        old = self.state.with_name("old")
        shutil.copytree(self.state, old, ignore=shutil.ignore_patterns("control"))
        run = self.start()
        self.wait_for("Status:              Running")
        self.assertEqual(km("delete", "--all", f"--state={self.state}")[0], 0)
        run.communicate(timeout=30)
        for more, words in (([], "  the master ended the framework: Framework has been removed"),
                            (["-q"], "km run: the master ended the framework: Framework has been removed")):
            code, out, err = km("run", "-f", EXAMPLES / "busybox.yaml", self.master, f"--state={old}", *more)
            self.assertEqual(code, 1)
            self.assertIn(words, out + err)
            self.assertIn(f"km run: what the state folder {old} has recorded is over: remove it to begin as", err)

    def test_a_lost_record_is_seen_before_anything_is_launched(self):
        self.begin()
        (row,) = self.state.glob("records/pod*")
        uid = row.name.split("%2F")[1]
        row.unlink()
        run = self.start()
        out = run.communicate(timeout=30)[0]
        self.assertEqual(run.returncode, 1, out)
        self.assertIn(f"task {uid}.0.", out)
        self.assertIn("km run: the record of this framework is lost, and tasks of it run, see above. Give the pods", out)
        self.assertNotIn("Scheduled", out)
        manifest = pathlib.Path(self.folder.name, "pod.yaml")
        text = (EXAMPLES / "busybox.yaml").read_text()
        manifest.write_text(text.replace("  name: busybox\n", f"  name: busybox\n  uid: {uid}\n"))
        trace = pathlib.Path(self.folder.name, "trace")
        run = subprocess.Popen([KM, "run", "-f", manifest, self.master, f"--state={self.state}", "--adopt=2",
                                f"--record={trace}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(lambda: (run.kill(), run.wait(), run.stdout.close()))
        self.wait_for("attempt number 0, which runs on agent ")
        time.sleep(3)
        (row,) = json.loads(km("get", "-o", "json", f"--state={self.state}")[1])["pods"]
        self.assertEqual((row["shown"], row["uid"]), ("Running", uid))
        self.assertIn(row["agentID"], km("get", f"--state={self.state}")[1])
        self.assertEqual(km("delete", "--all", f"--state={self.state}")[0], 0)
        run.communicate(timeout=30)
        self.assertEqual(km("replay", "-q", trace)[0], 0)

    def test_events_have_types(self):
        self.begin()
        log = self.state / "events"
        head, rows = log.read_text().split("\n", 1)
        self.assertEqual(head, '{"version":2}')
        rows += '{"object": "other/x", "message": "BackOff: of old", "last": %d}\n' % (time.time() * 1000)
        log.write_text('{"version":1}\n' + rows + rows.splitlines()[-1].replace("x", "y").replace("{", '{"warning":true,') + "\n")
        run = self.start()
        self.wait_for("Successfully assigned")
        state = f"--state={self.state}"
        code, out, err = km("get", "events", state)
        self.assertEqual(code, 0, err)
        lines = out.splitlines()
        self.assertRegex(lines[0], "^NAMESPACE +LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$")
        self.assertRegex(out, "(?m)^default +[0-9]+s +Normal +Started +pod/busybox +Started container busybox$")
        self.assertRegex(out, "(?m)^other +[0-9]+s +Normal +BackOff +pod/x +of old$")
        self.assertRegex(out, "(?m)^other +[0-9]+s +Warning +BackOff +pod/y +of old$")
        rows = json.loads(km("get", "ev", "-n", "other", "-o", "json", state)[1])
        self.assertEqual([(row["object"], row["type"], row["reason"], row["message"], row["count"]) for row in rows],
                         [("other/x", "Normal", "BackOff", "of old", 1), ("other/y", "Warning", "BackOff", "of old", 1)])
        for words, why in ((["busybox"], "events have no names: 'km describe busybox'"), (["-w"], "takes no --watch"),
                           (["-o", "name"], "-o is table or json")):
            code, _, err = km("get", "events", *words, state)
            self.assertEqual((code, why in err), (64, True), err)
        self.kill(run)
        log.write_text('{"version":3}\n' + log.read_text().split("\n", 1)[1])
        run = self.start()
        self.wait_for("Status:              Running")
        self.assertIn(f'km: {log}:1: expected {{"version":2}}: no events of earlier are known', self.kill(run))

    def test_events_that_are_none_are_passed_over(self):
        self.begin()
        log = self.state / "events"
        lines = log.read_text().splitlines(keepends=True)
        for bad in ("[]\n", "{\n", '{"object": "", "message": "m", "last": 1}\n', '{"object": "a/b", "message": "m"}\n',
                    '{"object": "a/b", "message": "m", "last": 1, "count": 2}\n', "\xff\n",
                    '{"object": "a/b", "message": "m", "last": 1, "first": 1, "count": 0}\n'):
            log.write_text("".join([lines[0], lines[1], bad, "x\n", *lines[2:], '{"object": "cut']), encoding="latin-1")
            run = self.start()
            self.wait_for("the pod was Pending")
            self.assertIn("Successfully assigned default/busybox to ", self.describe()[1])
            self.assertIn(f"km: {log}:3: not an event; passed over, as 2 in all\n", self.kill(run))
            self.assertNotIn("cut", log.read_text())
        log.write_text('{"version":3}\n' + "".join(lines[1:]))
        run = self.start()
        self.wait_for("Events: none")
        self.assertIn(f'km: {log}:1: expected {{"version":2}}: ', self.kill(run))
        log.unlink()
        log.mkdir()
        run = self.start()
        self.wait_for("Events: none")
        self.assertIn(f"km: {log}: ", self.kill(run))

    def test_events_are_kept_for_an_hour(self):
        self.begin()
        log, now = self.state / "events", int(time.time() * 1000)
        events = [("default/busybox", "long ago", now - 3700_000)]
        events += [("default/busybox", f"old {i}", now - 700_000) for i in range(30)]
        events += [("default/busybox", "a while ago", now - 600_000)]
        events += [("default/busybox", f"step {i % 20}", now - 500_000 + i) for i in range(400)]
        events += [(f"a/{i}", "m", now) for i in range(9000)] + [("default/busybox", "a while ago", now)]
        events += [(f"b/{i}", "m", now) for i in range(3000)]
        log.write_text('{"version":1}\n' + "".join(
            json.dumps({"object": key, "message": text, "last": at}) + "\n" for key, text, at in events))
        run = self.start()
        self.wait_for("Status:              Running")
        _, out, _ = self.describe()
        self.kill(run)
        shown = out[out.index("Events:"):].splitlines()[3:]
        self.assertEqual(len(shown), 25, out)
        self.assertRegex(shown[0], r"^  Normal +- +11m +old 26$")
        self.assertRegex(shown[4], r"^  Normal +- +8m\d+s \(x20 over 8m\d+s\) +step 0$")
        self.assertRegex(shown[-1], r"^  Normal +- +\d+s \(x2 over 10m\) +a while ago$")
        lines = log.read_text().splitlines()
        self.assertLess(len(lines), 10010)
        self.assertIn("b/2999", lines[10000])

    def test_an_interrupt_is_enough_where_no_master_is(self):
        self.begin()
        self.mesos.kill()
        self.mesos.wait()
        run = self.start()
        self.wait_for("the pod was Pending")
        time.sleep(3)  # some attempts to reach it
        run.send_signal(signal.SIGTERM)
        out = run.communicate(timeout=12)[0]
        self.assertEqual(run.returncode, 1, out)
        self.assertIn("can't be reached; 1 pod could not be ended", out)
        self.assertEqual(out.count("Connection refused"), 1, out)

    def without_kills(self):
        """A way to the master on which calls of KILL are lost, though answered: as where an agent is down."""
        port = int(self.master.rsplit(":", 1)[1])
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def read_request(reader):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = reader.read(1)
                if not byte:
                    return None
                head += byte
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            return head + reader.read(int(length.group(1)) if length else 0)

        def pump(source, target):
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        def serve(peer):
            with peer, socket.create_connection(("127.0.0.1", port)) as master:
                threading.Thread(target=pump, args=(master, peer), daemon=True).start()
                reader = peer.makefile("rb")
                try:
                    while request := read_request(reader):
                        if b'"KILL"' in request:
                            peer.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                        else:
                            master.sendall(request)
                except OSError:
                    pass

        def accept():
            while True:
                try:
                    peer = server.accept()[0]
                except OSError:
                    return
                threading.Thread(target=serve, args=(peer,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"--mesos-master=127.0.0.1:{server.getsockname()[1]}"

    def test_an_interrupt_is_enough_where_an_agent_does_not_answer(self):
        self.master = self.without_kills()
        manifest = pathlib.Path(self.folder.name, "pods.yaml")
        manifest.write_text("".join(
            f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p{i}}}\nspec: {{terminationGracePeriodSeconds: 1, containers: "
            "[{name: c, image: i}]}\n---\n" for i in range(4)))
        run = subprocess.Popen([KM, "run", "-f", manifest, self.master, "--protocol=json", f"--state={self.state}"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(lambda: (run.kill(), run.wait(), run.stdout.close()))
        end = time.monotonic() + 30
        while km("get", f"--state={self.state}")[1].count(" Running ") < 4:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        run.send_signal(signal.SIGTERM)
        out = run.communicate(timeout=60)[0]
        self.assertEqual(run.returncode, 1, out)
        self.assertIn("km run: agents don't answer; 4 pods could not be ended: default/p0 on agent1.local, default/p1 on "
                      "agent1.local, default/p2 on agent1.local, …; 'km run' with this state folder goes on with that\n", out)

    def test_a_record_that_is_broken_is_named(self):
        self.begin()
        (row,) = self.state.glob("records/pod*")
        text = row.read_text()
        for broken, line, words in ((text.replace('"version":', '"version":9', 1), 1, "version: expected"),
                                    (text + "{]\n", text.count("\n") + 1, "")):
            row.write_text(broken)
            run = self.start()
            out = run.communicate(timeout=10)[0]
            self.assertEqual(run.returncode, 1, out)
            self.assertRegex(out, rf"(?m)^{re.escape(str(row))}:{line}: .*{words}")
            self.assertRegex(out, rf"(?m)^km: {re.escape(str(row))}: the record of pod/[0-9a-f-]+ can't be read; ")
        row.unlink()
        (self.state / "records" / "framework").write_text("")
        out = self.start().communicate(timeout=10)[0]
        self.assertRegex(out, r"(?m)^/.*/records/framework: .*; expected an id$")


class Workloads(unittest.TestCase):
    """Against a Mesos that outlives the km that runs the pods."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.state = f"--state={self.folder.name}/s"
        self.mesos = subprocess.Popen([KM, "local", "--port=0", "--agents=2"], stdout=subprocess.PIPE, text=True)
        self.master = "--mesos-master=" + re.search(r"127\.0\.0\.1:\d+", self.mesos.stdout.readline()).group()

    def tearDown(self):
        km("delete", "--all", "--grace-period=1", self.state)
        self.mesos.kill()
        self.mesos.wait()
        self.mesos.stdout.close()
        self.folder.cleanup()

    def document(self):
        code, out, err = km("get", "-o", "json", self.state)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def names(self, image=None):
        return {p["name"] for p in self.document()["pods"] if image is None
                or p["status"]["containerStatuses"][0]["image"] == image}

    def running(self):
        return [p for p in self.document()["pods"] if p["phase"] == "Running" and p["shown"] == "Running"]

    def wait_for(self, condition):
        end = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def start(self, manifest, *more):
        file = pathlib.Path(self.folder.name, "app.yaml")
        file.write_text(manifest)
        code, out, err = km("run", "-f", file, self.master, self.state, "--detach", "--timeout=40", *more)
        self.assertEqual(code, 0, out + err)
        return out

    def signal(self, number):
        for entry in pathlib.Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            except OSError:
                continue
            if self.state.encode() in line and b"run" in line:
                os.kill(int(entry.name), number)

    def kill(self):
        """Without a chance to say goodbye."""
        self.signal(signal.SIGKILL)
        while km("get", self.state)[0] == 0:
            time.sleep(0.05)

    def test_what_cant_be_changed_is_made_anew_by_force(self):
        pod = ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {terminationGracePeriodSeconds: 1, containers: "
               "[{name: c, image: a}]}\n")
        self.start(pod)
        first = self.running()[0]["uid"]
        self.kill()
        file = pathlib.Path(self.folder.name, "app.yaml")
        file.write_text(pod.replace("image: a", "image: b"))
        code, _, err = km("run", "-f", file, self.master, self.state, "--detach")
        self.assertEqual(code, 1)
        self.assertIn(f"{file}:4: spec: Forbidden: pod updates may not change the pod that runs\n"
                      "km run: with --force what is there is deleted, and made anew\n", err)
        self.start(pod.replace("image: a", "image: b"), "--force")
        self.wait_for(lambda: [p["uid"] != first for p in self.running()] == [True])
        self.assertEqual(self.names("b"), {"p"})

    def test_a_detached_one_has_a_log(self):
        self.start(deployment(1, "a"))
        log = pathlib.Path(self.folder.name, "s", "log")
        self.assertEqual(log.read_text(), "")
        self.mesos.kill()
        self.mesos.wait()
        self.signal(signal.SIGTERM)
        self.wait_for(lambda: km("get", self.state)[0] != 0)
        self.assertRegex(log.read_text(), r"^km run: master 127\.0\.0\.1:\d+ can't be reached; 1 pod could not be ended: "
                                          r"default/web-\S+ on agent\d\.local; 'km run' with this state folder goes on")

    def test_replicas_are_kept_and_rolled_out(self):
        out = self.start(deployment(3, "a"))
        self.assertRegex(out, r"(?m)^Deployment/web +default +3/3 +3 +3 +Complete")
        self.assertIn("Deployment/default/web: ScalingReplicaSet: Scaled up replica set web-", out)
        before = self.names()
        self.assertEqual(len(before), 3)
        self.assertEqual(km("delete", sorted(before)[0], "--grace-period=1", self.state)[0], 0)
        self.wait_for(lambda: len(self.running()) == 3)
        self.assertEqual(len(self.names() - before), 1)
        self.kill()
        out = self.start(deployment(3, "a"))
        self.assertIn("adopts 3 pods from its record", out)
        kept = self.names()
        self.assertEqual(kept & before, before - {sorted(before)[0]})
        self.kill()
        self.start(deployment(2, "b"))
        self.wait_for(lambda: len(self.names()) == 2 and not self.names() & kept)
        self.assertEqual(len(self.names("b")), 2)
        self.assertFalse(self.names() & kept)
        code, out, _ = km("describe", "deploy/web", self.state)
        self.assertEqual(code, 0)
        self.assertEqual(km("get", "deployment/other", self.state)[0], 1)
        for text in ("Kind:                Deployment", "UpdatedReplicas:     2", "NewReplicaSetAvailable", "ScalingReplicaSet"):
            self.assertIn(text, out)
        self.assertEqual(km("delete", "deployment/web", "--grace-period=1", self.state)[0], 0)
        self.wait_for(lambda: km("get", self.state)[0] != 0)  # nothing is left to be done

    def test_claims_are_pruned(self):
        claim = ("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: NAME}\nspec: {accessModes: [ReadWriteOnce],"
                 " resources: {requests: {storage: 64Mi}}}\n---\n")
        pod = ("apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec:\n  terminationGracePeriodSeconds: 1\n"
               "  containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /v}]}]\n"
               "  volumes: [{name: v, persistentVolumeClaim: {claimName: NAME}}]\n---\n")
        both, flags = claim + pod, ("--role=dev", "--principal=p")
        self.start("".join(both.replace("NAME", name) for name in ("one", "two", "three")), *flags)
        self.wait_for(lambda: len(self.document()["pods"]) == 3)
        self.assertEqual(km("delete", "pvc/none", self.state)[0], 1)
        made = {c["name"]: c["createdMillis"] for c in self.document()["claims"]}
        self.assertEqual(set(made), {"one", "two", "three"})
        self.assertLess(abs(made["one"] / 1000 - time.time()), 60)
        self.assertEqual(self.document()["claims"][0]["accessModes"], ["ReadWriteOnce"])
        self.kill()
        time.sleep(1)  # the time of a claim's creation is recorded, in seconds
        # One goes with its pod, since neither is in the files any more.
        self.start("".join(both.replace("NAME", name) for name in ("one", "two")), "--prune", *flags)
        self.wait_for(lambda: {p["name"] for p in self.document()["pods"]} == {"one", "two"})
        now = {c["name"]: c["createdMillis"] // 1000 for c in self.document()["claims"]}
        self.assertEqual(now["one"], made["one"] // 1000)
        self.assertRegex(km("get", "pvc", "one", self.state)[1],
                         r"(?m)^default/one +Bound +default\.one +64Mi +RWO +- +agent.* +\d+s$")
        # Another one waits for its pod, and goes with that.
        self.assertEqual(km("delete", "pvc/two", "--wait=0", self.state)[0], 0)
        self.assertEqual(km("delete", "pvc/two", "--wait=1", self.state)[0], 1)
        self.assertEqual(km("delete", "two", self.state)[0], 0)
        rows = pathlib.Path(self.folder.name, "s", "records")
        claims = lambda: sorted(path.name for path in rows.glob("PersistentVolumeClaim*"))
        self.wait_for(lambda: claims() == ["PersistentVolumeClaim%2Fdefault%2Fone"])
        self.assertEqual([path.name for path in rows.glob("claim*")], [])

    def test_delete_waits_for_the_pod_and_not_for_its_successor(self):
        self.start("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db\n"
                   "  selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n"
                   "    spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: x}]}\n")
        self.wait_for(lambda: len(self.running()) == 1)
        first = self.running()[0]["uid"]
        self.assertEqual(km("delete", "db-0", "--wait=20", self.state)[0], 0)
        self.wait_for(lambda: [p["uid"] for p in self.running()] not in ([], [first]))

    def test_claims_of_a_stateful_set(self):
        text = ("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 2\n"
                "  serviceName: db\n"
                "  selector: {matchLabels: {app: db}}\n  volumeClaimTemplates:\n  - metadata: {name: data}\n"
                "    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 64Mi}}}\n"
                "  template:\n    metadata: {labels: {app: db}}\n    spec:\n      terminationGracePeriodSeconds: 1\n"
                "      containers: [{name: c, image: x, volumeMounts: [{name: data, mountPath: /data}]}]\n")
        flags = ("--role=dev", "--principal=p")
        self.start(text, *flags)
        self.wait_for(lambda: {p["name"] for p in self.running()} == {"db-0", "db-1"})
        self.assertEqual(km("scale", "sts/db", "--replicas=3", self.state)[0], 0)
        self.wait_for(lambda: {p["name"] for p in self.running()} == {"db-0", "db-1", "db-2"})
        made = {c["name"]: c["createdMillis"] // 1000 for c in self.document()["claims"]}
        self.assertLess(abs(made["data-db-0"] - time.time()), 60)
        self.kill()
        time.sleep(1)
        self.start(text, "--prune", *flags)  # what a set has made goes with nobody's files
        self.wait_for(lambda: {p["name"] for p in self.running()} == {"db-0", "db-1", "db-2"})
        self.assertEqual({c["shown"] for c in self.document()["claims"]}, {"Bound"})
        self.kill()
        self.start("apiVersion: v1\nkind: Pod\nmetadata: {name: alone}\nspec: {containers: [{name: c, image: x}]}\n",
                   *flags)  # the set goes on without its file
        self.wait_for(lambda: {p["name"] for p in self.running()} == {"db-0", "db-1", "db-2", "alone"})
        self.assertEqual(km("delete", "pvc/other-db-0", self.state)[0], 1)
        code, out, _ = km("get", "pvc", self.state)
        self.assertRegex(out, r"^CLAIM +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS +AGENT +AGE\n"
                              r"(default/data-db-[012] +Bound +default\.data-db-[012] +64Mi +RWO +- +agent[12]\S+ +\d+s\n){3}$")
        now = {c["name"]: c["createdMillis"] // 1000 for c in self.document()["claims"]}
        self.assertEqual(now, made)  # it is recorded when each was made
        code, out, _ = km("describe", "db-1", self.state)
        for text in ("Claims:\n  data-db-1:\n", "    Volume:          default.data-db-1\n", "    Capacity:        64Mi\n"):
            self.assertIn(text, out)
        self.assertEqual(km("delete", "pvc/data-db-0", "--wait=1", self.state)[0], 1)  # its pod has it
        self.assertIn("Status:              Terminating\n", km("describe", "pvc/data-db-0", self.state)[1])
        self.assertEqual(km("delete", "sts/db", self.state)[0], 0)
        code, out, _ = km("describe", "pvc/data-db-1", self.state)  # which no pod has any more
        self.assertEqual(code, 0)
        for text in ("Name:                data-db-1\n", "Status:              Bound\n", "Agent:               agent"):
            self.assertIn(text, out)
        self.assertEqual(km("delete", "pvc/data-db-0", self.state)[0], 0)

    def test_scale(self):
        self.start(deployment(2, "a"))

        def wanted():
            return {(w["kind"], w["name"]): w["wanted"] for w in self.document()["workloads"]}[("Deployment", "web")]

        code, out, err = km("scale", "deployment/web", "--replicas=4", self.state)
        self.assertEqual((code, out, err), (0, "deployment.apps/web scaled\n", ""))
        self.wait_for(lambda: len(self.running()) == 4)
        code, _, err = km("scale", "deploy/web", "--replicas=5", "--current-replicas=2", self.state)
        self.assertEqual((code, err), (1, "km scale: Expected replicas to be 2, was 4\n"))
        self.kill()
        self.start(deployment(2, "a"))  # the same file: what was scaled stays so
        self.assertEqual(wanted(), 4)
        self.wait_for(lambda: len(self.running()) == 4)
        pod = sorted(self.names())[0]
        for name, words in ((pod, f"pod/{pod} has no scale"), ("deployment/none", 'deployments.apps "none" not found'),
                            ("rc/none", 'replicationcontrollers "none" not found'),
                            ("thing/web/x/y", "'thing/web/x/y' is no name"), ("deploy", "which of the deployments?")):
            code, _, err = km("scale", name, "--replicas=1", self.state)
            self.assertEqual(code, 1)
            self.assertIn(words, err)
        self.kill()
        self.start(deployment(1, "a"))  # another number in the file counts
        self.assertEqual(wanted(), 1)
        self.wait_for(lambda: len(self.names()) == 1)

    def test_a_job_is_not_scaled(self):
        self.start("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: tick}\nspec:\n  schedule: '0 0 1 1 *'\n"
                   "  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}\n")
        code, _, err = km("scale", "cronjob/tick", "--replicas=2", self.state)
        self.assertEqual((code, err), (1, "km scale: the server could not find the requested resource: cronjob.batch/tick "
                                          "has no scale\n"))

    def test_jobs_end_and_daemons_are_everywhere(self):
        job = ("apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  completions: 2\n  template:\n    spec:\n"
               "      restartPolicy: Never\n      containers: [{name: c, image: x, command: ['true']}]\n")
        daemon = ("---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: log}\nspec:\n"
                  "  selector: {matchLabels: {app: log}}\n  template:\n    metadata: {labels: {app: log}}\n    spec:\n"
                  "      containers: [{name: main, image: a, resources: {requests: {cpu: 100m, memory: 32Mi}}}]\n")
        file = pathlib.Path(self.folder.name, "job.yaml")
        file.write_text(job)
        code, out, err = km("run", "-f", file, self.master, self.state)
        self.assertEqual(code, 0, out + err)
        self.assertIn("Job/default/once: Completed: Job completed", out)
        self.assertRegex(out, r"(?m)^Job/once +default +2/2 +- +- +Complete")
        self.start(job.replace("once", "again") + daemon)
        agents = {p["agent"] for p in self.document()["pods"] if p["name"].startswith("log-")}
        self.assertEqual(len(agents), 2)
        self.kill()
        self.start(job.replace("once", "again"), "--prune")
        # The daemons go, and the Job has ended: nothing is left to be done.
        self.wait_for(lambda: km("get", self.state)[0] != 0)


if __name__ == "__main__":
    os.environ.pop("XDG_STATE_HOME", None)
    unittest.main(argv=[sys.argv[0], *filter(None, os.environ.get("KM_TESTS", "").split())], verbosity=1)
