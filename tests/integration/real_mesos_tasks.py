# SPDX-License-Identifier: Apache-2.0
"""Pods of one container as command tasks on a real Mesos: a private master and agent of the programs that
K8SMESOS_MESOS names. Those of the Docker containerizer take a dockerd of the suite's own (package docker.io; skipped
without it).

usage: real_mesos_tasks.py KM
"""
import json
import pathlib
import shutil
import signal
import subprocess
import time

import real_mesos_pair
from real_mesos_images import container, layer, pod, put_image
from real_mesos_support import Case, frameworks, pid_of, running_tasks


def why_not():
    return None if real_mesos_pair.program("mesos-executor") else "there is no mesos-executor"


def start_docker(pair):
    """A daemon in these namespaces, and the image of the suite in it; None where there is none."""
    folder = pathlib.Path(pair.folder, "docker")
    daemon, client = shutil.which("dockerd"), "/usr/bin/docker"
    if not daemon or not pathlib.Path(client).exists():
        return None
    folder.mkdir()
    socket = folder / "socket"
    with open(folder / "log", "w") as log:
        subprocess.Popen([daemon, f"--host=unix://{socket}", f"--data-root={folder}/data", f"--exec-root={folder}/exec",
                          f"--pidfile={folder}/pid", "--storage-driver=vfs", "--iptables=false", "--bridge=none"],
                         stdout=log, stderr=log)
    words = [client, "-H", f"unix://{socket}"]
    real_mesos_pair.wait(lambda: subprocess.run([*words, "version"], capture_output=True).returncode == 0)
    subprocess.run([*words, "import", "-", "busybox:latest"], input=layer(0), check=True, capture_output=True)
    pair.docker_words = words
    return {"containerizers": "mesos,docker", "docker": client, "docker_socket": socket}


def furnish(pair):
    put_image(pair.images, "busybox", {"Cmd": ["sh"], "Env": ["PATH=/bin"]})
    flags = start_docker(pair)
    Docker.there = flags is not None
    pair.start_agent(pair.add_agent(**(flags or {})))


class Tasks(Case):
    options = ("--form=command",)

    def tearDown(self):
        agent = self.pair.agents[0]
        if agent.process.poll() is not None:
            self.pair.start_agent(agent)
        super().tearDown()

    def test_one_task_and_no_executor_of_the_pod(self):
        self.run_pod(pod("bare", [container("web", 'test "$WORD" = sesame && sleep 600',
                                            env=[{"name": "WORD", "value": "sesame"}],
                                            resources={"limits": {"cpu": "500m", "memory": "96Mi"}})],
                         {"k8s.mesosphere.io/form": "command"}))
        self.wait(lambda: self.phase("bare") == "Running")
        time.sleep(1)
        self.assertEqual(self.phase("bare"), "Running", self.said())
        self.assertEqual(len(running_tasks()), 1)
        self.assertEqual([f["executors"] for f in frameworks()], [[]] * len(frameworks()))
        pid = pid_of(running_tasks()[0]["statuses"][-1]["container_status"]["container_id"]["value"])
        for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().split():
            _, controllers, path = line.split(":", 2)
            if controllers == "memory":
                limit = int(pathlib.Path("/sys/fs/cgroup/memory" + path, "memory.limit_in_bytes").read_text())
        self.assertGreaterEqual(limit, 96 << 20)  # with what the executor of the task takes
        self.assertLess(limit, 256 << 20)

    def test_ends_are_those_of_the_container(self):
        for name, script, phase in (("good", "exit 0", "Succeeded"), ("bad", "exit 3", "Failed")):
            km = self.run_pod(pod(name, [container("main", script)], restartPolicy="Never"))
            self.assertEqual(km.wait(60), 0 if phase == "Succeeded" else 1, self.said())
            self.assertIn(f"default/{name}: {phase}", self.said())

    def test_restarts_with_back_off(self):
        self.run_pod(pod("flaky", [container("main", "sleep 1; exit 3")]))
        self.wait(lambda: self.containers("flaky").get("main", {}).get("restartCount", 0) >= 2, 90)
        last = self.containers("flaky")["main"]["lastState"]["terminated"]
        self.assertEqual((last["exitCode"], last["reason"]), (3, "Error"))

    def test_probes_of_a_command_task(self):
        self.run_pod(pod("sick", [container(
            "web", "sleep 2; touch /tmp/ready; sleep 4; touch /tmp/bad; sleep 600",
            livenessProbe={"exec": {"command": ["sh", "-c", "! test -e /tmp/bad"]}, "periodSeconds": 1,
                           "failureThreshold": 1},
            readinessProbe={"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1})],
            terminationGracePeriodSeconds=1))
        self.wait(lambda: self.containers("sick").get("web", {}).get("ready"))
        self.wait(lambda: self.containers("sick")["web"]["restartCount"] >= 1)

    def test_kill_gives_grace(self):
        out = pathlib.Path(self.folder.name, "out")
        out.mkdir(mode=0o777)
        km = self.run_pod(pod("polite", [container(
            "kind", "trap 'sleep 1; echo bye > /out/kind; exit 0' TERM; touch /out/set; while :; do sleep 0.1; done",
            volumeMounts=[{"name": "out", "mountPath": "/out"}])],
            volumes=[{"name": "out", "hostPath": {"path": str(out)}}]))
        self.wait((out / "set").exists)
        self.wait(lambda: self.phase("polite") == "Running")
        self.assertEqual(self.km("delete", "polite", "--grace-period=6")[0], 0)
        self.assertEqual(km.wait(60), 0)
        self.assertEqual((out / "kind").read_text(), "bye\n")

    def test_less_grace_counts(self):
        """No KILL shortens another: the executor is shut down. (That of a command task goes by the task's own grace.)"""
        km = self.run_pod(pod("deaf", [container("main", "trap '' TERM; while :; do sleep 0.1; done")],
                              {"k8s.mesosphere.io/form": "budget"}, terminationGracePeriodSeconds=120))
        self.wait(lambda: self.phase("deaf") == "Running")
        time.sleep(1)  # for the trap
        self.assertNotEqual(self.km("delete", "deaf", "--wait=2")[0], 0)
        self.assertEqual(self.km("delete", "deaf", "--grace-period=1", "--wait=30")[0], 0, self.said())
        self.assertEqual(km.wait(30), 0)

    def test_out_of_memory(self):
        self.run_pod(pod("fat", [container("hog", "sleep 1; x=a; while :; do x=$x$x; done",
                                           resources={"limits": {"memory": "48Mi"}})], restartPolicy="Never"))
        self.wait(lambda: self.phase("fat") == "Failed" or "OOMKilled" in self.said())
        self.assertIn("OOMKilled", self.said())

    def test_lives_on_while_its_agent_restarts(self):
        self.run_pod(pod("steady", [container("web", "sleep 600")]))
        self.wait(lambda: self.phase("steady") == "Running")
        started, agent = self.started("steady", "web"), self.pair.agents[0]
        agent.kill()
        self.pair.start_agent(agent)
        self.wait(running_tasks)
        time.sleep(3)
        self.assertEqual((self.started("steady", "web"), self.pods()["steady"]["restarts"]), (started, 0))

    def test_killed_km_adopts_it(self):
        km = self.run_pod(pod("found", [container("web", "sleep 600")]))
        self.wait(lambda: self.phase("found") == "Running")
        before, started = [t["id"] for t in running_tasks()], self.started("found", "web")
        km.send_signal(signal.SIGKILL)
        km.wait()
        self.run_pod(pod("found", [container("web", "sleep 600")]))
        self.wait(lambda: self.phase("found") == "Running")
        self.assertEqual(([t["id"] for t in running_tasks()], self.started("found", "web")), (before, started))

    def test_what_can_not_be_one_falls_back_or_is_refused(self):
        pair = pod("pair", [container("a", "sleep 600"), container("b", "sleep 600")])
        km = self.run_pod(pair)
        self.assertEqual(km.wait(30), 1)
        self.assertIn("spec.containers", self.said())
        self.run_pod(pair, "--form-fallback")
        self.wait(lambda: self.phase("pair") == "Running")
        self.assertEqual(len(running_tasks()), 3)  # with what keeps their executor


class Docker(Tasks):
    """The same with the Docker containerizer."""
    options = ("--form=docker",)
    there = False
    test_one_task_and_no_executor_of_the_pod = None
    test_probes_of_a_command_task = None

    def setUp(self):
        if not self.there:
            self.skipTest("no dockerd, or no /usr/bin/docker")
        super().setUp()

    def docker(self, *words):
        return subprocess.run([*self.pair.docker_words, *words], check=True, capture_output=True).stdout.decode()

    def test_failing_liveness_restarts(self):
        self.run_pod(pod("sick", [container(
            "web", "nc -ll -p 31850 -e true & sleep 8; kill $!; sleep 600",
            livenessProbe={"tcpSocket": {"port": 31850}, "initialDelaySeconds": 2, "periodSeconds": 1,
                           "timeoutSeconds": 5})], terminationGracePeriodSeconds=1))
        self.wait(lambda: self.containers("sick").get("web", {}).get("restartCount", 0) >= 1, 90)

    def test_out_of_memory(self):
        """The Docker executor tells the exit code only."""
        self.run_pod(pod("fat", [container("hog", "sleep 1; x=a; while :; do x=$x$x; done",
                                           resources={"limits": {"memory": "48Mi"}})], restartPolicy="Never"))
        self.wait(lambda: "container hog ended with exit code 137" in self.said())

    def test_docker_runs_it(self):
        self.run_pod(pod("docked", [container("web", "sleep 600", env=[{"name": "WORD", "value": "sesame"}],
                                              resources={"limits": {"cpu": "500m", "memory": "96Mi"}})]))
        self.wait(lambda: self.phase("docked") == "Running")
        ids = self.docker("ps", "-q").split()
        self.assertEqual(len(ids), 1)
        seen = json.loads(self.docker("inspect", ids[0]))[0]
        self.assertIn("WORD=sesame", seen["Config"]["Env"])
        self.assertEqual(seen["HostConfig"]["Memory"], 96 << 20)
        self.assertEqual(seen["HostConfig"]["NetworkMode"], "host")
        self.assertEqual(self.km("delete", "docked", "--grace-period=1")[0], 0)
        self.wait(lambda: not self.docker("ps", "-q"))


if __name__ == "__main__":
    real_mesos_pair.main(Tasks, furnish, why_not())
