# SPDX-License-Identifier: Apache-2.0
"""What a real master refuses, the embedded one refuses in the same words: calls that are wrong in one place are sent to
both. A private master and agent of the programs that K8SMESOS_MESOS names, beside `km local`.

usage: real_mesos_refusals.py KM
"""
import copy
import http.client
import json
import re
import subprocess
import threading
import unittest

import real_mesos_pair

RESOURCES = "cpus:4;mem:4096;disk:20000;ports:[31000-32000]"
ROLE = "k8smesos-test"


def scalar(name, value):
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}, "allocation_info": {"role": ROLE}}


def seconds(n):
    return {"nanoseconds": n * 10**9}


def ranges(name, *pairs):
    return {"name": name, "type": "RANGES", "allocation_info": {"role": ROLE},
            "ranges": {"range": [{"begin": begin, "end": end} for begin, end in pairs]}}


def reserved(n, **more):
    return {**scalar("disk", n), "reservations": [{"type": "DYNAMIC", "role": ROLE, "principal": ROLE}], **more}


def volume(n, persistence="v", **more):
    return reserved(n, disk={"persistence": {"id": persistence, "principal": ROLE},
                             "volume": {"mode": "RW", "container_path": "v"}, **more})


# A group with something of everything. It asks for more than there is, which a master finds last: nothing is launched.
TASK = {
    "name": "web", "task_id": {"value": "t"}, "agent_id": {"value": "AGENT"},
    "resources": [scalar("cpus", 0.1), scalar("mem", 32), ranges("ports", (31000, 31001), (31003, 31004))],
    "limits": {"cpus": {"value": 0.5}, "mem": {"value": 64}},
    "command": {"shell": False, "value": "sh", "arguments": ["sh", "-c", "true"], "environment": {"variables": [
        {"name": "PLAIN", "type": "VALUE", "value": "x"},
        {"name": "HIDDEN", "type": "SECRET", "secret": {"type": "VALUE", "value": {"data": "YWI="}}}]}},
    "container": {"type": "MESOS", "linux_info": {"share_cgroups": False}, "mesos": {"image": {
        "type": "DOCKER", "docker": {"name": "busybox"}, "cached": True}}, "volumes": [
            {"container_path": "/a", "mode": "RW", "source": {"type": "SANDBOX_PATH", "sandbox_path": {
                "type": "PARENT", "path": "a"}}},
            {"container_path": "/b", "mode": "RO", "source": {"type": "HOST_PATH", "host_path": {"path": "/tmp"}}},
            {"container_path": "/c", "mode": "RO", "source": {"type": "SECRET", "secret": {
                "type": "VALUE", "value": {"data": "YWI="}}}}]},
    "health_check": {"type": "COMMAND", "command": {"shell": False, "value": "true"}, "delay_seconds": 1,
                     "interval_seconds": 2, "timeout_seconds": 3, "consecutive_failures": 3, "grace_period_seconds": 4},
    "check": {"type": "HTTP", "http": {"port": 80, "path": "/"}, "delay_seconds": 1, "interval_seconds": 2,
              "timeout_seconds": 3},
    "kill_policy": {"grace_period": seconds(5)}, "max_completion_time": seconds(60),
    "discovery": {"visibility": "CLUSTER", "name": "web", "ports": {"ports": [{"number": 80, "name": "http"}]}},
    "labels": {"labels": [{"key": "a", "value": "b"}]},
}
EXECUTOR = {
    "type": "DEFAULT", "executor_id": {"value": "e"}, "framework_id": {"value": "FRAMEWORK"}, "name": "web",
    "resources": [scalar("cpus", 1000), scalar("mem", 64), scalar("disk", 8), volume(8)],
    "container": {"type": "MESOS", "hostname": "web", "linux_info": {"ipc_mode": "PRIVATE"},
                  "network_infos": [{"name": "plain"}]},
    "shutdown_grace_period": seconds(5), "labels": {"labels": [{"key": "a", "value": "b"}]},
}
GROUP = {"type": "LAUNCH_GROUP", "launch_group": {"executor": EXECUTOR, "task_group": {"tasks": [TASK]}}}
ALONE = copy.deepcopy(TASK)
ALONE["container"].pop("linux_info")
ALONE["resources"][0]["scalar"]["value"] = ALONE["limits"]["cpus"]["value"] = 1000
LAUNCH = {"type": "LAUNCH", "launch": {"task_infos": [ALONE]}}
DOCKER = copy.deepcopy(LAUNCH)
DOCKER["launch"]["task_infos"][0]["container"] = {"type": "DOCKER", "docker": {
    "image": "busybox", "network": "HOST", "parameters": [{"key": "a", "value": "b"}]}}
CUSTOM = copy.deepcopy(LAUNCH)
CUSTOM["launch"]["task_infos"][0]["executor"] = {**copy.deepcopy(EXECUTOR), "type": "CUSTOM", "command": {"value": "x"}}
del CUSTOM["launch"]["task_infos"][0]["command"]


def operation(kind, *resources, **body):
    """With an id, so that a master says what becomes of it."""
    if resources:
        body["volumes" if kind in ("CREATE", "DESTROY") else "resources"] = list(resources)
    return {"type": kind, "id": {"value": "o"}, kind.lower(): body}


MUCH = 100000  # of a disk that is smaller
LABELS = {"labels": [{"key": "a", "value": "b"}, {"key": "c"}]}
LABELLED = [{"type": "DYNAMIC", "role": ROLE, "principal": ROLE, "labels": LABELS}]
OLDER = {**scalar("disk", MUCH), "role": ROLE, "reservation": {"principal": ROLE, "labels": LABELS}}
REFINED = [*reserved(1)["reservations"], {"type": "DYNAMIC", "role": ROLE + "/a", "principal": ROLE}]
RAW = {"source": {"type": "RAW", "profile": "f", "id": "i"}}
OPERATIONS = [
    operation("RESERVE", reserved(MUCH)),
    operation("RESERVE", OLDER),
    operation("RESERVE", {**OLDER, "reservations": LABELLED}),
    operation("RESERVE", {**ranges("ports", (1, 2), (4, 5)), "reservations": LABELLED}),
    operation("UNRESERVE", reserved(MUCH), reserved(1, reservations=REFINED)),
    operation("CREATE", volume(MUCH)),
    operation("CREATE", volume(MUCH, source={"type": "PATH", "path": {"root": "/mnt"}})),
    operation("CREATE", volume(MUCH, source={"type": "MOUNT", "mount": {"root": "/mnt"}})),
    operation("DESTROY", volume(MUCH)),
    operation("GROW_VOLUME", volume=volume(1), addition=reserved(MUCH)),
    operation("SHRINK_VOLUME", volume=volume(MUCH), subtract={"value": 1}),
    operation("CREATE_DISK", source={**scalar("disk", 1), "provider_id": {"value": "p"}, "disk": RAW},
              target_type="MOUNT", target_profile="f"),
    operation("DESTROY_DISK", source={**scalar("disk", 1), "provider_id": {"value": "p"}, "disk": RAW}),
]
# One after the other: what one leaves, the next finds. All is as it was in the end. (Where a volume shrinks while the offer
# has more of the same disk, a real master loses some of that.)
CALLS = [
    [operation("RESERVE", reserved(MUCH)), operation("RESERVE", reserved(-1)), operation("RESERVE", reserved(100)),
     operation("RESERVE", reserved(MUCH))],
    [operation("CREATE", volume(60)), operation("CREATE", volume(10)), operation("UNRESERVE", reserved(100)),
     operation("UNRESERVE", volume(60)), operation("CREATE", volume(50, "w"))],
    [operation("GROW_VOLUME", volume=volume(60), addition=reserved(40)), operation("DESTROY", volume(100))],
    [operation("SHRINK_VOLUME", volume=volume(100), subtract={"value": 20}), operation("DESTROY", volume(80))],
    [operation("DESTROY", volume(70)), operation("DESTROY", volume(80), volume(80)), operation("DESTROY", volume(80)),
     operation("UNRESERVE", reserved(60), reserved(50)), operation("UNRESERVE", reserved(60), reserved(40))],
    [operation("RESERVE", {**scalar("cpus", 4), "reservations": LABELLED}), operation("RESERVE", reserved(MUCH)),
     operation("UNRESERVE", {**scalar("cpus", 4), "reservations": LABELLED}), operation("RESERVE", reserved(MUCH))],
]

# In place of a value that is there.
OTHERS = {bool: (), int: (0, -1, 65536, 2**31 - 1), float: (0, -1, 0.0001, 1e9), str: ("", "a/b", "..", "x" * 300)}
# What is said in other words:
# - It prints a framework's roles, if there are several, in an order of its own.
# - It takes amounts beyond 2^53 thousandths.
# - When volumes have grown or shrunk, the offers have the same in another order.
# What is no refusal: protobuf's JSON takes what is no base64, and numbers below zero where there are none; and a
# negative limit of memory is a very large one.
LENIENT = {"data": ("a/b",), "port": (-1,), "number": (-1,), "consecutive_failures": (-1,), "mem": (-1,), "begin": (-1,),
           "end": (-1,)}
WORDS = re.compile(r"^[A-Z][A-Z_]+$")  # of enumerations


def places(value, path=()):
    """Every path of a document, outer ones first."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in rows:
        yield path + (key,)
        yield from places(below, path + (key,))


def changed(document, path, change):
    document = copy.deepcopy(document)
    at = document
    for key in path[:-1]:
        at = at[key]
    change(at, path[-1])
    return document


def mutants(document):
    """(what was done, the document) with one thing left out, twice there, or another than it was."""
    yield "nothing", document
    for path in places(document):
        name = ".".join(map(str, path))
        yield f"without {name}", changed(document, path, lambda at, key: at.pop(key))
        value = document
        for key in path:
            value = value[key]
        if path[-1:] and isinstance(path[-1], int):
            yield f"{name} twice", changed(document, path, lambda at, key: at.append(copy.deepcopy(at[key])))
        if isinstance(value, list):
            yield f"{name} empty", changed(document, path, lambda at, key: at.__setitem__(key, []))
        words = isinstance(value, str) and WORDS.match(value)
        others = (() if value in ("AGENT", "FRAMEWORK") or words and path[-1] != "type" else
                  ("UNKNOWN",) if words else OTHERS.get(type(value), ()))
        field = path[-2] if path[-1] == "value" else path[-1]
        for other in (o for o in others if o not in LENIENT.get(field, ())):
            yield f"{name} = {str(other)[:20]!r}", changed(document, path, lambda at, key, o=other:
                                                           at.__setitem__(key, o))


class Framework:
    """Speaks JSON with one master, and keeps what it says."""

    def __init__(self, address):
        self.address, self.events, self.said = address, [], threading.Condition()
        info = {"user": "root", "name": "refused", "roles": [ROLE], "principal": ROLE, "capabilities": [
            {"type": t} for t in ("MULTI_ROLE", "PARTITION_AWARE", "RESERVATION_REFINEMENT", "TASK_KILLING_STATE")]}
        self.stream = http.client.HTTPConnection(address)
        self.stream.request("POST", "/api/v1/scheduler", json.dumps(
            {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}),
            {"Content-Type": "application/json", "Accept": "application/json"})
        self.answer = self.stream.getresponse()
        self.stream_id = self.answer.getheader("Mesos-Stream-Id")
        self.calls = http.client.HTTPConnection(address)
        threading.Thread(target=self.read, daemon=True).start()
        self.id = self.wait(lambda e: e["type"] == "SUBSCRIBED")[0]["subscribed"]["framework_id"]["value"]
        self.standing = self.offer()

    def read(self):
        while size := self.answer.readline():
            event = json.loads(self.answer.read(int(size)))
            with self.said:
                self.events.append(event)
                self.said.notify_all()

    def wait(self, wanted, seconds=30, count=1):
        """The events, when there are so many of them, or None."""
        with self.said:
            found = self.said.wait_for(lambda: len(e := [e for e in self.events if wanted(e)]) >= count and e, seconds)
            self.events = [e for e in self.events if not wanted(e)]
        return found or None

    def offer(self):
        offer = self.wait(lambda e: e["type"] == "OFFERS")[0]["offers"]["offers"][0]
        self.agent = offer["agent_id"]["value"]
        return offer["id"]["value"]

    def call(self, kind, **body):
        """The status and the text of the answer."""
        call = {"type": kind, "framework_id": {"value": self.id}, kind.lower(): body}
        self.calls.request("POST", "/api/v1/scheduler", self.own(json.dumps(call)), {
            "Content-Type": "application/json", "Mesos-Stream-Id": self.stream_id})
        answer = self.calls.getresponse()
        return answer.status, answer.read().decode().split(":")[0]  # where it can't be read, in words of the reader

    def accept(self, offer, operations):
        return self.call("ACCEPT", offer_ids=[{"value": offer}], operations=operations, filters={"refuse_seconds": 0})

    def own(self, text):
        return text.replace('"AGENT"', f'"{self.agent}"').replace('"FRAMEWORK"', f'"{self.id}"')

    def shared(self, text):
        for mine, name in ((self.id, "FRAMEWORK"), (self.agent, "AGENT")):
            text = text.replace(mine, name)
        text = re.sub(r"slave\(1\)@[0-9.:]+ \([^)]*\)", "ADDRESS", text)
        return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-O\d+)?", "ID", text)

    def outcome(self, operation):
        """What is said of it, or of its tasks. Without an id of them nothing is to come."""
        ids = list(ids_of(operation))

        def about(event):
            if event["type"] == "UPDATE":
                return event["update"]["status"]["task_id"]["value"] in ids
            return event["type"] == "UPDATE_OPERATION_STATUS" and \
                event["update_operation_status"]["status"].get("operation_id", {}).get("value") in ids

        events = self.wait(about, 2 if ids else 0.2, len(ids) or 1) or []
        statuses = [e.get("update", e.get("update_operation_status"))["status"] for e in events]
        return [tuple(self.shared(status.get(key, "-")) for key in ("state", "reason", "message")) for status in statuses]


def furnish(pair):
    pair.start_agent(pair.add_agent(resources=RESOURCES))
    pair.local = subprocess.Popen([Refusals.km_path, "local", "--port=0", f"--resources={RESOURCES}"],
                                  stdout=subprocess.PIPE, text=True)
    address = re.search(r"127\.0\.0\.1:\d+", pair.local.stdout.readline()).group()
    pair.frameworks = [Framework(pair.address), Framework(address)]


def ends_masters(operation):
    """A real master fails a check of its own where an operation is about nothing of a resource, and is gone. The embedded
    one refuses that as if no resource were named."""
    body = operation.get(operation.get("type", "").lower(), {})
    resources = body.get("resources", body.get("volumes", []))
    nothing = any(r.get("scalar", {}).get("value") == 0 or not r.get("ranges", {"range": True}).get("range")
                  for r in resources)
    return nothing and operation.get("type", "") in ("RESERVE", "UNRESERVE", "CREATE")


def tasks_of(operation):
    return operation.get("launch", {}).get("task_infos", []) + \
        operation.get("launch_group", {}).get("task_group", {}).get("tasks", [])


def ids_of(operation):
    """Of its tasks, or its own: those that a master says something of."""
    if operation.get("type", "UNKNOWN") == "UNKNOWN":
        return
    for thing in [task.get("task_id", {}) for task in tasks_of(operation)] or [operation.get("id", {})]:
        if "value" in thing:
            yield thing["value"]


def numbered(operation, number):
    """With ids of its own, where it has some that are fine."""
    operation = copy.deepcopy(operation)
    for task in tasks_of(operation):
        if "value" in task.get("task_id", {}):
            task["task_id"]["value"] += f"#{number}"
    executor = operation.get("launch_group", {}).get("executor", {})
    if executor.get("executor_id", {}).get("value") == "e":
        executor["executor_id"]["value"] = f"e#{number}"
    if operation.get("id", {}).get("value") == "o":
        operation["id"]["value"] = f"o#{number}"
    return operation


class Refusals(unittest.TestCase):
    maxDiff = None

    def decoded(self, document):
        """The mutants that both masters can read. What they answer to others must be the same."""
        rows = []
        for number, (what, operation) in enumerate(mutants(document)):
            if ends_masters(operation):
                continue
            operation = numbered(operation, number)
            answers = [f.accept("no-such-offer", [operation]) for f in self.pair.frameworks]
            with self.subTest(what):
                self.assertEqual(answers[1], answers[0])
            if answers[0][0] == answers[1][0] == 202:
                outcomes = [f.outcome(operation) for f in self.pair.frameworks]
                with self.subTest(what + ", without an offer"):
                    self.assertEqual(outcomes[1], outcomes[0])
                rows.append((what, operation))
        return rows

    def refused_alike(self, document):
        """State, reason and message are the same."""
        rows = self.decoded(document)
        self.assertGreater(len(rows), 10)
        for f in self.pair.frameworks:
            self.assertEqual(f.accept(f.standing, [operation for _, operation in rows])[0], 202)
        for what, operation in rows:
            outcomes = [f.outcome(operation) for f in self.pair.frameworks]
            with self.subTest(what):
                self.assertEqual(outcomes[1], outcomes[0])
        for f in self.pair.frameworks:
            f.standing = f.offer()

    def test_groups(self):
        self.refused_alike(GROUP)

    def test_tasks(self):
        self.refused_alike(LAUNCH)

    def test_tasks_of_docker(self):
        self.refused_alike(DOCKER)

    def test_tasks_with_an_executor(self):
        self.refused_alike(CUSTOM)

    def test_operations(self):
        for number, document in enumerate(OPERATIONS):
            with self.subTest(number=number, type=document["type"]):
                self.refused_alike(document)

    def test_what_operations_leave(self):
        for number, call in enumerate(CALLS):
            call = [numbered(document, f"{number}.{i}") for i, document in enumerate(call)]
            for f in self.pair.frameworks:
                self.assertEqual(f.accept(f.standing, call)[0], 202)
            for i, document in enumerate(call):
                outcomes = [f.outcome(document) for f in self.pair.frameworks]
                with self.subTest(call=number, operation=i, type=document["type"]):
                    self.assertEqual(outcomes[1], outcomes[0])
            for f in self.pair.frameworks:
                f.standing = f.offer()


if __name__ == "__main__":
    real_mesos_pair.main(Refusals, furnish)
