# SPDX-License-Identifier: Apache-2.0
"""Agents that stop, hang and come back, and a master that does: a private Mesos of the programs that K8SMESOS_MESOS
names, which gives up on an agent after three seconds.

usage: real_mesos_agents.py KM
"""
import pathlib
import shutil
import signal
import sys
import time

import real_mesos_pair
from real_mesos_images import UID, container, pod, put_image
from real_mesos_support import MASTER, Case, call, frameworks

UNREACHABLE = "node.kubernetes.io/unreachable"


def furnish(pair):
    put_image(pair.images, "busybox", {"Cmd": ["sh"], "Env": ["PATH=/bin"]})
    put_image(pair.images, "slow", {"Cmd": ["sleep", "600"], "Env": ["PATH=/bin"]}, ballast=600)
    for _ in range(2):
        pair.start_agent(pair.add_agent())


def web(name, **spec):
    return pod(name, [container("web", "sleep 600", resources={"requests": {"cpu": "100m"}})], **spec)


class Agents(Case):
    def tearDown(self):
        for agent in self.pair.agents:
            agent.kill(signal.SIGCONT)
            if agent.process.poll() is not None:
                self.pair.start_agent(agent)
        self.wait(lambda: len(self.pair.active()) == len(self.pair.agents))
        super().tearDown()

    def agent_of(self, name):
        """Where it is; None while it has no place."""
        host = self.pods()[name]["agent"]
        return next((a for a in self.pair.agents if a.flags["hostname"] == host), None)

    def tasks(self, container_name="web"):
        """The tasks of a container's name that the master takes for alive, by their state."""
        return sorted((t["state"], t["id"]) for f in frameworks() for key in ("tasks", "unreachable_tasks")
                      for t in f.get(key, []) if f".{container_name}." in t["id"])

    @staticmethod
    def executors_of(agent):
        """The processes of an agent's executors, whether it hangs or not."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (folder / "comm").read_text().startswith("mesos-default-e") and \
                        f"={agent.folder}/".encode() in (folder / "environ").read_bytes():
                    found.append(folder.name)
            except OSError:
                pass  # it has just ended
        return found

    def hang(self, agent):
        """Stops an agent for so long that the master gives up on it."""
        agent.kill(signal.SIGSTOP)
        self.wait(lambda: agent.address not in self.pair.active())

    def wake(self, agent):
        agent.kill(signal.SIGCONT)
        self.wait(lambda: agent.address in self.pair.active())

    def test_pods_live_on_while_their_agent_restarts(self):
        self.run_pod(web("steady"))
        self.wait(lambda: self.phase("steady") == "Running")
        started, agent = self.started("steady", "web"), self.agent_of("steady")
        agent.kill()
        time.sleep(1)
        self.pair.start_agent(agent)
        self.wait(lambda: [t for t in self.tasks() if t[0] == "TASK_RUNNING"])
        self.assertEqual(self.phase("steady"), "Running")
        self.assertEqual((self.started("steady", "web"), self.pods()["steady"]["restarts"]), (started, 0))

    def test_agent_restarts_during_a_launch(self):
        self.run_pod(pod("begun", [{"name": "web", "image": "slow", "resources": {"requests": {"cpu": "100m"}}}]))
        self.wait(lambda: [t for t in self.tasks() if t[0] in ("TASK_STAGING", "TASK_STARTING")])
        agent = self.agent_of("begun")
        agent.kill()
        self.pair.start_agent(agent)
        self.wait(lambda: self.phase("begun") == "Running", 90)
        self.wait(lambda: sum(len(self.executors_of(a)) for a in self.pair.agents) == 1)
        self.assertEqual([state for state, _ in self.tasks()], ["TASK_RUNNING"])

    def test_pods_wait_for_an_agent_that_hangs(self):
        tolerant = [{"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute"}]
        texts = [web("plain"), web("tolerant", tolerations=tolerant).replace(UID, UID[:-1] + "2")]
        self.run_pod("---\n".join(texts))
        self.wait(lambda: self.phase("plain") == self.phase("tolerant") == "Running")
        before = {n: (self.started(n, "web"), self.pods()[n]["agentID"]) for n in ("plain", "tolerant")}
        for agent in {self.agent_of(n) for n in before}:
            self.hang(agent)
        self.wait(lambda: [state for state, _ in self.tasks()] == ["TASK_UNREACHABLE"] * 2)
        time.sleep(5)
        for agent in self.pair.agents:
            self.wake(agent)
        self.wait(lambda: [state for state, _ in self.tasks()] == ["TASK_RUNNING"] * 2)
        self.wait(lambda: self.phase("plain") == self.phase("tolerant") == "Running")
        self.assertEqual({n: (self.started(n, "web"), self.pods()[n]["agentID"]) for n in before}, before)
        self.assertEqual([self.pods()[n]["restarts"] for n in before], [0, 0])

    def test_pod_moves_when_it_tolerates_no_longer(self):
        self.run_pod(web("moving", tolerations=[{"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute",
                                                 "tolerationSeconds": 3}]))
        self.wait(lambda: self.phase("moving") == "Running")
        agent = self.agent_of("moving")
        self.hang(agent)
        self.wait(lambda: self.agent_of("moving") not in (None, agent))
        self.wait(lambda: [state for state, _ in self.tasks()] == ["TASK_RUNNING", "TASK_UNREACHABLE"])
        self.assertEqual(len(self.executors_of(agent)), 1)  # it may be at work still
        self.wake(agent)
        self.wait(lambda: not self.executors_of(agent))
        self.wait(lambda: self.phase("moving") == "Running")
        self.assertEqual([state for state, _ in self.tasks()], ["TASK_RUNNING"])

    def test_agent_that_is_gone_for_good(self):
        self.run_pod(web("bereft"))
        self.wait(lambda: self.phase("bereft") == "Running")
        agent = self.agent_of("bereft")
        self.hang(agent)
        call(MASTER, "MARK_AGENT_GONE", agent_id={"value": self.pods()["bereft"]["agentID"]})
        self.wait(lambda: self.phase("bereft") == "Running" and self.agent_of("bereft") is not agent)
        last = self.containers("bereft")["web"]["lastState"]["terminated"]
        self.assertEqual(last["reason"], "ContainerStatusUnknown")
        agent.kill()  # what comes back in its place is another agent, which ends what it finds
        shutil.rmtree(agent.folder / "work" / "meta")
        self.pair.start_agent(agent)
        self.wait(lambda: not self.executors_of(agent))
        self.wait(lambda: [state for state, _ in self.tasks()] == ["TASK_RUNNING"])

    def test_master_restarts(self):
        self.run_pod(web("steady"))
        self.wait(lambda: self.phase("steady") == "Running")
        started = self.started("steady", "web")
        self.pair.master.kill()
        self.pair.master.wait()
        time.sleep(1)
        self.pair.start_master()
        self.wait(lambda: [t for t in self.tasks() if t[0] == "TASK_RUNNING"], 90)
        self.assertEqual((self.phase("steady"), self.started("steady", "web")), ("Running", started))
        self.assertEqual(self.km("delete", "steady", "--grace-period=1")[0], 0)
        self.wait(lambda: not self.tasks())

    def test_preemption_makes_room(self):
        big = {"requests": {"cpu": "3"}}
        low = [pod(f"low-{i}", [container("web", "sleep 600", resources=big)], priority=1,
                   terminationGracePeriodSeconds=1).replace(UID, UID[:-1] + str(2 + i)) for i in range(2)]
        high = pod("high", [container("web", "sleep 600", resources=big)], priority=1000)
        km = self.run_pod("---\n".join(low))
        self.wait(lambda: self.phase("low-0") == self.phase("low-1") == "Running")
        km.kill()
        km.wait()
        self.run_pod("---\n".join([*low, high]), "--preemption")
        self.wait(lambda: self.phase("high") == "Running")
        self.assertEqual(sorted(t.split(".")[0] == UID for _, t in self.tasks()), [False, True])
        self.assertIn("Preempt", self.said())


if __name__ == "__main__":
    real_mesos_pair.main(Agents, furnish, agent_ping_timeout="1secs", max_agent_ping_timeouts=3)
