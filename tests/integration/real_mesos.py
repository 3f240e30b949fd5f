# SPDX-License-Identifier: Apache-2.0
"""km on a real Mesos: skipped unless K8SMESOS_MASTER names one as host:port. Its agents need neither images
nor cgroups; a volume/sandbox_path isolator is enough.

usage: real_mesos.py KM EXAMPLES_FOLDER
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

KM = sys.argv[1]
EXAMPLES = pathlib.Path(sys.argv[2])
MASTER = os.environ.get("K8SMESOS_MASTER")


def mesos(path):
    with urllib.request.urlopen(f"http://{MASTER}{path}", timeout=10) as answer:
        return json.load(answer)


def frameworks():
    return [f for f in mesos("/frameworks")["frameworks"] if f["active"]]


class RealMesos(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.state = f"--state={self.folder.name}/s"
        self.log = open(f"{self.folder.name}/log", "w+")
        self.running = []

    def tearDown(self):
        self.km("delete", "--all", "--grace-period=1")
        for process in self.running:
            process.kill()
            process.wait()
        self.log.close()
        self.folder.cleanup()

    def km(self, *args, timeout=90):
        done = subprocess.run([KM, *map(str, args), self.state], capture_output=True, timeout=timeout)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def start(self, *args):
        process = subprocess.Popen([KM, "run", f"--mesos-master={MASTER}", self.state, *map(str, args)],
                                   stdout=self.log, stderr=self.log)
        self.running.append(process)
        return process

    def pods(self):
        code, out, _ = self.km("get", "-o", "json")
        return {p["name"]: p for p in json.loads(out)["pods"]} if code == 0 else {}

    def wait(self, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return
            time.sleep(0.3)
        self.log.seek(0)
        self.fail(f"waited {seconds} s in vain; pods: {self.pods()}; km said:\n{self.log.read()}")

    def phase(self, name):
        return self.pods().get(name, {}).get("phase")

    def test_image_without_a_provider_is_the_reason_that_km_shows(self):
        self.start("-f", EXAMPLES / "nginx.yaml", "--no-limits")
        self.wait(lambda: "Unsupported container image type: DOCKER" in
                  json.dumps(self.pods().get("nginx", {}).get("status", {})))
        self.assertIn("Kubernetes", [f["name"] for f in frameworks()])

    def test_busybox_runs_and_is_deleted_with_grace(self):
        for protocol in ("protobuf", "json"):
            km = self.start("-f", EXAMPLES / "busybox.yaml", "--host-filesystem", "--no-limits",
                            f"--protocol={protocol}")
            self.wait(lambda: self.phase("busybox") == "Running")
            tasks = [t for f in frameworks() for t in f["tasks"] if t["state"] == "TASK_RUNNING"]
            self.assertEqual(len(tasks), 2)  # the container and what keeps its executor
            self.assertEqual(self.km("delete", "busybox", "--grace-period=2")[0], 0)
            self.assertEqual(km.wait(30), 0)
            self.wait(lambda: "Kubernetes" not in [f["name"] for f in frameworks()])

    def test_a_container_restarts_on_its_executor(self):
        manifest = pathlib.Path(self.folder.name, "pod.yaml")
        manifest.write_text(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: pair}\nspec:\n  containers:\n"
            "  - {name: steady, image: none, command: [sleep, '600']}\n"
            "  - {name: flaky, image: none, command: [sh, -c, 'sleep 2; exit 3']}\n")
        self.start("-f", manifest, "--host-filesystem", "--no-limits")
        self.wait(lambda: self.phase("pair") == "Running")
        states = lambda: {c["name"]: c for c in self.pods()["pair"]["status"]["containerStatuses"]}
        steady = states()["steady"]["state"]["running"]["startedAt"]
        self.wait(lambda: states()["flaky"]["restartCount"] >= 1)
        self.assertEqual(states()["flaky"]["lastState"]["terminated"]["exitCode"], 3)
        self.assertEqual(states()["steady"]["state"]["running"]["startedAt"], steady)

    def test_killed_km_adopts_what_runs(self):
        km = self.start("-f", EXAMPLES / "busybox.yaml", "--host-filesystem", "--no-limits")
        self.wait(lambda: self.phase("busybox") == "Running")
        before = self.pods()["busybox"]
        km.send_signal(signal.SIGKILL)
        km.wait()
        self.start("-f", EXAMPLES / "busybox.yaml", "--host-filesystem", "--no-limits")
        self.wait(lambda: self.phase("busybox") == "Running")
        after = self.pods()["busybox"]
        self.assertEqual((before["uid"], before["agentID"]), (after["uid"], after["agentID"]))
        self.assertEqual(after["restarts"], 0)
        tasks = [t for f in frameworks() for t in f["tasks"] if t["state"] == "TASK_RUNNING"]
        self.assertEqual(len(tasks), 2)


if __name__ == "__main__":
    if not MASTER:
        print("skipped: K8SMESOS_MASTER does not name a master")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]])
