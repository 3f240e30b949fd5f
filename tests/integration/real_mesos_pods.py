# SPDX-License-Identifier: Apache-2.0
"""Pods with images and limits on a real Mesos: skipped unless K8SMESOS_MASTER names a master whose one agent runs on
this machine with the linux launcher, cgroups/cpu (with CFS), cgroups/mem, filesystem/linux, docker/runtime,
namespaces/pid, namespaces/ipc, volume/sandbox_path, volume/host_path and volume/secret, and takes Docker images from a
local folder (--docker_registry=/FOLDER). The image they need, busybox, is made and put there by this program. Without
K8SMESOS_MASTER it makes such a Mesos of the programs that K8SMESOS_MESOS names.

usage: real_mesos_pods.py KM
"""
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time
import unittest

import real_mesos_pair
from real_mesos_images import BUSYBOX, UID, container, pod, put_image
from real_mesos_support import MASTER, Case, agents, call, frameworks, mesos, page, pid_of, running_tasks

NEEDED = ("linux", "cgroups/cpu", "cgroups/mem", "filesystem/linux", "docker/runtime", "volume/sandbox_path")


def why_not():
    """The reason to skip, or None."""
    if not MASTER:
        return "K8SMESOS_MASTER does not name a master"
    found = agents()
    if len(found) != 1:
        return f"{len(found)} agents; this suite looks into the one that runs here"
    flags = page(found[0], "/flags")["flags"]
    have = [flags.get("launcher"), *flags.get("isolation", "").split(",")]
    missing = [n for n in NEEDED if n not in have]
    if missing or "docker" not in flags.get("image_providers", ""):
        return "the agent lacks " + (", ".join(missing) or "the docker image provider")
    if not os.path.isdir(flags.get("docker_registry", "")):
        return "the agent's docker_registry is not a folder of this machine"
    if not BUSYBOX:
        return "busybox is not installed (package busybox-static)"
    return None


# Says of a service what the program of that name does, with its exit code: whether a file of the service's name is
# there, as long as something listens on the port.
GRPC_HEALTH_PROBE = """#!/bin/sh
service=all
for word; do case $word in
  -addr=127.0.0.1:*) port=${word##*:} ;;
  -service=*) service=${word#*=} ;;
  *) echo "unknown: $word" >&2; exit 1 ;;
esac; done
nc -w 1 127.0.0.1 "$port" < /dev/null || exit 2
test -e "/tmp/serving-$service" || exit 4
"""


class Greedy:
    """A framework that keeps every offer it gets."""

    def __init__(self):
        self.seen = b""
        info = {"user": "root", "name": "greedy", "roles": ["greedy"], "capabilities": [{"type": "MULTI_ROLE"}]}
        self.connection = http.client.HTTPConnection(MASTER)
        self.connection.request("POST", "/api/v1/scheduler", json.dumps(
            {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}),
            {"Content-Type": "application/json", "Accept": "application/json"})
        self.answer = self.connection.getresponse()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while more := self.answer.read1():
                self.seen += more
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # stopped

    def stop(self):
        self.answer.fp.raw._sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()


class Pods(Case):
    @classmethod
    def setUpClass(cls):
        registry = page(agents()[0], "/flags")["flags"]["docker_registry"]
        cls.images = [put_image(registry, "busybox", {"Cmd": ["sh"], "Env": ["PATH=/bin"]}),
                      put_image(registry, "slow", {"Cmd": ["sleep", "600"], "Env": ["PATH=/bin"]}, ballast=1500),
                      put_image(registry, "grpc", {"Cmd": ["sh"], "Env": ["PATH=/bin"]},
                                programs=[("grpc_health_probe", GRPC_HEALTH_PROBE)])]

    @classmethod
    def tearDownClass(cls):
        for path in cls.images:
            path.unlink()

    def process(self, task_part):
        """The pid of the running task whose id has this part, as its agent knows it."""
        for task in running_tasks():
            if task_part in task["id"]:
                return pid_of(task["statuses"][-1]["container_status"]["container_id"]["value"])
        return None

    def test_neighbours_and_their_volume_survive_a_restart(self):
        self.run_pod(pod("trio", [
            container("writer", "echo hello > /data/word; sleep 600", volumeMounts=[{"name": "d", "mountPath": "/data"}]),
            container("reader", "until [ -f /data/word ]; do sleep 0.1; done; grep -q hello /data/word && sleep 600",
                      volumeMounts=[{"name": "d", "mountPath": "/data"}]),
            container("flaky", "sleep 2; grep -q hello /data/word || exit 7; exit 3",
                      volumeMounts=[{"name": "d", "mountPath": "/data"}]),
        ], volumes=[{"name": "d", "emptyDir": {}}]))
        self.wait(lambda: self.phase("trio") == "Running")
        before = {n: self.started("trio", n) for n in ("writer", "reader")}
        self.wait(lambda: self.containers("trio")["flaky"]["restartCount"] >= 2)
        self.assertEqual(self.containers("trio")["flaky"]["lastState"]["terminated"]["exitCode"], 3)
        self.assertEqual({n: self.started("trio", n) for n in ("writer", "reader")}, before)
        self.assertEqual(self.containers("trio")["reader"]["restartCount"], 0)

    def test_init_container_then_main(self):
        mounts = [{"name": "d", "mountPath": "/data"}]
        km = self.run_pod(pod("staged", [container("main", "grep -q made /data/by-init", volumeMounts=mounts)],
                         initContainers=[container("first", "sleep 1; echo made > /data/by-init", volumeMounts=mounts)],
                         volumes=[{"name": "d", "emptyDir": {}}], restartPolicy="Never"))
        self.assertEqual(km.wait(60), 0, self.said())
        lines = [line.split("default/staged: ")[1] for line in self.said().splitlines() if "default/staged: " in line]
        told = [line for line in lines if " container " in line]
        self.assertEqual(told[0], "Started: Started container first")
        self.assertIn("Started: Started container main", told[1:])

    def test_sidecar_starts_before_and_ends_after(self):
        mounts = [{"name": "d", "mountPath": "/data"}]
        km = self.run_pod(pod("helped", [container("main", "sleep 1; grep -q up /data/sidecar", volumeMounts=mounts)],
                         initContainers=[container("side", "echo up > /data/sidecar; trap 'exit 0' TERM; "
                                                   "while :; do sleep 0.1; done", volumeMounts=mounts,
                                                   restartPolicy="Always")],
                         volumes=[{"name": "d", "emptyDir": {}}], restartPolicy="Never"))
        self.assertEqual(km.wait(60), 0, self.said())
        told = [line.split("default/helped: ")[1] for line in self.said().splitlines() if "Started" in line]
        self.assertEqual(told, ["Started: Started container side", "Started: Started container main"])
        self.assertEqual(running_tasks(), [])

    def test_failing_liveness_restarts_the_container(self):
        self.run_pod(pod("sick", [container("web", "sleep 3; touch /tmp/bad; sleep 600", livenessProbe={
            "exec": {"command": ["sh", "-c", "! test -e /tmp/bad"]}, "periodSeconds": 1, "failureThreshold": 1}),
            container("well", "sleep 600")], terminationGracePeriodSeconds=1))
        self.wait(lambda: self.phase("sick") == "Running")
        well = self.started("sick", "well")
        self.wait(lambda: self.containers("sick")["web"]["restartCount"] >= 1)
        self.assertEqual(self.started("sick", "well"), well)

    STARTED = {"exec": {"command": ["test", "-e", "/tmp/started"]}, "periodSeconds": 1}

    def test_startup_probe_that_never_succeeds(self):
        self.run_pod(pod("starts", [
            container("never", "trap 'exit 0' TERM; while :; do sleep 0.1; done",
                      startupProbe={**self.STARTED, "failureThreshold": 3}),
            container("late", "sleep 4; touch /tmp/started; sleep 600",
                      startupProbe={**self.STARTED, "failureThreshold": 10})],
            restartPolicy="OnFailure", terminationGracePeriodSeconds=5))
        self.wait(lambda: self.containers("starts").get("late", {}).get("ready"))
        late = self.started("starts", "late")
        self.wait(lambda: self.containers("starts")["never"]["restartCount"] == 2)
        self.assertEqual(self.containers("starts")["never"]["lastState"]["terminated"]["exitCode"], 0)
        self.assertIn("Unhealthy: Startup probe failed: container never has not started within 6 s", self.said())
        self.assertIn("Killing: Container never failed startup probe, will be restarted", self.said())
        self.assertEqual(self.started("starts", "late"), late)
        self.assertFalse(self.containers("starts")["never"]["ready"])

    def test_startup_that_nobody_heard(self):
        km = self.run_pod(pod("quiet", [container("main", "sleep 7; touch /tmp/started; sleep 600",
                                                  startupProbe={**self.STARTED, "failureThreshold": 7})]))
        started = self.wait(lambda: self.started("quiet", "main"))
        km.kill()
        km.wait()
        time.sleep(18)  # it starts, and the time of its probe goes by
        self.start("-f", pathlib.Path(self.folder.name, "pod.yaml"))
        self.wait(lambda: self.containers("quiet").get("main", {}).get("ready"))
        time.sleep(15)
        self.assertEqual(self.started("quiet", "main"), started)
        self.assertEqual(self.containers("quiet")["main"]["restartCount"], 0)
        self.assertNotIn("Unhealthy", self.said())

    def test_readiness_follows_its_probe(self):
        self.run_pod(pod("gate", [container("web", "sleep 2; touch /tmp/ready; sleep 600", readinessProbe={
            "exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1})]))
        self.wait(lambda: self.phase("gate") == "Running")
        self.wait(lambda: self.containers("gate")["web"]["ready"])

    def test_kill_during_a_slow_pull(self):
        slow = {"name": "web", "image": "slow"}
        km = self.run_pod(pod("slow", [slow]))
        self.wait(lambda: [t for f in frameworks() for t in f["tasks"] if ".web." in t["id"]])
        self.assertEqual(self.km("delete", "slow", "--grace-period=1")[0], 0)
        self.assertEqual(km.wait(60), 0)
        self.wait(lambda: not running_tasks())

    def test_dead_pause_task_is_planted_again(self):
        self.run_pod(pod("kept", [container("web", "sleep 600")]))
        self.wait(lambda: self.phase("kept") == "Running")
        web = self.started("kept", "web")
        pause = [t["id"] for t in running_tasks() if ".web." not in t["id"]]
        self.assertEqual(len(pause), 1)
        pid = self.process(pause[0])
        os.kill(pid, signal.SIGKILL)
        self.wait(lambda: [t for t in running_tasks() if ".web." not in t["id"] and t["id"] != pause[0]])
        self.assertEqual(self.started("kept", "web"), web)
        self.assertEqual(self.containers("kept")["web"]["restartCount"], 0)

    def test_one_container_out_of_memory(self):
        self.run_pod(pod("fat", [
            container("hog", "sleep 1; x=a; while :; do x=$x$x; done", resources={"limits": {"memory": "48Mi"}}),
            container("thin", "sleep 600", resources={"limits": {"memory": "48Mi"}})]))
        self.wait(lambda: self.containers("fat").get("hog", {}).get("restartCount", 0) >= 1)
        hog = self.containers("fat")["hog"]["lastState"]["terminated"]
        self.assertEqual(hog["reason"], "OOMKilled", hog)
        self.assertEqual(self.containers("fat")["thin"]["restartCount"], 0)

    def test_limits_reach_the_cgroup(self):
        self.run_pod(pod("bound", [
            container("tight", "sleep 600", resources={"requests": {"cpu": "100m", "memory": "40Mi"},
                                                       "limits": {"cpu": "500m", "memory": "96Mi"}}),
            container("loose", "sleep 600", resources={"requests": {"cpu": "100m", "memory": "40Mi"}})]))
        self.wait(lambda: self.phase("bound") == "Running")

        def cgroup(name, controller, file):
            pid = self.process(f".{name}.")
            for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().split():
                _, controllers, path = line.split(":", 2)
                if controller in controllers.split(","):
                    return int(pathlib.Path(f"/sys/fs/cgroup/{controller}{path}", file).read_text())
            self.fail(f"{name} is in no cgroup of {controller}")

        self.assertEqual(cgroup("tight", "memory", "memory.limit_in_bytes"), 96 << 20)
        self.assertGreater(cgroup("loose", "memory", "memory.limit_in_bytes"), 1 << 50)
        self.assertEqual(cgroup("tight", "cpu", "cpu.cfs_quota_us") * 2, cgroup("tight", "cpu", "cpu.cfs_period_us"))
        self.assertEqual(cgroup("loose", "cpu", "cpu.cfs_quota_us"), -1)

    def test_kill_gives_grace(self):
        out = pathlib.Path(self.folder.name, "out")
        out.mkdir(mode=0o777)
        mounts = [{"name": "out", "mountPath": "/out"}]
        km = self.run_pod(pod("polite", [
            container("kind", "trap 'sleep 1; echo bye > /out/kind; exit 0' TERM; touch /out/set; "
                      "while :; do sleep 0.1; done", volumeMounts=mounts),
            container("deaf", "trap '' TERM; while :; do sleep 0.1; done", volumeMounts=mounts)],
            volumes=[{"name": "out", "hostPath": {"path": str(out)}}]))
        self.wait((out / "set").exists)
        self.wait(lambda: self.phase("polite") == "Running")
        begun = time.monotonic()
        self.assertEqual(self.km("delete", "polite", "--grace-period=4")[0], 0)
        self.assertEqual(km.wait(60), 0)
        self.assertEqual((out / "kind").read_text(), "bye\n")
        self.assertGreater(time.monotonic() - begun, 3.5)

    def test_pod_past_its_deadline_ends_without_km(self):
        km = self.run_pod(pod("late", [container("deaf", "trap '' TERM; while :; do sleep 0.1; done"),
                                       container("flaky", "sleep 4; exit 3")],
                              initContainers=[container("side", "sleep 600", restartPolicy="Always")],
                              activeDeadlineSeconds=40, terminationGracePeriodSeconds=2))
        self.wait(lambda: self.phase("late") == "Running")
        self.wait(lambda: self.containers("late")["flaky"]["restartCount"] == 1)
        km.kill()
        km.wait()
        ours = [f["id"] for f in mesos("/frameworks")["frameworks"]
                if any(UID in t["id"] for t in f["tasks"] + f["unreachable_tasks"])]
        self.assertEqual(len(ours), 1)

        def over():
            (framework,) = (f for f in mesos("/frameworks")["frameworks"] if f["id"] == ours[0])
            return not framework["executors"] and framework
        framework = self.wait(over, 120)
        ends = [t["statuses"][-1]["state"] for t in framework["completed_tasks"] + framework["tasks"]]
        self.assertEqual(set(ends), {"TASK_FAILED"})
        km = self.start("-f", pathlib.Path(self.folder.name, "pod.yaml"))
        self.assertNotEqual(km.wait(60), 0)
        self.assertIn("DeadlineExceeded", self.said())

    RESERVED = ("--role=k8smesos-test", "--principal=k8smesos-test")

    def reserved(self):
        """What the role of these cases has reserved, as Resource objects of the v1 API."""
        rows = mesos("/slaves")["slaves"][0].get("reserved_resources_full", {}).get("k8smesos-test", [])
        return [{key: value for key, value in r.items() if key not in ("role", "reservation")} for r in rows]

    def drop_volumes(self):
        agent = {"value": mesos("/slaves")["slaves"][0]["id"]}
        volumes = self.reserved()
        if volumes:
            call(MASTER, "DESTROY_VOLUMES", agent_id=agent, volumes=volumes)
            bare = [{key: value for key, value in v.items() if key != "disk"} for v in volumes]
            call(MASTER, "UNRESERVE_RESOURCES", agent_id=agent, resources=bare)

    def restarts_beside_a_greedy_framework(self, form):
        km = self.run_pod(pod("own", [
            container("flaky", "sleep 6; exit 3", resources={"requests": {"cpu": "200m", "memory": "64Mi"}}),
            container("steady", "sleep 600", resources={"requests": {"cpu": "200m", "memory": "64Mi"}})]),
            *self.RESERVED, f"--form={form}")
        self.wait(lambda: self.phase("own") == "Running")
        self.assertTrue(self.reserved())
        steady = self.started("own", "steady")
        greedy = Greedy()
        self.addCleanup(greedy.stop)
        self.wait(lambda: b"OFFERS" in greedy.seen)
        before = self.containers("own")["flaky"]["restartCount"]
        self.wait(lambda: self.containers("own")["flaky"]["restartCount"] >= before + 2)
        self.assertEqual(self.started("own", "steady"), steady)
        self.assertEqual(self.km("delete", "own", "--grace-period=1")[0], 0)
        self.assertEqual(km.wait(60), 0, self.said())
        self.assertEqual(self.reserved(), [])

    def test_reserved_tokens_let_containers_restart(self):
        self.restarts_beside_a_greedy_framework("budget-reserved")

    def test_reserved_pod_lets_containers_restart(self):
        self.restarts_beside_a_greedy_framework("reserved")

    def test_volume_of_a_claim_outlives_its_pod(self):
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "kept"},
                 "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}}
        self.addCleanup(self.drop_volumes)
        for script in ("echo first > /data/word", 'test "$(cat /data/word)" = first'):
            text = pod("claims", [container("main", script, volumeMounts=[{"name": "d", "mountPath": "/data"}])],
                       volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "kept"}}], restartPolicy="Never")
            km = self.run_pod(json.dumps(claim) + "\n---\n" + text, *self.RESERVED)
            self.assertEqual(km.wait(60), 0, self.said())
            self.assertEqual([(r["scalar"]["value"], r["disk"]["persistence"]["id"]) for r in self.reserved()],
                             [(64.0, "default.kept")])

    def needs(self, isolator):
        if isolator not in page(agents()[0], "/flags")["flags"].get("isolation", "").split(","):
            self.skipTest(f"the agent lacks {isolator}")

    def overlay(self, name, document):
        path = pathlib.Path(self.folder.name, name)
        path.write_text(json.dumps(document))
        return f"--{name}={path}"

    def test_overlays_reach_the_agent_and_the_container(self):
        self.needs("posix/rlimits")
        limits = {"rlimits": [{"type": "RLMT_NOFILE", "soft": 700, "hard": 700}]}
        self.run_pod(
            pod("dressed", [container("web", 'test "$SITE" = north && test "$(ulimit -n)" = 700 && '
                                      'test -s "$MESOS_SANDBOX/hostname" && sleep 600')], restartPolicy="Never"),
            self.overlay("executor-overlay", {"labels": {"labels": [{"key": "operator", "value": "sre"}]}}),
            self.overlay("task-overlay", {
                "labels": {"labels": [{"key": "cost", "value": "42"}]},
                "container": {"rlimit_info": limits},
                "command": {"environment": {"variables": [{"name": "SITE", "value": "north"}]},
                            "uris": [{"value": "file:///etc/hostname"}]}}))
        self.wait(lambda: self.phase("dressed") == "Running")
        time.sleep(2)
        self.assertEqual(self.phase("dressed"), "Running", self.said())
        label = {"key": "operator", "value": "sre"}
        executors = call(agents()[0], "GET_EXECUTORS")["executors"]
        self.assertIn(label, executors[0]["executor_info"]["labels"]["labels"])
        tasks = [t for t in running_tasks() if ".web." in t["id"]]
        self.assertIn({"key": "cost", "value": "42"}, tasks[0]["labels"])
        pause = [t for t in running_tasks() if ".web." not in t["id"]]
        self.assertNotIn("cost", json.dumps(pause))

    # A server that answers 200 to a request with the header X-Probe while the file /tmp/good is there.
    SERVER = ("printf '%s\\n' '#!/bin/sh' 'while read -r l; do case $l in X-Probe:*) f=1;; ?) break;; esac; done' "
              "'if [ \"$f\" ] && [ -e /tmp/good ]; then s=\"200 OK\"; else s=\"503 Not now\"; fi' "
              "'printf \"HTTP/1.0 $s\\r\\nContent-Length: 0\\r\\n\\r\\n\"' > /tmp/serve; chmod +x /tmp/serve; ")

    @staticmethod
    def asks(port, **more):
        return {"httpGet": {"port": port, "httpHeaders": [{"name": "X-Probe", "value": "yes"}]}, "periodSeconds": 1,
                "timeoutSeconds": 5, "failureThreshold": 2, **more}

    def test_command_probe_of_readiness_and_liveness(self):
        self.run_pod(pod("asked", [
            container("web", self.SERVER + "(sleep 5; touch /tmp/good; sleep 12; rm /tmp/good) & "
                      "exec nc -ll -p 31801 -e /tmp/serve", readinessProbe=self.asks(31801)),
            container("sick", self.SERVER + "touch /tmp/good; (sleep 8; rm /tmp/good) & "
                      "exec nc -ll -p 31802 -e /tmp/serve", livenessProbe=self.asks(31802)),
        ], terminationGracePeriodSeconds=1), "--command-probes")
        self.wait(lambda: self.phase("asked") == "Running")
        self.assertFalse(self.containers("asked")["web"]["ready"])
        self.wait(lambda: self.containers("asked")["web"]["ready"])
        self.wait(lambda: not self.containers("asked")["web"]["ready"])
        self.wait(lambda: self.containers("asked")["sick"]["restartCount"] >= 1)
        self.assertEqual(self.containers("asked")["web"]["restartCount"], 0)

    def test_command_probe_gates_the_next_stage(self):
        km = self.run_pod(pod("gated", [container("main", "exit 0")], initContainers=[
            container("side", self.SERVER + "(sleep 4; touch /tmp/good) & exec nc -ll -p 31803 -e /tmp/serve",
                      restartPolicy="Always", startupProbe=self.asks(31803, failureThreshold=30))],
            restartPolicy="Never", terminationGracePeriodSeconds=1), "--command-probes")
        self.wait(lambda: self.started("gated", "side", "initContainerStatuses"))
        self.assertFalse(self.containers("gated", "initContainerStatuses")["side"].get("started"))
        self.assertEqual(km.wait(60), 0, self.said())
        told = [line.split("default/gated: ")[1] for line in self.said().splitlines() if "Started" in line]
        self.assertEqual(told, ["Started: Started container side", "Started: Started container main"])

    @staticmethod
    def serves(name, port, script, image="grpc", **probes):
        listen = f"exec nc -ll -p {port} -e true"
        timings = {"periodSeconds": 1, "timeoutSeconds": 5, "failureThreshold": 2}
        return {**container(name, script + listen), "image": image,
                **{kind: {"grpc": {"port": port, **service}, **timings} for kind, service in probes.items()}}

    def test_grpc_probe_of_readiness_and_liveness(self):
        self.run_pod(pod("speaks", [
            self.serves("web", 31811, "(sleep 5; touch /tmp/serving-shop; sleep 12; rm /tmp/serving-shop) & ",
                        readinessProbe={"service": "shop"}),
            self.serves("sick", 31812, "touch /tmp/serving-all; (sleep 8; rm /tmp/serving-all) & ",
                        livenessProbe={}),
        ], terminationGracePeriodSeconds=1), "--command-probes")
        self.wait(lambda: self.phase("speaks") == "Running")
        self.assertFalse(self.containers("speaks")["web"]["ready"])
        self.wait(lambda: self.containers("speaks")["web"]["ready"])
        self.wait(lambda: not self.containers("speaks")["web"]["ready"])
        self.wait(lambda: self.containers("speaks")["sick"]["restartCount"] >= 1)
        self.assertEqual(self.containers("speaks")["web"]["restartCount"], 0)
        self.assertIn("the image must have grpc_health_probe", self.said())

    def test_grpc_probe_without_the_program_never_succeeds(self):
        self.run_pod(pod("lacks", [self.serves("web", 31813, "touch /tmp/serving-all; ", "busybox",
                                               readinessProbe={}),
                                   self.serves("sick", 31814, "touch /tmp/serving-all; ", "busybox",
                                               livenessProbe={})],
                         terminationGracePeriodSeconds=1), "--command-probes")
        self.wait(lambda: self.containers("lacks").get("sick", {}).get("restartCount", 0) >= 1)
        self.assertFalse(self.containers("lacks")["web"]["ready"])
        self.assertEqual(self.containers("lacks")["web"]["restartCount"], 0)

    def test_grpc_probe_without_the_option_asks_for_a_connection(self):
        self.run_pod(pod("opened", [self.serves("web", 31815, "sleep 3; ", readinessProbe={})]))
        self.wait(lambda: self.phase("opened") == "Running")
        self.wait(lambda: self.containers("opened")["web"]["ready"])
        self.assertIn("the port is checked for an open connection only", self.said())

    def test_secret_is_a_file_and_a_variable(self):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"word": "sesame"}}
        km = self.run_pod(json.dumps(secret) + "\n---\n" + pod("opened", [container(
            "main", 'test "$WORD" = sesame && test "$(cat /s/word)" = sesame',
            env=[{"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "word"}}}],
            volumeMounts=[{"name": "s", "mountPath": "/s"}])],
            volumes=[{"name": "s", "secret": {"secretName": "s"}}], restartPolicy="Never"))
        self.assertEqual(km.wait(60), 0, self.said())

    @staticmethod
    def has_capabilities(name, uid, capabilities, effective, bounding):
        """A container that ends well where these sets of its process are so."""
        sets = (("CapEff", effective), ("CapPrm", effective), ("CapAmb", effective), ("CapBnd", bounding))
        script = "; ".join(f"grep -q '{kind}:.{bits:016x}' /proc/self/status || exit {code}"
                           for code, (kind, bits) in enumerate(sets, 3))
        return container(name, script, securityContext={"runAsUser": uid, "capabilities": capabilities})

    def test_capabilities_of_root(self):
        self.needs("linux/capabilities")
        km = self.run_pod(pod("mighty", [
            self.has_capabilities("adds", 0, {"drop": ["ALL"], "add": ["CHOWN"]}, 1, 1),
            self.has_capabilities("drops", 0, {"drop": ["NET_RAW"]}, 0xa80405fb, 0xa80405fb)], restartPolicy="Never"))
        self.assertEqual(km.wait(60), 0, self.said())

    def test_no_one_but_root_has_effective_capabilities(self):
        self.needs("linux/capabilities")
        status = pathlib.Path("/proc/self/status").read_text()
        last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
        if int(status.split("CapBnd:")[1].split()[0], 16) != (2 << last) - 1:
            self.skipTest("agents that lack a capability themselves fail to change users and capabilities at once")
        km = self.run_pod(pod("humble", [
            self.has_capabilities("adds", 65534, {"drop": ["ALL"], "add": ["CHOWN"]}, 0, 1),
            self.has_capabilities("drops", 65534, {"drop": ["NET_RAW"]}, 0, 0xa80405fb)], restartPolicy="Never"),
            "--user=65534=nobody")
        self.assertEqual(km.wait(60), 0, self.said())

    def test_mounts_inside_of_others(self):
        """A file in an emptyDir, whose place stays there when the container starts again; and the inner of two
        directories, which the pod names first."""
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"word": "sesame"}}
        km = self.run_pod(json.dumps(secret) + "\n---\n" + pod("nested", [container(
            "main", 'test "$(cat /data/conf/word)" = sesame || exit 3; test -e /data/seen && exit 0; '
            "touch /data/in/f && ! test -e /data/f && touch /data/seen; exit 4",
            volumeMounts=[{"name": "inner", "mountPath": "/data/in"}, {"name": "outer", "mountPath": "/data"},
                          {"name": "s", "mountPath": "/data/conf"}])],
            volumes=[{"name": "outer", "emptyDir": {}}, {"name": "inner", "emptyDir": {}},
                     {"name": "s", "secret": {"secretName": "s"}}], restartPolicy="OnFailure"))
        self.assertEqual(km.wait(60), 0, self.said())
        self.assertIn("exit code 4", self.said())


if __name__ == "__main__":
    if real_mesos_pair.wanted():
        real_mesos_pair.main(Case, lambda pair: pair.start_agent(pair.add_agent()))
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    Case.km_path = sys.argv.pop(1)
    unittest.main()
