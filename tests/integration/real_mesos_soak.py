# SPDX-License-Identifier: Apache-2.0
"""Workloads on a real Mesos while `km run` and the agents are killed over and over: a Deployment, a StatefulSet with
volumes, a Job whose pods fail at times, and a CronJob. Whenever it is left in peace, and at the end, the master must
hold one executor for each pod that is wanted and nothing else; after all is deleted no task, no reservation and no
framework. A private master and two agents of the programs that K8SMESOS_MESOS names, all of it with low priority.

usage: real_mesos_soak.py KM [MINUTES [SEED]]     (30 minutes; the seed of the last disturbance is said)
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import time

import real_mesos_pair
from real_mesos_images import put_image
from real_mesos_support import call, mesos

ROLE = "k8smesos-soak"
REPLICAS = {"web": 5, "db": 2}
COMPLETIONS = 5  # of the Job, for each minute
CALM = 240  # seconds that all may take to be as wanted once nothing disturbs any more


def template(name, script, volumes=(), **more):
    return {"metadata": {"labels": {"app": name}}, "spec": {"terminationGracePeriodSeconds": 2, **more, "containers": [
        {"name": "main", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script],
         "resources": {"requests": {"cpu": "100m", "memory": "32Mi"}},
         "volumeMounts": [{"name": v, "mountPath": f"/{v}"} for v in volumes]}]}}


def workload(api, kind, name, **spec):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


def manifest(completions):
    stay = "trap 'exit 0' TERM; while :; do sleep 1; done"
    once = 'sleep $(($RANDOM % 8 + 2)); exit $(($RANDOM % 10 == 0))'
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
                                                    "resources": {"requests": {"storage": "32Mi"}}}}
    return "---\n".join(json.dumps(w) + "\n" for w in (
        workload("apps/v1", "Deployment", "web", replicas=REPLICAS["web"], selector={"matchLabels": {"app": "web"}},
                 template=template("web", stay)),
        workload("apps/v1", "StatefulSet", "db", replicas=REPLICAS["db"], selector={"matchLabels": {"app": "db"}},
                 serviceName="db", volumeClaimTemplates=[claim], template=template("db", stay, ["data"])),
        workload("batch/v1", "Job", "sums", completions=completions, parallelism=2, backoffLimit=1000,
                 template=template("sums", once, restartPolicy="Never")),
        workload("batch/v1", "CronJob", "tick", schedule="* * * * *", concurrencyPolicy="Forbid",
                 jobTemplate={"spec": {"template": template("tick", "sleep 5", restartPolicy="Never")}})))


class Soak:
    def __init__(self, km, pair, minutes, seed):
        self.km_path, self.pair, self.minutes, self.random = km, pair, minutes, random.Random(seed)
        self.completions = max(20, int(COMPLETIONS * minutes))
        self.folder = pathlib.Path(pair.folder, "soak")
        self.folder.mkdir()
        (self.folder / "all.yaml").write_text(manifest(self.completions))
        self.state = f"--state={self.folder}/state"
        self.log = open(self.folder / "log", "a")
        self.counts = {}
        self.process = None
        self.peak = 0

    def start_km(self):
        self.process = subprocess.Popen(
            [self.km_path, "run", f"--mesos-master={self.pair.address}", self.state, f"--role={ROLE}",
             f"--principal={ROLE}", "-f", self.folder / "all.yaml"], stdout=self.log, stderr=self.log)

    def km(self, *words, timeout=200):
        done = subprocess.run([self.km_path, *words, self.state], capture_output=True, timeout=timeout)
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def seen(self):
        code, text = self.km("get", "-o", "json")
        return json.loads(text) if code == 0 and text.startswith("{") else {"pods": [], "workloads": []}

    def note_memory(self):
        try:
            text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            self.peak = max(self.peak, int(text.split("VmHWM:")[1].split()[0]))
        except (OSError, IndexError):
            pass  # it has just been killed

    # ---- disturbances ----

    def start_agent(self, agent):
        """As whoever minds it would: killed while it writes its checkpoint, an agent may fail to recover once."""
        try:
            self.pair.start_agent(agent)
        except RuntimeError:
            self.pair.start_agent(agent)

    def kill_km(self):
        self.process.kill()
        self.process.wait()
        time.sleep(self.random.choice((0, 0, 1, 5)))
        self.start_km()

    def kill_agent(self):
        agent = self.random.choice(self.pair.agents)
        agent.kill()
        time.sleep(self.random.choice((0, 1, 10)))
        self.start_agent(agent)

    def kill_both(self):
        agent = self.random.choice(self.pair.agents)
        agent.kill()
        self.process.kill()
        self.process.wait()
        self.start_km()
        self.start_agent(agent)

    def kill_container(self):
        """One of the sleepers in the containers."""
        found = [p for p in pathlib.Path("/proc").glob("[0-9]*") if b"while :; do sleep 1" in read(p / "cmdline")]
        if found:
            subprocess.run(["kill", "-9", self.random.choice(found).name], check=False, stderr=subprocess.DEVNULL)

    def disturb(self):
        what = self.random.choice((self.kill_km, self.kill_km, self.kill_agent, self.kill_agent, self.kill_both,
                                   self.kill_container))
        what()
        self.counts[what.__name__] = self.counts.get(what.__name__, 0) + 1

    # ---- what must hold ----

    def faults(self):
        """What is not as it shall be, or an empty list."""
        try:
            return self.look()
        except (OSError, subprocess.TimeoutExpired) as late:
            return [f"no answer in time: {late}"]

    def look(self):
        seen = self.seen()
        ready = {w["name"]: w["ready"] for w in seen["workloads"] if w["kind"] in ("Deployment", "StatefulSet")}
        faults = [f"{n}: {ready.get(n)} of {wanted} are ready" for n, wanted in REPLICAS.items()
                  if ready.get(n) != wanted]
        live = {p["uid"]: p["name"] for p in seen["pods"] if p["phase"] in ("Running", "Pending")}
        running = {p["uid"] for p in seen["pods"] if p["phase"] == "Running"}
        counts = {}
        for uid in self.executors():
            counts[uid] = counts.get(uid, 0) + 1
        faults += [f"{n} executors of {live.get(uid, uid)}" for uid, n in counts.items() if n > 1]
        faults += [f"an executor of {uid}, which is no pod" for uid in counts if uid not in live]
        faults += [f"no executor of {live[uid]}" for uid in running if uid not in counts]
        return faults

    def executors(self):
        """The pods' uids, one for each executor that an agent has."""
        found = []
        for agent in self.pair.agents:
            if agent.process.poll() is not None:
                sys.exit(f"soak: an agent ended: {agent.log()[-2000:]}")
            rows = (call(agent.address, "GET_EXECUTORS") or {}).get("executors", [])
            found += [row["executor_info"]["executor_id"]["value"].split(".")[0] for row in rows]
        return found

    def be_calm(self):
        """Waits until nothing is wrong that stays wrong: pods of the Job come and go all the time."""
        end, lasting = time.monotonic() + CALM, set(self.faults())
        while lasting := lasting & set(self.faults()):
            if self.process.poll() is not None:
                sys.exit(f"soak: km has ended with {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > end:
                sys.exit(f"soak: not as wanted after {CALM} s of peace: {lasting}\n{self.tail()}")
            time.sleep(2)

    def tail(self):
        return (self.folder / "log").read_text()[-6000:]

    def finish(self):
        """The Job ends with as many pods as it shall; then all is deleted, and nothing is left."""
        end = time.monotonic() + 2 * CALM
        while (done := self.completed()) < self.completions:
            if time.monotonic() > end:
                sys.exit(f"soak: the Job has {done} of {self.completions}\n{self.tail()}")
            time.sleep(2)
        self.be_calm()
        if self.completed() != self.completions:
            sys.exit(f"soak: {self.completed()} completions instead of {self.completions}")
        for n in range(REPLICAS["db"]):
            self.km("delete", f"pvc/data-db-{n}", "--wait=0")
        code, text = self.km("delete", "--all", "--wait=120")
        if code != 0 or self.process.wait(60) != 0:
            sys.exit(f"soak: not deleted: {text}\n{self.tail()}")
        left = self.left()
        end = time.monotonic() + 60
        while left and time.monotonic() < end:
            time.sleep(1)
            left = self.left()
        if left:
            sys.exit(f"soak: left over: {left}\n{self.tail()}")

    def completed(self):
        """Of the Job; -1 where there is no answer."""
        return next((w["succeeded"] for w in self.seen()["workloads"] if w["name"] == "sums"), -1)

    def left(self):
        try:
            return self.look_for_rest()
        except OSError as late:
            return [f"no answer in time: {late}"]

    def look_for_rest(self):
        reserved = [s["reserved_resources_full"] for s in mesos("/slaves")["slaves"] if s["reserved_resources_full"]]
        return [*reserved, *self.executors(), *(f["id"] for f in mesos("/frameworks")["frameworks"] if f["active"])]

    def run(self):
        self.start_km()
        self.be_calm()
        end, calm = time.monotonic() + self.minutes * 60, time.monotonic() + 300
        while time.monotonic() < end:
            time.sleep(self.random.uniform(2, 25))
            self.note_memory()
            self.disturb()
            if time.monotonic() > calm:
                self.be_calm()
                calm = time.monotonic() + 300
        self.be_calm()
        self.finish()
        told = ", ".join(f"{name} {n}" for name, n in sorted(self.counts.items()))
        print(f"soak: {self.minutes:g} minutes, as wanted; {told}; km took {self.peak} KiB at most")


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def main(km, minutes="30", seed=None):
    seed = seed or str(random.randrange(1 << 32))
    print(f"soak: seed {seed}", flush=True)
    os.nice(10)
    pair = real_mesos_pair.Pair()
    try:
        put_image(pair.images, "busybox", {"Cmd": ["sh"], "Env": ["PATH=/bin"]})
        for _ in range(2):
            pair.start_agent(pair.add_agent())
        Soak(km, pair, float(minutes), seed).run()
    finally:
        pair.close()


if __name__ == "__main__":
    real_mesos_pair.enter(None)
    main(*sys.argv[1:])
