# SPDX-License-Identifier: Apache-2.0
"""What the suites on a real Mesos share: the cluster of K8SMESOS_MASTER (host:port) seen through its HTTP pages,
and km's own view of its pods.
"""
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest
import urllib.request

from recorder import Relay

MASTER = os.environ.get("K8SMESOS_MASTER")
RECORDINGS = os.environ.get("K8SMESOS_RECORDINGS")  # a folder that takes every exchange of each case, or None


def page(address, path):
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        return json.load(answer)


def call(address, kind, **parts):
    """The answer of the operator API to one call."""
    body = json.dumps({"type": kind, kind.lower(): parts}).encode()
    request = urllib.request.Request(f"http://{address}/api/v1", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"{}").get(kind.lower())


def mesos(path):
    return page(MASTER, path)


def agents():
    """Addresses of the active agents."""
    return [s["pid"].split("@")[1] for s in mesos("/slaves")["slaves"] if s["active"]]


def frameworks():
    return [f for f in mesos("/frameworks")["frameworks"] if f["active"]]


def running_tasks():
    return [t for f in frameworks() for t in f["tasks"] if t["state"] == "TASK_RUNNING"]


def pid_of(container_id):
    """The process that the agent started for a container."""
    for row in call(agents()[0], "GET_CONTAINERS", show_nested=True)["containers"]:
        if row["container_id"]["value"] == container_id:
            return row["container_status"]["executor_pid"]
    return None


class Case(unittest.TestCase):
    km_path = None  # of the program under test
    options = ()    # of every `km run`
    protocol = os.environ.get("K8SMESOS_PROTOCOL", "protobuf")

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.state = f"--state={self.folder.name}/s"
        self.log = open(f"{self.folder.name}/log", "w+")
        self.running = []
        self.master = MASTER
        if RECORDINGS:
            name = self._testMethodName.removeprefix("test_")
            os.makedirs(f"{RECORDINGS}/{name}", exist_ok=True)
            relay = Relay(MASTER, f"{RECORDINGS}/{name}/{self.protocol}")
            self.addCleanup(relay.close)
            self.master = relay.address

    def tearDown(self):
        self.km("delete", "--all", "--grace-period=1")
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()
        self.folder.cleanup()

    def km(self, *args, timeout=90):
        done = subprocess.run([self.km_path, *map(str, args), self.state], capture_output=True, timeout=timeout)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def start(self, *args):
        process = subprocess.Popen([self.km_path, "run", f"--mesos-master={self.master}", self.state,
                                    f"--protocol={self.protocol}", *self.options,
                                    *map(str, args)], stdout=self.log, stderr=self.log)
        self.running.append(process)
        return process

    def run_pod(self, text, *args):
        """Starts `km run` with a manifest given as text."""
        manifest = pathlib.Path(self.folder.name, "pod.yaml")
        manifest.write_text(text)
        if RECORDINGS:
            pathlib.Path(RECORDINGS, self._testMethodName.removeprefix("test_"), "pod.json").write_text(text)
        return self.start("-f", manifest, *args)

    def pods(self):
        code, out, _ = self.km("get", "-o", "json")
        return {p["name"]: p for p in json.loads(out)["pods"]} if code == 0 else {}

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def wait(self, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = what()
            if found:
                return found
            time.sleep(0.3)
        self.fail(f"waited {seconds} s in vain; pods: {self.pods()}; km said:\n{self.said()}")

    def phase(self, name):
        return self.pods().get(name, {}).get("phase")

    def containers(self, pod, kind="containerStatuses"):
        """The rows of a pod's status by container name; empty while there are none."""
        return {c["name"]: c for c in self.pods().get(pod, {}).get("status", {}).get(kind, [])}

    def started(self, pod, container, kind="containerStatuses"):
        return self.containers(pod, kind).get(container, {}).get("state", {}).get("running", {}).get("startedAt")
