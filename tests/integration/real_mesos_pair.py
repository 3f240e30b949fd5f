# SPDX-License-Identifier: Apache-2.0
"""A private Mesos, one master and its agents, for suites that need agents of their own making.

K8SMESOS_MESOS names a folder of Mesos' programs (mesos-master, mesos-agent and the launcher's helpers): `src/.libs` of
a build, or the prefix of an installation. All of it runs in namespaces of its own (network, mounts, processes), which
hold a loopback, a bridge with an address for each agent, and what the suite makes; whatever it started ends with it.
It takes root. K8SMESOS_LOGS names a folder that takes the logs.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

PROGRAMS = os.environ.get("K8SMESOS_MESOS")
LOGS = os.environ.get("K8SMESOS_LOGS")
MASTER_PORT, AGENT_PORT = 5050, 5051
INSIDE = "K8SMESOS_INSIDE"  # is set in the namespaces
ISOLATION = ("cgroups/cpu", "cgroups/mem", "filesystem/linux", "docker/runtime", "namespaces/pid", "namespaces/ipc",
             "linux/capabilities", "posix/rlimits", "volume/sandbox_path", "volume/host_path", "volume/secret",
             "environment_secret")
RESOURCES = "cpus:4;mem:4096;disk:20000;ports:[31000-32000]"


def program(name):
    """The path of one of Mesos' programs, or None."""
    for folder in ("", "sbin", "bin", "libexec/mesos"):
        path = pathlib.Path(PROGRAMS or "/", folder, name)
        if path.is_file():
            return path
    return None


def why_not():
    """The reason to skip, or None."""
    if not PROGRAMS:
        return "K8SMESOS_MESOS does not name a folder of Mesos' programs"
    missing = [n for n in ("mesos-master", "mesos-agent", "mesos-containerizer") if not program(n)]
    if missing:
        return f"{PROGRAMS} has no " + ", ".join(missing)
    if os.geteuid() != 0:
        return "namespaces and the linux launcher take root"
    if not shutil.which("busybox"):
        return "busybox is not installed (package busybox-static)"
    return None


def enter(lacks):
    """Runs this program again in namespaces of its own, unless it is there; exits with 77 if it can't be."""
    if os.environ.get(INSIDE):
        be_init()
        for words in ("link set lo up", "link add nodes type bridge", "link set nodes up"):
            subprocess.run(["ip", *words.split()], check=True)
        subprocess.run(["umount", "-q", "/sys/fs/cgroup/unified"], check=False)  # Mesos wants cgroups of one version
        return
    reason = why_not() or lacks
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.environ["K8SMESOS_MASTER"] = f"127.0.0.1:{MASTER_PORT}"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, *sys.argv])


def wanted():
    """Whether a suite that runs on any Mesos shall make its own."""
    return os.environ.get(INSIDE) or (PROGRAMS and not os.environ.get("K8SMESOS_MASTER"))


def main(case, furnish, lacks=None, **master_flags):
    """Runs the suite with case.pair: a master, and what `furnish(pair)` adds to it. argv[1] is km. `lacks` is what
    the suite misses here, or None."""
    enter(lacks)
    case.km_path = sys.argv.pop(1)
    case.pair = Pair(**master_flags)
    try:
        furnish(case.pair)
        done = unittest.main(exit=False)
    finally:
        case.pair.close()
    sys.exit(not done.result.wasSuccessful())


def be_init():
    """Goes on in a child: this process, the first of its namespace, buries what others leave. An agent waits for
    that."""
    child = os.fork()
    while child:
        done, status = os.wait()
        if done == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


class Agent:
    """One agent: its folder outlives its processes."""

    def __init__(self, pair, number, **flags):
        self.folder = pathlib.Path(pair.folder, f"agent{number}")
        ip = f"10.78.0.{1 + number}"  # containers with a network of their own can't reach a loopback
        subprocess.run(["ip", "address", "add", ip + "/24", "dev", "nodes"], check=True)
        self.address = f"{ip}:{AGENT_PORT}"
        self.process = None
        self.variables = {}
        isolation = ",".join((*ISOLATION, *flags.pop("isolation", ())))
        self.flags = {"ip": ip, "hostname": f"agent{number}", "port": AGENT_PORT, "master": pair.address,
                      "work_dir": self.folder / "work", "runtime_dir": self.folder / "run",
                      "launcher": "linux", "launcher_dir": program("mesos-containerizer").parent,
                      "cgroups_root": f"k8smesos-{os.path.basename(pair.folder)}-{number}",
                      "cgroups_enable_cfs": "true",
                      "isolation": isolation, "image_providers": "docker", "docker_registry": pair.images,
                      "docker_store_dir": self.folder / "store", "image_provisioner_backend": "copy",
                      "appc_store_dir": self.folder / "appc", "fetcher_cache_dir": self.folder / "fetch",
                      "resources": RESOURCES, **flags}

    def start(self):
        self.folder.mkdir(exist_ok=True)
        self.process = run("mesos-agent", self.flags, self.folder / "log", self.variables)

    def kill(self, how=signal.SIGKILL):
        same = command_line(self.process.pid)
        self.process.send_signal(how)
        if how in (signal.SIGKILL, signal.SIGTERM):
            self.process.wait()
            # What it had forked, and was no container yet, would keep its port for ever.
            for folder in pathlib.Path("/proc").glob("[0-9]*"):
                if same and command_line(folder.name) == same:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(folder.name), signal.SIGKILL)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def forget_cgroups(self):
        """What a killed agent leaves. Its containers have ended with the namespaces' processes or before."""
        for top in pathlib.Path("/sys/fs/cgroup").glob("*/" + self.flags["cgroups_root"]):
            for path in sorted(top.rglob("*/"), key=lambda p: -len(p.parts)):
                try_remove(path)
            try_remove(top)


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""  # it has ended


def fetch_json(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def try_remove(path):
    try:
        path.rmdir()
    except OSError:
        pass  # in use still, or gone


def run(name, flags, log, variables):
    libraries = str(program(name).parent)
    environment = {**os.environ, "MESOS_SYSTEMD_ENABLE_SUPPORT": "false", "MESOS_LAUNCHER_DIR": libraries,
                   "LD_LIBRARY_PATH": libraries + os.pathsep + os.environ.get("LD_LIBRARY_PATH", ""), **variables}
    with open(log, "a") as out:
        return subprocess.Popen([program(name), *(f"--{key}={value}" for key, value in flags.items())], env=environment,
                                stdout=out, stderr=out)


def wait(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"waited {seconds} s in vain")


class Pair:
    """The master, and the agents that were added to it."""

    def __init__(self, **flags):
        self.folder = tempfile.mkdtemp(prefix="mesos-")
        self.images = pathlib.Path(self.folder, "images")
        self.address = f"127.0.0.1:{MASTER_PORT}"
        self.agents = []
        self.flags = {"ip": "127.0.0.1", "hostname": "127.0.0.1", "port": MASTER_PORT,
                      "work_dir": pathlib.Path(self.folder, "master"), "webui_dir": self.folder, **flags}
        self.images.mkdir()
        self.start_master()

    def start_master(self):
        self.master = run("mesos-master", self.flags, f"{self.folder}/master.log", {})
        wait(lambda: self.state("/frameworks"))  # a path that it has last: others answer before it is all there

    def state(self, path="/slaves"):
        try:
            return fetch_json(f"http://{self.address}{path}")
        except (urllib.error.URLError, OSError, ValueError):
            return {}

    def active(self):
        return [s["pid"].split("@")[1] for s in self.state().get("slaves", []) if s["active"]]

    def add_agent(self, **flags):
        agent = Agent(self, len(self.agents), **flags)
        self.agents.append(agent)
        return agent

    def registered(self, agent, since):
        """Whether it has come since then: a master may take an agent for active while it is started again."""
        return any(s["active"] and s["pid"].endswith("@" + agent.address) and
                   max(s["registered_time"], s.get("reregistered_time", 0)) >= since
                   for s in self.state().get("slaves", []))

    def start_agent(self, agent, seconds=60):
        since = time.time()
        agent.start()
        try:
            wait(lambda: self.registered(agent, since) or agent.process.poll() is not None, seconds)
        finally:
            if agent.process.poll() is not None:
                raise RuntimeError("the agent ended: " + agent.log()[-2000:])

    def close(self):
        for agent in self.agents:
            if agent.process and agent.process.poll() is None:
                agent.kill()
        self.master.kill()
        self.master.wait()
        for line in reversed(pathlib.Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(self.folder + "/"):
                subprocess.run(["umount", "-l", line.split()[1]], check=False)
        for agent in self.agents:
            agent.forget_cgroups()
            if LOGS:
                shutil.copy(agent.folder / "log", pathlib.Path(LOGS, f"{agent.folder.name}.log"))
        if LOGS:
            shutil.copy(f"{self.folder}/master.log", LOGS)
        shutil.rmtree(self.folder, ignore_errors=True)
