# SPDX-License-Identifier: Apache-2.0
"""Offers, the cluster that holds them, and the plan that matching makes."""

import ctypes
import threading
from typing import List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import _abi
from ._object import Handle, Memory, create, options, raw_rows, rows, rows_of_agent, text
from .constants import Disk, Feature, ResourceType, Strategy
from .demand import Demand
from .errors import Sink, check
from .manifest import Manifest
from .resources import Resource, Resources
from .task import Calls, fill_overlays


class Offer(NamedTuple):
    id: str
    framework_id: str
    agent_id: str
    hostname: str
    role: str


class Agent(NamedTuple):
    id: str
    hostname: str
    offers: int  # held now
    features: Feature
    executors: int  # that it runs for the framework


class HeldOffer(NamedTuple):
    id: str
    agent_id: str
    role: str
    since_mono_ms: int
    taken: bool  # some of it, with Cluster.take


class ClusterPod(NamedTuple):
    """A pod that runs on an agent, as far as the cluster was told."""

    uid: str
    namespace: str
    name: str


class Placement(NamedTuple):
    """A pod that has a place. `demand` is its number among the demands of the match."""

    agent_id: str
    hostname: str
    role: str
    demand: int
    offers: int
    address: str  # the agent's, as its offers state it


class PlanOffer(NamedTuple):
    id: str
    placement: int


class PlanResource(NamedTuple):
    """What a placement spends; task -1 is the executor."""

    name: str
    reservation: str
    placement: int
    type: ResourceType
    task: int
    milli: int
    begin: int
    end: int


class PlanPort(NamedTuple):
    container: str
    name: str
    protocol: str
    placement: int
    container_port: int
    host_port: int


class PlanVolume(NamedTuple):
    """A persistent volume of a placed pod, and the disk that it is made of."""

    id: str
    root: str  # where the agent has the disk; "": its own, or it does not say
    placement: int
    volume: int  # of the demand's
    milli: int  # thousandths of a MB that it has
    disk: Disk
    there: bool


class PlanScore(NamedTuple):
    """A score, from 0 to 100, of the agent that was chosen for a placement."""

    part: str
    placement: int
    score: int
    weight: int


class Nomination(NamedTuple):
    """A pod that waits for room on an agent, which its victims are to make."""

    agent_id: str
    hostname: str
    role: str
    demand: int
    victims: int


class Victim(NamedTuple):
    """A pod that is to end, with its grace, for another one."""

    uid: str
    namespace: str
    name: str
    priority: int
    nomination: int


class Refusal(NamedTuple):
    """Why a pod has no place: how many agents said so. `code` is that of a finding."""

    demand: int
    code: int
    agents: int


class Explanation(NamedTuple):
    """Why an agent refuses a pod; code 0: it does not."""

    agent_id: str
    hostname: str
    predicate: str
    wanted: str
    had: str
    code: int


class Offers(Handle):
    """The offers of one OFFERS event. Immutable."""

    _free = "offers_unref"

    @classmethod
    def parse(cls, event: Union[bytes, str], **fields) -> "Offers":
        """Reads a v1 scheduler Event, JSON or protobuf. Fields: format, max_memory."""
        event = event.encode() if isinstance(event, str) else bytes(event)
        given = options(_abi.OffersOptions, **fields)
        return cls._make("offers_parse", event, len(event), ctypes.addressof(given))

    @property
    def offers(self) -> List[Offer]:
        return rows("offers_rows", self._pointer, _abi.Offer, Offer)

    @property
    def resources(self) -> List[Resource]:
        return rows("offers_resources", self._pointer, _abi.Resource, Resource)

    def take(self, offer: int) -> Resources:
        """All resources of an offer, by its number."""
        return Resources._make("offers_take", self._pointer, offer, None)


class Plan(Handle):
    """Which pod goes to which agent, with which offers and resources, and why the others do not."""

    _free = "plan_unref"

    @property
    def generation(self) -> int:
        """That of the cluster which it was made from."""
        return _abi.lib.k8sm_plan_generation(self._pointer)

    @property
    def placements(self) -> List[Placement]:
        return rows("plan_placements", self._pointer, _abi.Placement, Placement)

    @property
    def offers(self) -> List[PlanOffer]:
        return rows("plan_offers", self._pointer, _abi.PlanOffer, PlanOffer)

    @property
    def resources(self) -> List[PlanResource]:
        return rows("plan_resources", self._pointer, _abi.PlanResource, PlanResource)

    @property
    def ports(self) -> List[PlanPort]:
        return rows("plan_ports", self._pointer, _abi.PlanPort, PlanPort)

    @property
    def volumes(self) -> List[PlanVolume]:
        return rows("plan_volumes", self._pointer, _abi.PlanVolume, PlanVolume)

    @property
    def scores(self) -> List[PlanScore]:
        return rows("plan_scores", self._pointer, _abi.PlanScore, PlanScore)

    @property
    def nominations(self) -> List[Nomination]:
        """The pods that preempt others: with MatchFlag.PREEMPT."""
        return rows("plan_nominations", self._pointer, _abi.PlanNomination, Nomination)

    @property
    def victims(self) -> List[Victim]:
        """The pods that are to end for them."""
        found = raw_rows("plan_victims", self._pointer, _abi.PlanVictim)
        return [Victim(text(v.uid), text(v.name_space), text(v.name), v.priority, v.nomination) for v in found]

    @property
    def refusals(self) -> List[Refusal]:
        return rows("plan_refusals", self._pointer, _abi.PlanRefusal, Refusal)

    def summary(self, demand: int = 0) -> str:
        """"0/5 nodes are available: …" for a demand that has no place, else ""."""
        return text(_abi.lib.k8sm_plan_summary(self._pointer, demand))

    def explain(self, demand: int = 0) -> List[Explanation]:
        """Why each agent refused a demand that has no place, as its turn came: with MatchFlag.EXPLAIN."""
        pointer = _abi.lib.k8sm_plan_explain(self._pointer, demand)
        return rows("explain_rows", pointer, _abi.Explanation, Explanation) if pointer else []

    def calls(self, **fields) -> Calls:
        """The ACCEPT calls. Fields: format (Format.JSON or PROTOBUF, the default), refuse_seconds, flags (CallsFlag),
        executor_overlay and task_overlay (bytes: what is merged into every ExecutorInfo and TaskInfo), overlay_format.
        """
        memory = Memory()
        given = options(_abi.TaskOptions, **fill_overlays(memory, fields))
        return Calls._make("plan_calls", self._pointer, ctypes.addressof(given))


def features_parse(names: str) -> Feature:
    """Features by their names, as in agents' attribute `agent-features`: "images,cgroups", or "none"."""
    text, features, sink = names.encode(), ctypes.c_uint32(), Sink()
    result = _abi.lib.k8sm_features_parse(text, len(text), ctypes.byref(features), sink.ref())
    check("features_parse", result, sink.findings())
    return Feature(features.value)


class Cluster(Handle):
    """The offers held, and their agents. Mutable; its methods lock it."""

    _free = "cluster_free"

    def __init__(self, **fields):
        """Fields: features (Feature) of agents unless told otherwise, max_agents, strategy (Strategy) of its
        matches: others sort first."""
        given = options(_abi.ClusterOptions, **fields)
        super().__init__(*create("cluster_new", ctypes.addressof(given)))
        self._lock = threading.Lock()

    @property
    def generation(self) -> int:
        """Counts the changes."""
        with self._lock:
            return _abi.lib.k8sm_cluster_generation(self._pointer)

    def add(self, offers: Offers, mono_ms: int = 0) -> None:
        """Takes offers in; those that are held already are left out."""
        self._change("cluster_add", Offers._of(offers), mono_ms)

    def remove(self, offer_id: str) -> bool:
        """Drops an offer: rescinded, declined, expired or used elsewhere. True if it was held."""
        memory = Memory()
        with self._lock:
            return _abi.lib.k8sm_cluster_remove(self._pointer, memory.slice(offer_id)) == 1

    def remove_all(self) -> None:
        """Drops all offers, as a disconnection does."""
        with self._lock:
            _abi.lib.k8sm_cluster_remove_all(self._pointer)

    def forget(self, agent_id: str) -> bool:
        """Forgets an agent and its offers. True if it was known."""
        memory = Memory()
        with self._lock:
            return _abi.lib.k8sm_cluster_forget(self._pointer, memory.slice(agent_id)) == 1

    def set_features(self, agent_id: str, features: Feature) -> None:
        """States what an agent can do, whatever its attribute says."""
        memory = Memory()
        with self._lock:
            result = _abi.lib.k8sm_cluster_set_features(self._pointer, memory.slice(agent_id), features)
        check("cluster_set_features", result)

    def set_node(
        self,
        agent_id: str,
        labels: Optional[Mapping[str, str]] = None,
        taints: Sequence[Tuple[str, str, str]] = (),
        **fields,
    ) -> None:
        """States what a node is beside its offers: labels, taints (key, value, effect), unschedulable, and
        cpus_milli, mem_milli, disk_milli in all. What was stated before is forgotten."""
        memory = Memory()
        given = options(_abi.Node, **fields)
        rows_of_labels = _node_labels(labels or {})
        rows_of_taints = [_abi.NodeTaint(*(part.encode() for part in taint)) for taint in taints]
        given.labels = memory.array(_abi.NodeLabel, rows_of_labels)
        given.label_count, given.label_size = len(rows_of_labels), ctypes.sizeof(_abi.NodeLabel)
        given.taints = memory.array(_abi.NodeTaint, rows_of_taints)
        given.taint_count, given.taint_size = len(rows_of_taints), ctypes.sizeof(_abi.NodeTaint)
        self._change("cluster_set_node", memory.slice(agent_id), ctypes.addressof(given))

    def set_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """States the labels of a namespace, for rules that select namespaces; without any it is forgotten."""
        memory, given = Memory(), _node_labels(labels)
        array, size = memory.array(_abi.NodeLabel, given), ctypes.sizeof(_abi.NodeLabel)
        self._change("cluster_set_namespace", memory.slice(name), array, len(given), size)

    def set_objects(self, manifest: Manifest) -> None:
        """States all nodes and namespaces of a manifest; a node is the agents with its name for hostname or id."""
        self._change("cluster_set_objects", Manifest._of(manifest))

    def add_pod(self, demand: Demand, agent_id: str) -> None:
        """Notes that a pod runs on an agent: affinity, spread and scores count it."""
        memory = Memory()
        self._change("cluster_add_pod", Demand._of(demand), memory.slice(agent_id))

    def remove_pod(self, uid: str) -> bool:
        """Notes that a pod has ended. True if it was known."""
        memory = Memory()
        with self._lock:
            return _abi.lib.k8sm_cluster_remove_pod(self._pointer, memory.slice(uid)) == 1

    def end_pod(self, uid: str) -> bool:
        """Notes that a pod is about to end: no other need be preempted for its room. True if it was known."""
        memory = Memory()
        with self._lock:
            return _abi.lib.k8sm_cluster_end_pod(self._pointer, memory.slice(uid)) == 1

    def nominate(self, demand: Demand, agent_id: str, role: str = "*") -> None:
        """Notes that a pod waits for room on an agent, which pods of its priority or lower leave to it."""
        memory = Memory()
        self._change("cluster_nominate", Demand._of(demand), memory.slice(agent_id), memory.slice(role))

    def withdraw(self, uid: str) -> bool:
        """Notes that a pod does not wait any more. True if it did."""
        memory = Memory()
        with self._lock:
            return _abi.lib.k8sm_cluster_withdraw(self._pointer, memory.slice(uid)) == 1

    def note_volume(self, volume_id: str, agent_id: str) -> None:
        """Says that an agent has a persistent volume: a pod that claims it goes there, and nowhere else."""
        memory = Memory()
        with self._lock:
            arguments = memory.slice(volume_id), memory.slice(agent_id)
            check("cluster_note_volume", _abi.lib.k8sm_cluster_note_volume(self._pointer, *arguments))

    def forget_volume(self, volume_id: str) -> bool:
        """Says that a persistent volume is gone. True if it was known."""
        memory = Memory()
        with self._lock:
            return _abi.lib.k8sm_cluster_forget_volume(self._pointer, memory.slice(volume_id)) == 1

    def pods(self, agent_id: str) -> List[ClusterPod]:
        """The pods that run on an agent, in no particular order."""
        memory = Memory()
        agent = memory.slice(agent_id)
        with self._lock:
            array = rows_of_agent("cluster_pods", self._pointer, agent, _abi.ClusterPod)
            return [ClusterPod(text(r.uid), text(r.name_space), text(r.name)) for r in array]

    def executors(self, agent_id: str) -> List[str]:
        """The ids of the executors that an agent runs for the framework: those that its latest offers name, whether
        or not these are held still."""
        memory = Memory()
        agent = memory.slice(agent_id)
        with self._lock:
            return [text(r.id) for r in rows_of_agent("cluster_executors", self._pointer, agent, _abi.Executor)]

    def resources(self, agent_id: str) -> Resources:
        """What the offers held of an agent have, less what was taken. Raises NotFound."""
        memory = Memory()
        with self._lock:
            return Resources._make("cluster_resources", self._pointer, memory.slice(agent_id), None)

    def take(self, agent_id: str, resources: Resources) -> None:
        """Takes resources out of the offers held of an agent, for what the caller runs himself: no pod gets them.
        Raises NotFound, and takes nothing, if they are not all there."""
        memory = Memory()
        self._change("cluster_take", memory.slice(agent_id), Resources._of(resources))

    def give(self, agent_id: str, resources: Resources) -> None:
        """Puts back what was taken, or a part of it. Raises NotFound if it was not taken."""
        memory = Memory()
        self._change("cluster_give", memory.slice(agent_id), Resources._of(resources))

    def match(self, demands: Sequence[Demand], strategy: Strategy = Strategy.PACK, **fields) -> Plan:
        """Places the demands from the offers held; the cluster stays as it is. Fields: flags
        (MatchFlag), wall_ms, maintenance_ms, weight_strategy, weight_balance, weight_nodes, weight_taints,
        weight_spread, weight_pods, good_enough, hard_pod_affinity."""
        memory, demands = Memory(), list(demands)
        array = memory.array(ctypes.c_void_p, [Demand._of(demand) for demand in demands])
        given = memory.struct(options(_abi.MatchOptions, strategy=strategy, **fields))
        with self._lock:
            return Plan._make("cluster_match", self._pointer, array, len(demands), given)

    def explain(self, demand: Demand, strategy: Strategy = Strategy.PACK, **fields) -> List[Explanation]:
        """Why each agent refuses the demand, or not, in the order of agent ids. Fields: as of match."""
        made = self._explain(demand, strategy, fields)
        return rows("explain_rows", made._pointer, _abi.Explanation, Explanation)

    def nearest(self, demand: Demand, strategy: Strategy = Strategy.PACK, **fields) -> str:
        """The agent that is nearest to taking the demand, and what would have to be otherwise; "" if it fits."""
        made = self._explain(demand, strategy, fields)
        return text(_abi.lib.k8sm_explain_nearest(made._pointer))

    def _explain(self, demand: Demand, strategy: Strategy, fields) -> "_Explain":
        given = options(_abi.MatchOptions, strategy=strategy, **fields)
        with self._lock:
            return _Explain._make("cluster_explain", self._pointer, Demand._of(demand), ctypes.addressof(given))

    def apply(self, plan: Plan) -> None:
        """Spends what the plan takes. Raises WrongState, and takes nothing, if a placement is stale."""
        self._change("cluster_apply", Plan._of(plan))

    def release(self, keep: Sequence[Tuple[str, str]] = (), claims: Sequence[str] = (), **fields) -> Calls:
        """Calls that give back what was reserved for pods: all but those of `keep`, pairs of a uid and an agent id
        ("": on all). The volumes of `claims` ("namespace/name") are destroyed. Fields: format, refuse_seconds, flags
        (CallsFlag.FEEDBACK)."""
        memory = Memory()
        kept = [_abi.Keep(memory.slice(uid), memory.slice(agent_id)) for uid, agent_id in keep]
        given = options(
            _abi.ReleaseOptions,
            keep=memory.array(_abi.Keep, kept),
            keep_count=len(kept),
            keep_size=ctypes.sizeof(_abi.Keep),
            claims=memory.array(_abi.Slice, [memory.slice(claim) for claim in claims]),
            claim_count=len(claims),
            **fields,
        )
        with self._lock:
            return Calls._make("cluster_release", self._pointer, memory.struct(given))

    @property
    def agents(self) -> List[Agent]:
        with self._lock:
            return rows("cluster_agents", self._pointer, _abi.Agent, Agent)

    @property
    def offers(self) -> List[HeldOffer]:
        with self._lock:
            return rows("cluster_offers", self._pointer, _abi.HeldOffer, HeldOffer)

    def _change(self, function: str, *arguments) -> None:
        sink = Sink()
        with self._lock:
            result = getattr(_abi.lib, "k8sm_" + function)(self._pointer, *arguments, sink.ref())
        self.findings = sink.findings()
        check(function, result, self.findings)


def _node_labels(labels: Mapping[str, str]) -> list:
    return [_abi.NodeLabel(key.encode(), value.encode()) for key, value in labels.items()]


class _Explain(Handle):
    _free = "explain_unref"
