# SPDX-License-Identifier: Apache-2.0
"""The Mesos scheduler protocol as a state machine: step(input) → effects, and a deadline."""

import ctypes
import threading
from typing import Dict, List, NamedTuple, Optional

from . import _abi
from ._object import Handle, Memory, convert, create, options, raw, raw_rows, rows, rows_of_agent, text
from .cluster import Agent, PlanPort
from .constants import EffectType, InputType, Strategy, To
from .demand import Demand, fill_demand_options
from .errors import Sink, check
from .pod import Pod
from .status import Status
from .task import fill_framework, fill_overlays


class Effect(NamedTuple):
    """What the host is to do; see K8SM_EFFECT_* for what each type says."""

    type: EffectType
    to: To
    number: int
    exchange: int
    authority: str
    method: str
    path: str
    content_type: str
    accept: str
    stream_id: str
    key: str
    bytes: bytes
    flags: int  # RequestFlag of a REQUEST, RecordFlag of a RECORD, EventFlag of an EVENT
    code: int
    pod: Optional[Pod]
    grace_seconds: int
    status: Optional[Status]  # of a STATUS: to_json() writes it, and status.patch(former) what has changed
    former: Optional[Status]  # what the last STATUS of the pod told; None: there was none
    reason: str  # of a REQUEST: why the call is made


class DriverPod(NamedTuple):
    pod: Pod
    status: Status
    demand: Demand
    deleting: bool


class Counters(NamedTuple):
    subscriptions: int
    events: int
    offers_received: int
    offers_accepted: int
    offers_declined: int
    offers_rescinded: int
    updates: int
    acknowledged: int
    records: int
    releases_due: int
    tombstones: int


class Effects(Handle):
    """Room for the effects of one step after the other."""

    _free = "effects_free"

    def __init__(self):
        pointer = ctypes.c_void_p()
        check("effects_new", _abi.lib.k8sm_effects_new(None, ctypes.byref(pointer)))
        super().__init__(pointer.value)

    def read(self) -> List[Effect]:
        return [self._effect(row) for row in raw_rows("effects_rows", self._pointer, _abi.Effect)]

    @staticmethod
    def _effect(row) -> Effect:
        pod = Pod(_abi.lib.k8sm_pod_ref(row.pod)) if row.pod else None
        status = Status(_abi.lib.k8sm_status_ref(row.status)) if row.status else None
        former = Status(_abi.lib.k8sm_status_ref(row.former)) if row.former else None
        return Effect(
            EffectType(row.type), To(row.to), row.number, row.exchange, text(row.authority), text(row.method),
            text(row.path), text(row.content_type), text(row.accept), text(row.stream_id), text(row.key), raw(row.bytes),
            row.flags, row.code, pod, row.grace_seconds, status, former, (row.reason or b"").decode(),
        )


class DriverVolume(NamedTuple):
    claim: str  # "namespace/name"
    id: str
    agent_id: str
    hostname: str
    storage_class: str
    milli: int  # thousandths of a MB
    supposed: bool  # its agent is away: nobody knows whether it was made
    deleting: bool  # the claim is deleted


class Driver(Handle):
    """A framework. It does no I/O and reads no clock; its methods lock it.

    The host carries effects out and feeds what comes back:

        effects = driver.step(InputType.TICK, mono_ms=now(), wall_ms=wall())
    """

    _free = "driver_free"
    _SLICES = ("key", "bytes", "content_type", "stream_id", "location")

    def __init__(
        self,
        master: Optional[str] = None,
        *,
        framework: Optional[dict] = None,
        demand: Optional[dict] = None,
        status: Optional[dict] = None,
        refuse: Optional[dict] = None,
        strategy: Strategy = Strategy.PACK,
        **fields,
    ):
        """`framework`, `demand`, `status` and `refuse` are fields of the C structs of these names.

        Fields: seed (random: two processes that share a framework id must not share it), format,
        features, backoff_base_ms, backoff_cap_ms, hold_ms, max_event_bytes, record_rows, no_operation_feedback, adopt_ms,
        rest_ms, launch_timeout_ms, executor_overlay, task_overlay and overlay_format (as Plan.calls, with
        CallsFlag.POD_WINS).
        """
        memory = Memory()
        given = options(
            _abi.DriverOptions,
            master=master,
            framework=memory.struct(framework and fill_framework(memory, **framework)),
            demand=memory.struct(demand and fill_demand_options(memory, **demand)),
            status=memory.struct(status and options(_abi.StatusOptions, **status)),
            match=memory.struct(options(_abi.MatchOptions, strategy=strategy)),
            refuse=refuse and _abi.Refuse(**refuse),
            **fill_overlays(memory, fields),
        )
        super().__init__(*create("driver_new", memory.struct(given)))
        self._effects = Effects()
        self._lock = threading.Lock()

    def step(self, type: InputType, mono_ms: int, wall_ms: int = 0, pod: Optional[Pod] = None, **fields) -> List[Effect]:
        """Takes one input in, and returns what is to be done, in order.

        Fields: key, bytes, exchange, number, status, content_type, stream_id, location, grace_seconds,
        flags; see K8SM_INPUT_* for what each type reads. Raises Invalid or NotFound if this input is
        refused; the driver goes on.
        """
        memory = Memory()
        given = options(_abi.Input, type=type, mono_ms=mono_ms, wall_ms=wall_ms, pod=pod and Pod._of(pod))
        for name, value in fields.items():
            setattr(given, name, memory.slice(value) if name in self._SLICES else value)
        sink = Sink()
        with self._lock:
            result = _abi.lib.k8sm_driver_step(
                self._pointer, ctypes.addressof(given), self._effects._pointer, sink.ref()
            )
            self.findings = sink.findings()
            check("driver_step", result, self.findings)
            return self._effects.read()

    def snapshot(self) -> List[Effect]:
        """The shortest record of what the driver knows, in place of all that a store has kept."""
        with self._lock:
            check("driver_snapshot", _abi.lib.k8sm_driver_snapshot(self._pointer, self._effects._pointer))
            return self._effects.read()

    @property
    def deadline(self) -> int:
        """mono_ms at which the next TICK is due; NEVER: only when something comes in."""
        with self._lock:
            return _abi.lib.k8sm_driver_deadline(self._pointer)

    @property
    def framework_id(self) -> str:
        """Empty until subscribed."""
        with self._lock:
            return text(_abi.lib.k8sm_driver_framework_id(self._pointer))

    @property
    def pods(self) -> List[DriverPod]:
        lib = _abi.lib
        with self._lock:
            return [
                DriverPod(
                    Pod(lib.k8sm_pod_ref(row.pod)),
                    Status(lib.k8sm_status_ref(row.status)),
                    Demand(lib.k8sm_demand_ref(row.demand)),
                    bool(row.deleting),
                )
                for row in raw_rows("driver_pods", self._pointer, _abi.DriverPod)
            ]

    @property
    def ports(self) -> List[PlanPort]:
        """Host ports; `placement` is the number of the pod."""
        with self._lock:
            return rows("driver_ports", self._pointer, _abi.PlanPort, PlanPort)

    @property
    def agents(self) -> List[Agent]:
        """Those that offers have come from."""
        with self._lock:
            return rows("driver_agents", self._pointer, _abi.Agent, Agent)

    @property
    def volumes(self) -> List[DriverVolume]:
        """Where the volumes of claims are."""
        with self._lock:
            return rows("driver_volumes", self._pointer, _abi.DriverVolume, DriverVolume)

    def agent_labels(self, agent_id: str) -> Dict[str, str]:
        """The labels of such an agent as a node."""
        memory = Memory()
        agent = memory.slice(agent_id)
        with self._lock:
            array = rows_of_agent("driver_agent_labels", self._pointer, agent, _abi.NodeLabel)
            return {row.key.decode(): row.value.decode() for row in array}

    def agent_executors(self, agent_id: str) -> List[str]:
        """The ids of the executors that such an agent runs for the framework, as Cluster.executors."""
        memory = Memory()
        agent = memory.slice(agent_id)
        with self._lock:
            return [text(r.id) for r in rows_of_agent("driver_agent_executors", self._pointer, agent, _abi.Executor)]

    @property
    def counters(self) -> Counters:
        row = options(_abi.DriverCounters)
        with self._lock:
            check("driver_count", _abi.lib.k8sm_driver_count(self._pointer, ctypes.addressof(row)))
        return convert(row, Counters)
